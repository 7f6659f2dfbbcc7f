"""One run at a time may change an estate: who is refused, who takes over, and that two never both get through."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from memory_lab import MemoryLab
from rehearsal.topologies import build_world
from runbook.engine.lock import LOCKS_VARIABLE, EstateLock, Holder
from runbook.errors import InputError, Refused
from runbook.ledger import origin, read_events
from runbook.ledger.events import FindingRecorded, Mode
from runbook.paths import STATE_VARIABLE

RACES = 200

_CONTENDER = """
import json, sys
from pathlib import Path
from runbook.engine.lock import EstateLock, Holder
from runbook.errors import Refused
import os, psutil
folder, name = Path(sys.argv[1]), sys.argv[2]
own = dict(pid=os.getpid(), began=psutil.Process().create_time())
held = []
for line in sys.stdin:
    race = line.strip()
    held.clear()
    fields = json.loads(sys.argv[3]) | own | {"run": f"{name}-{race}", "servers": (f"server-{race}",)}
    try:
        held.append(EstateLock.claim(Holder(**fields), folder))
        print("proceeds", flush=True)
    except Refused as error:
        print(error, flush=True)
"""


def holder(run: str = "one", **changed: object) -> Holder:
    fields = Holder(
        estate="litware",
        servers=("mbx01.litwareinc.com", "fe01.litwareinc.com"),
        section="trusted_pool",
        run=run,
        record=f"litware/{run}",
        user="ann",
        host=origin.host(),
        pid=os.getppid(),  # another process that goes on
        began=psutil.Process(os.getppid()).create_time(),
        since="2026-11-20T10:00:00Z",
    )
    return replace(fields, **changed)  # type: ignore[arg-type]


def entered(folder: Path) -> list[str]:
    return [each["run"] for each in json.loads((folder / "holders.json").read_bytes())]


def put(folder: Path, *holders: Holder) -> None:
    """A list as another process left it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "holders.json").write_text(json.dumps([asdict(one) for one in holders]), encoding="utf-8")


def test_the_second_is_refused_with_who_holds_it_since_when(tmp_path: Path):
    put(tmp_path, holder())
    with pytest.raises(Refused) as refused:
        EstateLock.claim(holder("two"), tmp_path)
    for said in ("ann", origin.host(), str(os.getppid()), "2026-11-20T10:00:00Z", "trusted pool", "litware/one"):
        assert said in str(refused.value)


def test_one_server_in_common_is_enough_and_none_is_no_hindrance(tmp_path: Path):
    put(tmp_path, holder())
    with pytest.raises(Refused):
        EstateLock.claim(holder("two", estate="other", servers=("fe01.litwareinc.com",)), tmp_path)
    EstateLock.claim(holder("three", servers=("mbx09.litwareinc.com",)), tmp_path)


def test_who_gave_way_hinders_nobody(tmp_path: Path):
    EstateLock.claim(holder(), tmp_path).release()
    assert EstateLock.claim(holder("two"), tmp_path).taken_over == ()


@pytest.mark.parametrize("gone", [{"pid": 2**22 + 1}, {"began": 1.0}], ids=["no such process", "number given anew"])
def test_the_place_of_a_process_that_is_gone_is_taken_openly(tmp_path: Path, gone: dict[str, object]):
    put(tmp_path, holder(**gone))
    lock = EstateLock.claim(holder("two"), tmp_path)
    assert [one.run for one in lock.taken_over] == ["one"]
    assert entered(tmp_path) == ["two"]


def test_what_another_computer_does_cannot_be_seen_from_here(tmp_path: Path):
    put(tmp_path, holder(host="elsewhere", pid=2**22 + 1))
    with pytest.raises(Refused, match="take its entry out of"):
        EstateLock.claim(holder("two"), tmp_path)


def own(run: str) -> Holder:
    return holder(run, pid=os.getpid(), began=psutil.Process().create_time())


def test_a_process_that_begins_again_takes_over_from_itself_unless_it_changes_something_now(tmp_path: Path):
    first = EstateLock.claim(own("one"), tmp_path)
    with first.in_use(), pytest.raises(Refused):
        EstateLock.claim(own("two"), tmp_path)
    second = EstateLock.claim(own("two"), tmp_path)
    assert second.taken_over == ()
    assert not first.is_held
    with pytest.raises(Refused, match="Another run has begun"), first.in_use():
        pass
    first.release()
    assert second.is_held


def test_a_list_that_is_none_is_named_with_what_to_do(tmp_path: Path):
    (tmp_path / "holders.json").write_text("[", encoding="utf-8")
    with pytest.raises(InputError, match=r"holders\.json isn't a list.*remove it"):
        EstateLock.claim(holder(), tmp_path)


def test_of_two_processes_that_race_exactly_one_proceeds(tmp_path: Path):
    fields = json.dumps(asdict(holder()))
    contenders = [
        subprocess.Popen(
            [sys.executable, "-c", _CONTENDER, str(tmp_path), name, fields],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("left", "right")
    ]
    try:
        for race in range(RACES):
            for one in contenders:  # both are told before either is heard
                assert one.stdin is not None
                one.stdin.write(f"{race}\n")
                one.stdin.flush()
            said = [one.stdout.readline().strip() for one in contenders if one.stdout is not None]
            assert said.count("proceeds") == 1, said
            assert any("Another run may change this estate" in each for each in said)
    finally:
        for one in contenders:
            one.communicate()


def test_of_many_threads_exactly_one_proceeds(tmp_path: Path):
    proceeded: list[EstateLock] = []
    start = threading.Barrier(8)

    def contend(number: int) -> None:
        start.wait()
        with contextlib.suppress(Refused):
            proceeded.append(EstateLock.claim(holder(str(number)), tmp_path))

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(proceeded) == 1


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryLab:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    return MemoryLab.of(build_world("split-2013"), tmp_path)


def rival(lab: MemoryLab, **changed: object) -> Holder:
    """Somebody else's run on the lab's servers."""
    run = lab.open("trusted_pool", Mode.APPLY)
    assert run.lock is not None
    servers = run.lock.holder.servers
    run.finish()
    return holder(servers=servers, **changed)


def test_a_run_that_may_change_something_is_refused_and_begins_no_record(lab: MemoryLab, tmp_path: Path):
    put(tmp_path / "state" / "locks", rival(lab))
    with pytest.raises(Refused, match="Another run may change this estate: ann on"):
        lab.open("trusted_pool", Mode.APPLY)
    assert not (tmp_path / str(lab.count)).exists()


@pytest.mark.parametrize("section", ["trusted_pool", "verification"])
def test_runs_that_only_read_are_never_refused(lab: MemoryLab, tmp_path: Path, section: str):
    put(tmp_path / "state" / "locks", rival(lab))
    for mode in (Mode.PLAN, Mode.CHECK, *([Mode.APPLY] if section == "verification" else [])):
        lab.open(section, mode).check()


def test_taking_over_stands_in_the_record(lab: MemoryLab, tmp_path: Path):
    put(tmp_path / "state" / "locks", rival(lab, pid=2**22 + 1))
    run = lab.open("trusted_pool", Mode.APPLY)
    run.check()
    said = [
        event.finding
        for event in read_events(run.ledger.path).events
        if isinstance(event, FindingRecorded) and event.finding.id == "lock-taken-over"
    ]
    assert len(said) == 1
    assert "ann on" in said[0].what
    assert "litware/one" in said[0].remedy


def test_the_right_ends_with_the_run(lab: MemoryLab, tmp_path: Path):
    run = lab.open("trusted_pool", Mode.APPLY)
    assert entered(tmp_path / "state" / "locks") == [run.ledger.run]
    run.check()
    run.finish()
    assert entered(tmp_path / "state" / "locks") == []


def test_a_run_whose_place_was_taken_changes_nothing(lab: MemoryLab):
    first = lab.open("trusted_pool", Mode.APPLY)
    first.check()
    second = lab.open("trusted_pool", Mode.APPLY)
    first.apply(confirmed_by="a test")
    assert "Another run has begun in this process" in first.results[0].said[0]
    second.check()
    second.apply(confirmed_by="a test")
    second.verify()
    assert not second.decision.plan.changes


def test_administrators_with_states_of_their_own_share_a_list(
    lab: MemoryLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LOCKS_VARIABLE, str(tmp_path / "shared"))
    put(tmp_path / "shared", rival(lab))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "mine"))
    with pytest.raises(Refused, match="ann on"):
        lab.open("trusted_pool", Mode.APPLY)
