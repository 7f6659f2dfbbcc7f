"""The catalogue of checks and requirements: one set with the code, the pages and the procedures."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from runbook.catalogue import check_named, checks, requirements
from runbook.catalogue.__main__ import FOLDER, pages
from runbook.errors import InputError
from runbook.paths import from_root
from runbook.sections import SECTIONS

SOURCES = [*from_root("lib/runbook/sections").glob("*.py"), *from_root("lib/runbook/engine").glob("*.py")]
POWERSHELL = Parser(Language(tree_sitter_powershell.language()))
PROCEDURE = from_root("../shared/requirements.md")


def test_every_statement_of_the_procedures_is_there():
    wanted = [*(f"L{n:02}" for n in range(1, 87)), *(f"Y{n:02}" for n in range(1, 36))]
    assert list(requirements()) == wanted


@pytest.mark.skipif(not PROCEDURE.is_file(), reason="the numbered procedure isn't at hand")
def test_each_statement_is_of_the_kind_that_the_procedure_gives_it():
    stated = dict(re.findall(r"^\| ([LY]\d\d) \| (\w) \|", PROCEDURE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {id: one.kind for id, one in requirements().items()} == stated


def test_the_pages_are_current():
    there = {file.name: file.read_text(encoding="utf-8") for file in from_root(FOLDER).glob("*.md")}
    assert there == pages(), "run: python -m runbook.catalogue"


def test_every_finding_in_the_code_has_its_entry_and_every_entry_its_finding():
    in_code = {id for file in SOURCES for id in _finding_ids(file)}
    assert in_code == set(checks())


def test_every_check_belongs_to_sections_that_exist():
    assert {section for check in checks().values() for section in check.sections} <= set(SECTIONS)


@pytest.mark.parametrize("id", checks())
def test_the_lines_to_look_with_are_powershell(id: str):
    """And lines that only look: nobody should change a thing by following them."""
    for line in checks()[id].look:
        # The grammar knows no bare list as an argument (`Select-Object A,B`), which PowerShell does.
        tree = POWERSHELL.parse(re.sub(r"(?<=\w),(?=\w)", " ", line).encode())
        assert not tree.root_node.has_error, line
        verbs = set(re.findall(r"\b([A-Z][a-z]+)-[A-Z][A-Za-z]+", line))
        assert verbs <= {"Get", "Test", "Select", "Where", "Measure", "Format", "Resolve"}, line


def test_consent_names_a_parameter_of_its_section():
    for check in checks().values():
        if check.repair == "consent":
            fields = {name for section in check.sections for name in SECTIONS[section].parameters.model_fields}
            assert check.consent in fields, f"{check.id}: {check.consent}"
        else:
            assert not check.consent


def test_an_unknown_check_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="cert-expired"):
        check_named("cert-expird")


def _finding_ids(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
            for keyword in node.keywords:
                if keyword.arg == "id":
                    yield from (one.value for one in ast.walk(keyword.value) if _is_text(one))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
