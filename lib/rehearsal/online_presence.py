"""Who of the users with a mailbox in Exchange Online would see presence in its Outlook Web App (Y01 to Y34).

What counts is the Edge Server's own copy of the settings. Exchange Online itself is taken to work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rehearsal.federation import DNS_SRV, USE_SOURCE, ExternalAccessPolicy, FederationSettings
from rehearsal.people import Person

if TYPE_CHECKING:
    from rehearsal.world import World

PROXIES = {
    "worldwide": "exap.um.outlook.com",
    "21vianet": "exap.um.partner.outlook.cn",
    "gcc-high": "exap.um.office365.us",
}
"""ProxyFqdn by cloud (Y16 to Y18)."""


def excluded(world: World, person: Person) -> Iterator[str]:
    """Why nobody expects presence for this user in Exchange Online."""
    if not person.lync_enabled:
        yield "the user is not enabled for Lync Server (L73)"
    if not person.hosted_here:
        yield f"the Lync account is hosted by {person.hosting_provider}, not on premises (Y01)"
        return
    policy = effective_policy(world, world.federation.current, person)
    if policy.on_purpose:
        yield f"the external access policy {policy.identity} denies on purpose (Y05)"


def obstacles(world: World, person: Person) -> Iterator[str]:
    """What keeps presence from this user."""
    yield from _edge(world, person)
    yield from dict.fromkeys(_denied(world, person))


def effective_policy(world: World, settings: FederationSettings, person: Person) -> ExternalAccessPolicy:
    """Of the user, else of the site of the user's pool, else the global one (documented order of scopes)."""
    if person.external_access and (own := settings.policy(f"Tag:{person.external_access}")):
        return own
    pool = world.lync.enabled.lync_pool(person.registrar_pool or "")
    of_site = settings.policy(pool.site) if pool else None
    return of_site or settings.policy("Global") or ExternalAccessPolicy(identity="Global")


def _denied(world: World, person: Person) -> Iterator[str]:
    """By the policy as each Front End of the user's pool has received it."""
    for front_end in world.front_ends(person.registrar_pool or ""):
        received = world.federation.at(front_end.name, world.clock.now())
        policy = effective_policy(world, received, person)
        if not policy.enable_outside_access:
            yield f"the external access policy {policy.identity} does not admit remote users (Y05)"


def _edge(world: World, person: Person) -> Iterator[str]:
    """By what the Edge Server has received over which the user's site federates."""
    enabled = world.lync.enabled
    pool = enabled.lync_pool(person.registrar_pool or "")
    site = next((one for one in enabled.sites if pool is not None and one.identity == pool.site), None)
    if site is None or site.federation_route is None:
        yield f"{site.identity if site else 'the user'} has no federation route (Y03)"
        return
    edges = enabled.lync_pool(site.federation_route.rpartition(":")[2])
    for edge in edges.computers if edges else ():
        settings = world.federation.at(edge, world.clock.now())
        for why in _settings(settings, PROXIES[world.cloud]):
            yield f"{edge}: {why}"


def _settings(settings: FederationSettings, proxy: str) -> Iterator[str]:
    access = settings.access_edge
    if not access.allow_federated_users:
        yield "federation is not allowed (Y11)"
    if not access.allow_outside_users:
        yield "users from outside are not allowed (Y04)"
    if access.routing != DNS_SRV:
        yield "everything goes to a default route (Y10)"
    provider = next((one for one in settings.hosting_providers if one.proxy_fqdn.lower() == proxy), None)
    if provider is None:
        yield f"no hosting provider has the proxy {proxy} (Y16 to Y18)"
        return
    for wrong, why in (
        (not provider.enabled, "is disabled (Y21)"),
        (not provider.enabled_shared_address_space, "does not share the address space (Y22)"),
        (provider.hosts_ocs_users, "is said to host Lync users (Y23)"),
        (provider.is_local, "is said to be local (Y25)"),
        (provider.verification_level != USE_SOURCE, f"has the verification level {provider.verification_level} (Y27)"),
    ):
        if wrong:
            yield f"the hosting provider {provider.identity} {why}"
