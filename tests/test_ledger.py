"""The ledger: what is on the disk, in which order, and what a crash leaves."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.change import Change, Finding, Outcome, Plan, Repair, Severity
from runbook.command import Cmdlet, Pipeline, Shell, Switch, Target, cmdlet
from runbook.errors import InputError, Refused
from runbook.ledger import FILE_NAME, Ledger, read_events
from runbook.ledger.events import (
    Event,
    Exported,
    FactRead,
    FindingRecorded,
    Intent,
    Mode,
    Note,
    OutcomeRecorded,
    Phase,
    PlanConfirmed,
    PlanMade,
    RunEnded,
    RunStarted,
    ServerReached,
)

TARGET = Target("fe.litwareinc.com", Shell.LYNC)
POOL = cmdlet("New-CsTrustedApplicationPool", Identity="owa.litwareinc.com", RequiresReplication=False, Force=Switch.ON)
CHANGE = Change(
    target=TARGET,
    object="owa.litwareinc.com",
    property="",
    before=None,
    after={"Registrar": "pool", "Ports": [5199]},
    command=Pipeline.of(POOL),
    reverse=(Pipeline.of(cmdlet("Remove-CsTrustedApplicationPool", Identity="owa.litwareinc.com")),),
    requirements=("L28",),
    exports=Pipeline.of(cmdlet("Export-CsConfiguration", AsBytes=Switch.ON)),
)
PLAN = Plan(changes=(CHANGE,))
FINDING = Finding(
    id="pool-missing",
    requirements=("L26", "L28"),
    severity=Severity.ERROR,
    what="There is no pool.",
    why="Lync refuses OWA.",
    remedy="The plan makes it.",
    repair=Repair.PLANNED,
)
STARTED = RunStarted(section="trusted-pool", mode=Mode.APPLY, estate="litware", environment="rehearsal")
PLANNED = PlanMade(phase=Phase.CHECK, plan=PLAN, digest=PLAN.digest)
INTENT = Intent(plan=PLAN.digest, change=0, target=TARGET, pipeline=CHANGE.command)
APPLIED = OutcomeRecorded(plan=PLAN.digest, change=0, outcome=Outcome.APPLIED, served_by="fe", warnings=("w",))
VERIFIED = OutcomeRecorded(plan=PLAN.digest, change=0, outcome=Outcome.VERIFIED)
ENDED = RunEnded(outcome=Outcome.VERIFIED)

WHOLE: tuple[Event, ...] = (
    STARTED,
    Note(text="zwölf\nUhr \u2028 \ud83d"),
    ServerReached(target=TARGET, url="https://127.0.10.5:1/wsman", authentication="credssp", credential="cred:lync"),
    FactRead(
        phase=Phase.CHECK,
        query="pools",
        target=TARGET,
        pipeline=Pipeline.of(cmdlet("Get-CsTrustedApplicationPool")),
        fact=[{"Identity": "a", "Ports": [1, 2], "Missing": None}],
    ),
    FindingRecorded(phase=Phase.CHECK, finding=FINDING),
    PLANNED,
    PlanConfirmed(digest=PLAN.digest, by="parameter confirm", consents=("publish_others",)),
    Exported(file="configuration.zip", sha256="0" * 64, size=12, change=0),
    INTENT,
    APPLIED,
    PlanMade(phase=Phase.VERIFY, plan=(EMPTY := Plan(because="It is there.")), digest=EMPTY.digest),
    VERIFIED,
    ENDED,
)


def write(folder: Path, *events: Event) -> Path:
    times = iter(datetime(2013, 2, 3, tzinfo=UTC) + timedelta(seconds=each) for each in range(100))
    with Ledger.create(folder, run="r1", clock=lambda: next(times)) as ledger:
        for event in events:
            ledger.append(event)
    return folder / FILE_NAME


def test_a_whole_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    recording = read_events(write(tmp_path, *WHOLE))
    assert recording.events == WHOLE
    assert recording.torn == ""
    assert recording.in_doubt is None
    assert [entry.seq for entry in recording.entries] == list(range(1, len(WHOLE) + 1))
    assert recording.entries[1].time == datetime(2013, 2, 3, 0, 0, 1, tzinfo=UTC)
    (made, _) = (event for event in recording.events if isinstance(event, PlanMade))
    assert made.plan.changes[0].command.cmdlets[0].value("Force") is Switch.ON


def test_each_event_is_one_line_that_names_itself(tmp_path: Path) -> None:
    lines = write(tmp_path, *WHOLE).read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == len(WHOLE)
    first = json.loads(lines[0])
    assert {name: first[name] for name in ("run", "seq", "time", "type")} == {
        "run": "r1",
        "seq": 1,
        "time": "2013-02-03T00:00:00.000000Z",
        "type": "RunStarted",
    }


def test_an_event_is_on_the_disk_when_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    with Ledger.create(tmp_path / "new" / "record") as ledger:
        real = os.fsync

        def fsync(handle: int) -> None:
            synced.append(ledger.path.read_bytes().count(b"\n"))
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)
        for event in (STARTED, PLANNED, INTENT):
            ledger.append(event)
        assert synced == [1, 2, 3]
        assert read_events(ledger.path).in_doubt == INTENT


def test_an_existing_ledger_is_never_written_to(tmp_path: Path) -> None:
    before = write(tmp_path, STARTED).read_bytes()
    with pytest.raises(Refused, match="ledger of another run"):
        Ledger.create(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([Note(text="x")], "starts once"),
        ([STARTED, STARTED], "starts once"),
        ([STARTED, RunEnded(outcome=Outcome.FAILED), Note(text="x")], "has ended"),
        ([STARTED, INTENT], "no recorded plan"),
        ([STARTED, PLANNED, Intent(plan=PLAN.digest, change=1, target=TARGET, pipeline=CHANGE.command)], "change 1"),
        ([STARTED, PLANNED, INTENT, INTENT], "isn't recorded yet"),
        ([STARTED, PLANNED, INTENT, ENDED], "isn't recorded"),
        ([STARTED, PLANNED, APPLIED], "no intent was recorded"),
    ],
)
def test_an_event_out_of_order_is_refused_and_not_written(tmp_path: Path, events: list[Event], said: str) -> None:
    with Ledger.create(tmp_path) as ledger:
        for event in events[:-1]:
            ledger.append(event)
        with pytest.raises(ValueError, match=said):
            ledger.append(events[-1])
        assert read_events(ledger.path).events == tuple(events[:-1])


@given(st.data())
def test_a_torn_last_line_is_reported_and_the_rest_is_read(tmp_path_factory: Any, data: st.DataObject) -> None:
    path = write(tmp_path_factory.mktemp("torn"), *WHOLE)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    recording = read_events(path)
    complete = whole[:cut].count(b"\n")
    assert recording.events == WHOLE[:complete]
    assert bool(recording.torn) is not whole[:cut].endswith(b"\n") or cut == 0


def _edit(number: int, change: dict[str, Any]) -> Any:
    def edit(lines: list[bytes]) -> list[bytes]:
        lines[number] = json.dumps(json.loads(lines[number]) | change).encode()
        return lines

    return edit


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda lines: lines[:2] + lines[3:], 3),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [*lines[:4], b"", *lines[4:]], 5),
        (lambda lines: [*lines[:4], lines[4][:-5], *lines[5:]], 5),
        (_edit(3, {"type": "Invented"}), 4),
        (_edit(3, {"type": ["FactRead"]}), 4),
        (_edit(3, {"run": "another"}), 4),
        (_edit(3, {"extra": 1}), 4),
        (_edit(3, {"phase": "sometime"}), 4),
        (_edit(4, {"finding": "none"}), 5),
        (_edit(5, {"digest": "0" * 64}), 6),
    ],
)
def test_a_ledger_that_was_altered_is_refused_with_its_line(tmp_path: Path, tamper: Any, line: int) -> None:
    path = write(tmp_path, *WHOLE)
    path.write_bytes(b"\n".join([*tamper(path.read_bytes().splitlines()), b""]))
    with pytest.raises(InputError, match=rf"{FILE_NAME}:{line}: this isn't a line of a ledger"):
        read_events(tmp_path)


def test_a_ledger_that_isnt_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        read_events(tmp_path / "none")


@pytest.mark.parametrize(
    "make",
    [
        lambda: RunStarted(section="", mode=Mode.PLAN, estate="a", environment="rehearsal"),
        lambda: Note(text=""),
        lambda: PlanMade(phase=Phase.CHECK, plan=PLAN, digest="0" * 64),
        lambda: PlanConfirmed(digest="abc", by="me"),
        lambda: Exported(file="../outside", sha256="0" * 64, size=1),
        lambda: Intent(plan=PLAN.digest, change=-1, target=TARGET, pipeline=CHANGE.command),
        lambda: OutcomeRecorded(plan=PLAN.digest, change=0, outcome=Outcome.UNKNOWN),
        lambda: FactRead(phase=Phase.CHECK, query="q", target=TARGET, pipeline=CHANGE.command, fact=1, unread="why"),
    ],
)
def test_events_are_checked_when_they_are_made(make: Any) -> None:
    with pytest.raises(ValueError, match=r"needs|digest|SHA-256|name of a file|place in the plan|says why|was read"):
        make()


VALUES = st.one_of(
    st.text(), st.integers(), st.booleans(), st.none(), st.binary(), st.sampled_from(Switch),
    st.lists(st.text()).map(tuple), st.lists(st.integers(), min_size=1).map(tuple),
)  # fmt: skip


@given(st.lists(VALUES, max_size=4))
def test_every_kind_of_parameter_keeps_its_type(tmp_path_factory: Any, values: list[Any]) -> None:
    command = Cmdlet("Set-Thing", tuple((f"P{index}", value) for index, value in enumerate(values)))
    plan = Plan(
        changes=(
            Change(
                target=TARGET,
                object="o",
                property="p",
                before=1,
                after=2,
                command=Pipeline.of(command),
                irreversible="so it is",
            ),
        )
    )
    made = PlanMade(phase=Phase.CHECK, plan=plan, digest=plan.digest)
    recording = read_events(write(tmp_path_factory.mktemp("types"), STARTED, made))
    back = recording.events[1]
    assert isinstance(back, PlanMade)
    assert [(type(value), value) for _, value in back.plan.changes[0].command.cmdlets[0].parameters] == [
        (type(value), value) for value in values
    ]
