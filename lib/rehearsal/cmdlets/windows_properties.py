"""Get-ItemProperty and Set-ItemProperty: registry values, and the few file properties that are asked for."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.windows_items import FILTERS, PATHS
from rehearsal.filesystem import FileEntry
from rehearsal.item_objects import STRINGS, item_thing
from rehearsal.objects import custom_object, has_wildcard, matches, member, text_of
from rehearsal.providers import Item, Location, find, notes, requested
from rehearsal.values import ErrorRecord, Integer, ListValue

_MANAGEMENT = "Microsoft.PowerShell.Management"
_KINDS = ("String", "ExpandString", "Binary", "DWord", "MultiString", "QWord", "Unknown")


def _value(value: Any, kind: str) -> Any:
    if kind == "QWord":
        return Integer(int(value), "Int64")
    return ListValue(tuple(value), STRINGS) if kind == "MultiString" else value


@cmdlet(
    "Get-ItemProperty",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-ItemProperty; error ids of a missing key and a missing value as RegistryProvider has "
    "them",
    parameters={**PATHS, "Name": Parameter(kind="String[]", position=1, aliases=("PSProperty",)), **FILTERS},
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.GetItemPropertyCommand",
    command_aliases=("gp",),
)
def get_item_property(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        for item in found[1] if found else []:
            if found:
                _read(call, found[0], item)


def _read(call: Call, location: Location, item: Item) -> None:
    wanted = call.get("Name")
    if not isinstance(item, str):
        thing = item_thing(call, location, item)
        if wanted is None:
            call.output(thing)
            return
        available = {name: member(thing, name) for name in wanted if member(thing, name) is not None}
        shown = str(item.path) if isinstance(item, FileEntry) else item.thumbprint
    else:
        key = call.host.registry.key(item)
        assert key is not None
        patterns = wanted or ("*",)
        available = {
            value.name: _value(value.value, value.kind)
            for value in key.values.values()
            if any(matches(pattern, value.name) for pattern in patterns)
        }
        shown = key.path
    for name in wanted or ():
        if not has_wildcard(name) and name.lower() not in {known.lower() for known in available}:
            call.error(
                ErrorRecord(
                    message=f"Property {name} does not exist at path {shown}.",
                    error_id="System.Management.Automation.PSArgumentException",
                    category="InvalidArgument",
                    exception_type="System.Management.Automation.PSArgumentException",
                    target=name,
                    target_name=name,
                    target_type="String",
                )
            )
    if available:
        call.output(custom_object(available | notes(location, shown)))


@cmdlet(
    "Set-ItemProperty",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Set-ItemProperty, about_Registry_Provider (-Type)",
    parameters={
        "Path": Parameter(
            kind="String[]",
            mandatory=True,
            position=0,
            by_property_name=True,
            sets=("propertyValuePathSet",),
        ),
        "LiteralPath": Parameter(
            kind="String[]",
            mandatory=True,
            by_property_name=True,
            aliases=("PSPath",),
            sets=("propertyValueLiteralPathSet",),
        ),
        "Name": Parameter(kind="String", mandatory=True, position=1, by_property_name=True, aliases=("PSProperty",)),
        "Value": Parameter(kind="Object", mandatory=True, position=2, by_property_name=True, allow_empty=True),
        "Type": Parameter(kind="RegistryValueKind", names=_KINDS),
        "Force": SWITCH,
        "PassThru": SWITCH,
        **FILTERS,
    },
    should_process=True,
    default_set="propertyValuePathSet",
    command_type="Microsoft.PowerShell.Commands.SetItemPropertyCommand",
    command_aliases=("sp",),
)
def set_item_property(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        for item in found[1] if found else []:
            if isinstance(item, str):
                _set_value(call, item)
            elif isinstance(item, FileEntry):
                _set_attribute(call, item)
            if found and call.switch("PassThru"):
                _read(call, found[0], item)


def _set_value(call: Call, path: str) -> None:
    name, value = call.parameters["Name"], call.parameters["Value"]
    key = call.host.registry.key(path)
    existing = key.get(name) if key else None
    if not call.should_process(f"Item: {path} Property: {name}", "Set Property"):
        return
    kind = call.get("Type") or (existing.kind if existing else _natural_kind(value))
    if kind in ("DWord", "QWord") and isinstance(value, str):
        value = int(value)
    if isinstance(value, Integer):
        value = value.value
    if kind in ("String", "ExpandString"):
        value = text_of(value)
    call.host.registry.set(path, name, value, kind)


def _natural_kind(value: Any) -> str:
    if isinstance(value, bytes):
        return "Binary"
    if isinstance(value, bool):
        return "String"
    if isinstance(value, int):
        return "DWord"
    return "MultiString" if isinstance(value, (list, ListValue)) else "String"


def _set_attribute(call: Call, entry: FileEntry) -> None:
    name, value = call.parameters["Name"], call.parameters["Value"]
    if not call.should_process(f"Item: {entry.path} Property: {name}", "Set Property"):
        return
    if name.lower() == "isreadonly":
        attributes = entry.attributes - {"ReadOnly"} | ({"ReadOnly"} if value else frozenset())
    elif name.lower() == "attributes":
        attributes = frozenset(part.strip() for part in text_of(value).split(",")) - {"Normal"}
    else:
        call.error(
            ErrorRecord(
                message=f"The property '{name}' cannot be found on this object. Verify that the property exists and "
                "can be set.",
                error_id="System.Management.Automation.SetValueException",
                category="NotSpecified",
                exception_type="System.Management.Automation.SetValueException",
                target_name=name,
            )
        )
        return
    call.host.files.set_attributes(entry.path, frozenset(attributes))
