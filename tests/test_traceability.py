"""Every statement of the procedures is carried by something that is there, and behaviour by a test that is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from rehearsal.faults import FAULTS
from runbook.catalogue.checks import checks
from runbook.paths import project_root
from runbook.sections import SECTIONS
from runbook.traceability import TESTED_KINDS, Carried, trace

ROOT = project_root()
ALL = tuple(trace().values())


def by_id(one: Carried) -> str:
    return one.requirement.id


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@cache
def cmdlets_in_plans(section: str) -> str:
    """What the decision cases of a section say that its plans hold, and the tests that are named after it."""
    cases = sorted((ROOT / "tests" / "cases" / section).glob("*.yaml"))
    return "\n".join(case.read_text(encoding="utf-8") for case in cases)


def test_every_statement_of_both_procedures_is_there() -> None:
    wanted = [*(f"L{number:02}" for number in range(1, 87)), *(f"Y{number:02}" for number in range(1, 36))]
    assert [one.requirement.id for one in ALL] == wanted


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_it_is_carried(one: Carried) -> None:
    assert one.is_carried


@pytest.mark.parametrize("one", [one for one in ALL if one.requirement.kind in TESTED_KINDS], ids=by_id)
def test_behaviour_names_a_test(one: Carried) -> None:
    assert one.tests


@pytest.mark.parametrize("one", ALL, ids=by_id)
def test_what_it_names_exists_and_speaks_of_it(one: Carried) -> None:
    for file in (*one.documentation, *one.messages):
        assert re.search(rf"\b{one.requirement.id}\b", (ROOT / file).read_text(encoding="utf-8")), file
    for change in one.changes:
        section, _, cmdlet = change.partition(": ")
        assert section in SECTIONS
        assert cmdlet in cmdlets_in_plans(section), change
    for test in one.tests:
        _assert_test(test, one)


def _assert_test(test: str, one: Carried) -> None:
    """A function that is defined, a fault that the lab has and whose check speaks of it, or a case that names it."""
    file, _, function = test.partition("::")
    assert (ROOT / file).is_file(), test
    if not function:
        assert re.search(rf"\b{one.requirement.id}\b", Path(ROOT / file).read_text(encoding="utf-8")), test
        return
    name, _, parameter = function.rstrip("]").partition("[")
    assert name in functions(file), test
    if parameter:
        assert parameter in FAULTS, test
        assert parameter in one.checks, test


def test_a_finding_that_names_a_statement_is_a_check_of_it() -> None:
    """What the decision cases expect stays within the catalogue, from which the table of checks is made."""
    for case in sorted((ROOT / "tests" / "cases").glob("*/*.yaml")):
        for id, named in _FINDING.findall(case.read_text(encoding="utf-8")):
            assert set(re.findall(r"[LY]\d\d", named)) <= set(checks()[id].requirements), f"{case.name}: {id}"


_FINDING = re.compile(r"\{id: \"?([a-z0-9-]+)\"?,[^}]*?requirements: \[([^\]]*)\]")
