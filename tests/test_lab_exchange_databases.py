"""Databases and their copies: who serves a mailbox now, who could come to, and what real cmdlets say of it."""

from __future__ import annotations

import pytest

from lab_shells import Console, exchange
from rehearsal.presence import sign_in
from rehearsal.topologies import build_world
from rehearsal.world import World


@pytest.fixture
def world() -> World:
    return build_world("dag-2013")


@pytest.fixture
def shell(world: World) -> Console:
    return exchange(world)


def somebody_in(world: World, database: str) -> str:
    return next(person.upn for person in world.exchange.people if person.database == database)


def test_each_back_end_serves_one_database_and_can_come_to_serve_another(world: World) -> None:
    stores = world.exchange.stores
    able = {one.name: set(stores.able_to_serve(one)) for one in stores.databases.values() if one.group}
    servers = [f"ATL-MBX-00{number}" for number in (1, 2, 3, 4)]
    for server in servers:
        assert sum(server in names for names in able.values()) == 2
    assert {one.active for one in stores.databases.values() if one.group} == set(servers)


def test_a_mailbox_is_served_by_the_server_with_the_active_copy(world: World, shell: Console) -> None:
    upn = somebody_in(world, "DB-002")
    assert world.exchange.mailbox_server_of(upn.upper()) == "atl-mbx-002.litwareinc.com"
    world.activate("DB-002", "ATL-MBX-003")
    assert world.exchange.mailbox_server_of(upn) == "atl-mbx-003.litwareinc.com"
    assert shell.run("Get-Mailbox", upn).texts("ServerName") == ["atl-mbx-003"]
    assert upn in shell.run("Get-Mailbox", Server="ATL-MBX-003").texts("UserPrincipalName")
    assert shell.run("Get-Mailbox", Server="ATL-MBX-002").output == []
    entry = world.journal.entries()[-1]
    assert (entry.object, entry.property, entry.before, entry.after) == (
        "database DB-002",
        "active",
        "ATL-MBX-002",
        "ATL-MBX-003",
    )
    reasons = " ".join(sign_in(world, upn) or ())
    assert "atl-mbx-003" in reasons
    assert "atl-mbx-002" not in reasons


def test_a_database_fails_over_only_to_a_server_with_a_copy(world: World) -> None:
    with pytest.raises(ValueError, match="no copy of DB-002"):
        world.activate("DB-002", "ATL-MBX-001")


def test_who_has_no_mailbox_is_served_by_nobody(world: World) -> None:
    without = [person.upn for person in world.exchange.people if not person.has_mailbox]
    assert len(without) == 4
    assert {world.exchange.mailbox_server_of(upn) for upn in without} == {None}
    assert world.exchange.mailbox_server_of("nobody@litwareinc.com") is None


def test_a_database_tells_where_it_is_mounted_only_when_asked(shell: Console) -> None:
    (plain,) = shell.run("Get-MailboxDatabase", "DB-001").output
    assert (plain.properties["Mounted"], plain.properties["MountedOnServer"]) == (None, None)
    (full,) = shell.run("Get-MailboxDatabase", "DB-001", Status=True).output
    assert (full.properties["Mounted"], full.properties["MountedOnServer"]) == (True, "atl-mbx-001.litwareinc.com")
    assert [server.text for server in full.properties["Servers"]] == ["ATL-MBX-001", "ATL-MBX-002"]
    assert [pair.text for pair in full.properties["ActivationPreference"]] == ["[ATL-MBX-001, 1]", "[ATL-MBX-002, 2]"]


def test_the_databases_with_a_copy_on_a_server_are_its_databases(shell: Console) -> None:
    assert shell.run("Get-MailboxDatabase", Server="ATL-MBX-001").texts("Name") == ["DB-001", "DB-004"]
    piped = shell.pipe("Get-MailboxServer", {"Identity": "ATL-MBX-003"}, "Get-MailboxDatabase")
    assert piped.texts("Name") == ["DB-002", "DB-003"]


def test_databases_of_exchange_2010_are_given_only_when_asked_for(shell: Console) -> None:
    assert shell.run("Get-MailboxDatabase").texts("Name") == ["DB-001", "DB-002", "DB-003", "DB-004"]
    assert "DB-2010" in shell.run("Get-MailboxDatabase", IncludePreExchange2013=True).texts("Name")


def test_copies_are_asked_for_by_database_by_server_and_by_both(shell: Console) -> None:
    assert len(shell.run("Get-MailboxDatabaseCopyStatus").output) == 8
    both = shell.run("Get-MailboxDatabaseCopyStatus", "DB-001")
    assert dict(zip(both.texts("Name"), both.texts("Status"), strict=True)) == {
        "DB-001\\ATL-MBX-001": "Mounted",
        "DB-001\\ATL-MBX-002": "Healthy",
    }
    here = shell.run("Get-MailboxDatabaseCopyStatus", Server="atl-mbx-001.litwareinc.com")
    assert here.texts("Name") == ["DB-001\\ATL-MBX-001", "DB-004\\ATL-MBX-001"]
    active = shell.run("Get-MailboxDatabaseCopyStatus", Server="ATL-MBX-001", Active=True)
    assert (active.texts("Name"), active.values("ActiveCopy")) == (["DB-001\\ATL-MBX-001"], [True])
    assert shell.run("Get-MailboxDatabaseCopyStatus", "db-00?\\atl-mbx-003").texts("DatabaseName") == [
        "DB-002",
        "DB-003",
    ]
    assert shell.run("Get-MailboxDatabaseCopyStatus", Local=True).texts("MailboxServer") == ["ATL-MBX-001"] * 2


@pytest.mark.parametrize(
    "name",
    ["Get-MailboxDatabase", "Get-MailboxDatabaseCopyStatus", "Get-DatabaseAvailabilityGroup", "Get-MailboxServer"],
)
def test_an_unknown_identity_is_an_error_and_null_is_everything(shell: Console, name: str) -> None:
    (record,) = shell.run(name, "gone").errors
    assert record.reason == "ManagementObjectNotFoundException"
    assert len(shell.run(name, Identity=None).output) == len(shell.run(name).output) > 0


def test_mailboxes_are_found_by_their_database_however_it_is_named(world: World, shell: Console) -> None:
    by_name = shell.run("Get-Mailbox", Database="db-003").texts("UserPrincipalName")
    assert len(by_name) > 40
    piped = shell.pipe("Get-MailboxDatabase", {"Identity": "DB-003"}, "Get-Mailbox")
    assert piped.texts("UserPrincipalName") == by_name
    assert shell.run("Get-Mailbox", Database="DB-009").errors


def test_members_of_the_group_and_their_activation_policy_are_shown(shell: Console) -> None:
    (group,) = shell.run("Get-DatabaseAvailabilityGroup").output
    assert [one.text for one in group.properties["Servers"].items] == [f"ATL-MBX-00{n}" for n in (1, 2, 3, 4)]
    assert group.properties["PrimaryActiveManager"] is None
    (full,) = shell.run("Get-DatabaseAvailabilityGroup", "ATL-DAG-001", Status=True).output
    assert full.properties["PrimaryActiveManager"].text == "ATL-MBX-001"
    servers = shell.run("Get-MailboxServer")
    groups = dict(zip(servers.texts("Name"), servers.texts("DatabaseAvailabilityGroup"), strict=True))
    assert groups == {**{f"ATL-MBX-00{n}": "ATL-DAG-001" for n in (1, 2, 3, 4)}, "ATL-EX10-001": ""}
    assert set(servers.texts("DatabaseCopyAutoActivationPolicy")) == {"Unrestricted"}


def test_a_blocked_server_takes_no_database_over() -> None:
    world = build_world("dag-2013", states=["activation-blocked"])
    stores = world.exchange.stores
    assert list(stores.able_to_serve(stores.databases["db-003"])) == ["ATL-MBX-003"]
    assert list(stores.able_to_serve(stores.databases["db-004"])) == ["ATL-MBX-004", "ATL-MBX-001"]
    policy = exchange(world).run("Get-MailboxServer", "ATL-MBX-004").texts("DatabaseCopyAutoActivationPolicy")
    assert policy == ["Blocked"]


def test_without_a_group_each_server_has_its_own_database() -> None:
    shell = exchange(build_world("split-2013"))
    assert shell.run("Get-DatabaseAvailabilityGroup").output == []
    found = shell.run("Get-MailboxDatabase")
    assert dict(zip(found.texts("Name"), found.texts("Server"), strict=True)) == {
        "DB-001": "ATL-MBX-001",
        "DB-002": "ATL-MBX-002",
    }
    assert set(found.texts("ReplicationType")) == {"None"}
