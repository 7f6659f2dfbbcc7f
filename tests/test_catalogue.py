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
from runbook.sections import SECTIONS, UNDO, section_named

SOURCES = [*from_root("lib/runbook/sections").glob("*.py"), *from_root("lib/runbook/engine").glob("*.py")]
OTHER_WORDS = {
    *("10-prerequisites", "20-trusted-pool", "30-owa-enablement", "40-mailbox-policies", "60-verification"),
    *("50-online-hybrid", "70-disable-im", "90-sipstack-tracing", "exchange-servers", "owa-workers", "owa-im-runbook"),
    *("utf-8", "injected-parameters"),
}
"""Notebooks, a query, the distribution, an encoding and a tag, which look like ids."""

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


def test_every_check_is_yielded_by_the_code_and_by_nothing_but_an_id_that_is_written_out():
    """The code's own texts of this form are ids of findings, but for a few that are listed."""
    in_code = {text for file in SOURCES for text in _texts(file) if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", text)}
    assert in_code - OTHER_WORDS == set(checks())


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.stem)
def test_no_id_of_a_finding_is_put_together(file: Path):
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding":
            assert not [k for k in call.keywords if k.arg == "id" and isinstance(k.value, ast.JoinedStr)], file.name


def test_every_check_belongs_to_sections_that_exist():
    assert {section for check in checks().values() for section in check.sections} <= {*SECTIONS, UNDO.name}


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
            fields = {name for section in check.sections for name in section_named(section).parameters.model_fields}
            assert check.consent in fields, f"{check.id}: {check.consent}"
        else:
            assert not check.consent


def test_an_unknown_check_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="cert-expired"):
        check_named("cert-expird")


def _texts(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
