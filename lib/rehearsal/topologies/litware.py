"""What all topologies of Litware, Inc. have in common: the domain, the Lync deployment, the dial plans, the users."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from rehearsal.clock import WorldClock
from rehearsal.exchange_databases import Database, DatabaseCopy
from rehearsal.exchange_org import DialPlan, ExchangeOrganisation
from rehearsal.exchange_owa import OwaMailbox, OwaMailboxPolicy
from rehearsal.lync_topology import (
    CentralManagementStore,
    LyncPool,
    Site,
    TopologyDocument,
    TrustedApplication,
    TrustedPool,
    stored_application_id,
)
from rehearsal.owa_settings import policy_defaults
from rehearsal.people import make_people
from rehearsal.pki import CertificateFactory
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

_REDMOND = Site(
    identity="Site:Redmond", site_id=SITE_ID, display_name="Redmond Headquarters", federation_route=f"EdgeServer:{EDGE}"
)
_DUBLIN = Site(identity="Site:Dublin", site_id="2", display_name="Dublin")
_FRONT_END_SERVICES = ("UserServer", "Registrar", "WebServer", "ConferencingServer", "ApplicationServer")
ACCOUNTS = {
    "exchange-admin": f"{NETBIOS}\\exchange-admin",
    "windows-admin": f"{NETBIOS}\\windows-admin",
    "lync-admin": f"{NETBIOS}\\lync-admin",
}


def litware(topology: str, seed: int, *, delegation: bool = True) -> tuple[World, Installer]:
    """The organisation with its Lync servers and dial plans and no Exchange server yet.

    ``delegation`` says whether the Front Ends accept CredSSP.
    """
    clock = WorldClock()
    document = TopologyDocument(
        sites=(_REDMOND, _DUBLIN),
        pools=(
            LyncPool(fqdn=POOL, site=_REDMOND.identity, computers=FRONT_ENDS, services=_FRONT_END_SERVICES),
            LyncPool(fqdn=EDGE, site=_REDMOND.identity, computers=(EDGE,), services=("EdgeServer",)),
        ),
        sip_domains=(DOMAIN,),
    )
    world = World(
        topology=topology,
        seed=seed,
        clock=clock,
        exchange=ExchangeOrganisation(name=ORGANISATION, domain=DOMAIN, domain_controller=DOMAIN_CONTROLLER),
        lync=CentralManagementStore(published=document, enabled=document),
        accounts=ACCOUNTS,
        netbios_domain=NETBIOS,
    )
    for plan in (
        DialPlan(name=SIP_DIAL_PLAN, uri_type="SipName", voip_security="Secured", gateways=("atl-cs-001",)),
        DialPlan(name=TELEPHONE_DIAL_PLAN, uri_type="TelExtn", voip_security="Unsecured", gateways=("atl-gw-001",)),
    ):
        world.exchange.add_dial_plan(plan)
    factory = CertificateFactory(seed, clock.now())
    installer = Installer(world, factory, factory.authority(f"{ORGANISATION} Enterprise Root CA"))
    for fqdn in FRONT_ENDS:
        installer.front_end(fqdn, POOL, SITE_ID, delegation=delegation)
    installer.edge(EDGE, SITE_ID)
    return world, installer


def populate(world: World, mailbox_servers: Collection[str]) -> None:
    """Databases and users, and the computer accounts of every server that is in the domain."""
    world.exchange.people = make_people(world.seed, USERS, DOMAIN, tuple(mailbox_servers), POOL)
    for server in mailbox_servers:
        copy = DatabaseCopy(server=server, preference=1)
        world.exchange.stores.add(Database(name=f"DB-{server.rpartition('-')[2]}", active=server, copies=(copy,)))
    world.exchange.owa.add_policy(OwaMailboxPolicy(name="Default", settings=policy_defaults(), is_default=True))
    for person in world.exchange.people:
        world.exchange.owa.mailboxes[person.upn.lower()] = OwaMailbox()
    in_domain = {machine.name.lower() for machine in world.machines.values() if "edge" not in machine.roles}
    world.lync.computer_accounts = frozenset(in_domain | {DOMAIN_CONTROLLER})


def join_dial_plan(world: World, server: str, plan: str) -> None:
    """Put a server (lower-case NetBIOS name) into a dial plan, with whatever of UM it has."""
    for table in (world.exchange.um_services, world.exchange.call_routers):
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
