"""Where-Object, Sort-Object and Out-String: for the full-language Windows endpoint only."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.objects import enumerate_value, matches, member, text_of
from rehearsal.values import EnumValue, ErrorRecord, Integer

_CORE = "Microsoft.PowerShell.Core"
_UTILITY = "Microsoft.PowerShell.Utility"


def compare(left: Any, right: Any) -> int:
    """-1, 0 or 1 as PowerShell compares: numbers as numbers, the rest as text without regard to case."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if isinstance(left, EnumValue):
        left, right = left.name, text_of(right)
    if isinstance(left, Integer):
        left = left.value
    if isinstance(right, Integer):
        right = right.value
    if isinstance(left, (int, float)) and not isinstance(right, (int, float)):
        try:
            right = float(text_of(right)) if not isinstance(left, bool) else bool(text_of(right))
        except ValueError:
            right = text_of(right)
    if not (isinstance(left, (int, float)) and isinstance(right, (int, float))) and type(left) is not type(right):
        left, right = text_of(left), text_of(right)
    if isinstance(left, str):
        left, right = left.lower(), text_of(right).lower()
    try:
        return int(left > right) - int(left < right)
    except TypeError:
        one, other = text_of(left).lower(), text_of(right).lower()
        return int(one > other) - int(one < other)


def _any_item(value: Any, wanted: Any) -> bool:
    return any(compare(item, wanted) == 0 for item in enumerate_value(value))


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda left, right: compare(left, right) == 0,
    "NE": lambda left, right: compare(left, right) != 0,
    "GT": lambda left, right: compare(left, right) > 0,
    "GE": lambda left, right: compare(left, right) >= 0,
    "LT": lambda left, right: compare(left, right) < 0,
    "LE": lambda left, right: compare(left, right) <= 0,
    "Like": lambda left, right: matches(text_of(right), text_of(left)),
    "NotLike": lambda left, right: not matches(text_of(right), text_of(left)),
    "Match": lambda left, right: re.search(text_of(right), text_of(left), re.IGNORECASE) is not None,
    "NotMatch": lambda left, right: re.search(text_of(right), text_of(left), re.IGNORECASE) is None,
    "Contains": _any_item,
    "In": lambda left, right: _any_item(right, left),
}
_ALIASES = {"EQ": "IEQ", "NE": "INE", "GT": "IGT", "GE": "IGE", "LT": "ILT", "LE": "ILE"}


def _operator(name: str) -> Parameter:
    alias = _ALIASES.get(name, f"I{name}")
    return Parameter(kind="SwitchParameter", mandatory=name != "EQ", sets=(f"{name}Set",), aliases=(alias,))


@cmdlet(
    "Where-Object",
    module=_CORE,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Where-Object, comparison statement form, which came with 3.0; before that there are "
    "script blocks alone, of which the lab has none",
    parameters={
        "InputObject": Parameter(kind="PSObject", by_value=True),
        "Property": Parameter(kind="String", mandatory=True, position=0),
        "Value": Parameter(kind="Object", position=1),
        **{name: _operator(name) for name in _OPERATORS},
    },
    installed=lambda host: host.powershell_version >= (3, 0),
    default_set="EQSet",
    command_type="Microsoft.PowerShell.Commands.WhereObjectCommand",
    command_aliases=("where", "?"),
)
def where_object(call: Call) -> None:
    if not call.given("InputObject"):
        return
    value = call.parameters["InputObject"]
    found = member(value, call.parameters["Property"])
    operator = next((name for name in _OPERATORS if call.switch(name)), None)
    if operator is not None:
        keep = _OPERATORS[operator](found, call.get("Value"))
    elif call.given("Value"):
        call.fail(
            ErrorRecord(
                message="The specified operation requires an operator. Specify an operator, such as -EQ or -Like.",
                error_id="OperatorNotSpecified",
                category="InvalidArgument",
                exception_type="System.Management.Automation.PSArgumentException",
            )
        )
    else:
        keep = bool(found.value if isinstance(found, Integer) else found)
    if keep:
        call.output(value)


def _sort_end(call: Call) -> None:
    wanted: tuple[Any, ...] = call.get("Property") or ()

    def keys(value: Any) -> list[Any]:
        return [member(value, text_of(name)) for name in wanted] if wanted else [value]

    def order(left: Any, right: Any) -> int:
        pairs = zip(keys(left), keys(right), strict=True)
        return next((result for one, other in pairs if (result := compare(one, other))), 0)

    ordered = sorted(call.state.get("kept", []), key=cmp_to_key(order), reverse=call.switch("Descending"))
    previous: list[Any] = []
    for value in ordered:
        if call.switch("Unique") and previous and order(previous[0], value) == 0:
            continue
        previous = [value]
        call.output(value)


@cmdlet(
    "Sort-Object",
    module=_UTILITY,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Sort-Object",
    parameters={
        "InputObject": Parameter(kind="PSObject", by_value=True),
        "Property": Parameter(kind="Object[]", position=0),
        "Descending": SWITCH,
        "Unique": SWITCH,
    },
    command_type="Microsoft.PowerShell.Commands.SortObjectCommand",
    command_aliases=("sort",),
    end=_sort_end,
)
def sort_object(call: Call) -> None:
    if call.given("InputObject"):
        call.state.setdefault("kept", []).append(call.parameters["InputObject"])


def _out_string_end(call: Call) -> None:
    lines = [text_of(value) for value in call.state.get("kept", [])]
    if not call.switch("Stream"):
        call.output("".join(f"{line}\r\n" for line in lines))
        return
    for line in lines:
        call.output(line)


@cmdlet(
    "Out-String",
    module=_UTILITY,
    basis=Basis.ASSUMED,
    source="PowerShell-Docs Out-String; objects are given as their text, the formatter's tables aren't simulated",
    parameters={
        "InputObject": Parameter(kind="PSObject", by_value=True),
        "Stream": SWITCH,
        "Width": Parameter(kind="Int32"),
    },
    command_type="Microsoft.PowerShell.Commands.OutStringCommand",
    command_aliases=("oss",),
    end=_out_string_end,
)
def out_string(call: Call) -> None:
    if call.given("InputObject"):
        call.state.setdefault("kept", []).append(call.parameters["InputObject"])
