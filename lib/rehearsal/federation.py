"""What the Central Management store holds beside the topology for federation and remote users, as values.

Names and defaults: Set-CsAccessEdgeConfiguration.md, New-CsHostingProvider.md, New-CsExternalAccessPolicy.md, and the
output of Get-CsAccessEdgeConfiguration that Microsoft's documentation prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

USE_SOURCE, ALWAYS_VERIFIABLE, ALWAYS_UNVERIFIABLE = (
    "UseSourceVerification",
    "AlwaysVerifiable",
    "AlwaysUnverifiable",
)
DNS_SRV, DEFAULT_ROUTING = "UseDnsSrvRouting", "UseDefaultRouting"


EDGE_DEFAULTS: Mapping[str, bool | int | str] = {
    "BeClearingHouse": False,
    "EnablePartnerDiscovery": False,
    "VerificationLevel": USE_SOURCE,
    "IsPublicProvider": False,
    "EnableArchivingDisclaimer": False,
    "EnableUserReplicator": True,
    "KeepCrlsUpToDateForPeers": True,
    "MarkSourceVerifiableOnOutgoingMessages": True,
    "OutgoingTlsCountForFederatedPartners": 4,
    "DiscoveredPartnerStandardRate": 20,
    "EnableDiscoveredPartnerContactsLimit": True,
    "MaxContactsPerDiscoveredPartner": 1000,
    "DiscoveredPartnerReportPeriodMinutes": 60,
    "MaxAcceptedCertificatesStored": 1000,
    "MaxRejectedCertificatesStored": 500,
    "CertificatesDeletedPercentage": 20,
}
"""What else the Access Edge configuration holds, in the order in which it is printed; nothing here goes by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEdge:
    """The Access Edge configuration; ``default_route`` counts with default routing only."""

    allow_anonymous_users: bool = False
    allow_federated_users: bool = False
    allow_outside_users: bool = True
    routing: str = DNS_SRV
    default_route: str | None = None
    settings: Mapping[str, bool | int | str] = field(default_factory=lambda: dict(EDGE_DEFAULTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingProvider:
    """``proxy_fqdn`` can't be changed; a new provider is verified always unless asked otherwise (documented)."""

    identity: str
    proxy_fqdn: str
    enabled: bool
    enabled_shared_address_space: bool
    hosts_ocs_users: bool
    is_local: bool = False
    verification_level: str = ALWAYS_VERIFIABLE
    autodiscover_url: str | None = None
    sip_client_port: int = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicProvider:
    identity: str
    proxy_fqdn: str
    enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAccessPolicy:
    """``identity`` is Global, ``Site:Name`` or ``Tag:Name``; ``on_purpose``: it denies because it is meant to."""

    identity: str
    enable_outside_access: bool = False
    enable_federation_access: bool = True
    description: str | None = None
    on_purpose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailPolicy:
    identity: str
    destination: str
    organization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationSettings:
    """All of it at one moment; a change makes a new value."""

    access_edge: AccessEdge = field(default_factory=AccessEdge)
    hosting_providers: tuple[HostingProvider, ...] = ()
    public_providers: tuple[PublicProvider, ...] = ()
    external_access: tuple[ExternalAccessPolicy, ...] = (ExternalAccessPolicy(identity="Global"),)
    voicemail_policies: tuple[VoicemailPolicy, ...] = ()

    def provider(self, identity: str) -> HostingProvider | None:
        return next((one for one in self.hosting_providers if one.identity.lower() == identity.lower()), None)

    def policy(self, identity: str) -> ExternalAccessPolicy | None:
        """By its identity; a Tag's prefix may be left out (documented)."""
        wanted = identity.lower()
        names = (wanted, f"tag:{wanted}")
        return next((one for one in self.external_access if one.identity.lower() in names), None)

    def is_taken(self, identity: str) -> bool:
        """Whether a hosting or a public provider has this identity."""
        return any(one.identity.lower() == identity.lower() for one in self._providers)

    def holder_of(self, fqdn: str) -> str | None:
        """The hosting or public provider that has this ProxyFqdn; case doesn't count in DNS."""
        return next((one.identity for one in self._providers if one.proxy_fqdn.lower() == fqdn.lower()), None)

    @property
    def _providers(self) -> tuple[HostingProvider | PublicProvider, ...]:
        return (*self.hosting_providers, *self.public_providers)

    def with_provider(self, provider: HostingProvider) -> FederationSettings:
        """The provider added, or put in the place of the one with its identity."""
        return replace(self, hosting_providers=_with(self.hosting_providers, provider))

    def without_provider(self, identity: str) -> FederationSettings:
        kept = tuple(one for one in self.hosting_providers if one.identity.lower() != identity.lower())
        return replace(self, hosting_providers=kept)

    def with_policy(self, policy: ExternalAccessPolicy) -> FederationSettings:
        """The policy added, or put in the place of the one with its identity."""
        return replace(self, external_access=_with(self.external_access, policy))


T = TypeVar("T", HostingProvider, ExternalAccessPolicy)


def _with(items: Iterable[T], item: T) -> tuple[T, ...]:
    by_identity = {one.identity.lower(): one for one in items}
    by_identity[item.identity.lower()] = item
    return tuple(by_identity.values())
