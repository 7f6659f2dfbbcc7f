"""The Access Edge configuration, of which there is one."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_federation import BOOLEAN, EDGE, INSTANCE, LEVEL, SEEN, asked, named, read, write
from rehearsal.cmdlets.lync_federation_objects import access_edge
from rehearsal.cmdlets.lync_store import (
    FORCE,
    checked_fqdn,
    command_type,
    not_found,
    refuse,
    selected,
    world_of,
    writable,
)
from rehearsal.federation import DEFAULT_ROUTING, DNS_SRV, EDGE_DEFAULTS, AccessEdge, FederationSettings

_IDENTITY = Parameter(kind="XdsIdentity", position=0, sets=("Identity",))
_ANY, _SRV, _ROUTE = ("Identity", "DefaultRoute", "DnsSrvRouting"), ("DnsSrvRouting",), ("DefaultRoute",)
_OF_ROUTING = {
    "BeClearingHouse": _SRV,
    "EnablePartnerDiscovery": _SRV,
    "VerificationLevel": _ROUTE,
    "IsPublicProvider": _ROUTE,
}
"""What can be set with one kind of routing only (documented)."""
_FLAGS = {
    "AllowAnonymousUsers": "allow_anonymous_users",
    "AllowFederatedUsers": "allow_federated_users",
    "AllowOutsideUsers": "allow_outside_users",
}


def _setting(name: str, default: bool | int | str) -> Parameter:
    sets = _OF_ROUTING.get(name, _ANY)
    if isinstance(default, bool):
        return replace(BOOLEAN, sets=sets)
    return replace(LEVEL, sets=sets) if isinstance(default, str) else Parameter(kind="UInt32", sets=sets)


@cmdlet(
    "Get-CsAccessEdgeConfiguration",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsAccessEdgeConfiguration.md; printed output",
    parameters={**SEEN, "Identity": _IDENTITY},
    default_set="Identity",
    command_type=command_type("Get-CsAccessEdgeConfiguration", EDGE),
)
def get_access_edge(call: Call) -> None:
    for one in selected(call, (read(call).access_edge,), lambda one: "Global"):
        call.output(access_edge(one))


@cmdlet(
    "Set-CsAccessEdgeConfiguration",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Set-CsAccessEdgeConfiguration.md; Y11; that a setting of the other routing is refused is assumed",
    parameters={
        "Identity": _IDENTITY,
        "Instance": INSTANCE,
        **{name: replace(BOOLEAN, sets=_ANY) for name in _FLAGS},
        **{name: _setting(name, default) for name, default in EDGE_DEFAULTS.items()},
        "DiscoveredPartnerVerificationLevel": replace(LEVEL, sets=_SRV),
        "UseDnsSrvRouting": Parameter(kind="SwitchParameter", sets=_SRV),
        "UseDefaultRouting": Parameter(kind="SwitchParameter", sets=_ROUTE),
        "DefaultRouteFqdn": Parameter(sets=_ROUTE),
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    command_type=command_type("Set-CsAccessEdgeConfiguration", EDGE),
)
def set_access_edge(call: Call) -> None:
    """DiscoveredPartnerVerificationLevel has no effect here."""
    with world_of(call).lock:
        writable(call)
        if named(call).lower() not in ("", "global"):
            not_found(call, named(call))
            return
        settings = world_of(call).federation.current
        routed = _routed(call, settings)
        wrong = [name for name, sets in _OF_ROUTING.items() if call.given(name) and sets != _set_of(routed)]
        if wrong:
            refuse(call, f"{wrong[0]} can't be set with {routed.routing}.", "WrongRouting", target=wrong[0])
        values = {**routed.settings, **asked(call, {name: name for name in EDGE_DEFAULTS})}
        changed = replace(routed, settings=values, **asked(call, _FLAGS))
        if call.should_process("Global"):
            write(call, replace(settings, access_edge=changed))


def _set_of(edge: AccessEdge) -> tuple[str, ...]:
    return _SRV if edge.routing == DNS_SRV else _ROUTE


def _routed(call: Call, settings: FederationSettings) -> AccessEdge:
    """The configuration with the routing that is asked for."""
    edge = settings.access_edge
    if call.switch("UseDnsSrvRouting"):
        return replace(edge, routing=DNS_SRV, default_route=None)
    if not call.switch("UseDefaultRouting") and not call.given("DefaultRouteFqdn"):
        return edge
    if not call.given("DefaultRouteFqdn"):
        refuse(call, "Default routing takes DefaultRouteFqdn as well.", "MissingDefaultRoute")
    if settings.hosting_providers or settings.public_providers:
        refuse(call, "A default route can't be assigned while there are hosting or public providers.", "ProvidersExist")
    if edge.routing == DNS_SRV and not call.switch("UseDefaultRouting"):
        refuse(call, "A default route goes with -UseDefaultRouting.", "WrongRouting")
    return replace(edge, routing=DEFAULT_ROUTING, default_route=checked_fqdn(call, str(call.get("DefaultRouteFqdn"))))
