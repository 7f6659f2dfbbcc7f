"""The same section run by form, by papermill with a parameter file and by the command line makes the same plan."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from rehearsing import Rehearsal, rehearsing
from runbook.cli import app
from runbook.cli.headless import NOTEBOOKS
from runbook.display.entries import Entries
from runbook.display.form import Form
from runbook.engine.opening import RECORD_VARIABLE
from runbook.engine.parameter_files import section_file
from runbook.ledger import read_events
from runbook.ledger.events import PlanMade
from runbook.notebook import start
from runbook.paths import project_root

SECTIONS = ("trusted_pool", "mailbox_policies")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsing("split-2013", tmp_path_factory.mktemp("records")) as lab:
        yield lab


def digest(folder: Path) -> str:
    """Of the plan that a run's ledger tells; it has changes in it, or the comparison would say little."""
    made = [event for event in read_events(folder).events if isinstance(event, PlanMade)]
    assert made[0].plan.changes
    assert {event.digest for event in made} == {made[0].digest}, "nothing was applied"
    return made[0].digest


def by_form(section: str, file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The parameters cell of the notebook, then every value of the file put into the form's own widgets."""
    notebook = nbformat.read(project_root() / "notebooks" / NOTEBOOKS[section], as_version=4)
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    namespace: dict[str, Any] = {}
    exec(cell.source, {}, namespace)
    shown = Form(Entries(section, namespace, kept={}))
    for name, value in YAML(typ="safe").load(file.read_text(encoding="utf-8")).items():
        shown.fill(
            name, "\n".join(value) if isinstance(value, list) else value if isinstance(value, bool) else str(value)
        )
    monkeypatch.setenv(RECORD_VARIABLE, str(folder))
    run = start(section, namespace, interactive=False)
    run.binding()
    run.check()
    run.finish()
    monkeypatch.delenv(RECORD_VARIABLE)
    return digest(folder)


def by_papermill(section: str, file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Stock papermill's own way: parameters as YAML types them."""
    folder.mkdir()
    monkeypatch.setenv(RECORD_VARIABLE, str(folder))
    papermill.execute_notebook(
        str(project_root() / "notebooks" / NOTEBOOKS[section]),
        str(folder / "executed.ipynb"),
        parameters=YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")),
        kernel_name="python3",
        progress_bar=False,
    )
    monkeypatch.delenv(RECORD_VARIABLE)
    return digest(folder)


def by_command(section: str, file: Path, lab: Rehearsal, records: Path) -> str:
    given = ["--estate", str(lab.estate.path), "-f", str(file), "--records", str(records), "--json"]
    done = CliRunner().invoke(app, ["run", section, *given])
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout)["sections"]
    return digest(Path(told["record"]))


@pytest.mark.parametrize("section", SECTIONS)
def test_form_papermill_and_command_line_make_the_same_plan(
    lab: Rehearsal, section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = section_file(section, lab.estate.path, os.environ)
    assert file is not None
    form = by_form(section, file, tmp_path / "form", monkeypatch)
    assert by_papermill(section, file, tmp_path / "papermill", monkeypatch) == form
    assert by_command(section, file, lab, tmp_path / "records") == form
