"""What can be wrong between the deployment and Exchange Online (Y03 to Y34)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from rehearsal.faults.fault import Fault, Repair, Where, edges, lync_front_ends
from rehearsal.faults.healthy import since_long
from rehearsal.federation import ALWAYS_VERIFIABLE, DEFAULT_ROUTING, FederationSettings, HostingProvider
from rehearsal.online_presence import PROXIES
from rehearsal.replication import History
from rehearsal.topologies.hybrid import PROVIDER
from rehearsal.topologies.litware import DOMAIN
from rehearsal.world import World

_EARLIER = timedelta(hours=1)


def _hybrid(world: World) -> bool:
    return any(person.online for person in world.exchange.people)


def _hybrid_edges(world: World) -> tuple[str, ...]:
    return edges(world) if _hybrid(world) else ()


def _hybrid_front_ends(world: World) -> tuple[str, ...]:
    return lync_front_ends(world) if _hybrid(world) else ()


def _settings(change: Callable[[FederationSettings], FederationSettings]) -> Callable[[World, Where], None]:
    return lambda world, where: since_long(world, change(world.federation.current))


def _provider(**changed: object) -> Callable[[World, Where], None]:
    def change(settings: FederationSettings) -> FederationSettings:
        return settings.with_provider(replace(_ours(settings), **changed))  # type: ignore[arg-type]

    return _settings(change)


def _ours(settings: FederationSettings) -> HostingProvider:
    found = settings.provider(PROVIDER)
    assert found is not None
    return found


def _edge(settings: FederationSettings, **changed: object) -> FederationSettings:
    return replace(settings, access_edge=replace(settings.access_edge, **changed))  # type: ignore[arg-type]


def _other_cloud(world: World, where: Where) -> None:
    other = next(proxy for cloud, proxy in PROXIES.items() if cloud != world.cloud)
    _provider(proxy_fqdn=other)(world, where)


def _renamed(settings: FederationSettings) -> FederationSettings:
    """Somebody made it under another name."""
    ours = _ours(settings)
    return settings.without_provider(PROVIDER).with_provider(replace(ours, identity="Exchange UM"))


def _default_routing(settings: FederationSettings) -> FederationSettings:
    """Providers aren't possible then (documented)."""
    routed = _edge(settings, routing=DEFAULT_ROUTING, default_route=f"sip.{DOMAIN}")
    return replace(routed, hosting_providers=(), public_providers=())


def _no_route(world: World, where: Where) -> None:
    published = world.lync.published
    sites = tuple(replace(site, federation_route=None) for site in published.sites)
    world.publish(replace(published, sites=sites))
    world.enable_topology()
    since_long(world, world.federation.current)


def _policies(world: World) -> tuple[str, ...]:
    """The external access policies that somebody with a mailbox online was granted and that admit them."""
    settings = world.federation.current
    granted = {one.external_access for one in world.exchange.people if one.online and one.external_access}
    found = (settings.policy(name) for name in sorted(granted))
    return tuple(policy.identity for policy in found if policy and policy.enable_outside_access)


def _denied(world: World, where: Where) -> None:
    policy = world.federation.current.policy(where.object)
    assert policy is not None
    since_long(world, world.federation.current.with_policy(replace(policy, enable_outside_access=False)))


def _before(world: World) -> FederationSettings:
    """What a server that has missed the provider has."""
    now = world.federation.current
    return now.without_provider(PROVIDER)


def _written_lately(world: World) -> None:
    """The provider was made an hour ago, long enough for everybody who is reached."""
    store, settings = world.federation, world.federation.current
    began = store.settings.versions[0][0]
    written = world.epoch - _EARLIER
    store.settings = History([(began, _before(world)), (written, settings)])
    store.written = written


def _stuck(world: World, where: Where) -> None:
    """The replica took nothing since before the last change."""
    _written_lately(world)
    replica = world.federation.replica(where.server)
    assert replica is not None
    replica.stuck_since = world.epoch - 2 * _EARLIER


def _restored(world: World, where: Where) -> None:
    """The server reports that it is up to date, and was put back to an earlier copy."""
    _written_lately(world)
    replica = world.federation.replica(where.server)
    assert replica is not None
    replica.restored = world.epoch - 2 * _EARLIER


FAULTS = (
    Fault(
        id="provider-missing",
        meaning="there is no hosting provider for Exchange Online",
        requirements=("Y15", "Y16", "Y17", "Y18", "Y19"),
        repair=Repair.AUTOMATIC,
        do=_settings(lambda settings: settings.without_provider(PROVIDER)),
        needs=_hybrid,
    ),
    Fault(
        id="provider-disabled",
        meaning="the hosting provider for Exchange Online is disabled",
        requirements=("Y21",),
        repair=Repair.AUTOMATIC,
        do=_provider(enabled=False),
        needs=_hybrid,
    ),
    Fault(
        id="provider-not-shared",
        meaning="the hosting provider for Exchange Online does not share the SIP address space",
        requirements=("Y22",),
        repair=Repair.AUTOMATIC,
        do=_provider(enabled_shared_address_space=False),
        needs=_hybrid,
    ),
    Fault(
        id="provider-hosts-ocs",
        meaning="the hosting provider for Exchange Online is said to host Lync users",
        requirements=("Y23",),
        repair=Repair.MANUAL,
        do=_provider(hosts_ocs_users=True),
        needs=_hybrid,
    ),
    Fault(
        id="provider-is-local",
        meaning="the hosting provider for Exchange Online is said to be in the deployment itself",
        requirements=("Y25",),
        repair=Repair.AUTOMATIC,
        do=_provider(is_local=True),
        needs=_hybrid,
    ),
    Fault(
        id="provider-verification-level",
        meaning="the hosting provider for Exchange Online has another level of verification",
        requirements=("Y26", "Y27", "Y28"),
        repair=Repair.AUTOMATIC,
        do=_provider(verification_level=ALWAYS_VERIFIABLE),
        needs=_hybrid,
    ),
    Fault(
        id="provider-wrong-proxy",
        meaning="the hosting provider for Exchange Online leads to another cloud",
        requirements=("Y16", "Y17", "Y18", "Y24"),
        repair=Repair.CONSENT,
        do=_other_cloud,
        needs=_hybrid,
    ),
    Fault(
        id="provider-duplicate-proxy",
        meaning="a hosting provider of another name has the proxy of Exchange Online",
        requirements=("Y19", "Y24"),
        repair=Repair.MANUAL,
        do=_settings(_renamed),
        needs=_hybrid,
    ),
    Fault(
        id="federation-disabled",
        meaning="the Edge does not federate",
        requirements=("Y08", "Y10", "Y11", "Y12", "Y13"),
        repair=Repair.CONSENT,
        do=_settings(lambda settings: _edge(settings, allow_federated_users=False)),
        needs=_hybrid,
    ),
    Fault(
        id="edge-outside-users-off",
        meaning="the Edge lets nobody in from outside",
        requirements=("Y04", "Y05", "Y06"),
        repair=Repair.CONSENT,
        do=_settings(lambda settings: _edge(settings, allow_outside_users=False)),
        needs=_hybrid,
    ),
    Fault(
        id="edge-default-routing",
        meaning="the Edge sends everything to a default route",
        requirements=("Y10", "Y15"),
        repair=Repair.MANUAL,
        do=_settings(_default_routing),
        needs=_hybrid,
    ),
    Fault(
        id="edge-federation-route-missing",
        meaning="the site has no federation route",
        requirements=("Y03", "Y10"),
        repair=Repair.MANUAL,
        do=_no_route,
        needs=_hybrid,
    ),
    Fault(
        id="external-access-denied",
        meaning="the external access policy of people with a mailbox online keeps them out",
        requirements=("Y04", "Y05", "Y06"),
        repair=Repair.CONSENT,
        do=_denied,
        objects=_policies,
    ),
    Fault(
        id="replica-stale",
        meaning="the replica of a Front End has stopped",
        requirements=("Y29", "Y30", "Y31", "Y32"),
        repair=Repair.CONSENT,
        do=_stuck,
        servers=_hybrid_front_ends,
    ),
    Fault(
        id="edge-stale",
        meaning="the Edge's own copy of the settings is an old one, though its replica is said to be up to date",
        requirements=("Y33", "Y34"),
        repair=Repair.MANUAL,
        do=_restored,
        servers=_hybrid_edges,
    ),
)
