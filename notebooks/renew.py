"""Run every notebook in plan mode against the rehearsal lab and keep its outputs: ``python notebooks/renew.py``.

Before a notebook the sections before it are applied, as nbval does (``conftest.py``).
nbval holds the notebooks to these outputs, so they are renewed whenever a change is meant to alter them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from runbook.cli.headless import NOTEBOOKS
from runbook.cli.lab import credentials_in_environment, running_lab
from runbook.cli.rehearse import bring_up_to
from runbook.engine.opening import RECORDS_VARIABLE
from runbook.estate import load_estate

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    with (
        running_lab("split-2013") as lab,
        credentials_in_environment(lab),
        tempfile.TemporaryDirectory(prefix="records-") as records,
    ):
        os.environ[RECORDS_VARIABLE] = records
        for section, notebook in NOTEBOOKS.items():
            bring_up_to(section, lab, load_estate(lab.estate), Path(records))
            renew(FOLDER / notebook)


def renew(path: Path) -> None:
    """Run one notebook from a fresh kernel, and write it back without times and execution metadata."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    path.write_text(nbformat.writes(notebook, indent=1) + "\n", encoding="utf-8")
    print(f"renewed {path.name}")


if __name__ == "__main__":
    main()
