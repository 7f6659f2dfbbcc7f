"""The run engine: check, plan, apply, verify, and only what fresh facts confirm."""
