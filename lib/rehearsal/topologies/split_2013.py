"""``split-2013``: client access and mailbox roles on separate servers, so that Lync needs a trusted application pool.

Both back ends hold one certificate whose Subject and SAN are the OWA pool's FQDN. At the start the integration is
missing: no trusted pool, and no Exchange server in the SipName dial plan. Each back end has a database of its own. A
server of Exchange 2010 is still in the organisation.
"""

from __future__ import annotations

from rehearsal.exchange_org import ExchangeRole
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import (
    DOMAIN,
    SIP_DIAL_PLAN,
    TELEPHONE_DIAL_PLAN,
    join_dial_plan,
    litware,
    lone_database,
    populate,
    trust,
)
from rehearsal.topologies.outlook_web_app import AUDIT_STATES, OWA_STATES, apply_audit_states, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

OWA_POOL = f"atl-owa-001.{DOMAIN}"
CLIENT_ACCESS = ("atl-cas-001", "atl-cas-002")
MAILBOX = ("atl-mbx-001", "atl-mbx-002")

_STATES = {
    "duplicate": "ATL-MBX-001 is in the SipName dial plan and its name is a trusted application pool as well",
    "pending": "somebody else's trusted application pool is published and not enabled",
    "no-delegation": "the Front Ends do not accept CredSSP",
    **OWA_STATES,
    **AUDIT_STATES,
}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware("split-2013", seed, delegation="no-delegation" not in states)
    shared = installer.factory.server(OWA_POOL, [OWA_POOL], issuer=installer.authority)
    for name in CLIENT_ACCESS:
        server = exchange_server(name, DOMAIN, ExchangeRole.CLIENT_ACCESS)
        own = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
        installer.exchange(server, own_certificate=own)
    for name in MAILBOX:
        server = exchange_server(name, DOMAIN, ExchangeRole.MAILBOX)
        machine = installer.exchange(server, own_certificate=shared)
        world.im_certificates[machine.name] = shared.thumbprint
    # The TelephoneExtn dial plan has been in use for years, which makes nobody known to Lync.
    join_dial_plan(world, MAILBOX[0], TELEPHONE_DIAL_PLAN)
    populate(world, [lone_database(name.upper()) for name in MAILBOX], legacy=True)
    apply_owa_states(world.exchange, states)
    apply_audit_states(world.exchange, states)
    if "duplicate" in states:
        trust(world, f"{MAILBOX[0]}.{DOMAIN}", "OutlookWebApp", 5199, enabled=True)
        join_dial_plan(world, MAILBOX[0], SIP_DIAL_PLAN)
    if "pending" in states:
        trust(world, f"atl-bot-001.{DOMAIN}", "ServiceDesk", 6100, enabled=False)
    return world


TOPOLOGY = Topology(
    name="split-2013",
    description="Exchange 2013 with separate front end and back end servers, one Lync Server 2013 pool",
    states=_STATES,
    build=build,
)
