"""The lab's centralized logging service: what is traced where, and what a search finds of it (real-world.md B3, B4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab_shells import FRONT_END, MAILBOX, Heard, exchange, front_end
from rehearsal.objects import text_of
from rehearsal.owa_web_config import back_end_with_keys
from rehearsal.presence import presence, sign_in
from rehearsal.sip_trace import UNKNOWN_PEER
from rehearsal.topologies import build_world
from rehearsal.world import World

POOL, SECOND = "atl-cs-001.litwareinc.com", "atl-fe-002.litwareinc.com"
STACK: dict[str, Any] = {"Name": "SIPStack", "Type": "WPP", "Level": "Debug", "Flags": "All"}


@pytest.fixture
def world() -> World:
    return build_world()


def texts(heard: Heard) -> str:
    assert (heard.failed, heard.errors) == (None, [])
    return "\n".join(str(one) for one in heard.output)


def make_scenario(world: World, name: str = "OwaIm", level: str = "Debug") -> None:
    shell = front_end(world)
    (provider,) = shell.run("New-CsClsProvider", **{**STACK, "Level": level}).output
    made = shell.run("New-CsClsScenario", f"global/{name}", Provider={"Add": provider})
    assert (made.failed, made.values("Identity")) == (None, [f"global/{name}"])


def somebody_signs_in(world: World) -> None:
    """Outlook Web App is set up on every back end, and a user of it signs in."""
    shell = exchange(world)
    for identity in shell.run("Get-OwaVirtualDirectory").texts("Identity"):
        shell.run("Set-OwaVirtualDirectory", identity, InstantMessagingEnabled=True, InstantMessagingType="Ocs")
    for name, application in world.owa.items():
        content = back_end_with_keys(POOL, world.im_certificates[name])
        application.host.files.write(application.edition.web_config, content)
    user = next(upn for upn in presence(world).reasons if not world.exchange.owa.why_not(upn, MAILBOX))
    sign_in(world, user)
    world.clock.tick()


def test_a_trace_tells_that_lync_does_not_know_the_peer(world: World) -> None:
    make_scenario(world)
    shell = front_end(world)
    started = texts(shell.run("Start-CsClsLogging", Scenario="OwaIm", Pools=[POOL], Duration="0:30"))
    assert started.startswith("Success Code - 0, Successful on 2 agents")
    somebody_signs_in(world)
    shell.run("Sync-CsClsLogging", Pools=[POOL])
    shell.run("New-Item", "C:\\Traces", ItemType="Directory")
    shell.run("Search-CsClsLogging", Pools=[POOL], Components=["SIPStack"], OutputFilePath="C:\\Traces\\owa.txt")
    lines = [text_of(one) for one in shell.run("Get-Content", "C:\\Traces\\owa.txt").output]
    assert f"Text: {UNKNOWN_PEER}" in lines
    assert 'Data: fqdn="atl-owa-001.litwareinc.com"' in lines
    assert "Successful on 2" in texts(shell.run("Stop-CsClsLogging", Scenario="OwaIm", Pools=[POOL]))


def test_nothing_is_traced_while_nothing_runs_or_once_its_time_is_over(world: World) -> None:
    make_scenario(world)
    shell = front_end(world)
    somebody_signs_in(world)
    shell.run("Start-CsClsLogging", Scenario="OwaIm", Pools=[POOL], Duration="0:30")
    world.clock.tick(timedelta(minutes=31))
    somebody_signs_in(world)
    shell.run("Sync-CsClsLogging", Pools=[POOL])
    assert UNKNOWN_PEER not in texts(shell.run("Search-CsClsLogging", Pools=[POOL]))


def test_a_search_finds_only_what_was_synchronised_and_what_it_asks_for(world: World) -> None:
    shell = front_end(world)
    shell.run("Start-CsClsLogging", Scenario="AlwaysOn", Pools=[POOL])
    somebody_signs_in(world)
    assert UNKNOWN_PEER not in texts(shell.run("Search-CsClsLogging", Pools=[POOL]))
    shell.run("Sync-CsClsLogging", Pools=[POOL])
    assert UNKNOWN_PEER in texts(shell.run("Search-CsClsLogging", Pools=[POOL], LogLevel="Error"))
    assert UNKNOWN_PEER not in texts(shell.run("Search-CsClsLogging", Pools=[POOL], LogLevel="Fatal"))
    assert UNKNOWN_PEER not in texts(shell.run("Search-CsClsLogging", Pools=[POOL], Components=["UserServices"]))
    world.clock.tick(timedelta(hours=1))
    assert UNKNOWN_PEER not in texts(shell.run("Search-CsClsLogging", Pools=[POOL]))


@pytest.mark.parametrize(("level", "heard"), [("Fatal", False), ("Error", True), ("Debug", True)])
def test_a_provider_traces_its_own_level_and_what_is_graver(world: World, level: str, heard: bool) -> None:
    make_scenario(world, level=level)
    shell = front_end(world)
    shell.run("Start-CsClsLogging", Scenario="OwaIm", Pools=[POOL])
    somebody_signs_in(world)
    shell.run("Sync-CsClsLogging", Pools=[POOL])
    assert (UNKNOWN_PEER in texts(shell.run("Search-CsClsLogging", Pools=[POOL]))) == heard


def test_without_a_pool_it_is_about_the_computer_one_is_connected_to(world: World) -> None:
    shell = front_end(world)
    shell.run("Start-CsClsLogging", Scenario="AlwaysOn")
    assert "AlwaysOn=Yes" in texts(shell.run("Show-CsClsLogging"))
    assert "AlwaysOn=No" in texts(shell.run("Show-CsClsLogging", Computers=[SECOND]))


def test_one_scenario_runs_beside_always_on(world: World) -> None:
    make_scenario(world)
    make_scenario(world, "Other")
    shell = front_end(world)
    for name in ("AlwaysOn", "OwaIm"):
        assert "Successful on 1" in texts(shell.run("Start-CsClsLogging", Scenario=name))
    assert "OwaIm is running already" in texts(shell.run("Start-CsClsLogging", Scenario="Other"))
    assert "there is no scenario" in texts(shell.run("Start-CsClsLogging", Scenario="Nothing"))


def test_scenarios_are_made_once_and_go_again(world: World) -> None:
    make_scenario(world)
    shell = front_end(world)
    again = shell.run("New-CsClsScenario", Name="OwaIm", Parent="global")
    assert again.failed is not None
    assert again.failed.error_id.startswith("ItemExists")
    assert shell.run("Get-CsClsScenario").values("Name") == ["AlwaysOn", "OwaIm"]
    shell.run("Remove-CsClsScenario", "global/OwaIm")
    assert shell.run("Get-CsClsScenario").values("Name") == ["AlwaysOn"]


def test_every_change_is_in_the_journal_and_a_scenario_has_to_be_replicated(world: World) -> None:
    before = set(front_end(world).run("Get-CsManagementStoreReplicationStatus").values("UpToDate"))
    make_scenario(world)
    after = set(front_end(world).run("Get-CsManagementStoreReplicationStatus").values("UpToDate"))
    front_end(world).run("Start-CsClsLogging", Scenario="OwaIm")
    said = {one["object"] for one in world.journal.as_json()["entries"]}
    assert {"logging scenario global/OwaIm", f"logging on {FRONT_END}"} <= said
    assert (before, after) == ({True}, {False})


def test_exchange_has_none_of_it(world: World) -> None:
    assert exchange(world).run("Show-CsClsLogging").failed is not None
