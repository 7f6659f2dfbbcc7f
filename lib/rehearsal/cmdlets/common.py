"""Select-Object and Measure-Object: the two utilities that restricted endpoints offer as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.objects import (
    custom_object,
    enumerate_value,
    has_wildcard,
    matches,
    member,
    members,
    simple_type_name,
    text_of,
    type_name,
)
from rehearsal.values import ErrorRecord, Integer, Thing

_SELECT = "Microsoft.PowerShell.Commands.SelectObjectCommand"
_MEASURE = "Microsoft.PowerShell.Commands.MeasureObjectCommand"
_MISSING = object()


def _select_end(call: Call) -> None:
    kept: list[Any] = call.state.get("kept", [])
    last, skip = call.get("Last"), call.get("Skip", 0)
    if last is not None:
        end = len(kept) - skip
        kept = kept[max(0, end - last) : max(0, end)]
    if "SkipLast" in call.parameters:
        kept = kept[: max(0, len(kept) - call.parameters["SkipLast"])]
    for value in kept:
        _emit_selected(call, value)


@cmdlet(
    "Select-Object",
    module="Microsoft.PowerShell.Utility",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Select-Object; note properties and Selected.<type>: MS-PSRP 2.2.3.22",
    parameters={
        "InputObject": Parameter(kind="PSObject", by_value=True),
        "Property": Parameter(kind="Object[]", position=0, sets=("DefaultParameter", "SkipLastParameter")),
        "ExcludeProperty": Parameter(kind="String[]", sets=("DefaultParameter", "SkipLastParameter")),
        "ExpandProperty": Parameter(kind="String", sets=("DefaultParameter", "SkipLastParameter")),
        "Unique": SWITCH,
        "Last": Parameter(kind="Int32", sets=("DefaultParameter",)),
        "First": Parameter(kind="Int32", sets=("DefaultParameter",)),
        "Skip": Parameter(kind="Int32", sets=("DefaultParameter",)),
        "SkipLast": Parameter(kind="Int32", sets=("SkipLastParameter",)),
        "Wait": replace(SWITCH, sets=("DefaultParameter", "IndexParameter")),
        "Index": Parameter(kind="Int32[]", sets=("IndexParameter",)),
    },
    default_set="DefaultParameter",
    command_type=_SELECT,
    command_aliases=("select",),
    end=_select_end,
)
def select_object(call: Call) -> None:
    if not call.given("InputObject"):
        return
    seen = call.state["seen"] = call.state.get("seen", -1) + 1
    value = call.parameters["InputObject"]
    if call.given("Last") or call.given("SkipLast"):
        call.state.setdefault("kept", []).append(value)
        return
    if call.given("Index"):
        if seen in call.parameters["Index"]:
            _emit_selected(call, value)
        return
    skip, first = call.get("Skip", 0), call.get("First")
    if seen < skip:
        return
    if first is None or seen < skip + first:
        _emit_selected(call, value)
    if first is not None and seen + 1 >= skip + first:
        call.done()


def _emit_selected(call: Call, value: Any) -> None:
    for selected in _selected(call, value):
        if call.switch("Unique"):
            key = _key(selected)
            known = call.state.setdefault("unique", [])
            if key in known:
                continue
            known.append(key)
        call.output(selected)


def _key(value: Any) -> Any:
    return [(name, text_of(item)) for name, item in value.extended.items()] if isinstance(value, Thing) else value


def _selected(call: Call, value: Any) -> list[Any]:
    wanted = call.get("Property")
    expand = call.get("ExpandProperty")
    if wanted is None and expand is None:
        return [value]
    picked = _picked(call, value, wanted or ())
    if expand is None:
        return [custom_object(picked, f"Selected.{type_name(value) or 'System.Object'}")]
    found = member(value, expand, _MISSING)
    if found is _MISSING:
        call.error(
            ErrorRecord(
                message=f'Property "{expand}" cannot be found.',
                error_id="ExpandPropertyNotFound",
                category="InvalidArgument",
                exception_type="System.Management.Automation.PSArgumentException",
                target=value,
                target_name=text_of(value),
                target_type="PSObject",
            )
        )
        return []
    if found is None:
        return [None]
    results = list(enumerate_value(found))
    if picked:
        results = [
            replace(item, extended={**item.extended, **picked}) if isinstance(item, Thing) else item for item in results
        ]
    return results


def _picked(call: Call, value: Any, wanted: Sequence[Any]) -> dict[str, Any]:
    everything = members(value)
    excluded = call.get("ExcludeProperty") or ()
    picked: dict[str, Any] = {}
    for item in wanted:
        if isinstance(item, dict):
            call.fail(
                ErrorRecord(
                    message="The rehearsal lab has no calculated properties; name the properties instead.",
                    error_id="RehearsalRunsCmdletsOnly",
                    category="NotImplemented",
                    exception_type="System.NotSupportedException",
                )
            )
        pattern = text_of(item)
        if has_wildcard(pattern):
            found = {name: content for name, content in everything.items() if matches(pattern, name)}
        else:
            spelled = next((name for name in everything if name.lower() == pattern.lower()), pattern)
            found = {spelled: everything.get(spelled)}
        picked.update(
            {name: content for name, content in found.items() if not any(matches(one, name) for one in excluded)}
        )
    return picked


def _number(value: Any) -> float | None:
    if isinstance(value, Integer):
        return float(value.value)
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _measure_end(call: Call) -> None:
    statistics = [name for name in ("Average", "Sum", "Maximum", "Minimum") if call.switch(name)]
    columns: dict[str | None, list[Any]] = call.state.get("columns", {})
    if not columns:
        if call.given("Property"):
            return
        columns = {None: []}
    for name, values in columns.items():
        numbers = [number for number in map(_number, values) if number is not None]
        results: dict[str, Any] = {
            "Count": len(values),
            "Average": sum(numbers) / len(numbers) if numbers else None,
            "Sum": sum(numbers) if numbers else None,
            "Maximum": max(numbers) if numbers else None,
            "Minimum": min(numbers) if numbers else None,
        }
        properties = {key: item if key == "Count" or key in statistics else None for key, item in results.items()}
        call.output(
            Thing(
                (
                    "Microsoft.PowerShell.Commands.GenericMeasureInfo",
                    "Microsoft.PowerShell.Commands.MeasureInfo",
                    "System.Object",
                ),
                "Microsoft.PowerShell.Commands.GenericMeasureInfo",
                {**properties, "Property": name},
            )
        )


@cmdlet(
    "Measure-Object",
    module="Microsoft.PowerShell.Utility",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Measure-Object",
    parameters={
        "InputObject": Parameter(kind="PSObject", by_value=True),
        "Property": Parameter(kind="String[]", position=0),
        "Sum": SWITCH,
        "Average": SWITCH,
        "Maximum": SWITCH,
        "Minimum": SWITCH,
    },
    command_type=_MEASURE,
    command_aliases=("measure",),
    end=_measure_end,
)
def measure_object(call: Call) -> None:
    value = call.get("InputObject")
    if value is None:
        return
    columns: dict[str | None, list[Any]] = call.state.setdefault("columns", {})
    wanted = call.get("Property")
    if wanted is None:
        columns.setdefault(None, []).append(value)
        return
    for name in wanted:
        found = member(value, name, _MISSING)
        if found is _MISSING:
            call.error(
                ErrorRecord(
                    message=f'The property "{name}" cannot be found in the input for any objects.',
                    error_id="GenericMeasurePropertyNotFound",
                    category="InvalidArgument",
                    exception_type="System.Management.Automation.PSArgumentException",
                    target_type=simple_type_name(value),
                )
            )
        elif found is not None:
            columns.setdefault(name, []).append(found)
