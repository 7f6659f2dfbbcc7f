"""``colocated-2013``: one multi-role server, with the UM service and the UM Call Router on the same computer.

It is a member of a SipName dial plan, so Lync knows it by itself and needs no trusted application pool (L17 to L20).
"""

from __future__ import annotations

from dataclasses import replace

from rehearsal.exchange_org import ExchangeRole
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import DOMAIN, SIP_DIAL_PLAN, litware, populate
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

SERVER = "atl-exch-001"

_STATES = {"no-delegation": "the Front Ends do not accept CredSSP"}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware("colocated-2013", seed, delegation="no-delegation" not in states)
    server = exchange_server(SERVER, DOMAIN, ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX)
    certificate = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
    machine = installer.exchange(server, own_certificate=certificate)
    world.im_certificates[machine.name] = certificate.thumbprint
    for table in (world.exchange.um_services, world.exchange.call_routers):
        table[SERVER] = replace(table[SERVER], dial_plans=(SIP_DIAL_PLAN,))
    populate(world, [server.name])
    return world


TOPOLOGY = Topology(
    name="colocated-2013",
    description="one Exchange 2013 server with both roles, in a SipName dial plan; one Lync Server 2013 pool",
    states=_STATES,
    build=build,
)
