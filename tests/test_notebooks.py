"""The notebooks keep to one shape, and their parameters are the model's; nbval holds their outputs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from runbook.cli.headless import NOTEBOOKS
from runbook.cli.jupyter import START
from runbook.errors import InputError
from runbook.notebook import start
from runbook.parameters import load_parameters
from runbook.sections import SECTIONS, UNDO, section_named

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
HEADINGS = ["Parameters", "Operation note", "Binding", "Check", "Plan", "Apply", "Verify", "Undo", "Related"]
KINDS = {"str", "int", "bool", "list[str]", "Optional[str]"}


def notebook(section: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / NOTEBOOKS[section], as_version=4)


def tagged(section: str, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook(section).cells if tag in cell.metadata.get("tags", [])]


def test_every_section_has_its_notebook_and_every_notebook_its_section() -> None:
    assert [name for name in NOTEBOOKS if name != UNDO.name] == list(SECTIONS)
    assert sorted([START, *NOTEBOOKS.values()]) == sorted(path.name for path in FOLDER.glob("*.ipynb"))
    for section in NOTEBOOKS:
        assert notebook(section).metadata["runbook"] == {"section": section}


@pytest.mark.parametrize("section", NOTEBOOKS)
def test_the_parameters_cell_is_the_models(section: str) -> None:
    (cell,) = tagged(section, "parameters")
    model = section_named(section).parameters
    statements = ast.parse(cell.source).body
    assert all(isinstance(statement, ast.AnnAssign) for statement in statements)
    declared = [statement for statement in statements if isinstance(statement, ast.AnnAssign)]
    assert [ast.unparse(one.target) for one in declared] == list(model.model_fields)
    assert {ast.unparse(one.annotation) for one in declared} <= KINDS, "what papermill --help-notebook can show"
    assert all("  # " in line for line in cell.source.splitlines()), "each with its help"
    helps = [line.partition("  # ")[2] for line in cell.source.splitlines()]
    assert not [text for text in helps if "=" in text], "papermill takes the last equals sign of a line for the value's"
    given = {ast.unparse(one.target): ast.literal_eval(one.value) for one in declared if one.value}
    loaded = load_parameters(model, given)
    for name, field in model.model_fields.items():
        if not field.is_required():
            assert getattr(loaded, name) == field.default, f"the cell's default of {name} is the model's"


@pytest.mark.parametrize("section", NOTEBOOKS)
def test_a_notebook_reads_as_every_other(section: str) -> None:
    cells = notebook(section).cells
    headings = [cell.source.splitlines()[0] for cell in cells if cell.cell_type == "markdown"]
    assert headings[0].startswith("# ")
    assert [heading.removeprefix("## ") for heading in headings[1:]] == HEADINGS
    for cell in cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            assert len([line for line in cell.source.splitlines() if line.strip()]) <= 5
    (last,) = tagged(section, "raises-exception")
    assert last is cells[-1] or last.id == cells[-1].id


@pytest.mark.parametrize("section", NOTEBOOKS)
def test_a_committed_notebook_holds_no_path_no_widget_state_and_no_error(section: str) -> None:
    text = (FOLDER / NOTEBOOKS[section]).read_text(encoding="utf-8")
    assert "widget-state" not in text
    assert str(Path.home()) not in text
    assert str(FOLDER.parent) not in text
    outputs = [output for cell in notebook(section).cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]


def test_a_value_that_is_no_parameter_stops_a_notebook_before_anything_is_contacted() -> None:
    given = {"owa_pool_fqdn": "a.example.com", "registrar_pool_fqdn": "b.example.com", "site_id": "Redmond"}
    with pytest.raises(InputError, match="aplication_port"):
        start("trusted_pool", {**given, "aplication_port": 5199, "_hidden": 1, "In": [], "helper": start})


def test_an_error_in_a_cell_is_its_message_and_no_stack() -> None:
    cell = "import runbook; runbook.start('nothing', {})"
    code = f"from IPython.core.interactiveshell import InteractiveShell as S\nS().run_cell({cell!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert "There is no section 'nothing'" in done.stdout + done.stderr
    assert "File " not in done.stdout + done.stderr
