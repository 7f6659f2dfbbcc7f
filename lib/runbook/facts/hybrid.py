"""What Lync knows of Exchange Online: hosting providers, the Access Edge, and what depends on them (Y08-Y28, Y33).

Each is read from the Central Management store, or with ``local`` from the server's own copy of it, as on an Edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.command import Cmdlet, Pipeline, Switch, Target, Value, cmdlet
from runbook.facts.answer import checked, flag, number, one, text
from runbook.facts.query import Query
from runbook.inputs.local_store import PastedStore
from runbook.result import Result, ServerObject, ServerValue

_PROVIDER = (
    "Identity",
    "ProxyFqdn",
    "Enabled",
    "EnabledSharedAddressSpace",
    "HostsOCSUsers",
    "IsLocal",
    "VerificationLevel",
    "AutodiscoverUrl",
    "SipClientPort",
)
_ACCESS_EDGE = ("AllowFederatedUsers", "AllowOutsideUsers", "RoutingMethod", "DefaultRouteFqdn")
_SRV_ROUTING = "usednssrvrouting"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingProvider:
    """A hosting provider, whole: what New-CsHostingProvider takes to make it again.

    ``autodiscover_url`` is empty and ``sip_client_port`` ``None`` where the edition, or the provider, has none.
    """

    identity: str
    proxy_fqdn: str
    enabled: bool
    shares_address_space: bool
    hosts_users: bool
    is_local: bool
    verification_level: str
    autodiscover_url: str = ""
    sip_client_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicProvider:
    """A public provider, which may hold a name that a hosting provider needs (``real-world`` B3)."""

    identity: str
    proxy_fqdn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEdge:
    """The Access Edge configuration, of which there is one; ``default_route`` is empty with DNS SRV routing."""

    allows_federation: bool
    allows_outside_users: bool
    routing: str
    default_route: str = ""

    @property
    def has_default_routing(self) -> bool:
        return bool(self.default_route) or self.routing.lower() not in ("", _SRV_ROUTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMailPolicy:
    """A hosted voice mail policy; ``destination`` is the ProxyFqdn of the provider that it uses (Y35)."""

    identity: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationRoute:
    """A site and the Edge through which what is federated leaves it (``EdgeServer:fqdn``), empty for none."""

    site: str
    route: str


def hosting_providers(target: Target, *, local: bool = False) -> Query[tuple[HostingProvider, ...]]:
    """Every hosting provider, each with all that a list would hide (``real-world`` B4)."""
    ask = Pipeline.of(_get("Get-CsHostingProvider", local), _select(*_PROVIDER))
    return Query("hosting-providers", target, ask, lambda result: tuple(map(_provider, checked(result).objects)))


def access_edge(target: Target, *, local: bool = False) -> Query[AccessEdge]:
    ask = Pipeline.of(_get("Get-CsAccessEdgeConfiguration", local), _select(*_ACCESS_EDGE))
    return Query("access-edge", target, ask, _parse_access_edge)


def public_providers(target: Target) -> Query[tuple[PublicProvider, ...]]:
    ask = Pipeline.of(_get("Get-CsPublicProvider"), _select("Identity", "ProxyFqdn"))
    return Query("public-providers", target, ask, _parse_public)


def voice_mail_policies(target: Target) -> Query[tuple[VoiceMailPolicy, ...]]:
    ask = Pipeline.of(_get("Get-CsHostedVoicemailPolicy"), _select("Identity", "Destination"))
    return Query("hosted-voice-mail-policies", target, ask, _parse_voice_mail)


def federation_routes(target: Target) -> Query[tuple[FederationRoute, ...]]:
    ask = Pipeline.of(_get("Get-CsSite"), _select("Identity", "FederationRoute"))
    return Query("federation-routes", target, ask, _parse_routes)


def pasted_providers(store: PastedStore) -> tuple[HostingProvider, ...]:
    """The providers of an Edge whose local store was pasted."""
    return tuple(_provider(_typed(properties)) for properties in store.providers)


def pasted_access_edge(store: PastedStore) -> AccessEdge:
    return _access_edge(_typed(store.access_edge))


def _typed(properties: Mapping[str, str]) -> ServerObject:
    """What PowerShell printed, as the values it stands for; the paste was held to them when it was read."""
    return ServerObject(properties={name: _value(value) for name, value in properties.items()})


def _value(printed: str) -> ServerValue:
    if printed in ("True", "False"):
        return printed == "True"
    return int(printed) if printed.isascii() and printed.isdecimal() else printed


def _get(name: str, local: bool = False) -> Cmdlet:
    only: dict[str, Value] = {"LocalStore": Switch.ON} if local else {}
    return cmdlet(name, **only)


def _select(*names: str) -> Cmdlet:
    return cmdlet("Select-Object", Property=names)


def _provider(item: ServerObject) -> HostingProvider:
    identity = text(item, "Identity")
    if not identity:
        raise ValueError("a hosting provider came without Identity")
    return HostingProvider(
        identity=identity,
        proxy_fqdn=text(item, "ProxyFqdn"),
        enabled=flag(item, "Enabled"),
        shares_address_space=flag(item, "EnabledSharedAddressSpace"),
        hosts_users=flag(item, "HostsOCSUsers"),
        is_local=flag(item, "IsLocal"),
        verification_level=text(item, "VerificationLevel"),
        autodiscover_url=text(item, "AutodiscoverUrl") if item.get("AutodiscoverUrl") else "",
        sip_client_port=number(item, "SipClientPort") if item.get("SipClientPort") not in (None, "") else None,
    )


def _access_edge(item: ServerObject) -> AccessEdge:
    return AccessEdge(
        allows_federation=flag(item, "AllowFederatedUsers"),
        allows_outside_users=flag(item, "AllowOutsideUsers"),
        routing=text(item, "RoutingMethod"),
        default_route=text(item, "DefaultRouteFqdn") if item.get("DefaultRouteFqdn") else "",
    )


def _parse_access_edge(result: Result) -> AccessEdge:
    return _access_edge(one(checked(result).objects, "Access Edge configuration"))


def _parse_public(result: Result) -> tuple[PublicProvider, ...]:
    return tuple(
        PublicProvider(identity=text(item, "Identity"), proxy_fqdn=text(item, "ProxyFqdn"))
        for item in checked(result).objects
    )


def _parse_voice_mail(result: Result) -> tuple[VoiceMailPolicy, ...]:
    return tuple(
        VoiceMailPolicy(identity=text(item, "Identity"), destination=text(item, "Destination"))
        for item in checked(result).objects
    )


def _parse_routes(result: Result) -> tuple[FederationRoute, ...]:
    return tuple(
        FederationRoute(site=text(item, "Identity"), route=text(item, "FederationRoute"))
        for item in checked(result).objects
    )
