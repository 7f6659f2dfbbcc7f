"""A run that died is gone on with: the same end as if nobody had killed it, and nothing is done twice.

Here a seeded slice of the moments at which a run can die, and real processes that are killed; all moments of all
sections: ``python tests/resume_everywhere.py``.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest

from interrupting import IN_THE_MIDDLE, killed, reopened, resumed
from memory_lab import MemoryLab
from rehearsal.topologies import build_world
from resume_everywhere import CASES, SEED, UNDO, Undisturbed, gone_on, some, undisturbed
from runbook import again
from runbook.change import Outcome
from runbook.cli.records import _line
from runbook.engine.past_run import past_run
from runbook.errors import Refused
from runbook.ledger import FILE_NAME, read_events
from runbook.ledger.events import EarlierRun, FindingRecorded, Mode
from runbook.record.listing import listed
from undoing import applied, opened_undo, undone
from world_state import differences, state, without_times

DRAWN = 2


@cache
def reference(topology: str, section: str) -> Undisturbed:
    with tempfile.TemporaryDirectory() as folder:
        return undisturbed(topology, section, Path(folder))


@pytest.mark.parametrize(("topology", "section"), [*CASES, UNDO])
def test_a_run_killed_anywhere_comes_to_the_same_end(topology: str, section: str, tmp_path: Path) -> None:
    undone = reference(topology, section)
    for at in some(undone.moments, DRAWN, SEED):
        found = gone_on(topology, section, at, undone, tmp_path / str(at))
        assert (found.differs, found.twice) == ([], []), f"{found.moment} (moment {at})"
        assert found.outcome in ("verified", "not needed"), f"{found.moment} (moment {at})"


def test_an_undo_that_was_cut_off_after_a_recycle_does_not_recycle_again(tmp_path: Path) -> None:
    """A restored file has its old time, so only the workers tell that it was done."""
    undone = reference(*UNDO)
    moments = [at for at, name in enumerate(undone.moments) if name == "after Appcmd.exe"]
    assert len(moments) == 2
    for at in moments:
        found = gone_on(*UNDO, at, undone, tmp_path / str(at))
        assert found.is_right, found


@pytest.fixture
def lab(tmp_path: Path) -> MemoryLab:
    return MemoryLab.of(build_world("split-2013"), tmp_path)


def told(run_folder: Path) -> list[str]:
    events = read_events(run_folder).events
    return [e.finding.what for e in events if isinstance(e, FindingRecorded) and e.finding.id == "interrupted-change"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("before Set-OwaMailboxPolicy", "It wasn't done."), ("after Set-OwaMailboxPolicy", "It was done")],
)
def test_what_became_of_the_change_in_between_is_told_from_what_the_server_says(
    lab: MemoryLab, name: str, said: str
) -> None:
    before = sum(each.host != "" for each in lab.world.journal.entries())
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), name)
    assert read_events(left).in_doubt is not None
    run = resumed(lab, left)
    (what,) = set(told(run.ledger.path.parent))
    assert said in what
    assert left.name in what
    changed = [each.object for each in lab.world.journal.entries()[before:]]
    assert len(changed) == len(set(changed)) or name.startswith("before")


def test_half_a_file_is_restored_from_the_copy_and_written_anew(lab: MemoryLab) -> None:
    applied(lab, "trusted_pool")
    left, _ = killed(lab.open("owa_enablement", Mode.APPLY), IN_THE_MIDDLE)
    run = resumed(lab, left)
    first, second, *_ = [(each.change.property, each.outcome) for each in run.results]
    assert first == ("as it was", Outcome.VERIFIED)
    assert second == ("appSettings", Outcome.VERIFIED)
    events = read_events(run.ledger.path).events
    assert "change-half-done" in {e.finding.id for e in events if isinstance(e, FindingRecorded)}


@pytest.mark.parametrize(
    "name", ["before Intent", "after Intent", "after Copy-Item", "after Remove-Item", IN_THE_MIDDLE]
)
def test_a_run_that_goes_on_may_be_killed_too(lab: MemoryLab, name: str) -> None:
    applied(lab, "trusted_pool")
    first, _ = killed(lab.open("owa_enablement", Mode.APPLY), IN_THE_MIDDLE)
    second, _ = killed(reopened(lab, first), name)
    resumed(lab, second)
    wanted = reference("split-2013", "owa_enablement").world
    assert differences(wanted, without_times(state(lab.world))) == []


def test_the_new_record_names_the_one_it_goes_on_from_and_how_far_that_went(lab: MemoryLab) -> None:
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after Intent")
    run = resumed(lab, left)
    (named,) = [event for event in read_events(run.ledger.path).events if isinstance(event, EarlierRun)]
    last = read_events(left).entries[-1]
    assert (named.relation.value, named.events, named.head) == ("resumes", last.seq, last.digest)
    assert named.statement == ""


def test_planning_to_go_on_sends_nothing(lab: MemoryLab) -> None:
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after Intent")
    before = len(lab.world.journal.entries())
    run = resumed(lab, left, Mode.PLAN)
    assert {result.outcome for result in run.results} == {Outcome.PLANNED}
    assert len(lab.world.journal.entries()) == before


def test_a_run_that_came_to_its_end_is_not_gone_on_with(lab: MemoryLab) -> None:
    with pytest.raises(Refused, match="came to its end"):
        resumed(lab, applied(lab, "mailbox_policies"))


def test_a_run_that_still_goes_on_is_left_to_it(lab: MemoryLab) -> None:
    run = lab.open("mailbox_policies", Mode.APPLY)
    run.check()
    assert run.lock is not None
    with run.lock.in_use(), pytest.raises(Refused, match="still goes on"):
        resumed(lab, run.ledger.path.parent)


def test_an_altered_record_is_refused(lab: MemoryLab) -> None:
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after Intent")
    ledger = left / FILE_NAME
    ledger.write_bytes(ledger.read_bytes().replace(b"OwaMailboxPolicy", b"OwaMailboxPolicz", 1))
    with pytest.raises(Refused, match="isn't as it was written"):
        resumed(lab, left)


def test_a_last_line_that_was_torn_is_no_hindrance(lab: MemoryLab) -> None:
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after Intent")
    with (left / FILE_NAME).open("ab") as file:
        file.write(b'{"actor":"ann","cha')
    assert resumed(lab, left).ledger is not None


def test_the_change_record_of_an_interrupted_run_can_also_be_taken_back(lab: MemoryLab) -> None:
    before = state(lab.world)
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after Set-OwaMailboxPolicy")
    undone(lab, left)
    assert differences(before, state(lab.world)) == []


def test_who_starts_a_kernel_says_what_it_goes_on_from(lab: MemoryLab, monkeypatch: pytest.MonkeyPatch) -> None:
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after Intent")
    monkeypatch.setenv(again.RESUMES_VARIABLE, str(left))
    monkeypatch.setenv("RUNBOOK_RECORD", str(lab.folder / "of-the-kernel"))
    from memory_lab import AnyAccount
    from runbook.cli.headless import section_parameters
    from runbook.cli.rehearse import parameter_file

    given = section_parameters("mailbox_policies", parameter_file("split-2013", "mailbox_policies"))
    run = again.open_any("mailbox_policies", given, lab.estate, mode=Mode.PLAN, broker=AnyAccount())
    assert any(isinstance(event, EarlierRun) for event in read_events(run.ledger.path).events)
    run.abandon("a test")


def test_the_listing_says_which_run_went_on_from_an_open_one(lab: MemoryLab) -> None:
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after Intent")

    def successor() -> str:
        (found,) = [one for one in listed(lab.folder.parent, lab.folder.name) if one.folder == left]
        assert found.is_open
        return found.resumed_by

    assert successor() == ""
    run = resumed(lab, left)
    assert successor() == run.ledger.path.parent.name


def test_what_was_taken_back_since_is_not_gone_on_with(lab: MemoryLab) -> None:
    left, _ = killed(lab.open("mailbox_policies", Mode.APPLY), "after OutcomeRecorded")
    opened_undo(lab, left, Mode.PLAN).finish()
    (one,) = [one for one in listed(lab.folder.parent, lab.folder.name) if one.folder == left]
    assert one.undone_by == "", "a plan takes nothing back"
    back = undone(lab, left).ledger.path.parent
    (one,) = [one for one in listed(lab.folder.parent, lab.folder.name) if one.folder == left]
    assert (one.undone_by, one.resumed_by) == (back.name, "")
    assert f"taken back by {back.name}" in str(_line(one))
    assert "runbook resume" not in str(_line(one))
    before = len(lab.world.journal.entries())
    with pytest.raises(Refused, match=f"was taken back since, by .*/{back.name}"):
        reopened(lab, left)
    assert len(lab.world.journal.entries()) == before


def test_the_ticket_that_was_typed_at_apply_is_the_one_that_is_gone_on_with(
    lab: MemoryLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lab.open("mailbox_policies", Mode.APPLY, change_ticket="CHG-1")
    apply = run.apply
    monkeypatch.setattr(run, "apply", lambda *, confirmed_by: apply(confirmed_by=confirmed_by, ticket="CHG-2"))
    left, _ = killed(run, "after OutcomeRecorded")
    assert again.resumed_parameters(past_run(left)).change_ticket == "CHG-2"
