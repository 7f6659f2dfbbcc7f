"""``exchange-2019-sfb2019``: two Exchange 2019 servers and Skype for Business Server 2019.

Exchange 2019 has no Unified Messaging, so Lync knows no Exchange server by itself and a trusted application pool is
always needed; the dial plan that is left in the directory is nothing that its cmdlets know. Both servers have one
certificate in the OWA pool's name, which is assigned to IIS, beside one of their own name that is not. One setting
override can serve both. At the start nothing of the integration is there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rehearsal.exchange_org import ExchangeRole
from rehearsal.exchange_versions import LATEST, ExchangeVersion
from rehearsal.lync_releases import SFB_2019
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import DOMAIN, litware, lone_database, populate
from rehearsal.topologies.outlook_web_app import OWA_STATES, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

OWA_POOL = f"atl-owa-001.{DOMAIN}"
SERVERS = ("atl-mbx-001", "atl-mbx-002")
START = datetime(2024, 6, 3, 8, 0, 0, tzinfo=UTC)

_STATES = {"no-delegation": "the Front Ends do not accept CredSSP", **OWA_STATES}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware(
        "exchange-2019-sfb2019",
        seed,
        delegation="no-delegation" not in states,
        sip_dial_plan=False,
        start=START,
        release=SFB_2019,
    )
    shared = installer.factory.server(OWA_POOL, [OWA_POOL], issuer=installer.authority)
    for name in SERVERS:
        roles = (ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX)
        server = exchange_server(name, DOMAIN, *roles, build=LATEST[ExchangeVersion.V2019])
        machine = installer.exchange(server, own_certificate=shared)
        transport = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
        installer.install(machine.host, transport, "Transport", services=("SMTP",))
        world.im_certificates[machine.name] = shared.thumbprint
    populate(world, [lone_database(name.upper()) for name in SERVERS])
    apply_owa_states(world.exchange, states)
    return world


TOPOLOGY = Topology(
    name="exchange-2019-sfb2019",
    description="two Exchange 2019 servers with one certificate; one Skype for Business Server 2019 pool",
    states=_STATES,
    build=build,
)
