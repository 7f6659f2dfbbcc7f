"""``minimal-2013``: one server of everything, an Exchange server with both roles and a Lync Standard Edition server.

The UM service and the UM Call Router are on one computer (L17), yet the organisation has no SipName dial plan (L18), so
Lync knows the server only by a trusted application pool, which bears the server's own name. No Edge Server.
"""

from __future__ import annotations

from rehearsal.exchange_org import ExchangeRole
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import (
    DOMAIN,
    POOL,
    TELEPHONE_DIAL_PLAN,
    join_dial_plan,
    litware,
    lone_database,
    populate,
)
from rehearsal.topologies.outlook_web_app import OWA_STATES, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

SERVER = "atl-owa-001"

_STATES = {"no-delegation": "the Lync server does not accept CredSSP", **OWA_STATES}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware(
        "minimal-2013",
        seed,
        delegation="no-delegation" not in states,
        front_ends=(POOL,),
        edge=False,
        sip_dial_plan=False,
    )
    server = exchange_server(SERVER, DOMAIN, ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX)
    certificate = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
    machine = installer.exchange(server, own_certificate=certificate)
    world.im_certificates[machine.name] = certificate.thumbprint
    join_dial_plan(world, SERVER, TELEPHONE_DIAL_PLAN)
    populate(world, [lone_database(server.name)])
    apply_owa_states(world.exchange, states)
    return world


TOPOLOGY = Topology(
    name="minimal-2013",
    description="one Exchange 2013 server with both roles and no SipName dial plan; one Lync Standard Edition server",
    states=_STATES,
    build=build,
)
