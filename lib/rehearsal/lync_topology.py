"""The Lync topology as the Central Management store holds it: a published document and an enabled one.

New-, Set- and Remove-Cs… publish: they put a changed document into the store. Nothing acts on it until
Enable-CsTopology, which enables the whole published document, whoever changed it (real-world.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

APPLICATION_PREFIX = "urn:application:"
LYNC_2013 = 6
"""The version of a known server made with Lync Server 2013; 5 is Lync 2010, 0 any (jenstr, 2012-11-13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A central site. ``site_id`` is what -Site takes; objects show ``identity``; the display name is another text."""

    identity: str
    site_id: str
    display_name: str
    federation_route: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LyncPool:
    """A pool of Lync servers: ``services`` are role names such as ``Registrar``, ``EdgeServer``."""

    fqdn: str
    site: str
    computers: tuple[str, ...]
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedPool:
    """A trusted application pool. ``site`` is a site Identity; ``ports`` the *PortStart/*PortCount settings."""

    fqdn: str
    site: str
    registrar: str | None
    service_number: int
    computers: tuple[str, ...]
    throttle_as_server: bool = True
    treat_as_authenticated: bool = True
    outbound_only: bool = False
    requires_replication: bool = True
    ports: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedApplication:
    """``application_id`` is stored with its prefix and in lower case: ``urn:application:outlookwebapp``."""

    pool: str
    application_id: str
    port: int
    legacy_name: str
    tcp: bool = False

    @property
    def identity(self) -> str:
        return f"{self.pool}/{self.application_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopologyDocument:
    """One whole topology; every change makes a new one."""

    sites: tuple[Site, ...]
    pools: tuple[LyncPool, ...]
    sip_domains: tuple[str, ...]
    trusted_pools: tuple[TrustedPool, ...] = ()
    applications: tuple[TrustedApplication, ...] = ()

    @property
    def all_pools(self) -> tuple[LyncPool | TrustedPool, ...]:
        """Lync's own pools and the trusted application pools."""
        return (*self.pools, *self.trusted_pools)

    def site_by_id(self, site_id: str) -> Site | None:
        return next((site for site in self.sites if same(site.site_id, site_id)), None)

    def lync_pool(self, fqdn: str) -> LyncPool | None:
        return next((pool for pool in self.pools if same(pool.fqdn, fqdn)), None)

    def trusted_pool(self, fqdn: str) -> TrustedPool | None:
        """By FQDN or by service identity, ``TrustedApplicationPool:fqdn``."""
        name = fqdn.rpartition(":")[2]
        return next((pool for pool in self.trusted_pools if same(pool.fqdn, name)), None)

    def application(self, identity: str) -> TrustedApplication | None:
        """By ``pool/id``, with or without the prefix of the id."""
        pool, _, application_id = identity.partition("/")
        wanted = stored_application_id(application_id)
        return next((one for one in self.applications_of(pool) if one.application_id == wanted), None)

    def applications_of(self, pool: str) -> Iterator[TrustedApplication]:
        return (one for one in self.applications if same(one.pool, pool))

    def pool_of_computer(self, fqdn: str) -> TrustedPool | None:
        return next((p for p in self.trusted_pools if any(same(name, fqdn) for name in p.computers)), None)

    def with_pool(self, pool: TrustedPool) -> TopologyDocument:
        others = tuple(one for one in self.trusted_pools if not same(one.fqdn, pool.fqdn))
        return replace(self, trusted_pools=(*others, pool))

    def without_pool(self, fqdn: str) -> TopologyDocument:
        """Without the pool, its computers and its applications (documented: Remove-CsTrustedApplicationPool)."""
        return replace(
            self,
            trusted_pools=tuple(one for one in self.trusted_pools if not same(one.fqdn, fqdn)),
            applications=tuple(one for one in self.applications if not same(one.pool, fqdn)),
        )

    def with_application(self, application: TrustedApplication) -> TopologyDocument:
        others = tuple(one for one in self.applications if one.identity != application.identity)
        return replace(self, applications=(*others, application))

    def without_application(self, application: TrustedApplication) -> TopologyDocument:
        return replace(self, applications=tuple(one for one in self.applications if one != application))

    def next_service_number(self) -> int:
        return max((pool.service_number for pool in self.trusted_pools), default=0) + 1


@dataclass(slots=True)
class CentralManagementStore:
    """The store: what is published, what is enabled, and the computers with an account in Active Directory."""

    published: TopologyDocument
    enabled: TopologyDocument
    computer_accounts: frozenset[str] = field(default_factory=frozenset)
    enabled_version: int = 1
    published_version: int = 1

    def publish(self, document: TopologyDocument) -> None:
        if document != self.published:
            self.published = document
            self.published_version += 1

    def enable(self) -> None:
        self.enabled = self.published
        self.enabled_version = self.published_version

    def has_account(self, fqdn: str) -> bool:
        """Whether a computer of that name is in Active Directory."""
        return fqdn.lower() in self.computer_accounts


def same(one: str, other: str) -> bool:
    """Host names, identities and site ids are compared without regard to letter case."""
    return one.lower() == other.lower()


def stored_application_id(text: str) -> str:
    """How an ApplicationId is stored: prefixed and in lower case (documented: New-CsTrustedApplication)."""
    lowered = text.lower()
    return lowered if lowered.startswith(APPLICATION_PREFIX) else APPLICATION_PREFIX + lowered
