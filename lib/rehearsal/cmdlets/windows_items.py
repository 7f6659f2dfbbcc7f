"""Get-Item, Get-ChildItem, Test-Path, Get-Acl: looking at what is at a path."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.filesystem import FileEntry
from rehearsal.host import CertificateEntry
from rehearsal.item_objects import STRINGS, item_thing
from rehearsal.objects import has_wildcard, matches
from rehearsal.providers import (
    CERTIFICATES,
    FILES,
    Item,
    Location,
    children,
    find,
    items,
    locate,
    notes,
    report_not_found,
    requested,
)
from rehearsal.values import ErrorRecord, ListValue, Thing

_MANAGEMENT = "Microsoft.PowerShell.Management"
PATHS = {
    "Path": Parameter(
        kind="String[]", mandatory=True, position=0, by_value=True, by_property_name=True, sets=("Path",)
    ),
    "LiteralPath": Parameter(
        kind="String[]", mandatory=True, by_property_name=True, aliases=("PSPath",), sets=("LiteralPath",)
    ),
}
FILTERS = {
    "Filter": Parameter(kind="String"),
    "Include": Parameter(kind="String[]"),
    "Exclude": Parameter(kind="String[]"),
}


def name_of(item: Item) -> str:
    if isinstance(item, FileEntry):
        return item.path.name
    return item.thumbprint if isinstance(item, CertificateEntry) else item.rpartition("\\")[2]


def passes_filters(call: Call, name: str) -> bool:
    """-Filter, -Include and -Exclude on the last part of a path."""
    if call.get("Filter") and not matches(call.parameters["Filter"], name):
        return False
    if call.get("Include") and not any(matches(pattern, name) for pattern in call.parameters["Include"]):
        return False
    return not any(matches(pattern, name) for pattern in call.get("Exclude") or ())


@cmdlet(
    "Get-Item",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Item, about_Providers; note properties: PowerShell's SessionStateProviderBase",
    parameters={**PATHS, **FILTERS, "Force": SWITCH, "Stream": Parameter(kind="String[]", since=(3, 0))},
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.GetItemCommand",
    command_aliases=("gi",),
)
def get_item(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        if found is None:
            continue
        location, there = found
        for item in there:
            if isinstance(item, FileEntry) and "Hidden" in item.attributes and not call.switch("Force"):
                report_not_found(call, str(item.path))
            elif passes_filters(call, name_of(item)):
                call.output(item_thing(call, location, item))


def _below(call: Call, location: Location, item: Item) -> Iterator[Item]:
    for child in children(call.host, location, item):
        yield child
        if call.switch("Recurse"):
            yield from _below(call, location, child)


@cmdlet(
    "Get-ChildItem",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-ChildItem; Cert: drive: about_Certificate_Provider",
    parameters={
        "Path": Parameter(kind="String[]", position=0, by_value=True, by_property_name=True, sets=("Items",)),
        "LiteralPath": Parameter(
            kind="String[]", mandatory=True, by_property_name=True, aliases=("PSPath",), sets=("LiteralItems",)
        ),
        "Filter": Parameter(kind="String", position=1),
        "Include": Parameter(kind="String[]"),
        "Exclude": Parameter(kind="String[]"),
        "Recurse": Parameter(kind="SwitchParameter", aliases=("s",)),
        "Force": SWITCH,
        "Name": SWITCH,
        "File": Parameter(kind="SwitchParameter", aliases=("af",), since=(3, 0)),
        "Directory": Parameter(kind="SwitchParameter", aliases=("ad", "d"), since=(3, 0)),
    },
    default_set="Items",
    command_type="Microsoft.PowerShell.Commands.GetChildItemCommand",
    command_aliases=("gci", "dir", "ls"),
)
def get_child_item(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        if found is None:
            continue
        location, there = found
        wild = not literal and has_wildcard(path)
        for item in there:
            leaf = isinstance(item, CertificateEntry) or (isinstance(item, FileEntry) and not item.is_directory)
            shown = [item] if leaf or wild else _below(call, location, item)
            for child in shown:
                _show(call, location, child)


def _show(call: Call, location: Location, item: Item) -> None:
    if isinstance(item, FileEntry):
        if "Hidden" in item.attributes and not call.switch("Force"):
            return
        if (call.switch("File") and item.is_directory) or (call.switch("Directory") and not item.is_directory):
            return
    if not passes_filters(call, name_of(item)):
        return
    call.output(name_of(item) if call.switch("Name") else item_thing(call, location, item, listed=True))


@cmdlet(
    "Test-Path",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Test-Path",
    parameters={
        **PATHS,
        **FILTERS,
        "PathType": Parameter(kind="TestPathType", names=("Any", "Container", "Leaf"), aliases=("Type",)),
        "IsValid": SWITCH,
    },
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.TestPathCommand",
)
def test_path(call: Call) -> None:
    for path, literal in requested(call):
        if call.switch("IsValid"):
            call.output(not any(character in path for character in '<>|"'))
            continue
        try:
            location = locate(path)
        except (KeyError, ValueError):
            call.output(False)
            continue
        kind = call.get("PathType", "Any")
        there = items(call.host, location, literal=literal)
        call.output(any(_is_kind(location, item, kind) and passes_filters(call, name_of(item)) for item in there))


def _is_kind(location: Location, item: Item, kind: str) -> bool:
    if kind == "Any":
        return True
    leaf = isinstance(item, CertificateEntry) or (isinstance(item, FileEntry) and not item.is_directory)
    return leaf == (kind == "Leaf")


@cmdlet(
    "Get-Acl",
    module="Microsoft.PowerShell.Security",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Acl; property sets of FileSecurity from .NET and PowerShell's type table",
    parameters={
        "Path": Parameter(kind="String[]", position=0, by_value=True, by_property_name=True, sets=("ByPath",)),
        "LiteralPath": Parameter(kind="String[]", by_property_name=True, aliases=("PSPath",), sets=("ByLiteralPath",)),
        "Audit": SWITCH,
        **FILTERS,
    },
    default_set="ByPath",
    command_type="Microsoft.PowerShell.Commands.GetAclCommand",
)
def get_acl(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        if found is None:
            continue
        location, there = found
        for item in there:
            if isinstance(item, FileEntry):
                call.output(_security(location, item))
            else:
                _report_no_acl(call, location)


def _report_no_acl(call: Call, location: Location) -> None:
    what = "certificate stores" if location.provider == CERTIFICATES else "registry keys"
    call.error(
        ErrorRecord(
            message=f"The rehearsal lab keeps no security descriptors of {what}.",
            error_id="GetAcl_OperationNotSupported",
            category="NotImplemented",
            exception_type="System.NotSupportedException",
        )
    )


_ACCOUNTS = {"BA": "BUILTIN\\Administrators", "SY": "NT AUTHORITY\\SYSTEM"}


def _security(location: Location, entry: FileEntry) -> Thing:
    kind = "DirectorySecurity" if entry.is_directory else "FileSecurity"
    owner, _, rest = entry.sddl.removeprefix("O:").partition("G:")
    group = rest.partition("D:")[0]
    aces = tuple(f"({ace}" for ace in entry.sddl.split("(")[1:])
    base = "System.Security.AccessControl."
    chain = (
        f"{base}{kind}",
        f"{base}FileSystemSecurity",
        f"{base}NativeObjectSecurity",
        f"{base}CommonObjectSecurity",
        f"{base}ObjectSecurity",
        "System.Object",
    )
    located = notes(location if location.provider == FILES else locate(str(entry.path)), str(entry.path))
    return Thing(
        chain,
        f"{base}{kind}",
        {"AreAccessRulesCanonical": True, "AreAccessRulesProtected": "D:P" in entry.sddl},
        located
        | {
            "Path": located["PSPath"],
            "Owner": _ACCOUNTS.get(owner, owner),
            "Group": _ACCOUNTS.get(group, group),
            "Access": ListValue(aces, STRINGS),
            "Sddl": entry.sddl,
            "AccessToString": "\n".join(aces),
        },
    )
