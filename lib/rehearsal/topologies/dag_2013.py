"""``dag-2013``: four back ends in one availability group behind two client access servers.

Each of the four databases has two copies, on neighbours, so that each back end serves one database and can come to
serve another. All of them must be configured, or instant messaging is lost at a failover. The back ends hold one
certificate in the OWA pool's name, as in ``split-2013``.
"""

from __future__ import annotations

from rehearsal.exchange_databases import BLOCKED, AvailabilityGroup, Database, DatabaseCopy, moved
from rehearsal.exchange_org import ExchangeRole
from rehearsal.owa_application import WEB_CONFIG
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import DOMAIN, TELEPHONE_DIAL_PLAN, join_dial_plan, litware, populate
from rehearsal.topologies.outlook_web_app import OWA_STATES, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

OWA_POOL = f"atl-owa-001.{DOMAIN}"
CLIENT_ACCESS = ("atl-cas-001", "atl-cas-002")
MAILBOX = ("atl-mbx-001", "atl-mbx-002", "atl-mbx-003", "atl-mbx-004")
GROUP = "ATL-DAG-001"

_STATES = {
    "failed-over": "the database DB-002 is active on ATL-MBX-003",
    "activation-blocked": "no copy on ATL-MBX-004 is activated by itself",
    "file-held": "on ATL-MBX-003 somebody has OWA's web.config open when it is first to be overwritten",
    "no-delegation": "the Front Ends do not accept CredSSP",
    **OWA_STATES,
}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware("dag-2013", seed, delegation="no-delegation" not in states)
    shared = installer.factory.server(OWA_POOL, [OWA_POOL], issuer=installer.authority)
    for name in CLIENT_ACCESS:
        server = exchange_server(name, DOMAIN, ExchangeRole.CLIENT_ACCESS)
        own = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
        installer.exchange(server, own_certificate=own)
    for name in MAILBOX:
        machine = installer.exchange(exchange_server(name, DOMAIN, ExchangeRole.MAILBOX), own_certificate=shared)
        world.im_certificates[machine.name] = shared.thumbprint
    join_dial_plan(world, MAILBOX[0], TELEPHONE_DIAL_PLAN)
    _group(world)
    populate(world, _databases(), legacy=True)
    apply_owa_states(world.exchange, states)
    stores = world.exchange.stores
    if "failed-over" in states:
        stores.add(moved(stores.databases["db-002"], "ATL-MBX-003"))
    if "activation-blocked" in states:
        stores.activation_policies["atl-mbx-004"] = BLOCKED
    if "file-held" in states:
        world.owa[f"{MAILBOX[2]}.{DOMAIN}"].host.files.hold(WEB_CONFIG)
    return world


def _group(world: World) -> None:
    group = AvailabilityGroup(
        name=GROUP,
        members=tuple(name.upper() for name in MAILBOX),
        witness_server=f"{CLIENT_ACCESS[0]}.{DOMAIN}",
        witness_directory=rf"C:\DAGFileShareWitnesses\{GROUP}.{DOMAIN}",
    )
    world.exchange.stores.groups[group.name.lower()] = group


def _databases() -> list[Database]:
    """DB-001 on ATL-MBX-001 with a passive copy on ATL-MBX-002, and so on round."""
    names = [name.upper() for name in MAILBOX]
    databases = []
    for index, server in enumerate(names):
        neighbour = names[(index + 1) % len(names)]
        copies = (DatabaseCopy(server=server, preference=1), DatabaseCopy(server=neighbour, preference=2))
        databases.append(Database(name=f"DB-{server[-3:]}", active=server, copies=copies, group=GROUP))
    return databases


TOPOLOGY = Topology(
    name="dag-2013",
    description="four Exchange 2013 back ends in one availability group, two front ends, one Lync Server 2013 pool",
    states=_STATES,
    build=build,
)
