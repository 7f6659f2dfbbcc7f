"""The objects of federation and remote access as they cross the wire; properties as documentation prints them."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlets.lync_objects import enum, thing
from rehearsal.federation import (
    ALWAYS_UNVERIFIABLE,
    ALWAYS_VERIFIABLE,
    DNS_SRV,
    USE_SOURCE,
    AccessEdge,
    ExternalAccessPolicy,
    HostingProvider,
    PublicProvider,
    VoicemailPolicy,
)
from rehearsal.values import EnumValue, Integer, Thing

_EDGE = "Microsoft.Rtc.Management.WritableConfig.Settings.Edge"
_POLICY = "Microsoft.Rtc.Management.WritableConfig.Policy"
LEVELS = {ALWAYS_VERIFIABLE: 0, ALWAYS_UNVERIFIABLE: 1, USE_SOURCE: 2}
"""The numbers are assumed."""


def access_edge(one: AccessEdge) -> Thing:
    """With default routing some properties give way to others, and the object is of another type (documented)."""
    with_dns = one.routing == DNS_SRV
    other = ("VerificationLevel", "IsPublicProvider") if with_dns else ("BeClearingHouse", "EnablePartnerDiscovery")
    properties: dict[str, Any] = {
        "Identity": "Global",
        "AllowAnonymousUsers": one.allow_anonymous_users,
        "AllowFederatedUsers": one.allow_federated_users,
        "AllowOutsideUsers": one.allow_outside_users,
    }
    if not with_dns:
        properties["DefaultRouteFqdn"] = one.default_route
    properties |= {name: _setting(name, value) for name, value in one.settings.items() if name not in other}
    properties["RoutingMethod"] = one.routing
    kind = "DnsSrvRouting" if with_dns else "DefaultRoute"
    return thing(f"{_EDGE}.DisplayAccessEdgeSettings{kind}", "Global", properties)


def hosting_provider(one: HostingProvider) -> Thing:
    return thing(
        f"{_EDGE}.DisplayHostingProvider",
        one.identity,
        {
            "Identity": one.identity,
            "Name": one.identity,
            "ProxyFqdn": one.proxy_fqdn,
            "VerificationLevel": _level(one.verification_level),
            "Enabled": one.enabled,
            "EnabledSharedAddressSpace": one.enabled_shared_address_space,
            "HostsOCSUsers": one.hosts_ocs_users,
            "IsLocal": one.is_local,
            "AutodiscoverUrl": one.autodiscover_url,
            "SipClientPort": Integer(one.sip_client_port, "UInt64"),
        },
    )


def public_provider(one: PublicProvider) -> Thing:
    return thing(
        f"{_EDGE}.DisplayPublicProvider",
        one.identity,
        {
            "Identity": one.identity,
            "Name": one.identity,
            "ProxyFqdn": one.proxy_fqdn,
            "IconUrl": None,
            "NameDecorationDomain": None,
            "NameDecorationRoutingDomain": None,
            "NameDecorationExcludedDomainList": None,
            "VerificationLevel": _level(USE_SOURCE),
            "Enabled": one.enabled,
        },
    )


def external_access_policy(one: ExternalAccessPolicy) -> Thing:
    return thing(
        f"{_POLICY}.ExternalAccess.ExternalAccessPolicy",
        one.identity,
        {
            "Identity": one.identity,
            "Description": one.description,
            "EnableFederationAccess": one.enable_federation_access,
            "EnableXmppAccess": False,
            "EnablePublicCloudAccess": False,
            "EnablePublicCloudAudioVideoAccess": False,
            "EnableOutsideAccess": one.enable_outside_access,
        },
    )


def voicemail_policy(one: VoicemailPolicy) -> Thing:
    return thing(
        f"{_POLICY}.Voice.HostedVoicemailPolicy",
        one.identity,
        {
            "Identity": one.identity,
            "Description": None,
            "Destination": one.destination,
            "Organization": one.organization,
        },
    )


def _setting(name: str, value: bool | int | str) -> object:
    if name == "VerificationLevel":
        return _level(str(value))
    return value if isinstance(value, (bool, str)) else Integer(value, "UInt32")


def _level(name: str) -> EnumValue:
    return enum(f"{_EDGE}.VerificationLevelType", name, LEVELS[name])
