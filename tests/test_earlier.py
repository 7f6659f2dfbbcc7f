"""Runs that changed something and were never closed are found by their records, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.display.earlier import MOST, told, unfinished
from runbook.engine.run import Run
from runbook.errors import OutcomeUnknown
from runbook.ledger import read_events
from runbook.ledger.events import EarlierRun, Relation
from test_engine import SERVER, Server, section
from test_engine import run as run
from test_engine import server as server


def kept(one: Run, records: Path, name: str) -> Path:
    """The run's ledger as it lies on the disk now, in a record's folder."""
    folder = records / f"{name}-trusted-pool-0123abcd"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_bytes(one.ledger.path.read_bytes())
    return folder


@pytest.fixture
def applied(run: Callable[..., Run]) -> Run:
    """A run that sent its one change."""
    one = run(section("a"))
    one.check()
    one.apply(confirmed_by="the test")
    return one


def test_a_run_that_sent_something_and_has_no_end_is_told_of(applied: Run, tmp_path: Path):
    folder = kept(applied, tmp_path / "records", "20260101T000000Z")
    (one,) = unfinished(tmp_path / "records", "trusted_pool", own=tmp_path)
    assert (one.folder, one.sent, one.planned, one.doubt) == (folder, 1, 1, False)
    assert f"runbook resume litware/{folder.name}" in told(one).text


def test_one_that_was_closed_or_sent_nothing_or_is_of_another_section_or_asks_itself_is_not(
    applied: Run, run: Callable[..., Run], tmp_path: Path
):
    records = tmp_path / "records"
    own = kept(applied, records, "20260101T000000Z")
    assert unfinished(records, "trusted_pool", own=own) == ()
    assert unfinished(records, "owa_enablement", own=tmp_path) == ()
    looked = run(section("b"))
    looked.check()
    kept(looked, records, "20260102T000000Z")
    assert [one.folder for one in unfinished(records, "trusted_pool", own=tmp_path)] == [own]
    applied.verify()
    applied.finish()
    closed = kept(applied, records, "20260103T000000Z")
    assert closed not in [one.folder for one in unfinished(records, "trusted_pool", own=tmp_path)]


def test_a_change_that_was_under_way_is_said_to_be_in_doubt(run: Callable[..., Run], server: Server, tmp_path: Path):
    found: list[Path] = []

    def cut_off(server: Server, name: str) -> None:
        found.append(kept(one, tmp_path / "records", "20260101T000000Z"))
        raise OutcomeUnknown(SERVER, "New-CsTrustedApplicationPool", "The kernel was restarted.")

    server.behave = cut_off
    one = run(section("a"))
    one.check()
    one.apply(confirmed_by="the test")
    (earlier,) = unfinished(tmp_path / "records", "trusted_pool", own=tmp_path)
    assert earlier.doubt
    assert "while a change was under way" in told(earlier).text


def test_only_the_newest_few_are_told_and_what_is_no_record_is_passed_over(applied: Run, tmp_path: Path):
    records = tmp_path / "records"
    for day in range(1, MOST + 3):
        kept(applied, records, f"2026010{day}T000000Z")
    strange = records / "20260109T000000Z-trusted-pool-deadbeef"
    strange.mkdir()
    (strange / "events.jsonl").write_text("not a ledger\n")
    found = unfinished(records, "trusted_pool", own=tmp_path)
    assert [one.folder.name[:8] for one in found] == ["20260105", "20260104", "20260103"]


def test_one_that_was_gone_on_from_is_told_no_more_unless_that_came_to_nothing(
    applied: Run, run: Callable[..., Run], tmp_path: Path
):
    records = tmp_path / "records"
    first = kept(applied, records, "20260101T000000Z")
    last = read_events(first).entries[-1]

    def going_on(name: str) -> Run:
        later = run(section("a", name))
        later.ledger.append(
            EarlierRun(
                relation=Relation.RESUMES,
                earlier=applied.ledger.run,
                record=f"litware/{first.name}",
                events=last.seq,
                head=last.digest,
            )
        )
        later.check()
        return later

    in_vain = going_on("b")
    in_vain.finish()
    kept(in_vain, records, "20260102T000000Z")
    assert [one.folder for one in unfinished(records, "trusted_pool", own=tmp_path)] == [first]
    later = going_on("c")
    later.apply(confirmed_by="the test")
    second = kept(later, records, "20260103T000000Z")
    assert [one.folder for one in unfinished(records, "trusted_pool", own=tmp_path)] == [second], (
        "it was cut off itself"
    )
