"""``mixed-2013-2016``: a server of Exchange 2013 and one of 2016 in one organisation; Skype for Business Server 2015.

Both have the same certificate, in the OWA pool's name. The one goes by its web.config and ignores setting overrides,
the other the other way round. No dial plan is of SipName, so a trusted application pool is needed. Front Ends are of
2015, since Lync Server 2013 isn't supported with 2016. At the start nothing of the integration is there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rehearsal.exchange_org import ExchangeRole
from rehearsal.exchange_versions import LATEST, ExchangeVersion
from rehearsal.lync_releases import SFB_2015
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
SERVERS = {"atl-mbx-001": ExchangeVersion.V2013, "atl-mbx-002": ExchangeVersion.V2016}
START = datetime(2022, 6, 6, 8, 0, 0, tzinfo=UTC)

_STATES = {"no-delegation": "the Front Ends do not accept CredSSP", **OWA_STATES}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware(
        "mixed-2013-2016",
        seed,
        delegation="no-delegation" not in states,
        sip_dial_plan=False,
        start=START,
        release=SFB_2015,
    )
    shared = installer.factory.server(OWA_POOL, [OWA_POOL], issuer=installer.authority)
    for name, version in SERVERS.items():
        roles = (ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX)
        machine = installer.exchange(
            exchange_server(name, DOMAIN, *roles, build=LATEST[version]), own_certificate=shared
        )
        world.im_certificates[machine.name] = shared.thumbprint
        join_dial_plan(world, name, TELEPHONE_DIAL_PLAN)
    populate(world, [lone_database(name.upper()) for name in SERVERS])
    apply_owa_states(world.exchange, states)
    return world


TOPOLOGY = Topology(
    name="mixed-2013-2016",
    description="Exchange 2013 and Exchange 2016 in one organisation; one Skype for Business Server 2015 pool",
    states=_STATES,
    build=build,
)
