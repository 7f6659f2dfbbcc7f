"""``exchange-se-sfbse``: one server of Exchange Server Subscription Edition; Skype for Business Server of that edition.

As with Exchange 2019 there is no Unified Messaging; the trusted application pool bears the server's own name, which is
the one that users reach it under. At the start nothing of the integration is there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rehearsal.exchange_org import ExchangeRole
from rehearsal.exchange_versions import LATEST, ExchangeVersion
from rehearsal.lync_releases import SFB_SE
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import DOMAIN, litware, lone_database, populate
from rehearsal.topologies.outlook_web_app import OWA_STATES, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

SERVER = "atl-owa-001"
START = datetime(2025, 10, 6, 8, 0, 0, tzinfo=UTC)

_STATES = {"no-delegation": "the Front Ends do not accept CredSSP", **OWA_STATES}


def build(seed: int, states: frozenset[str]) -> World:
    """The organisation in the given start states."""
    world, installer = litware(
        "exchange-se-sfbse",
        seed,
        delegation="no-delegation" not in states,
        sip_dial_plan=False,
        start=START,
        release=SFB_SE,
    )
    roles = (ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX)
    server = exchange_server(SERVER, DOMAIN, *roles, build=LATEST[ExchangeVersion.SE])
    certificate = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
    machine = installer.exchange(server, own_certificate=certificate)
    world.im_certificates[machine.name] = certificate.thumbprint
    populate(world, [lone_database(server.name)])
    apply_owa_states(world.exchange, states)
    return world


TOPOLOGY = Topology(
    name="exchange-se-sfbse",
    description="one server of Exchange Server SE; one pool of Skype for Business Server SE",
    states=_STATES,
    build=build,
)
