"""Get-ExchangeServer."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    find,
    identity,
    server_key,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import (
    PRESENTATION_CHAIN,
    common_properties,
    enum,
    object_id,
    object_version,
    server_version,
    site_id,
    strings,
    text_type,
    time_span,
)
from rehearsal.exchange_org import ExchangeServer
from rehearsal.values import ListValue, Thing
from rehearsal.world import World

SERVERS = "CN=Servers,CN=Exchange Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups,"
_ADMINISTRATIVE_GROUP = "ou=Exchange Administrative Group (FYDIBOHF23SPDLT)"
_ROLES = "Microsoft.Exchange.Data.Directory.SystemConfiguration.ServerRole"
_MAILBOX, _CLIENT_ACCESS, _UNIFIED_MESSAGING, _HUB_TRANSPORT = 2, 4, 16, 32
_DATA = "Microsoft.Exchange.Data, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"


@cmdlet(
    "Get-ExchangeServer",
    module="Exchange",
    basis=Basis.RECORDED,
    source="CSS-Exchange E16 GetExchangeServer export; Get-ExchangeServer.md",
    parameters={
        "Identity": identity("ServerIdParameter", sets=("Identity",)),
        "Domain": Parameter(kind="Fqdn", mandatory=True, sets=("Domain",)),
        **DOMAIN_CONTROLLER,
        "Status": SWITCH,
    },
    default_set="Identity",
    command_type=command_type("Get-ExchangeServer"),
)
def get_exchange_server(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    domain = call.get("Domain")
    for server in find(call, "Identity", world.exchange.servers, server_key(call)):
        if domain is None or str(domain).lower() == world.exchange.domain.lower():
            call.output(exchange_server(world, server, status=call.switch("Status")))


def exchange_server(world: World, server: ExchangeServer, *, status: bool) -> Thing:
    """The ExchangeServer object; the current domain controllers are only read with -Status."""
    identity = object_id(world, server.name, SERVERS)
    dc = [world.exchange.domain_controller] if status else []
    properties: dict[str, Any] = {
        "Name": server.name,
        "DataPath": local_path(rf"{data_root(server)}\Mailbox"),
        "Domain": world.exchange.domain,
        "Edition": enum("Microsoft.Exchange.Data.ServerEditionType", server.edition, 4),
        "ExchangeLegacyDN": f"/o={world.exchange.name}/{_ADMINISTRATIVE_GROUP}/cn=Configuration/cn=Servers/"
        f"cn={server.name}",
        "ExchangeLegacyServerRole": 0,
        "Fqdn": server.fqdn,
        "CustomerFeedbackEnabled": None,
        "InternetWebProxy": None,
        "IsHubTransportServer": server.is_client_access if server.is_legacy else server.is_mailbox,
        "IsClientAccessServer": server.is_client_access,
        "IsExchange2007OrLater": True,
        "IsEdgeServer": False,
        "IsMailboxServer": server.is_mailbox,
        "IsE14OrLater": True,
        "IsE15OrLater": not server.is_legacy,
        "IsProvisionedServer": False,
        "IsUnifiedMessagingServer": server.has_um,
        "IsFrontendTransportServer": server.is_client_access and not server.is_legacy,
        "NetworkAddress": _network_addresses(server),
        "OrganizationalUnit": f"{world.exchange.domain}/{server.name}",
        "AdminDisplayVersion": server_version(server.build),
        "Site": site_id(world, server.ad_site),
        "ServerRole": server_role(server),
        "ErrorReportingEnabled": None,
        "StaticDomainControllers": strings([]),
        "StaticGlobalCatalogs": strings([]),
        "StaticConfigDomainController": "",
        "StaticExcludedDomainControllers": strings([]),
        "MonitoringGroup": "",
        "CurrentDomainControllers": strings(dc),
        "CurrentGlobalCatalogs": strings(dc),
        "CurrentConfigDomainController": dc[0] if dc else "",
        "ProductID": "",
        "IsExchangeTrialEdition": False,
        "IsExpiredExchangeTrialEdition": False,
        "MailboxProvisioningAttributes": None,
        "RemainingTrialPeriod": time_span("00:00:00", 0),
        **common_properties(world, identity, ["top", "server", "msExchExchangeServer"], "ms-Exch-Exchange-Server"),
    }
    properties["ExchangeVersion"] = object_version("0.1 (8.0.535.0)")
    chain = ("Microsoft.Exchange.Data.Directory.Management.ExchangeServer", *PRESENTATION_CHAIN)
    return Thing(chain, server.name, properties)


def data_root(server: ExchangeServer) -> str:
    """The folder that Exchange is installed in, by its version."""
    return rf"C:\Program Files\Microsoft\Exchange Server\V{server.build[0]}"


def server_role(server: ExchangeServer) -> Any:
    """Flags of ServerRole as text in the order of their numbers.

    In 2010 Hub Transport (here on every client access server) and Unified Messaging are roles of their own; from 2016
    on there is Mailbox alone (recorded).
    """
    roles = [
        (_MAILBOX, "Mailbox", server.is_mailbox),
        (_CLIENT_ACCESS, "ClientAccess", server.is_client_access and not server.version.one_role),
        (_UNIFIED_MESSAGING, "UnifiedMessaging", server.is_legacy and server.has_um),
        (_HUB_TRANSPORT, "HubTransport", server.is_legacy and server.is_client_access),
    ]
    held = [(number, name) for number, name, has in roles if has]
    return enum(_ROLES, ", ".join(name for _, name in held) or "None", sum(number for number, _ in held))


def local_path(path: str) -> Thing:
    """A LocalLongFullPath."""
    return text_type(
        "Microsoft.Exchange.Data.LocalLongFullPath",
        path,
        "Microsoft.Exchange.Data.LongPath",
        PathName=path,
        IsLocalFull=True,
        IsUnc=False,
        DriveName="C:",
    )


def _network_addresses(server: ExchangeServer) -> ListValue:
    protocols = (
        ("ncacn_vns_spp", server.name),
        ("netbios", server.name),
        ("ncacn_np", server.name),
        ("ncacn_spx", server.name),
        ("ncacn_ip_tcp", server.fqdn),
        ("ncalrpc", server.name),
    )
    kinds = ("CustomNetworkAddress", "NetworkAddress", "ProtocolAddress")
    chain = (*(f"Microsoft.Exchange.Data.{kind}" for kind in kinds), "System.Object")
    items = tuple(
        Thing(chain, f"{protocol}:{address}", {"ProtocolType": protocol, "AddressString": address})
        for protocol, address in protocols
    )
    element = f"`1[[Microsoft.Exchange.Data.NetworkAddress, {_DATA}]]"
    return ListValue(
        items,
        (
            "Microsoft.Exchange.Data.NetworkAddressCollection",
            f"Microsoft.Exchange.Data.ProtocolAddressCollection{element}",
            f"Microsoft.Exchange.Data.MultiValuedProperty{element}",
            "Microsoft.Exchange.Data.MultiValuedPropertyBase",
            "System.Object",
        ),
    )
