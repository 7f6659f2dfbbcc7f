"""What the command line shows of a section: what needs attention, and what was asked for."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from runbook.change import Outcome, Severity
from runbook.cli.screen import Screen
from runbook.engine import undo_findings
from runbook.summary import SectionSummary
from test_change import CHANGE
from test_render import FINDING

RECORD = Path("records") / "litware" / "20260101T000000Z-mailbox-policies-0a0a0a0a"
SECTION = SectionSummary(
    name="mailbox_policies",
    outcome=Outcome.PLANNED,
    reason="",
    findings=(
        replace(FINDING, severity=Severity.INFO, what="All is well."),
        undo_findings.cut_off("litware/first", CHANGE, "It was done: it isn't done again."),
    ),
    changes=(),
    because="",
    record=RECORD,
)


def shown(section: SectionSummary) -> str:
    out = io.StringIO()
    Screen(Console(file=out, width=200)).sections([section])
    return out.getvalue()


def test_what_became_of_the_last_change_is_said_by_the_run_that_goes_on() -> None:
    said = shown(SECTION)
    assert "litware/first was cut off at" in said
    assert "It was done: it isn't done again." in said
    assert "All is well." not in said


def test_only_a_run_that_can_be_gone_on_from_says_how() -> None:
    advice = f"runbook resume {RECORD}"
    assert advice not in shown(SECTION)
    assert advice in shown(replace(SECTION, outcome=Outcome.UNKNOWN, resumable=True))
