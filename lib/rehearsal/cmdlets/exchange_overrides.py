"""Get-, New-, Set- and Remove-SettingOverride: customisations of Exchange that stand in Active Directory.

Set- takes an identity alone, not a name, component or section (the cmdlet reference; two examples of
configure-im-integration-with-owa.md differ). That a component, section or setting is checked unless -Force is given is
documented; the words of the refusals are *assumed*. So is that -Parameters replaces the whole list (derived, B1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rehearsal.auditing import caller_path
from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    fail,
    find,
    identity,
    world_of,
)
from rehearsal.cmdlets.exchange_override_objects import setting_override
from rehearsal.cmdlets.exchange_settings import warn_if_unchanged
from rehearsal.coercion import ListChange
from rehearsal.exchange_versions import FROM_2013, offered_by, parse_build
from rehearsal.setting_overrides import KNOWN, SettingOverride

_SCOPE = {
    "MaxVersion": Parameter(kind="Version"),
    "MinVersion": Parameter(kind="Version"),
    "Server": Parameter(kind="String[]"),
}
_PARAMETERS = Parameter(kind="MultiValuedProperty")
_IDENTITY = "SettingOverrideIdParameter"
_EXCEPTION = "SettingOverrideException"
_DIRECTORY = "Microsoft.Exchange.Data.Directory"


@cmdlet(
    "Get-SettingOverride",
    module="Exchange",
    basis=Basis.RECORDED,
    source="CSS-Exchange E19 GetSettingOverride export; Get-SettingOverride.md",
    parameters={"Identity": identity(_IDENTITY), **DOMAIN_CONTROLLER},
    command_type=command_type("Get-SettingOverride"),
    installed=offered_by(*FROM_2013),
)
def get_setting_override(call: Call) -> None:
    check_domain_controller(call)
    for override in find(call, "Identity", world_of(call).exchange.overrides.overrides, _name):
        call.output(setting_override(world_of(call), override))


@cmdlet(
    "New-SettingOverride",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="New-SettingOverride.md; configure-im-integration-with-owa.md",
    parameters={
        "Name": Parameter(mandatory=True, position=0),
        "Component": Parameter(mandatory=True),
        "Section": Parameter(mandatory=True),
        "Parameters": replace(_PARAMETERS, mandatory=True),
        "Reason": Parameter(mandatory=True),
        **_SCOPE,
        "Force": SWITCH,
        **DOMAIN_CONTROLLER,
    },
    should_process=True,
    command_type=command_type("New-SettingOverride"),
    installed=offered_by(*FROM_2013),
)
def new_setting_override(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    with world.lock:
        name = str(call.get("Name"))
        if name.lower() in world.exchange.overrides.overrides:
            fail(
                call,
                f"Active Directory operation failed on {world.exchange.domain_controller}. The object "
                f"'CN={name},CN=Setting Overrides,CN=Global Settings' already exists.",
                "ADObjectAlreadyExistsException",
                category="NotSpecified",
                namespace=_DIRECTORY,
            )
        now = world.clock.now()
        override = SettingOverride(
            name=name,
            component=str(call.get("Component")),
            section=str(call.get("Section")),
            parameters=_listed(call, ()),
            reason=str(call.get("Reason")),
            modified_by=caller_path(call),
            servers=call.get("Server") or (),
            min_version=_version(call, "MinVersion", None),
            max_version=_version(call, "MaxVersion", None),
            created=now,
            changed=now,
        )
        _check(call, override)
        if call.should_process(name):
            world.put_override(override)
            call.output(setting_override(world, override))


@cmdlet(
    "Set-SettingOverride",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Set-SettingOverride.md",
    parameters={
        "Identity": identity(_IDENTITY, mandatory=True),
        "Parameters": _PARAMETERS,
        "Reason": Parameter(),
        **_SCOPE,
        "Force": SWITCH,
        **DOMAIN_CONTROLLER,
    },
    should_process=True,
    command_type=command_type("Set-SettingOverride"),
    installed=offered_by(*FROM_2013),
)
def set_setting_override(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    with world.lock:
        for override in find(call, "Identity", world.exchange.overrides.overrides, _name):
            after = replace(
                override,
                parameters=_listed(call, override.parameters),
                reason=str(call.get("Reason", override.reason)),
                servers=(call.get("Server") or ()) if call.given("Server") else override.servers,
                min_version=_version(call, "MinVersion", override.min_version),
                max_version=_version(call, "MaxVersion", override.max_version),
            )
            _check(call, after)
            if not call.should_process(override.name):
                continue
            warn_if_unchanged(call, override.name, after != override)
            if after != override:
                world.put_override(replace(after, modified_by=caller_path(call), changed=world.clock.now()))


@cmdlet(
    "Remove-SettingOverride",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Remove-SettingOverride.md; that it asks for confirmation as other Remove- cmdlets do",
    parameters={"Identity": identity(_IDENTITY, mandatory=True), **DOMAIN_CONTROLLER},
    should_process=True,
    confirm_impact="High",
    command_type=command_type("Remove-SettingOverride"),
    installed=offered_by(*FROM_2013),
)
def remove_setting_override(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    with world.lock:
        for override in find(call, "Identity", world.exchange.overrides.overrides, _name):
            if call.should_process(override.name):
                world.remove_override(override)


def _listed(call: Call, current: tuple[str, ...]) -> tuple[str, ...]:
    """What -Parameters makes of the list: a new one in place of all that was there, or an Add or Remove."""
    change = call.get("Parameters")
    return tuple(str(item) for item in change.apply(current)) if isinstance(change, ListChange) else current


def _version(call: Call, parameter: str, current: str | None) -> str | None:
    """A System.Version shows its numbers without leading zeros."""
    if not call.given(parameter):
        return current
    given = call.get(parameter)
    return ".".join(map(str, parse_build(given)[: given.count(".") + 1])) if given else None


def _check(call: Call, override: SettingOverride) -> None:
    """Refuse what no server could understand; -Force lets names through that aren't known, but no other form."""
    for parameter in override.parameters:
        if not parameter.partition("=")[0].strip() or "=" not in parameter:
            fail(call, f"The parameter '{parameter}' isn't in the form 'Name=Value'.", _EXCEPTION, namespace=_DIRECTORY)
    if call.switch("Force"):
        return
    sections = _known(call, "component", override.component, KNOWN)
    settings = _known(call, f"section of the component '{override.component}'", override.section, sections)
    for name, _ in override.values():
        _known(call, f"parameter of the section '{override.section}'", name, dict.fromkeys(settings))


def _known(call: Call, what: str, name: str, there: dict[str, Any]) -> Any:
    """What stands under this name, whatever its case; refuses a name that isn't there."""
    spelled = next((one for one in there if one.lower() == name.lower()), None)
    if spelled is None:
        message = f"'{name}' isn't a {what}. Valid names are: {', '.join(sorted(there))}."
        fail(call, message, _EXCEPTION, namespace=_DIRECTORY)
    return there[spelled]


def _name(text: str) -> str:
    """An override's name from its name or distinguished name."""
    return text.partition(",")[0][3:] if text.upper().startswith("CN=") else text
