"""The trace providers and scenarios of the centralized logging service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rehearsal.centralized_logging import LEVELS, Scenario, TraceProvider
from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import enum, thing
from rehearsal.cmdlets.lync_store import (
    FILTER,
    FORCE,
    command_type,
    not_found,
    published,
    refuse,
    selected,
    world_of,
    writable,
)
from rehearsal.objects import member, text_of
from rehearsal.values import ListValue, Thing

_SETTINGS = "Microsoft.Rtc.Management.WritableConfig.Settings.CentralizedLogging"
_PROVIDERS = (f"System.Collections.Generic.List`1[[{_SETTINGS}.Provider]]", "System.Object")
_TYPES = ("WPP", "EventLog", "IISLog")
_IDENTITY = Parameter(kind="XdsIdentity", position=0, sets=("Identity",))


def _provider(one: TraceProvider) -> Thing:
    properties = {
        "Name": one.name,
        "Type": enum(f"{_SETTINGS}.ProviderType", one.type, _TYPES.index(one.type)),
        "Level": enum(f"{_SETTINGS}.ProviderLevel", one.level, LEVELS.index(one.level)),
        "Flags": one.flags,
        "Guid": one.guid,
        "Role": one.role,
    }
    return thing(f"{_SETTINGS}.Provider", one.name, properties)


def _scenario(one: Scenario) -> Thing:
    providers = ListValue(tuple(_provider(provider) for provider in one.providers), _PROVIDERS)
    properties = {"Identity": one.identity, "Provider": providers, "Name": one.name}
    return thing(f"{_SETTINGS}.Scenario#Decorated", one.identity, properties, f"{_SETTINGS}.Scenario")


@cmdlet(
    "New-CsClsProvider",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsClsProvider.md: an object only, nothing is stored; the numbers of the enums are assumed",
    parameters={
        "Name": Parameter(mandatory=True),
        "Type": Parameter(kind="ProviderType", mandatory=True, names=_TYPES),
        "Level": Parameter(kind="ProviderLevel", mandatory=True, names=LEVELS),
        "Flags": Parameter(mandatory=True),
        "Guid": Parameter(),
        "Role": Parameter(),
    },
    command_type=command_type("New-CsClsProvider"),
)
def new_provider(call: Call) -> None:
    given = {name: str(call.get(name)) for name in ("Guid", "Role") if call.given(name)}
    call.output(
        _provider(
            TraceProvider(
                name=str(call.get("Name")),
                type=str(call.get("Type")),
                level=str(call.get("Level")),
                flags=str(call.get("Flags")),
                guid=given.get("Guid"),
                role=given.get("Role"),
            )
        )
    )


@cmdlet(
    "Get-CsClsScenario",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsClsScenario.md; B4",
    parameters={"Identity": _IDENTITY, "Filter": FILTER, "LocalStore": SWITCH},
    default_set="Identity",
    command_type=command_type("Get-CsClsScenario"),
)
def get_scenario(call: Call) -> None:
    published(call)
    for one in selected(call, world_of(call).logging.scenarios.values(), lambda scenario: scenario.identity):
        call.output(_scenario(one))


@cmdlet(
    "New-CsClsScenario",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsClsScenario.md; B4; that an object from New-CsClsProvider is taken by its properties is assumed",
    parameters={
        "Identity": replace(_IDENTITY, mandatory=True),
        "Name": Parameter(mandatory=True, sets=("ParentAndRelativeKey",)),
        "Parent": Parameter(mandatory=True, sets=("ParentAndRelativeKey",)),
        "Provider": Parameter(kind="PSListModifier"),
        "InMemory": SWITCH,
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    command_type=command_type("New-CsClsScenario"),
)
def new_scenario(call: Call) -> None:
    world = world_of(call)
    with world.lock:
        writable(call)
        given = str(call.get("Identity")) if call.given("Identity") else f"{call.get('Parent')}/{call.get('Name')}"
        scope, _, name = given.partition("/")
        sites = {one.identity.lower() for one in world.lync.published.sites}
        if not name or scope.lower() not in {"global", *sites}:
            refuse(call, f'"{given}" is not a scope and a name, such as global/Name.', "InvalidIdentity", target=given)
        if given.lower() in world.logging.scenarios:
            refuse(call, f'"{given}" already exists.', "ItemExists", target=given)
        change = call.get("Provider")
        providers = () if change is None else tuple(_given(call, (*(change.replace or ()), *change.add)))
        scenario = Scenario(scope=scope, name=name, providers=providers)
        if call.should_process(given):
            if not call.switch("InMemory"):
                world.logging.add(scenario)
                world.federation.touch(world.clock.now())
            call.output(_scenario(scenario))


@cmdlet(
    "Remove-CsClsScenario",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Remove-CsClsScenario.md",
    parameters={"Identity": Parameter(kind="XdsIdentity", mandatory=True, position=0, by_property_name=True), **FORCE},
    should_process=True,
    command_type=command_type("Remove-CsClsScenario"),
)
def remove_scenario(call: Call) -> None:
    world = world_of(call)
    with world.lock:
        writable(call)
        wanted = text_of(call.get("Identity"))
        scenario = world.logging.scenarios.get(wanted.lower())
        if scenario is None:
            not_found(call, wanted)
        elif call.should_process(scenario.identity):
            world.logging.remove(scenario)
            world.federation.touch(world.clock.now())


def _given(call: Call, items: Iterable[Any]) -> Iterable[TraceProvider]:
    for item in items:
        found = {name: text_of(member(item, name)) for name in ("Name", "Type", "Level", "Flags")}
        if not isinstance(item, Thing) or found["Level"] not in LEVELS or found["Type"] not in _TYPES:
            refuse(call, "A provider comes from New-CsClsProvider.", "InvalidProvider", target=text_of(item))
        yield TraceProvider(name=found["Name"], type=found["Type"], level=found["Level"], flags=found["Flags"])
