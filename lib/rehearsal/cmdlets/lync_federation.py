"""How the cmdlets of federation and remote access read and write their settings, here or in a server's own copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.cmdlet import SWITCH, Call, Parameter
from rehearsal.cmdlets.lync_federation_objects import LEVELS
from rehearsal.cmdlets.lync_store import FILTER, IDENTITY, published, world_of
from rehearsal.federation import FederationSettings
from rehearsal.objects import members, plain, text_of
from rehearsal.values import EnumValue, Integer

EDGE = "Microsoft.Rtc.Management.Edge"
"""The namespace of the cmdlets."""

LEVEL = Parameter(kind="VerificationLevelType", names=tuple(LEVELS))
BOOLEAN = Parameter(kind="Boolean")
INSTANCE = Parameter(kind="PSObject", by_value=True, sets=("Instance",))
SEEN: Mapping[str, Parameter] = {"Identity": IDENTITY, "Filter": FILTER, "LocalStore": SWITCH}


def read(call: Call) -> FederationSettings:
    """The settings of the Central Management store; with -LocalStore those that the server itself has received."""
    published(call)
    world = world_of(call)
    if call.switch("LocalStore"):
        return world.federation.at(call.host.name, world.clock.now())
    return world.federation.current


def write(call: Call, settings: FederationSettings) -> None:
    world_of(call).set_federation(settings)


def named(call: Call) -> str:
    """Whom -Identity means, or -Instance; empty for neither."""
    if call.given("Instance"):
        return text_of(members(call.get("Instance")).get("Identity") or call.get("Instance"))
    return text_of(call.get("Identity") or "")


def asked(call: Call, names: Mapping[str, str]) -> dict[str, Any]:
    """What the parameters say, or with -Instance the properties of that object, by the names' right-hand sides."""
    source = members(call.get("Instance")) if call.given("Instance") else call.parameters
    return {field: _value(source[name]) for name, field in names.items() if name in source}


def _value(given: Any) -> Any:
    given = plain(given)
    if isinstance(given, Integer):
        return given.value
    return given.name if isinstance(given, EnumValue) else given
