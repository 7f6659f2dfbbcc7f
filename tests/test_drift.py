"""Is everything still as a past run left it? Somebody else, an update and an undo show, and so does what isn't read."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from interrupting import resumed
from memory_lab import AnyAccount, MemoryLab
from rehearsal.faults.owa_values import host, plain_config
from rehearsal.owa_application import WEB_CONFIG
from rehearsal.topologies import build_world
from rehearsal.world import World
from runbook.again import open_drift
from runbook.engine.drift import Compared, Standing, standing
from runbook.errors import ConnectionFailed, InputError
from runbook.fleet import Fleet
from runbook.ledger.events import Mode
from undoing import applied, undone

BACK = "atl-mbx-001.litwareinc.com"


def look(lab: MemoryLab, folder: Path) -> tuple[Compared, ...]:
    run, drift = open_drift(folder, lab.estate, broker=AnyAccount())
    run._connect = lab.fleet
    run.check()
    run.finish()
    assert drift.compared, "a run that changed something left something to compare"
    return drift.compared


def drifted(found: tuple[Compared, ...]) -> list[str]:
    return [one.change.object for one in found if one.standing is Standing.DRIFTED]


@pytest.fixture
def policies(tmp_path: Path) -> tuple[MemoryLab, Path]:
    lab = MemoryLab.of(build_world("split-2013", states=("policy-off",)), tmp_path)
    return lab, applied(lab, "mailbox_policies")


def set_policy(world: World, name: str, **settings: object) -> None:
    held = world.exchange.owa.policies
    held[name] = replace(held[name], settings={**held[name].settings, **settings})


@pytest.mark.parametrize(
    ("topology", "section"),
    [
        ("split-2013", "trusted_pool"),
        ("split-2013", "owa_enablement"),
        ("split-2013", "mailbox_policies"),
        ("exchange-2010", "owa_enablement"),
        ("exchange-2016-sfb2015", "owa_enablement"),
        ("hybrid-worldwide", "online_hybrid"),
    ],
)
def test_right_after_a_run_everything_is_as_it_left_it(topology: str, section: str, tmp_path: Path) -> None:
    lab = MemoryLab.of(build_world(topology), tmp_path)
    if section == "owa_enablement":
        applied(lab, "trusted_pool")
    found = look(lab, applied(lab, section))
    assert {one.standing for one in found} == {Standing.AS_LEFT}, [one for one in found if one.said]
    assert standing(found) is Standing.AS_LEFT


def test_what_somebody_changed_since_is_named_with_both_values(policies: tuple[MemoryLab, Path]) -> None:
    lab, folder = policies
    set_policy(lab.world, "executives", InstantMessagingType="None")
    found = look(lab, folder)
    (one,) = (each for each in found if each.standing is Standing.DRIFTED)
    assert one.change.object == "OwaMailboxPolicy:Executives"
    assert (one.left, one.now) == ([True, "Ocs"], [True, "None"])
    assert "the run left" in one.said
    assert "what was there before the run" in one.said
    assert standing(found) is Standing.DRIFTED


def test_what_an_undo_took_back_is_told_as_such_and_the_undo_left_it_so(tmp_path: Path) -> None:
    lab = MemoryLab.of(build_world("split-2013"), tmp_path)
    folder = applied(lab, "trusted_pool")
    undo = undone(lab, folder).ledger.path.parent
    found = look(lab, folder)
    told = [one for one in found if one.standing is Standing.DRIFTED and one.change.reverse]
    assert "TrustedApplicationPool:atl-owa-001.litwareinc.com" in [one.change.object for one in told]
    assert all("An undo of the run took it back." in one.said for one in told)
    assert {one.standing for one in look(lab, undo)} == {Standing.AS_LEFT}


def test_a_file_that_was_changed_elsewhere_is_as_the_run_left_it(tmp_path: Path) -> None:
    """web.config holds more than what the run set; that it was touched is said all the same."""
    lab = MemoryLab.of(build_world("split-2013"), tmp_path)
    applied(lab, "trusted_pool")
    folder = applied(lab, "owa_enablement")
    files = host(lab.world, BACK).files
    content = files.find(WEB_CONFIG).content
    assert content is not None
    files.write(WEB_CONFIG, content.replace(b'value="100000"', b'value="200000"'))
    found = look(lab, folder)
    assert drifted(found) == []
    assert "not in what the run set" in " ".join(one.said for one in found)


def test_what_could_not_be_read_is_unknown_and_not_as_left(policies: tuple[MemoryLab, Path]) -> None:
    lab, folder = policies

    def nobody(*_: Any, **__: Any) -> Any:
        raise ConnectionFailed("atl-mbx-001.litwareinc.com", "Nobody listens there.")

    run, drift = open_drift(folder, lab.estate, broker=AnyAccount())
    run._connect = lambda writes: Fleet(lab.estate, AnyAccount(), writes=writes, opener=nobody)
    run.check()
    run.finish()
    assert {one.standing for one in drift.compared} == {Standing.UNKNOWN}
    assert standing(drift.compared) is Standing.UNKNOWN


def test_a_run_that_was_cut_off_left_nothing_that_is_known(tmp_path: Path) -> None:
    lab = MemoryLab.of(build_world("split-2013", states=("policy-off",)), tmp_path)
    run = lab.open("mailbox_policies", Mode.APPLY)
    run.check()
    run.apply(confirmed_by="the test")
    run.ledger.close()
    folder = run.ledger.path.parent
    with pytest.raises(InputError, match=f"was cut off.*runbook resume {lab.estate.name}/{folder.name}"):
        open_drift(folder, lab.estate, broker=AnyAccount())
    run.lock = None
    gc.collect()
    on = resumed(lab, folder).ledger.path.parent
    with pytest.raises(InputError, match=f"/{on.name} went on from it since: name that record"):
        open_drift(folder, lab.estate, broker=AnyAccount())
    assert open_drift(on, lab.estate, broker=AnyAccount())


def test_looking_changes_nothing(policies: tuple[MemoryLab, Path]) -> None:
    lab, folder = policies
    before = len(lab.world.journal.entries())
    set_policy(lab.world, "executives", InstantMessagingType="None")
    look(lab, folder)
    assert len(lab.world.journal.entries()) == before


def test_a_cumulative_update_that_overwrote_web_config_is_told_as_such(tmp_path: Path) -> None:
    lab = MemoryLab.of(build_world("split-2013"), tmp_path)
    applied(lab, "trusted_pool")
    folder = applied(lab, "owa_enablement")
    update(lab.world, BACK)
    found = look(lab, folder)
    (one,) = (each for each in found if each.standing is Standing.DRIFTED)
    assert one.change.object.endswith("web.config")
    assert one.change.target.server == BACK
    assert "webconfig-overwritten-by-cu" in one.because
    assert "a past record found them here under" in one.said


def update(world: World, server: str) -> None:
    """Install a cumulative update: a later build, and set-up's own web.config."""
    held = world.exchange.servers
    key = next(name for name, each in held.items() if each.fqdn == server)
    major, minor, build, revision = held[key].build
    held[key] = replace(held[key], build=(major, minor, build + 1, revision))
    host(world, server).files.write(WEB_CONFIG, plain_config(world, server))
