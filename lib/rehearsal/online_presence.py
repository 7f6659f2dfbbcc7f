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
    if effective_policy(world, person).on_purpose:
        yield f"the external access policy {effective_policy(world, person).identity} denies on purpose (Y05)"


def obstacles(world: World, person: Person) -> Iterator[str]:
    """What keeps presence from this user."""
    yield from _edge(world)
    policy = effective_policy(world, person)
    if not policy.enable_outside_access:
        yield f"the external access policy {policy.identity} does not admit remote users (Y05)"


def effective_policy(world: World, person: Person) -> ExternalAccessPolicy:
    """Of the user, else of the site of the user's pool, else the global one (documented order of scopes)."""
    settings = world.federation.current
    if person.external_access and (own := settings.policy(f"Tag:{person.external_access}")):
        return own
    pool = next((one for one in world.lync.enabled.pools if one.fqdn == person.registrar_pool), None)
    of_site = settings.policy(pool.site) if pool else None
    return of_site or settings.policy("Global") or ExternalAccessPolicy(identity="Global")


def _edge(world: World) -> Iterator[str]:
    if not any(site.federation_route for site in world.lync.enabled.sites):
        yield "no site has a federation route (Y03)"
    for edge in (one for one in world.machines.values() if "edge" in one.roles):
        settings = world.federation.at(edge.name, world.clock.now())
        for why in _settings(settings, PROXIES[world.cloud]):
            yield f"{edge.name}: {why}"


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
