"""What an administrator steps through in JupyterLab: forms, tables, confirmation, progress. Widgets live here alone."""
