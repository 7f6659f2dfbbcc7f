"""The Access Edge configuration and the providers of federation, on internal servers and in a server's own copy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_federation_objects import access_edge, hosting_provider, public_provider
from rehearsal.cmdlets.lync_store import (
    FILTER,
    FORCE,
    IDENTITY,
    REMOVED_IDENTITY,
    REQUIRED_IDENTITY,
    checked_fqdn,
    command_type,
    not_found,
    published,
    refuse,
    selected,
    world_of,
    writable,
)
from rehearsal.federation import (
    ALWAYS_UNVERIFIABLE,
    ALWAYS_VERIFIABLE,
    DEFAULT_ROUTING,
    DNS_SRV,
    USE_SOURCE,
    AccessEdge,
    FederationSettings,
    HostingProvider,
)
from rehearsal.objects import text_of

_EDGE = "Microsoft.Rtc.Management.Edge"
_LEVEL = Parameter(kind="VerificationLevelType", values=(ALWAYS_VERIFIABLE, ALWAYS_UNVERIFIABLE, USE_SOURCE))
_BOOLEAN = Parameter(kind="Boolean")
_FLAGS = dict.fromkeys(("Enabled", "EnabledSharedAddressSpace", "HostsOCSUsers", "IsLocal"), _BOOLEAN)
_MORE = {"AutodiscoverUrl": Parameter(), "SipClientPort": Parameter(kind="UInt64")}
_INSTANCE = Parameter(kind="PSObject", by_value=True, sets=("Instance",))
_NOT_MODELLED: dict[str, Parameter] = {
    **dict.fromkeys(
        (
            "EnableArchivingDisclaimer",
            "EnableDiscoveredPartnerContactsLimit",
            "EnableUserReplicator",
            "KeepCrlsUpToDateForPeers",
            "MarkSourceVerifiableOnOutgoingMessages",
        ),
        _BOOLEAN,
    ),
    **dict.fromkeys(
        (
            "CertificatesDeletedPercentage",
            "DiscoveredPartnerReportPeriodMinutes",
            "DiscoveredPartnerStandardRate",
            "MaxAcceptedCertificatesStored",
            "MaxContactsPerDiscoveredPartner",
            "MaxRejectedCertificatesStored",
            "OutgoingTlsCountForFederatedPartners",
        ),
        Parameter(kind="UInt32"),
    ),
}
"""Accepted, and without effect here: nothing of this integration depends on them."""
_SEEN = {"Identity": IDENTITY, "Filter": FILTER, "LocalStore": SWITCH}


def read(call: Call) -> FederationSettings:
    """The settings of the Central Management store; with -LocalStore those that the server itself has received."""
    published(call)
    world = world_of(call)
    if call.switch("LocalStore"):
        return world.federation.at(call.host.name, world.clock.now())
    return world.federation.current


def write(call: Call, settings: FederationSettings) -> None:
    world_of(call).set_federation(settings)


@cmdlet(
    "Get-CsAccessEdgeConfiguration",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsAccessEdgeConfiguration.md; printed output",
    parameters={**_SEEN, "Identity": Parameter(kind="XdsIdentity", position=0, sets=("Identity",))},
    default_set="Identity",
    command_type=command_type("Get-CsAccessEdgeConfiguration", _EDGE),
)
def get_access_edge(call: Call) -> None:
    identity = call.get("Identity")
    if identity is not None and str(identity).lower() != "global":
        not_found(call, str(identity))
        return
    call.output(access_edge(read(call).access_edge))


@cmdlet(
    "Set-CsAccessEdgeConfiguration",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Set-CsAccessEdgeConfiguration.md; Y11",
    parameters={
        "Identity": Parameter(kind="XdsIdentity", position=0, sets=("Identity",)),
        "AllowAnonymousUsers": _BOOLEAN,
        "AllowFederatedUsers": _BOOLEAN,
        "AllowOutsideUsers": _BOOLEAN,
        "EnablePartnerDiscovery": Parameter(kind="Boolean", sets=("DnsSrvRouting",)),
        "BeClearingHouse": Parameter(kind="Boolean", sets=("DnsSrvRouting",)),
        "DiscoveredPartnerVerificationLevel": replace(_LEVEL, sets=("DnsSrvRouting",)),
        "UseDnsSrvRouting": Parameter(kind="SwitchParameter", sets=("DnsSrvRouting",)),
        "UseDefaultRouting": Parameter(kind="SwitchParameter", sets=("DefaultRoute",)),
        "DefaultRouteFqdn": Parameter(sets=("DefaultRoute",)),
        "IsPublicProvider": Parameter(kind="Boolean", sets=("DefaultRoute",)),
        "VerificationLevel": replace(_LEVEL, sets=("DefaultRoute",)),
        "Instance": _INSTANCE,
        **_NOT_MODELLED,
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    command_type=command_type("Set-CsAccessEdgeConfiguration", _EDGE),
)
def set_access_edge(call: Call) -> None:
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        changed = _routed(call, settings, _flagged(call, settings.access_edge))
        if call.should_process("Global"):
            write(call, replace(settings, access_edge=changed))


def _flagged(call: Call, edge: AccessEdge) -> AccessEdge:
    names = {
        "AllowAnonymousUsers": "allow_anonymous_users",
        "AllowFederatedUsers": "allow_federated_users",
        "AllowOutsideUsers": "allow_outside_users",
        "EnablePartnerDiscovery": "enable_partner_discovery",
    }
    given: dict[str, Any] = {field: call.get(name) for name, field in names.items() if call.given(name)}
    return replace(edge, **given)


def _routed(call: Call, settings: FederationSettings, edge: AccessEdge) -> AccessEdge:
    if call.switch("UseDnsSrvRouting"):
        return replace(edge, routing=DNS_SRV, default_route=None)
    if not call.switch("UseDefaultRouting"):
        return edge
    if settings.hosting_providers or settings.public_providers:
        refuse(call, "A default route can't be assigned while there are hosting or public providers.", "ProvidersExist")
    return replace(edge, routing=DEFAULT_ROUTING, default_route=checked_fqdn(call, str(call.get("DefaultRouteFqdn"))))


@cmdlet(
    "Get-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsHostingProvider.md; Y33",
    parameters=_SEEN,
    default_set="Identity",
    command_type=command_type("Get-CsHostingProvider", _EDGE),
)
def get_hosting_provider(call: Call) -> None:
    for one in selected(call, read(call).hosting_providers, lambda provider: provider.identity):
        call.output(hosting_provider(one))


@cmdlet(
    "Get-CsPublicProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsPublicProvider.md; the property set is from memory",
    parameters=_SEEN,
    default_set="Identity",
    command_type=command_type("Get-CsPublicProvider", _EDGE),
)
def get_public_provider(call: Call) -> None:
    for one in selected(call, read(call).public_providers, lambda provider: provider.identity):
        call.output(public_provider(one))


@cmdlet(
    "New-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsHostingProvider.md; Y16",
    parameters={
        "Identity": REQUIRED_IDENTITY,
        "ProxyFqdn": Parameter(mandatory=True),
        **{name: replace(_BOOLEAN, mandatory=True) for name in _FLAGS if name != "IsLocal"},
        "IsLocal": _BOOLEAN,
        "VerificationLevel": _LEVEL,
        **_MORE,
        "InMemory": SWITCH,
        **FORCE,
    },
    should_process=True,
    command_type=command_type("New-CsHostingProvider", _EDGE),
)
def new_hosting_provider(call: Call) -> None:
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        identity, fqdn = str(call.get("Identity")), checked_fqdn(call, str(call.get("ProxyFqdn")))
        if settings.provider(identity):
            refuse(call, f'"{identity}" already exists.', "ItemExists", target=identity)
        if holder := settings.holder_of(fqdn):
            refuse(call, f'The proxy FQDN "{fqdn}" is used by the provider "{holder}".', "ProxyFqdnInUse", target=fqdn)
        if settings.access_edge.routing != DNS_SRV:
            refuse(call, "Providers can't be created while the Access Edge uses default routing.", "DefaultRouting")
        provider = _changed(
            call,
            HostingProvider(
                identity=identity,
                proxy_fqdn=fqdn,
                enabled=False,
                enabled_shared_address_space=False,
                hosts_ocs_users=False,
            ),
        )
        if call.should_process(identity):
            if not call.switch("InMemory"):
                write(call, settings.with_provider(provider))
            call.output(hosting_provider(provider))


@cmdlet(
    "Set-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Set-CsHostingProvider.md: it has no ProxyFqdn",
    parameters={
        "Identity": Parameter(kind="XdsGlobalRelativeIdentity", position=0, sets=("Identity",)),
        **_FLAGS,
        "VerificationLevel": _LEVEL,
        "Instance": _INSTANCE,
        **_MORE,
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    command_type=command_type("Set-CsHostingProvider", _EDGE),
)
def set_hosting_provider(call: Call) -> None:
    _modify(call, lambda provider: _changed(call, provider))


@cmdlet(
    "Enable-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Enable-CsHostingProvider.md",
    parameters={
        "Identity": Parameter(kind="XdsGlobalRelativeIdentity", position=0, sets=("Identity",)),
        "Instance": _INSTANCE,
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    command_type=command_type("Enable-CsHostingProvider", _EDGE),
)
def enable_hosting_provider(call: Call) -> None:
    _modify(call, lambda provider: replace(provider, enabled=True))


@cmdlet(
    "Disable-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Disable-CsHostingProvider.md",
    parameters={
        "Identity": Parameter(kind="XdsGlobalRelativeIdentity", position=0, sets=("Identity",)),
        "Instance": _INSTANCE,
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    command_type=command_type("Disable-CsHostingProvider", _EDGE),
)
def disable_hosting_provider(call: Call) -> None:
    _modify(call, lambda provider: replace(provider, enabled=False))


@cmdlet(
    "Remove-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Remove-CsHostingProvider.md",
    parameters={"Identity": REMOVED_IDENTITY, **FORCE},
    should_process=True,
    command_type=command_type("Remove-CsHostingProvider", _EDGE),
)
def remove_hosting_provider(call: Call) -> None:
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        provider = settings.provider(str(call.get("Identity")))
        if provider is None:
            not_found(call, str(call.get("Identity")))
        elif call.should_process(provider.identity):
            write(call, settings.without_provider(provider.identity))


def _modify(call: Call, change: Any) -> None:
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        identity = text_of(call.get("Identity") or call.get("Instance") or "")
        provider = settings.provider(identity)
        if provider is None:
            not_found(call, identity)
        elif call.should_process(provider.identity):
            write(call, settings.with_provider(change(provider)))


def _changed(call: Call, provider: HostingProvider) -> HostingProvider:
    names = {
        "Enabled": "enabled",
        "EnabledSharedAddressSpace": "enabled_shared_address_space",
        "HostsOCSUsers": "hosts_ocs_users",
        "IsLocal": "is_local",
        "VerificationLevel": "verification_level",
        "AutodiscoverUrl": "autodiscover_url",
        "SipClientPort": "sip_client_port",
    }
    given: dict[str, Any] = {field: call.get(name) for name, field in names.items() if call.given(name)}
    if "verification_level" in given:
        given["verification_level"] = _spelled(str(given["verification_level"]))
    return replace(provider, **given)


def _spelled(level: str) -> str:
    return next(one for one in _LEVEL.values if one.lower() == level.lower())
