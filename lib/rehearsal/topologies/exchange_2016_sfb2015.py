"""``exchange-2016-sfb2015``: two Exchange 2016 servers, each with its own certificate; Skype for Business 2015.

Both are in a SipName dial plan with UM service and call router on one computer, so the Front Ends discover them (L17 to
L20) and no trusted application pool is needed. Their thumbprints differ, so each needs a setting override of its own
scope. At the start there is none.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rehearsal import owa_web_config
from rehearsal.exchange_org import ExchangeRole
from rehearsal.exchange_versions import LATEST, Build, ExchangeVersion
from rehearsal.lync_releases import LYNC_SERVER_2013, SFB_2015
from rehearsal.owa_editions import OWA_2016
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import (
    DOMAIN,
    POOL,
    SIP_DIAL_PLAN,
    join_dial_plan,
    litware,
    lone_database,
    populate,
)
from rehearsal.topologies.outlook_web_app import AUDIT_STATES, OWA_STATES, apply_audit_states, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

SERVERS = ("atl-mbx-001", "atl-mbx-002")
START = datetime(2022, 6, 6, 8, 0, 0, tzinfo=UTC)
CU3: Build = (15, 1, 544, 27)

_STATES = {
    "lync-2013": "the Front Ends are still of Lync Server 2013, which isn't supported with Exchange 2016",
    "leftover-web-config": "ATL-MBX-001 has the keys of Exchange 2013 in its web.config, where nothing reads them",
    "cu3": "the servers have Cumulative Update 3, whose diagnostic info is asked in another way",
    "no-delegation": "the Front Ends do not accept CredSSP",
    **OWA_STATES,
    **AUDIT_STATES,
}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    release = LYNC_SERVER_2013 if "lync-2013" in states else SFB_2015
    world, installer = litware(
        "exchange-2016-sfb2015", seed, delegation="no-delegation" not in states, start=START, release=release
    )
    version = CU3 if "cu3" in states else LATEST[ExchangeVersion.V2016]
    for name in SERVERS:
        server = exchange_server(name, DOMAIN, ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX, build=version)
        certificate = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
        machine = installer.exchange(server, own_certificate=certificate)
        world.im_certificates[machine.name] = certificate.thumbprint
        join_dial_plan(world, name, SIP_DIAL_PLAN)
    populate(world, [lone_database(name.upper()) for name in SERVERS])
    apply_owa_states(world.exchange, states)
    apply_audit_states(world.exchange, states)
    if "leftover-web-config" in states:
        name = f"{SERVERS[0]}.{DOMAIN}"
        keys = owa_web_config.back_end_with_keys(POOL, world.im_certificates[name])
        world.owa[name].host.files.put(OWA_2016.web_config, keys)
    return world


TOPOLOGY = Topology(
    name="exchange-2016-sfb2015",
    description="two Exchange 2016 servers in a SipName dial plan; one Skype for Business Server 2015 pool",
    states=_STATES,
    build=build,
)
