"""Run the notebooks in plan mode against the rehearsal lab and keep their outputs: ``python notebooks/renew.py``.

Sections may be named (``renew.py online_hybrid``, ``start`` for the start page); otherwise all are renewed. Before a
notebook the sections before it are applied, as nbval does (``conftest.py``).
nbval holds the notebooks to these outputs, so they are renewed whenever a change is meant to alter them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from runbook.cli.headless import NOTEBOOKS
from runbook.cli.jupyter import START
from runbook.cli.stage import Stage
from runbook.engine.opening import RECORDS_VARIABLE
from runbook.paths import STATE_VARIABLE
from runbook.sections import section_named

FOLDER = Path(__file__).resolve().parent


def main(names: Sequence[str]) -> None:
    wanted = {name if name == "start" else section_named(name).name for name in names}
    with tempfile.TemporaryDirectory(prefix="records-") as records:
        os.environ[RECORDS_VARIABLE] = records
        os.environ[STATE_VARIABLE] = str(Path(records, "state"))
        _renew_all(wanted, Path(records))


def _renew_all(wanted: set[str], records: Path) -> None:
    with Stage(records) as stage:
        if not wanted or "start" in wanted:
            stage.prepare_start()
            renew(FOLDER / START)
        for section, notebook in NOTEBOOKS.items():
            if not wanted or section in wanted:
                stage.prepare(section)
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
    main(sys.argv[1:])
