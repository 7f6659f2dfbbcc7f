"""The administrator audit log of the simulated organisation: what is in it, when, and how it is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lab_shells import Console, Heard, exchange
from rehearsal.admin_audit_log import INDEXED_AFTER
from rehearsal.objects import member, text_of
from rehearsal.topologies import build_world
from rehearsal.world import World

DIRECTORY = "ATL-CAS-001\\owa (Default Web Site)"


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


def switch_on(world: World) -> Console:
    shell = exchange(world)
    shell.run("Set-OwaVirtualDirectory", DIRECTORY, InstantMessagingType="Ocs")
    shell.run("Set-OwaMailboxPolicy", "Default", InstantMessagingType="Ocs")
    return shell


def search(world: World, **asked: object) -> Heard:
    """What a search finds once everything is indexed."""
    world.clock.tick(INDEXED_AFTER)
    return exchange(world).run("Search-AdminAuditLog", **asked)


def test_an_entry_says_who_ran_what_on_which_object_when_and_where(world: World) -> None:
    before = world.clock.now()
    switch_on(world)
    found = search(world, Cmdlets="Set-OwaVirtualDirectory")
    (entry,) = found.output
    assert text_of(member(entry, "CmdletName")) == "Set-OwaVirtualDirectory"
    assert found.texts("ObjectModified") == [DIRECTORY]
    assert found.texts("Caller") == ["litwareinc.com/Users/exchange-admin"]
    assert found.texts("OriginatingServer") == ["ATL-MBX-001 (15.00.1497.002)"]
    assert found.values("Succeeded") == [True]
    assert before < found.values("RunDate")[0] < world.clock.now()
    parameters = {one.properties["Name"]: one.properties["Value"] for one in member(entry, "CmdletParameters").items}
    assert parameters == {"Identity": DIRECTORY, "InstantMessagingType": "Ocs"}


def test_an_entry_is_found_only_after_it_was_indexed(world: World) -> None:
    shell = switch_on(world)
    assert shell.run("Search-AdminAuditLog").output == []
    waited = timedelta()
    while not shell.run("Search-AdminAuditLog").output:
        waited += timedelta(seconds=1)
        assert waited < timedelta(minutes=15)  # documented as the most it takes
    assert len(search(world).output) == 2


def test_the_newest_entry_comes_first_and_a_page_can_be_asked_for(world: World) -> None:
    switch_on(world)
    assert search(world).texts("CmdletName") == ["Set-OwaMailboxPolicy", "Set-OwaVirtualDirectory"]
    assert search(world, ResultSize=1).texts("CmdletName") == ["Set-OwaMailboxPolicy"]
    assert search(world, StartIndex=1).texts("CmdletName") == ["Set-OwaVirtualDirectory"]


def test_looking_and_asking_what_would_happen_leave_no_entry(world: World) -> None:
    shell = exchange(world)
    shell.run("Get-OwaVirtualDirectory")
    shell.run("Test-ServiceHealth")
    shell.run("Set-OwaMailboxPolicy", "Default", InstantMessagingType="Ocs", WhatIf=True)
    assert search(world).output == []


def test_a_cmdlet_that_failed_is_logged_with_its_error(world: World) -> None:
    exchange(world).run("Set-UMService", "ATL-MBX-001", DialPlans={"Add": "NoSuchPlan"})
    found = search(world, IsSuccess=False)
    assert found.texts("CmdletName") == ["Set-UMService"]
    assert "NoSuchPlan" in found.texts("Error")[0]
    assert search(world, IsSuccess=True).output == []


def test_a_search_is_narrowed_by_object_user_time_and_parameter(world: World) -> None:
    switch_on(world)
    later = (world.clock.now() + timedelta(days=1)).isoformat()
    assert search(world, ObjectIds="Default").texts("CmdletName") == ["Set-OwaMailboxPolicy"]
    assert len(search(world, UserIds="exchange-admin").output) == 2
    assert search(world, UserIds="somebody-else").output == []
    assert search(world, StartDate=later).output == []
    assert len(search(world, EndDate=later).output) == 2
    both = {"Cmdlets": ["Set-*"], "Parameters": ["InstantMessagingEnabled"]}
    assert search(world, **both).output == []
    refused = search(world, Parameters="InstantMessagingType")
    assert refused.failed is not None
    assert "Cmdlets" in refused.failed.message


def test_what_is_done_outside_exchanges_endpoint_is_not_in_it(world: World) -> None:
    windows = Console(world, "atl-mbx-001.litwareinc.com", "/wsman", "windows-admin")
    windows.run("Restart-WebAppPool", Name="MSExchangeOWAAppPool")
    assert world.journal.entries()
    assert search(world).output == []


@pytest.mark.parametrize(
    ("state", "enabled", "cmdlets", "logged"),
    [
        ((), True, "*", ["Set-OwaMailboxPolicy", "Set-OwaVirtualDirectory"]),
        (("audit-off",), False, "*", []),
        (("audit-filtered",), True, "*Mailbox*", ["Set-OwaMailboxPolicy"]),
    ],
)
def test_the_configuration_says_what_is_logged(
    state: tuple[str, ...], enabled: bool, cmdlets: str, logged: list[str]
) -> None:
    world = build_world("split-2013", states=state)
    shell = switch_on(world)
    configuration = shell.run("Get-AdminAuditLogConfig")
    assert configuration.values("AdminAuditLogEnabled") == [enabled]
    assert configuration.texts("AdminAuditLogCmdlets") == [cmdlets]
    assert configuration.texts("AdminAuditLogExcludedCmdlets") == [""]
    assert configuration.texts("AdminAuditLogAgeLimit") == ["90.00:00:00"]
    assert search(world).texts("CmdletName") == logged


def test_entries_are_kept_for_ninety_days(world: World) -> None:
    switch_on(world)
    world.clock.tick(timedelta(days=89))
    assert len(search(world).output) == 2
    world.clock.tick(timedelta(days=2))
    assert search(world).output == []
