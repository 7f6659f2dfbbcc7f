"""``hybrid-worldwide``, ``hybrid-21vianet``, ``hybrid-gcchigh``: most mailboxes are in Exchange Online, the rest on one
Exchange 2013 server as in ``colocated-2013``.

They differ in the cloud and in the release of the Front Ends. Who is in Exchange Online was granted an external access
policy of their own; a few were granted one that denies on purpose. Everybody else goes by the site's policy. At the
start federation is not allowed, no provider is there for Exchange Online, and the policy doesn't admit remote users.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rehearsal.exchange_org import ExchangeRole
from rehearsal.federation import (
    DEFAULT_ROUTING,
    USE_SOURCE,
    ExternalAccessPolicy,
    FederationSettings,
    HostingProvider,
    PublicProvider,
    VoicemailPolicy,
)
from rehearsal.lync_releases import LYNC_SERVER_2013, SFB_2015, SFB_2019, LyncRelease
from rehearsal.online_presence import PROXIES
from rehearsal.people import Person
from rehearsal.replication import ReplicatedStore
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.litware import DOMAIN, EDGE, SIP_DIAL_PLAN, join_dial_plan, litware, lone_database, populate
from rehearsal.topologies.outlook_web_app import OWA_STATES, apply_owa_states
from rehearsal.topologies.servers import exchange_server
from rehearsal.world import World

SERVER = "atl-owa-001"
CLOUD_POLICY, DENIED_POLICY = "Cloud", "Contractors"
PROVIDER = "Exchange Online"
_EVERY_HOSTED = 20

_BUILT_IN = HostingProvider(
    identity="SkypeforBusinessOnline",
    proxy_fqdn="sipfed.online.lync.com",
    enabled=False,
    enabled_shared_address_space=False,
    hosts_ocs_users=True,
    verification_level=USE_SOURCE,
)
"""What setup of Skype for Business Server leaves there, from memory."""

_STATES = {
    "wrong-proxy": "the provider for Exchange Online leads to another cloud",
    "duplicate-proxy": "a provider of another name holds the proxy FQDN of Exchange Online",
    "default-routing": "the Access Edge sends everything to a default route",
    "stuck-replica": "the Edge Server's replica has stopped",
    "edge-blocked": "no remote session to the Edge Server is possible",
    "hosts-users": "the provider for Exchange Online is said to host Lync users",
    "hosted-elsewhere": "some Lync accounts are hosted by the provider for Exchange Online, not on premises",
    "hosted-voice-mail": "a hosted voice mail policy leads to the provider for Exchange Online",
    "no-delegation": "the Front Ends do not accept CredSSP",
    **OWA_STATES,
}


def _build(name: str, cloud: str, release: LyncRelease, seed: int, states: frozenset[str]) -> World:
    world, installer = litware(name, seed, delegation="no-delegation" not in states, release=release)
    world.cloud = cloud
    server = exchange_server(SERVER, DOMAIN, ExchangeRole.CLIENT_ACCESS, ExchangeRole.MAILBOX)
    certificate = installer.factory.server(server.fqdn, [server.fqdn], issuer=installer.authority)
    machine = installer.exchange(server, own_certificate=certificate)
    world.im_certificates[machine.name] = certificate.thumbprint
    join_dial_plan(world, SERVER, SIP_DIAL_PLAN)
    populate(world, [lone_database(server.name)])
    _move_online(world)
    if "hosted-elsewhere" in states:
        _move_accounts(world, _proxy_at_start(cloud, states))
    apply_owa_states(world.exchange, states)
    began = world.clock.now() - timedelta(days=30)
    world.federation = ReplicatedStore.begun(began, _settings(cloud, release, states), world.lync.published)
    edge = world.machine(EDGE)
    assert edge is not None
    if "edge-blocked" in states:
        world.machines[edge.name.lower()] = replace(edge, endpoints=())
    world.replicate()
    if "stuck-replica" in states:
        world.federation.replicas[edge.name.lower()].stuck_since = began + timedelta(days=1)
    return world


def _settings(cloud: str, release: LyncRelease, states: frozenset[str]) -> FederationSettings:
    settings = FederationSettings(
        hosting_providers=() if release is LYNC_SERVER_2013 else (_BUILT_IN,),
        public_providers=(PublicProvider(identity="Skype", proxy_fqdn="federation.messenger.msn.com"),),
        external_access=(
            ExternalAccessPolicy(identity="Global"),
            ExternalAccessPolicy(identity="Site:Redmond", enable_outside_access=True),
            ExternalAccessPolicy(identity=f"Tag:{CLOUD_POLICY}"),
            ExternalAccessPolicy(identity=f"Tag:{DENIED_POLICY}", on_purpose=True),
        ),
    )
    provider = HostingProvider(
        identity=PROVIDER,
        proxy_fqdn=PROXIES[cloud],
        enabled=True,
        enabled_shared_address_space=True,
        hosts_ocs_users=False,
        verification_level=USE_SOURCE,
    )
    if "wrong-proxy" in states:
        settings = settings.with_provider(replace(provider, proxy_fqdn=_proxy_at_start(cloud, states)))
    if "duplicate-proxy" in states:
        settings = settings.with_provider(replace(provider, identity="Exchange UM"))
    if "hosts-users" in states:
        settings = settings.with_provider(replace(provider, hosts_ocs_users=True))
    if "hosted-voice-mail" in states:
        voice_mail = VoicemailPolicy(
            identity="Tag:CloudVoiceMail", destination=_proxy_at_start(cloud, states), organization=DOMAIN
        )
        settings = replace(settings, voicemail_policies=(voice_mail,))
    if "default-routing" in states:
        edge = replace(settings.access_edge, routing=DEFAULT_ROUTING, default_route=f"sip.{DOMAIN}")
        settings = replace(settings, access_edge=edge, hosting_providers=(), public_providers=())
    return settings


def _proxy_at_start(cloud: str, states: frozenset[str]) -> str:
    """The proxy that the provider for Exchange Online has, or would have, at the start."""
    if "wrong-proxy" in states:
        return next(fqdn for name, fqdn in PROXIES.items() if name != cloud)
    return PROXIES[cloud]


def _move_accounts(world: World, proxy: str) -> None:
    """The Lync accounts of a few whose mailboxes are in Exchange Online already."""
    online = [person.upn for person in world.exchange.people if person.online and person.lync_enabled]
    moved = set(online[::_EVERY_HOSTED])
    world.exchange.people = tuple(
        replace(person, hosting_provider=proxy, registrar_pool=None) if person.upn in moved else person
        for person in world.exchange.people
    )


def _move_online(world: World) -> None:
    """Two of three mailboxes; every tenth of those people may not come in from outside."""
    moved: list[Person] = []
    for number, person in enumerate(world.exchange.people):
        if number % 3 == 0 or not person.has_mailbox:
            moved.append(person)
            continue
        policy = DENIED_POLICY if number % 10 == 1 else CLOUD_POLICY
        moved.append(replace(person, online=True, server="", database="", external_access=policy))
        world.exchange.owa.mailboxes.pop(person.upn.lower(), None)
    world.exchange.people = tuple(moved)


def _topology(name: str, cloud: str, release: LyncRelease) -> Topology:
    def build(seed: int, states: frozenset[str]) -> World:
        return _build(name, cloud, release, seed, states)

    description = f"hybrid with Exchange Online ({cloud}); one {release.brand} {release.version} pool with an Edge"
    return Topology(name=name, description=description, states=_STATES, build=build)


HYBRIDS = (
    _topology("hybrid-worldwide", "worldwide", LYNC_SERVER_2013),
    _topology("hybrid-21vianet", "21vianet", SFB_2015),
    _topology("hybrid-gcchigh", "gcc-high", SFB_2019),
)
