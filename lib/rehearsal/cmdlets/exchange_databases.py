"""Get-MailboxDatabase, Get-MailboxDatabaseCopyStatus and Get-DatabaseAvailabilityGroup."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_database_objects import (
    availability_group,
    copy_status,
    group_id,
    mailbox_database,
)
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    find_server,
    identity,
    report_not_found,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import database_id
from rehearsal.exchange_databases import AvailabilityGroup, Database, DatabaseCopy
from rehearsal.objects import matches, text_of
from rehearsal.values import Thing


def _by_server(*, mandatory: bool) -> Parameter:
    return Parameter(kind="ServerIdParameter", mandatory=mandatory, by_value=True, sets=("Server",))


@cmdlet(
    "Get-MailboxDatabase",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="office-docs-powershell Get-MailboxDatabase.md: databases of 2010 only with -IncludePreExchange2013",
    parameters={
        "Identity": identity("DatabaseIdParameter", sets=("Identity",)),
        "Server": _by_server(mandatory=True),
        "DumpsterStatistics": SWITCH,
        "IncludePreExchange2013": SWITCH,
        "Status": SWITCH,
        **DOMAIN_CONTROLLER,
    },
    default_set="Identity",
    command_type=command_type("Get-MailboxDatabase"),
)
def get_mailbox_database(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    if call.given("Server"):
        server = find_server(call, "Server")
        found = [one for one in _all(call) if server and one.copy_on(server.name)]
    else:
        found = _named(call)
    for database in found:
        legacy = world.exchange.servers[database.active.lower()].is_legacy
        if call.switch("IncludePreExchange2013") or not legacy:
            call.output(mailbox_database(world, database, status=call.switch("Status")))


@cmdlet(
    "Get-MailboxDatabaseCopyStatus",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="office-docs-powershell Get-MailboxDatabaseCopyStatus.md; -ConnectionStatus, -ExtendedErrorInfo and "
    "-UseServerCache are taken and ignored",
    parameters={
        "Identity": identity("DatabaseCopyIdParameter", sets=("Identity",)),
        "Local": Parameter(kind="SwitchParameter", sets=("Identity",)),
        "Server": Parameter(kind="MailboxServerIdParameter", mandatory=True, by_value=True, sets=("Server",)),
        "Active": SWITCH,
        "ConnectionStatus": SWITCH,
        "ExtendedErrorInfo": SWITCH,
        "UseServerCache": SWITCH,
        **DOMAIN_CONTROLLER,
    },
    default_set="Identity",
    command_type=command_type("Get-MailboxDatabaseCopyStatus"),
)
def get_mailbox_database_copy_status(call: Call) -> None:
    check_domain_controller(call)
    for database, copy in _copies(call):
        if not call.switch("Active") or copy.server == database.active:
            call.output(copy_status(world_of(call), database, copy))


def _copies(call: Call) -> Iterator[tuple[Database, DatabaseCopy]]:
    """The copies of what -Identity names (``database`` or ``database\\server``), on the servers that are asked for."""
    servers: list[str] | None = None
    if call.given("Server"):
        server = find_server(call, "Server")
        servers = [server.name] if server else []
    elif call.switch("Local"):
        servers = [call.host.short_name.upper()]
    database_name, _, server_name = text_of(call.get("Identity") or "").partition("\\")
    world = world_of(call)
    found = [
        (database, copy)
        for database in _all(call)
        for copy in sorted(database.copies, key=lambda one: one.preference)
        if not world.exchange.servers[copy.server.lower()].is_legacy
        and (servers is None or copy.server in servers)
        and matches(server_name or "*", copy.server)
        and (not database_name or any(matches(database_name, name) for name in _names(call, database)))
    ]
    if database_name and not found:
        report_not_found(call, text_of(call.get("Identity")))
    yield from found


@cmdlet(
    "Get-DatabaseAvailabilityGroup",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="office-docs-powershell Get-DatabaseAvailabilityGroup.md",
    parameters={
        "Identity": identity("DatabaseAvailabilityGroupIdParameter"),
        "Status": SWITCH,
        **DOMAIN_CONTROLLER,
    },
    command_type=command_type("Get-DatabaseAvailabilityGroup"),
)
def get_database_availability_group(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    groups = list(world.exchange.stores.groups.values())
    if call.get("Identity") is not None:
        wanted = text_of(call.get("Identity"))
        groups = [one for one in groups if any(matches(wanted, name) for name in _group_names(call, one))]
        if not groups:
            report_not_found(call, wanted)
    for group in groups:
        call.output(availability_group(world, group, status=call.switch("Status")))


def _all(call: Call) -> list[Database]:
    databases = world_of(call).exchange.stores.databases
    return [databases[key] for key in sorted(databases)]


def _named(call: Call) -> list[Database]:
    """Every database without an identity or with ``$null``, else by name (with wildcards), DN or GUID."""
    if call.get("Identity") is None:
        return _all(call)
    wanted = text_of(call.get("Identity"))
    found = [one for one in _all(call) if any(matches(wanted, name) for name in _names(call, one))]
    if not found:
        report_not_found(call, wanted)
    return found


def _names(call: Call, database: Database) -> list[str]:
    return [database.name, *_directory_names(database_id(world_of(call), database.name))]


def _group_names(call: Call, group: AvailabilityGroup) -> list[str]:
    return [group.name, *_directory_names(group_id(world_of(call), group.name))]


def _directory_names(identity: Thing) -> list[str]:
    return [identity.properties["DistinguishedName"], str(identity.properties["ObjectGuid"])]
