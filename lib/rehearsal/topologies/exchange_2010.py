"""``exchange-2010``: client access servers of Exchange 2010 with Service Pack 3 in front of mailbox servers, Lync 2013.

Outlook Web App runs on the client access servers, both with one certificate in the OWA pool's name, and takes pool and
certificate from its virtual directory. Unified Messaging is on one mailbox server and in no SipName dial plan, so Lync
knows nobody by itself. At the start nothing of the integration is there.
"""

from __future__ import annotations

from rehearsal.exchange_org import ExchangeRole
from rehearsal.exchange_versions import LATEST, V2010_RTM, ExchangeVersion
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import (
    DOMAIN,
    TELEPHONE_DIAL_PLAN,
    join_dial_plan,
    litware,
    lone_database,
    populate,
)
from rehearsal.topologies.outlook_web_app import OWA_STATES, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

OWA_POOL = f"atl-owa-001.{DOMAIN}"
CLIENT_ACCESS = ("atl-cas-001", "atl-cas-002")
MAILBOX = ("atl-mbx-001", "atl-mbx-002")

_STATES = {
    "rtm": "the servers are of Exchange 2010 as it was released, which isn't integrated",
    "no-delegation": "the Front Ends do not accept CredSSP",
    **{name: meaning for name, meaning in OWA_STATES.items() if name != "back-ends-on"},
}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware("exchange-2010", seed, delegation="no-delegation" not in states, sip_dial_plan=False)
    version = V2010_RTM if "rtm" in states else LATEST[ExchangeVersion.V2010]
    shared = installer.factory.server(OWA_POOL, [OWA_POOL], issuer=installer.authority)
    for name in CLIENT_ACCESS:
        server = exchange_server(name, DOMAIN, ExchangeRole.CLIENT_ACCESS, build=version)
        machine = installer.exchange(server, own_certificate=shared)
        world.im_certificates[machine.name] = shared.thumbprint
    for name, roles in zip(MAILBOX, ((ExchangeRole.UNIFIED_MESSAGING,), ()), strict=True):
        server = exchange_server(name, DOMAIN, ExchangeRole.MAILBOX, *roles, build=version)
        own = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
        installer.exchange(server, own_certificate=own)
    join_dial_plan(world, MAILBOX[0], TELEPHONE_DIAL_PLAN)
    populate(world, [lone_database(name.upper()) for name in MAILBOX])
    apply_owa_states(world.exchange, states)
    return world


TOPOLOGY = Topology(
    name="exchange-2010",
    description="Exchange 2010 SP3 with separate client access and mailbox servers, one Lync Server 2013 pool",
    states=_STATES,
    build=build,
)
