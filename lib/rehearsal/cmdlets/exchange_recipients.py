"""Get-Mailbox and Get-CASMailbox, as far as the integration needs them. Their property sets are from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    MANAGEMENT,
    check_domain_controller,
    command_type,
    fail,
    find_server,
    identity,
    report_not_found,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import (
    PRESENTATION_CHAIN,
    common_properties,
    database_id,
    enum,
    object_version,
    policy_id,
    proxy_addresses,
    server_version,
    user_id,
)
from rehearsal.cmdlets.opath import compile_filter
from rehearsal.objects import matches, text_of
from rehearsal.people import Person
from rehearsal.values import Thing
from rehearsal.world import World

_DEFAULT_SIZE = 1000
_KIND = "UserMailbox"
_RECIPIENT = "Microsoft.Exchange.Data.Directory.Recipient"
_COMMON: dict[str, Parameter] = {
    "Filter": Parameter(),
    "ResultSize": Parameter(kind="Unlimited"),
    "SortBy": Parameter(),
    "OrganizationalUnit": Parameter(kind="OrganizationalUnitIdParameter"),
    "Credential": Parameter(kind="PSCredential"),
    "IgnoreDefaultScope": SWITCH,
    "ReadFromDomainController": SWITCH,
    "Monitoring": SWITCH,
    **DOMAIN_CONTROLLER,
}


@cmdlet(
    "Get-Mailbox",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-Mailbox.md; -SortBy, -OrganizationalUnit and the switches for special mailboxes are taken and ignored",
    parameters={
        "Identity": identity("MailboxIdParameter", sets=("Identity",)),
        "Anr": Parameter(sets=("AnrSet",)),
        "Database": Parameter(kind="DatabaseIdParameter", sets=("DatabaseSet",), by_value=True),
        "Server": Parameter(kind="ServerIdParameter", sets=("ServerSet",)),
        "RecipientTypeDetails": Parameter(kind="RecipientTypeDetails[]"),
        "Arbitration": SWITCH,
        "Archive": SWITCH,
        "PublicFolder": SWITCH,
        "RemoteArchive": SWITCH,
        **_COMMON,
    },
    default_set="Identity",
    command_type=command_type("Get-Mailbox", f"{MANAGEMENT}.RecipientTasks"),
)
def get_mailbox(call: Call) -> None:
    if call.switch("Arbitration") or call.switch("PublicFolder") or call.switch("RemoteArchive"):
        return
    people: Iterable[Person] = _chosen(call)
    if call.given("Server"):
        server = find_server(call, "Server")
        people = [one for one in people if server and _serving(world_of(call), one) == server.name]
    if call.given("Database"):
        wanted = _database_name(call)
        people = [one for one in people if one.database.lower() == wanted]
    if kinds := call.get("RecipientTypeDetails"):
        people = [one for one in people if any(kind.lower() == _KIND.lower() for kind in kinds)]
    _output(call, people, _mailbox)


@cmdlet(
    "Get-CASMailbox",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-CASMailbox.md; the switches for ActiveSync are taken and ignored",
    parameters={
        "Identity": identity("MailboxIdParameter", sets=("Identity",)),
        "Anr": Parameter(sets=("AnrSet",)),
        "ActiveSyncDebugLogging": SWITCH,
        "ProtocolSettings": SWITCH,
        "RecalculateHasActiveSyncDevicePartnership": SWITCH,
        **_COMMON,
    },
    default_set="Identity",
    command_type=command_type("Get-CASMailbox", f"{MANAGEMENT}.RecipientTasks"),
)
def get_cas_mailbox(call: Call) -> None:
    _output(call, _chosen(call), _cas_mailbox)


def _database_name(call: Call) -> str:
    """The database that -Database names, by name, distinguished name or GUID, in lower case; an error for none."""
    text = text_of(call.get("Database"))
    world = world_of(call)
    for key, database in world.exchange.stores.databases.items():
        properties = database_id(world, database.name).properties
        if text.lower() in (key, properties["DistinguishedName"].lower(), str(properties["ObjectGuid"])):
            return key
    report_not_found(call, text)
    return "-"


def _serving(world: World, person: Person) -> str:
    """The NetBIOS name of the server with the active copy of the user's database."""
    return world.exchange.stores.databases[person.database.lower()].active


def _chosen(call: Call) -> list[Person]:
    """By identity (alias, addresses, names; with wildcards) or by the start of a name, else everybody."""
    check_domain_controller(call)
    people = [person for person in world_of(call).exchange.people if person.has_mailbox]
    if call.get("Anr") is not None:
        start = str(call.get("Anr")).lower()
        return [one for one in people if any(name.startswith(start) for name in _names(call, one))]
    if call.get("Identity") is None:
        return people
    wanted = text_of(call.get("Identity"))
    found = [one for one in people if any(matches(wanted, name) for name in _names(call, one))]
    if not found and "*" not in wanted:
        report_not_found(call, wanted)
    return found


def _names(call: Call, person: Person) -> list[str]:
    folder = f"{world_of(call).exchange.domain}/Users/{person.display_name}"
    return [name.lower() for name in (person.alias, person.upn, person.mail, person.display_name, folder)]


def _output(call: Call, people: Iterable[Person], make: Callable[[World, Person], Thing]) -> None:
    """Everything that passes -Filter, up to -ResultSize, with Exchange's warning where there is more."""
    found = [make(world_of(call), person) for person in people]
    if call.get("Filter") is not None:
        try:
            found = list(filter(compile_filter(str(call.get("Filter"))), found))
        except ValueError as fault:
            fail(call, f'The "Filter" parameter is not valid. {fault}', "FilterParserException")
    size = str(call.get("ResultSize", _DEFAULT_SIZE))
    limit = int(size) if size.isdigit() else len(found)
    for item in found[:limit]:
        call.output(item)
    if len(found) > limit:
        call.warning(
            f"By default, only the first {limit} items are returned. Use the ResultSize parameter to specify the "
            "number of items returned."
        )


def _mailbox(world: World, person: Person) -> Thing:
    server = world.exchange.servers[_serving(world, person).lower()]
    addresses = [f"SMTP:{person.mail}", *([person.sip_proxy] if person.sip_proxy else [])]
    properties: dict[str, Any] = {
        "Database": database_id(world, person.database),
        "UseDatabaseRetentionDefaults": True,
        "ServerName": server.name.lower(),
        "RecipientTypeDetails": enum(f"{_RECIPIENT}.RecipientTypeDetails", _KIND, 1, "Int64"),
        "AdminDisplayVersion": server_version(server.build),
        "UMEnabled": False,
        "UserPrincipalName": person.upn,
        "SamAccountName": person.alias[:20],
        "Alias": person.alias,
        "DisplayName": person.display_name,
        "EmailAddresses": proxy_addresses(addresses),
        "EmailAddressPolicyEnabled": True,
        "PrimarySmtpAddress": person.mail,
        "WindowsEmailAddress": person.mail,
        "RecipientType": enum(f"{_RECIPIENT}.RecipientType", "UserMailbox", 1),
        "Name": person.display_name,
    }
    return _recipient(world, person, "Microsoft.Exchange.Data.Directory.Management.Mailbox", properties)


def _cas_mailbox(world: World, person: Person) -> Thing:
    owa = world.exchange.owa.mailboxes[person.upn.lower()]
    server = world.exchange.servers[_serving(world, person).lower()]
    group = "Exchange Administrative Group (FYDIBOHF23SPDLT)"
    properties: dict[str, Any] = {
        "ActiveSyncEnabled": True,
        "ECPEnabled": True,
        "OWAEnabled": owa.owa_enabled,
        "OwaMailboxPolicy": policy_id(world, owa.policy) if owa.policy else None,
        "OWAforDevicesEnabled": True,
        "PopEnabled": True,
        "ImapEnabled": True,
        "MAPIEnabled": True,
        "EwsEnabled": None,
        "DisplayName": person.display_name,
        "PrimarySmtpAddress": person.mail,
        "SamAccountName": person.alias[:20],
        "ServerName": server.name.lower(),
        "ServerLegacyDN": f"/o={world.exchange.name}/ou={group}/cn=Configuration/cn=Servers/cn={server.name}",
        "Name": person.display_name,
    }
    return _recipient(world, person, "Microsoft.Exchange.Data.Directory.Management.CASMailbox", properties)


def _recipient(world: World, person: Person, kind: str, properties: dict[str, Any]) -> Thing:
    identity = user_id(world, person.display_name)
    classes = ["top", "person", "organizationalPerson", "user"]
    tail = common_properties(world, identity, classes, "Person")
    tail["ExchangeVersion"] = object_version(person.mailbox_version)
    return Thing((kind, *PRESENTATION_CHAIN), person.display_name, {**properties, **tail})
