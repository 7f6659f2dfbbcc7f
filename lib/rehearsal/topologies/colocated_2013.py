"""``colocated-2013``: one multi-role server, with the UM service and the UM Call Router on the same computer.

It is a member of a SipName dial plan, so Lync knows it by itself and needs no trusted application pool (L17 to L20).
Its own name is the one that its certificate bears and that users reach it under.
"""

from __future__ import annotations

from rehearsal.exchange_org import ExchangeRole
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import (
    DOMAIN,
    SIP_DIAL_PLAN,
    join_dial_plan,
    litware,
    lone_database,
    populate,
    trust,
)
from rehearsal.topologies.outlook_web_app import OWA_STATES, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

SERVER = "atl-owa-001"

_STATES = {
    "duplicate": "the procedure was followed blindly: the server that Lync discovers is a trusted application pool too",
    "no-delegation": "the Front Ends do not accept CredSSP",
    **OWA_STATES,
}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware("colocated-2013", seed, delegation="no-delegation" not in states)
    server = exchange_server(SERVER, DOMAIN, ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX)
    certificate = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
    machine = installer.exchange(server, own_certificate=certificate)
    world.im_certificates[machine.name] = certificate.thumbprint
    join_dial_plan(world, SERVER, SIP_DIAL_PLAN)
    populate(world, [lone_database(server.name)])
    apply_owa_states(world.exchange, states)
    if "duplicate" in states:
        trust(world, server.fqdn, "OutlookWebApp", 5199, enabled=True)
    return world


TOPOLOGY = Topology(
    name="colocated-2013",
    description="one Exchange 2013 server with both roles, in a SipName dial plan; one Lync Server 2013 pool",
    states=_STATES,
    build=build,
)
