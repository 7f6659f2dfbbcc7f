"""How an override comes to say what OWA needs: corrected, given its scope, or made; then read by the server.

One that is there already is kept, with every parameter that isn't about OWA's pool or certificate: setting Parameters
replaces the whole list (``real-world`` B1), so all of them are passed each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runbook.change import Change, Json
from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.facts.overrides import COMPONENT, SECTION, SERVER_NAME, THUMBPRINT, TOPOLOGY_SERVICE, SettingOverride
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections.owa_override import FIRST_VERSION, REQUIREMENTS, Situation

_REASON = "Instant messaging in Outlook on the web"


def change(found: Situation, given: OwaEnablementParameters, target: Target, controller: str) -> Change:
    """The override that counts is corrected, unless it reaches servers that don't need that; one of the right name is
    given its scope; else a new one is made, which counts since it is the last.

    A new one is for this server alone; for all from Exchange 2016 on where the parameters say so and no server has one.
    """
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}
    if found.correctable is not None:
        return _corrected(found, found.correctable, target, pinned)
    if given.covers_all_from_2016 and found.is_first:
        return _made(found, given.override_name, {"MinVersion": FIRST_VERSION}, target, pinned)
    short = found.back.short_name.upper()
    name = f"{given.override_name} {short}"
    stray = next((one for one in found.strays if one.name.lower() == name.lower()), None) if not found.counts else None
    if stray is not None and replace(stray, servers=()).covers(short, found.back.build):
        return _scoped(found, stray, target, pinned)
    return _made(found, name, {"Server": (short,)}, target, pinned)


def refresh(found: Situation, target: Target) -> Change:
    """Have the server read the overrides now (``real-world`` B1: it has to be done on every OWA server)."""
    command = cmdlet(
        "Get-ExchangeDiagnosticInfo",
        Server=found.back.short_name,
        Process=TOPOLOGY_SERVICE,
        Component="VariantConfiguration",
        Argument="Refresh",
    )
    settings = found.back.settings if isinstance(found.back.settings, Mapping) else {}
    return Change(
        target=target,
        object=f"IMSettings:{found.back.short_name.upper()}",
        property="in effect",
        before=dict(settings),
        after={SERVER_NAME: found.wanted.server_name, THUMBPRINT: found.wanted.thumbprint},
        command=Pipeline.of(command),
        irreversible="What a server has read stays until it reads again: taking back the override needs a refresh too.",
        requirements=("L65",),
        stage=found.back.server,
        repeats=True,
    )


def _made(
    found: Situation, wanted_name: str, scope: Mapping[str, Value], target: Target, pinned: Mapping[str, Value]
) -> Change:
    name = _free(wanted_name, found.overrides)
    after: dict[str, Json] = {
        "Component": COMPONENT,
        "Section": SECTION,
        "Parameters": list(found.wanted.parameters),
        **{key: list(value) if isinstance(value, tuple) else str(value) for key, value in scope.items()},
    }
    command = cmdlet(
        "New-SettingOverride",
        Name=name,
        Component=COMPONENT,
        Section=SECTION,
        Parameters=found.wanted.parameters,
        Reason=_REASON,
        **scope,
        **pinned,
        Confirm=Switch.OFF,
    )
    undo = cmdlet("Remove-SettingOverride", Identity=name, **pinned, Confirm=Switch.OFF)
    return _change(found, target, name, "", (None, after), command=Pipeline.of(command), undo=Pipeline.of(undo))


def _corrected(found: Situation, there: SettingOverride, target: Target, pinned: Mapping[str, Value]) -> Change:
    after = _with_both(found, there)

    def command(parameters: tuple[str, ...]) -> Pipeline:
        given: dict[str, Value] = {"Parameters": parameters, **pinned, "Confirm": Switch.OFF}
        return Pipeline.of(cmdlet("Set-SettingOverride", Identity=there.name, **given))

    values: tuple[Json, Json] = (list(there.parameters), list(after))
    undo = command(there.parameters)
    return _change(found, target, there.name, "Parameters", values, command=command(after), undo=undo)


def _scoped(found: Situation, there: SettingOverride, target: Target, pinned: Mapping[str, Value]) -> Change:
    """The override has this server's name already, and a scope that fits none: both are set at once."""
    short = (found.back.short_name.upper(),)
    parameters = _with_both(found, there)

    def command(servers: tuple[str, ...], values: tuple[str, ...]) -> Pipeline:
        given: dict[str, Value] = {"Parameters": values, "Server": servers, **pinned, "Confirm": Switch.OFF}
        return Pipeline.of(cmdlet("Set-SettingOverride", Identity=there.name, **given))

    before: Json = {"Parameters": list(there.parameters), "Server": list(there.servers)}
    after: Json = {"Parameters": list(parameters), "Server": list(short)}
    undo = command(there.servers, there.parameters)
    return _change(found, target, there.name, "scope", (before, after), command=command(short, parameters), undo=undo)


def _change(
    found: Situation,
    target: Target,
    name: str,
    property: str,
    values: tuple[Json, Json],
    *,
    command: Pipeline,
    undo: Pipeline,
) -> Change:
    return Change(
        target=target,
        object=f"SettingOverride:{name}",
        property=property,
        before=values[0],
        after=values[1],
        command=command,
        reverse=(undo,),
        requirements=REQUIREMENTS,
        stage=found.back.server,
        shared=True,
    )


def _with_both(found: Situation, there: SettingOverride) -> tuple[str, ...]:
    """Its other parameters as they are, then OWA's two."""
    return (*(one for one in there.parameters if not _is_ours(one)), *found.wanted.parameters)


def _is_ours(parameter: str) -> bool:
    name = parameter.partition("=")[0].strip().lower()
    return name in (SERVER_NAME.lower(), THUMBPRINT.lower())


def _free(name: str, there: tuple[SettingOverride, ...]) -> str:
    """``name``, or with the first number that no override of any component bears yet."""
    taken = {one.name.lower() for one in there}
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each.lower() not in taken)
