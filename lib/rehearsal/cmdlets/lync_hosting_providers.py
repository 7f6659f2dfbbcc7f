"""The providers of federation: hosting providers, which can be changed here, and public ones, which are only read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_federation import BOOLEAN, EDGE, INSTANCE, LEVEL, SEEN, asked, named, read, write
from rehearsal.cmdlets.lync_federation_objects import hosting_provider, public_provider
from rehearsal.cmdlets.lync_store import (
    FORCE,
    IDENTITY,
    REMOVED_IDENTITY,
    REQUIRED_IDENTITY,
    checked_fqdn,
    command_type,
    not_found,
    refuse,
    selected,
    world_of,
    writable,
)
from rehearsal.federation import DNS_SRV, HostingProvider

_NAMES = {
    "Enabled": "enabled",
    "EnabledSharedAddressSpace": "enabled_shared_address_space",
    "HostsOCSUsers": "hosts_ocs_users",
    "IsLocal": "is_local",
    "VerificationLevel": "verification_level",
    "AutodiscoverUrl": "autodiscover_url",
    "SipClientPort": "sip_client_port",
}
"""What can be set; the ProxyFqdn can't (documented)."""
_SETTINGS = {
    **dict.fromkeys(("Enabled", "EnabledSharedAddressSpace", "HostsOCSUsers", "IsLocal"), BOOLEAN),
    "VerificationLevel": LEVEL,
    "AutodiscoverUrl": Parameter(),
    "SipClientPort": Parameter(kind="UInt64"),
}
_REQUIRED = ("Enabled", "EnabledSharedAddressSpace", "HostsOCSUsers")
_ONE = {"Identity": IDENTITY, "Instance": INSTANCE, **FORCE}


@cmdlet(
    "Get-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsHostingProvider.md; Y33",
    parameters=SEEN,
    default_set="Identity",
    command_type=command_type("Get-CsHostingProvider", EDGE),
)
def get_hosting_provider(call: Call) -> None:
    for one in selected(call, read(call).hosting_providers, lambda provider: provider.identity):
        call.output(hosting_provider(one))


@cmdlet(
    "Get-CsPublicProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsPublicProvider.md; the property set is from memory",
    parameters=SEEN,
    default_set="Identity",
    command_type=command_type("Get-CsPublicProvider", EDGE),
)
def get_public_provider(call: Call) -> None:
    for one in selected(call, read(call).public_providers, lambda provider: provider.identity):
        call.output(public_provider(one))


@cmdlet(
    "New-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsHostingProvider.md; Y16; that the FQDN is kept as it is written is assumed",
    parameters={
        "Identity": REQUIRED_IDENTITY,
        "ProxyFqdn": Parameter(mandatory=True),
        **_SETTINGS,
        **{name: replace(_SETTINGS[name], mandatory=True) for name in _REQUIRED},
        "InMemory": SWITCH,
        **FORCE,
    },
    should_process=True,
    command_type=command_type("New-CsHostingProvider", EDGE),
)
def new_hosting_provider(call: Call) -> None:
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        identity, fqdn = str(call.get("Identity")), str(call.get("ProxyFqdn"))
        checked_fqdn(call, fqdn)
        if settings.is_taken(identity):
            refuse(call, f'"{identity}" already exists.', "ItemExists", target=identity)
        if holder := settings.holder_of(fqdn):
            refuse(call, f'The proxy FQDN "{fqdn}" is used by the provider "{holder}".', "ProxyFqdnInUse", target=fqdn)
        if settings.access_edge.routing != DNS_SRV:
            refuse(call, "Providers can't be created while the Access Edge uses default routing.", "DefaultRouting")
        provider = HostingProvider(identity=identity, proxy_fqdn=fqdn, **asked(call, _NAMES))
        if call.should_process(identity):
            if not call.switch("InMemory"):
                write(call, settings.with_provider(provider))
            call.output(hosting_provider(provider))


@cmdlet(
    "Set-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Set-CsHostingProvider.md: it has no ProxyFqdn",
    parameters={**_ONE, **_SETTINGS},
    should_process=True,
    default_set="Identity",
    command_type=command_type("Set-CsHostingProvider", EDGE),
)
def set_hosting_provider(call: Call) -> None:
    """The properties of an -Instance, and over them what the parameters say."""
    given = {field: call.get(name) for name, field in _NAMES.items() if call.given(name)}
    _modify(call, lambda provider: replace(provider, **{**asked(call, _NAMES), **given}))


@cmdlet(
    "Enable-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Enable-CsHostingProvider.md",
    parameters=_ONE,
    should_process=True,
    default_set="Identity",
    command_type=command_type("Enable-CsHostingProvider", EDGE),
)
def enable_hosting_provider(call: Call) -> None:
    _modify(call, lambda provider: replace(provider, enabled=True))


@cmdlet(
    "Disable-CsHostingProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Disable-CsHostingProvider.md",
    parameters=_ONE,
    should_process=True,
    default_set="Identity",
    command_type=command_type("Disable-CsHostingProvider", EDGE),
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
    command_type=command_type("Remove-CsHostingProvider", EDGE),
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


def _modify(call: Call, change: Callable[[HostingProvider], HostingProvider]) -> None:
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        provider = settings.provider(named(call))
        if provider is None:
            not_found(call, named(call))
        elif call.should_process(provider.identity):
            write(call, settings.with_provider(change(provider)))
