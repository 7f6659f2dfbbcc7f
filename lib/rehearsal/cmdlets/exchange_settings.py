"""Set- cmdlets over a table of settings: their parameters, what a call changes, and how a setting crosses the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.cmdlet import Call, Parameter
from rehearsal.cmdlets.exchange_objects import enum, strings
from rehearsal.coercion import ListChange
from rehearsal.owa_settings import ENUMS, Setting
from rehearsal.values import Thing

_SYSTEM_CONFIGURATION = "Microsoft.Exchange.Data.Directory.SystemConfiguration"


def setting_parameters(settings: Iterable[Setting]) -> dict[str, Parameter]:
    """A parameter for each setting that can be set."""
    return {one.name: _parameter(one) for one in settings if one.settable}


def changed_settings(call: Call, table: Iterable[Setting], current: Mapping[str, Any]) -> dict[str, Any]:
    """The settings after the call: what its parameters name, and all else as it is."""
    after = dict(current)
    for setting in table:
        if not (setting.settable and call.given(setting.name)):
            continue
        value = call.get(setting.name)
        if isinstance(value, ListChange):
            value = tuple(str(item) for item in value.apply(current[setting.name]))
        after[setting.name] = value
    return after


def setting_properties(table: Iterable[Setting], values: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an object that come of its settings, in the order of the table."""
    return {one.name: _property(one, values[one.name]) for one in table}


def warn_if_unchanged(call: Call, identity: str, changed: bool) -> None:
    """What Exchange's Set- cmdlets say of a command that changes nothing."""
    if not changed:
        call.warning(f"The command completed successfully but no settings of '{identity}' have been modified.")


def _parameter(setting: Setting) -> Parameter:
    names = tuple(ENUMS.get(setting.kind, {}))
    return Parameter(kind=setting.kind, names=names, allow_empty=setting.kind == "MultiValuedProperty")


def _property(setting: Setting, value: Any) -> Any:
    if setting.kind == "MultiValuedProperty":
        return strings(value)
    if setting.kind == "Uri" and value is not None:
        return Thing(("System.Uri", "System.Object"), value, {})
    if setting.kind in ENUMS and value is not None:
        return enum(f"{_SYSTEM_CONFIGURATION}.{setting.kind}", value, ENUMS[setting.kind][value])
    return value
