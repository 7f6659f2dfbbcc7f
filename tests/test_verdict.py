"""A run is only as good as the worst thing that an administrator has to hear of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbook.change import ChangeOutcome, Decision, Finding, Outcome, Plan, Repair, Severity
from runbook.engine.verdict import exit_code, run_outcome, worst
from test_change import CHANGE

NOTHING = Plan(because="all is well")
PLANNED = Plan(changes=(CHANGE,))
HURTS = Finding(id="cert-missing", requirements=("L58",), severity=Severity.ERROR, what="", why="", remedy="")
MENDED = replace(HURTS, repair=Repair.PLANNED)
UNREAD = replace(HURTS, id="facts-unread", unknown=True)
DONE = ChangeOutcome(change=CHANGE, outcome=Outcome.VERIFIED)


@pytest.mark.parametrize(
    ("findings", "plan", "results", "applies", "expected", "code"),
    [
        ((), NOTHING, (), False, Outcome.NOT_NEEDED, 0),
        ((MENDED,), PLANNED, (), False, Outcome.PLANNED, 0),
        ((HURTS,), PLANNED, (), False, Outcome.INCOMPLETE, 1),
        ((UNREAD,), NOTHING, (), False, Outcome.UNKNOWN, 3),
        ((), NOTHING, (DONE,), True, Outcome.VERIFIED, 0),
        ((HURTS,), NOTHING, (DONE,), True, Outcome.INCOMPLETE, 1),
        ((MENDED,), PLANNED, (DONE,), True, Outcome.INCOMPLETE, 1),
        ((), PLANNED, (replace(DONE, outcome=Outcome.FAILED),), True, Outcome.FAILED, 1),
        ((), PLANNED, (DONE, replace(DONE, outcome=Outcome.UNKNOWN)), True, Outcome.UNKNOWN, 3),
        ((), PLANNED, (replace(DONE, outcome=Outcome.REFUSED),), True, Outcome.REFUSED, 1),
        ((UNREAD,), NOTHING, (replace(DONE, outcome=Outcome.APPLIED),), True, Outcome.UNKNOWN, 3),
        ((), PLANNED, (DONE, replace(DONE, outcome=Outcome.REFUSED)), True, Outcome.INCOMPLETE, 1),
        ((), PLANNED, (DONE, replace(DONE, outcome=Outcome.FAILED)), True, Outcome.FAILED, 1),
        ((), NOTHING, (DONE, replace(DONE, outcome=Outcome.PLANNED)), True, Outcome.VERIFIED, 0),
    ],
)
def test_the_outcome_of_a_run(
    findings: tuple[Finding, ...],
    plan: Plan,
    results: tuple[ChangeOutcome, ...],
    applies: bool,
    expected: Outcome,
    code: int,
) -> None:
    decision = Decision(findings=findings, plan=plan)
    outcome = run_outcome(decision, results, changes_things=True, applies=applies)
    assert outcome is expected
    assert exit_code(outcome) == code


def test_a_run_that_began_a_change_is_not_refused_but_incomplete() -> None:
    decision = Decision(findings=(), plan=PLANNED)
    skipped = (replace(DONE, outcome=Outcome.REFUSED),)
    outcome = run_outcome(decision, skipped, changes_things=True, applies=True, began=True)
    assert (outcome, exit_code(outcome)) == (Outcome.INCOMPLETE, 1)


def test_a_section_that_only_looks_is_verified_when_nothing_stands_in_the_way() -> None:
    decision = Decision(findings=(), plan=NOTHING)
    assert run_outcome(decision, (), changes_things=False, applies=False) is Outcome.VERIFIED


def test_every_outcome_has_its_place() -> None:
    assert [worst([outcome, Outcome.NOT_NEEDED]) for outcome in Outcome] == list(Outcome)
    assert worst([]) is Outcome.NOT_NEEDED
