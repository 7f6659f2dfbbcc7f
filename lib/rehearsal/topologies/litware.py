"""What all topologies of Litware, Inc. have in common: the domain, the Lync deployment, the dial plans, the users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rehearsal.clock import DEFAULT_START, WorldClock
from rehearsal.exchange_databases import Database, DatabaseCopy
from rehearsal.exchange_org import DialPlan, ExchangeOrganisation, ExchangeRole, ExchangeServer
from rehearsal.exchange_versions import LATEST, ExchangeVersion
from rehearsal.lync_releases import LYNC_SERVER_2013, LyncRelease
from rehearsal.lync_topology import (
    CentralManagementStore,
    LyncPool,
    Site,
    TopologyDocument,
    TrustedApplication,
    TrustedPool,
    stored_application_id,
)
from rehearsal.people import EXCHANGE_2010, EXCHANGE_2013, Home, make_people
from rehearsal.pki import CertificateFactory
from rehearsal.topologies.outlook_web_app import assign_policies
from rehearsal.topologies.servers import Installer
from rehearsal.world import World

DOMAIN = "litwareinc.com"
NETBIOS = "LITWARE"
ORGANISATION = "Litware, Inc."
POOL = f"atl-cs-001.{DOMAIN}"
FRONT_ENDS = (f"atl-fe-001.{DOMAIN}", f"atl-fe-002.{DOMAIN}")
EDGE = f"atl-edge-001.{DOMAIN}"
DOMAIN_CONTROLLER = f"atl-dc-001.{DOMAIN}"
SITE_ID = "Redmond"
SIP_DIAL_PLAN = "LitwareSipDialPlan"
TELEPHONE_DIAL_PLAN = "LitwareTelDialPlan"
USERS = 200
LEGACY = "ATL-EX10-001"

_REDMOND = Site(
    identity="Site:Redmond", site_id=SITE_ID, display_name="Redmond Headquarters", federation_route=f"EdgeServer:{EDGE}"
)
_DUBLIN = Site(identity="Site:Dublin", site_id="2", display_name="Dublin")
_FRONT_END_SERVICES = ("UserServer", "Registrar", "WebServer", "ConferencingServer", "ApplicationServer")
ACCOUNTS = {
    "exchange-admin": f"{NETBIOS}\\exchange-admin",
    "windows-admin": f"{NETBIOS}\\windows-admin",
    "lync-admin": f"{NETBIOS}\\lync-admin",
    "edge-admin": f"{EDGE.partition('.')[0].upper()}\\edge-admin",
}


def litware(
    topology: str,
    seed: int,
    *,
    delegation: bool = True,
    front_ends: Sequence[str] = FRONT_ENDS,
    edge: bool = True,
    sip_dial_plan: bool = True,
    start: datetime = DEFAULT_START,
    release: LyncRelease = LYNC_SERVER_2013,
) -> tuple[World, Installer]:
    """The organisation with its Lync servers, of that ``release``, and dial plans, and no Exchange server yet.

    ``start`` is when the world begins; ``delegation`` says whether the Front Ends accept CredSSP. A Standard Edition
    server is a pool of its own name: ``front_ends=(POOL,)``.
    """
    clock = WorldClock(start)
    redmond = _REDMOND if edge else replace(_REDMOND, federation_route=None)
    pools = [LyncPool(fqdn=POOL, site=redmond.identity, computers=tuple(front_ends), services=_FRONT_END_SERVICES)]
    if edge:
        pools.append(LyncPool(fqdn=EDGE, site=redmond.identity, computers=(EDGE,), services=("EdgeServer",)))
    document = TopologyDocument(sites=(redmond, _DUBLIN), pools=tuple(pools), sip_domains=(DOMAIN,))
    world = World(
        topology=topology,
        seed=seed,
        clock=clock,
        exchange=ExchangeOrganisation(name=ORGANISATION, domain=DOMAIN, domain_controller=DOMAIN_CONTROLLER),
        lync=CentralManagementStore(published=document, enabled=document),
        accounts=ACCOUNTS,
        netbios_domain=NETBIOS,
    )
    if sip_dial_plan:
        world.exchange.add_dial_plan(
            DialPlan(name=SIP_DIAL_PLAN, uri_type="SipName", voip_security="Secured", gateways=("atl-cs-001",))
        )
    world.exchange.add_dial_plan(
        DialPlan(name=TELEPHONE_DIAL_PLAN, uri_type="TelExtn", voip_security="Unsecured", gateways=("atl-gw-001",))
    )
    factory = CertificateFactory(seed, clock.now())
    installer = Installer(world, factory, factory.authority(f"{ORGANISATION} Enterprise Root CA"))
    for fqdn in front_ends:
        installer.front_end(fqdn, POOL, SITE_ID, delegation=delegation, release=release)
    if edge:
        installer.edge(EDGE, SITE_ID, release=release)
    return world, installer


def populate(world: World, databases: Sequence[Database], *, legacy: bool = False) -> None:
    """Databases and users, and the computer accounts of every server that is in the domain.

    ``legacy`` adds a server of Exchange 2010 with a few mailboxes, which nobody manages from here any more.
    """
    exchange = world.exchange
    if legacy:
        build = LATEST[ExchangeVersion.V2010]
        roles = frozenset({ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX})
        old = ExchangeServer(name=LEGACY, fqdn=f"{LEGACY.lower()}.{DOMAIN}", roles=roles, build=build)
        exchange.add_server(old, certificate="")
        exchange.stores.add(lone_database(LEGACY, "DB-2010"))
    for database in databases:
        exchange.stores.add(database)
    homes = [_home(exchange, database) for database in databases]
    exchange.people = make_people(
        world.seed,
        USERS,
        DOMAIN,
        homes,
        world.lync.published.pools[0].fqdn,
        legacy=Home(LEGACY, "DB-2010", EXCHANGE_2010) if legacy else None,
    )
    assign_policies(exchange)
    in_domain = {machine.name.lower() for machine in world.machines.values() if "edge" not in machine.roles}
    in_domain |= {server.fqdn.lower() for server in exchange.servers.values()}
    world.lync.computer_accounts = frozenset(in_domain | {DOMAIN_CONTROLLER})


def _home(exchange: ExchangeOrganisation, database: Database) -> Home:
    is_legacy = exchange.servers[database.active.lower()].is_legacy
    return Home(database.active, database.name, EXCHANGE_2010 if is_legacy else EXCHANGE_2013)


def lone_database(server: str, name: str = "") -> Database:
    """A database on one server (NetBIOS name) in no availability group: ``DB-001`` of ATL-MBX-001."""
    copy = DatabaseCopy(server=server, preference=1)
    return Database(name=name or f"DB-{server.rpartition('-')[2]}", active=server, copies=(copy,))


def join_dial_plan(world: World, server: str, plan: str) -> None:
    """Put a server (lower-case NetBIOS name) into a dial plan, with whatever of UM it has."""
    for table in (world.exchange.um_services, world.exchange.call_routers, world.exchange.um_servers):
        if settings := table.get(server):
            table[server] = replace(settings, dial_plans=(*settings.dial_plans, plan))


def trust(world: World, fqdn: str, application: str, port: int, *, enabled: bool) -> None:
    """A trusted application pool that is there from the start, named like its one computer, and its application."""
    published = world.lync.published
    pool = TrustedPool(
        fqdn=fqdn,
        site=published.sites[0].identity,
        registrar=POOL,
        service_number=published.next_service_number(),
        computers=(fqdn,),
        requires_replication=False,
    )
    app = TrustedApplication(
        pool=fqdn, application_id=stored_application_id(application), port=port, legacy_name=application.lower()
    )
    world.lync.publish(published.with_pool(pool).with_application(app))
    if enabled:
        world.lync.enable()
