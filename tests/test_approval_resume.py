"""A run that was cut off goes on under its approval: with what is left, and with what puts half a file back."""

from __future__ import annotations

from pathlib import Path

import pytest

from approval_office import TICKET, ApprovalOffice, judged
from interrupting import killed, resumed
from rehearsal.topologies import build_world
from runbook.change import Outcome
from runbook.engine import provenance
from runbook.engine.run import Run
from runbook.ledger import read_events
from runbook.ledger.events import Mode, RunEnded, Verdict
from runbook.record import verify
from undoing import through


@pytest.fixture(autouse=True)
def same_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works on the library while the tests run doesn't fail them."""
    monkeypatch.setattr(provenance, "_library", lambda: "1" * 64)


@pytest.fixture
def office(tmp_path: Path) -> ApprovalOffice:
    """Everything but OWA itself is ready."""
    office = ApprovalOffice.of(build_world("split-2013"), tmp_path)
    through(opened(office, "trusted_pool"))
    return office


def opened(office: ApprovalOffice, section: str) -> Run:
    approval = office.approve(office.plan(section))
    return office.lab.open(section, Mode.APPLY, change_ticket=TICKET, approval=str(approval))


def moment_of(office: ApprovalOffice, name: str, folder: Path) -> int:
    """When it happens in an undisturbed run of the same kind, counted in another organisation."""
    other = ApprovalOffice.of(build_world("split-2013"), folder)
    through(opened(other, "trusted_pool"))
    _, moments = killed(opened(other, "owa_enablement"), -1)
    return moments.names.index(name)


@pytest.mark.parametrize(
    "moment", ["in the middle of Copy-Item", "after Intent", "before OutcomeRecorded", "after OutcomeRecorded"]
)
def test_a_run_that_was_cut_off_goes_on_under_the_same_approval(
    office: ApprovalOffice, moment: str, tmp_path: Path
) -> None:
    at = moment_of(office, moment, tmp_path / "undisturbed")
    folder, _ = killed(opened(office, "owa_enablement"), at)
    run = resumed(office.lab, folder)
    told = judged(run)
    assert told.verdict is Verdict.APPROVED, told.reasons
    record = run.ledger.path.parent
    ended = read_events(record).events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.outcome is Outcome.VERIFIED
    assert verify(record).problems == ()
