"""Copy-Item, Move-Item, Remove-Item and New-Item on files, folders and registry keys."""

from __future__ import annotations

from pathlib import PureWindowsPath
from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.windows_items import FILTERS, PATHS, passes_filters
from rehearsal.filesystem import FileEntry, FileFault
from rehearsal.host import CertificateEntry
from rehearsal.item_objects import item_thing
from rehearsal.objects import text_of
from rehearsal.providers import CERTIFICATES, FILES, REGISTRY, Location, find, locate, locate_or_report, requested
from rehearsal.values import ErrorRecord

_MANAGEMENT = "Microsoft.PowerShell.Management"
_SOURCE = "PowerShell-Docs {}; error ids: FileSystemProvider and RegistryProvider"


def _refuse(call: Call, error_id: str, message: str, category: str, exception: str, target: str) -> None:
    call.error(
        ErrorRecord(
            message=message,
            error_id=error_id,
            category=category,
            exception_type=exception,
            target=target,
            target_name=target,
            target_type="String",
        )
    )


def _report(call: Call, fault: FileFault, what: str, path: str) -> None:
    """The error that the file system provider makes of a refusal; ``what`` is Copy or Move."""
    match fault.kind:
        case "missing":
            exception = "System.IO.DirectoryNotFoundException"
            message = f"Could not find a part of the path '{fault.path}'."
            _refuse(call, exception, message, "NotSpecified", exception, path)
        case "exists":
            message = "Cannot create a file when that file already exists."
            _refuse(call, f"{what}FileInfoItemIOError", message, "WriteError", "System.IO.IOException", path)
        case _:
            message = f"Access to the path '{fault.path}' is denied."
            exception = "System.UnauthorizedAccessException"
            _refuse(call, f"{what}FileInfoItemUnauthorizedAccessError", message, "PermissionDenied", exception, path)


def _target(call: Call, entry: FileEntry) -> tuple[Location, str] | None:
    """Where -Destination means: into a folder that is there, else to that very name."""
    location = locate_or_report(call, call.get("Destination") or ".")
    if location is None:
        return None
    there = call.host.files.get(location.path)
    into = there is not None and there.is_directory
    return location, str(PureWindowsPath(location.path) / entry.path.name) if into else location.path


@cmdlet(
    "Copy-Item",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source=_SOURCE.format("Copy-Item"),
    parameters={
        **PATHS,
        **FILTERS,
        "Destination": Parameter(kind="String", position=1, by_property_name=True),
        "Container": SWITCH,
        "Force": SWITCH,
        "Recurse": SWITCH,
        "PassThru": SWITCH,
    },
    should_process=True,
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.CopyItemCommand",
    command_aliases=("copy", "cp", "cpi"),
)
def copy_item(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        for item in found[1] if found else []:
            if not isinstance(item, FileEntry) or not passes_filters(call, item.path.name):
                continue
            where = _target(call, item)
            if where is not None:
                _copy(call, item, *where)


def _copy(call: Call, entry: FileEntry, location: Location, target: str) -> None:
    what = "Copy Directory" if entry.is_directory else "Copy File"
    if not call.should_process(f"Item: {entry.path} Destination: {target}", what):
        return
    if PureWindowsPath(target) == entry.path:
        message = f"Cannot overwrite the item {entry.path} with itself."
        _refuse(call, "CopyError", message, "WriteError", "System.IO.IOException", str(entry.path))
        return
    try:
        if entry.is_directory:
            call.host.files.make_directory(target)
            for child in call.host.files.children(entry.path) if call.switch("Recurse") else []:
                _copy(call, child, location, str(PureWindowsPath(target) / child.path.name))
        else:
            call.host.files.copy(entry, target, force=call.switch("Force"))
    except FileFault as fault:
        _report(call, fault, "Copy", str(entry.path))
        return
    if call.switch("PassThru"):
        call.output(item_thing(call, location, call.host.files.find(target)))


@cmdlet(
    "Move-Item",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source=_SOURCE.format("Move-Item"),
    parameters={
        **PATHS,
        **FILTERS,
        "Destination": Parameter(kind="String", position=1, by_property_name=True),
        "Force": SWITCH,
        "PassThru": SWITCH,
    },
    should_process=True,
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.MoveItemCommand",
    command_aliases=("move", "mv", "mi"),
)
def move_item(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        for item in found[1] if found else []:
            if not isinstance(item, FileEntry) or not passes_filters(call, item.path.name):
                continue
            where = _target(call, item)
            if where is None:
                continue
            location, target = where
            what = "Move Directory" if item.is_directory else "Move File"
            if not call.should_process(f"Item: {item.path} Destination: {target}", what):
                continue
            try:
                moved = call.host.files.move(item, target, force=call.switch("Force"))
            except FileFault as fault:
                _report(call, fault, "Move", str(item.path))
                continue
            if call.switch("PassThru"):
                call.output(item_thing(call, location, moved))


@cmdlet(
    "Remove-Item",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source=_SOURCE.format("Remove-Item"),
    parameters={
        **PATHS,
        **FILTERS,
        "Recurse": SWITCH,
        "Force": SWITCH,
        "Stream": Parameter(kind="String[]", since=(3, 0)),
    },
    should_process=True,
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.RemoveItemCommand",
    command_aliases=("del", "erase", "rd", "ri", "rm", "rmdir"),
)
def remove_item(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        for item in found[1] if found else []:
            if isinstance(item, FileEntry):
                _remove_file(call, item)
            elif isinstance(item, CertificateEntry):
                store = found[0].parts[1] if found else "My"
                if call.should_process(f"Item: {path}", "Remove certificate"):
                    call.host.remove_certificate(_store_name(call, store), item.thumbprint)
            elif found and found[0].provider == REGISTRY:
                _remove_key(call, item)


def _store_name(call: Call, given: str) -> str:
    return next(name for name in call.host.certificates if name.lower() == given.lower())


def _has_children_question(path: str) -> str:
    return (
        f"The item at {path} has children and the Recurse parameter was not specified. If you continue, all children "
        "will be removed with the item. Are you sure you want to continue?"
    )


def _remove_file(call: Call, entry: FileEntry) -> None:
    if not passes_filters(call, entry.path.name):
        return
    full = entry.is_directory and call.host.files.children(entry.path)
    if full and not call.switch("Recurse") and not call.should_continue(_has_children_question(str(entry.path))):
        return
    if not call.should_process(str(entry.path), "Remove Directory" if entry.is_directory else "Remove File"):
        return
    try:
        call.host.files.delete(entry, force=call.switch("Force"))
    except FileFault:
        _refuse(
            call,
            "RemoveFileSystemItemUnAuthorizedAccess",
            f"Cannot remove item {entry.path}: You do not have sufficient access rights to perform this operation.",
            "PermissionDenied",
            "System.IO.IOException",
            str(entry.path),
        )


def _remove_key(call: Call, path: str) -> None:
    nested = call.host.registry.subkeys(path)
    if nested and not call.switch("Recurse") and not call.should_continue(_has_children_question(path)):
        return
    if call.should_process(f"Item: {path}", "Remove Key"):
        call.host.registry.remove_key(path)


@cmdlet(
    "New-Item",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source=_SOURCE.format("New-Item"),
    parameters={
        "Path": Parameter(kind="String[]", mandatory=True, position=0, by_property_name=True, sets=("pathSet",)),
        "Name": Parameter(kind="String", mandatory=True, by_property_name=True, allow_empty=True, sets=("nameSet",)),
        "ItemType": Parameter(kind="String", aliases=("Type",), by_property_name=True),
        "Value": Parameter(kind="Object", aliases=("Target",), by_value=True, by_property_name=True),
        "Force": SWITCH,
    },
    should_process=True,
    default_set="pathSet",
    command_type="Microsoft.PowerShell.Commands.NewItemCommand",
    command_aliases=("ni",),
)
def new_item(call: Call) -> None:
    paths = call.get("Path") or (".",)
    for path in paths:
        full = f"{path}\\{call.parameters['Name']}" if call.get("Name") else path
        location = locate_or_report(call, full)
        if location is None:
            continue
        if location.provider == FILES:
            _new_file(call, location)
        elif location.provider == REGISTRY:
            _new_key(call, location)
        elif location.provider == CERTIFICATES:
            call.error(
                ErrorRecord(
                    message="The rehearsal lab makes no certificate stores.",
                    error_id="NotSupported",
                    category="NotImplemented",
                    exception_type="System.Management.Automation.PSNotSupportedException",
                )
            )


def _new_file(call: Call, location: Location) -> None:
    kind = str(call.get("ItemType") or "File").lower()
    existing = call.host.files.get(location.path)
    if "directory".startswith(kind) or kind == "container":
        if existing and not call.switch("Force"):
            message = f"An item with the specified name {location.path} already exists."
            _refuse(call, "DirectoryExist", message, "ResourceExists", "System.IO.IOException", location.path)
            return
        if call.should_process(f"Destination: {location.path}", "Create Directory"):
            call.output(item_thing(call, location, call.host.files.make_directory(location.path)))
        return
    if existing and not call.switch("Force"):
        message = f"The file '{location.path}' already exists."
        _refuse(call, "NewItemIOError", message, "WriteError", "System.IO.IOException", location.path)
        return
    if not call.should_process(f"Destination: {location.path}", "Create File"):
        return
    content: Any = call.get("Value")
    data = content if isinstance(content, bytes) else text_of(content).encode("utf-8")
    try:
        entry = call.host.files.write(location.path, data, force=call.switch("Force"))
    except FileFault:
        message = f"Could not find a part of the path '{location.path}'."
        exception = "System.IO.DirectoryNotFoundException"
        _refuse(call, "NewItemIOError", message, "WriteError", exception, location.path)
        return
    call.output(item_thing(call, location, entry))


def _new_key(call: Call, location: Location) -> None:
    if call.host.registry.key(location.path) and not call.switch("Force"):
        message = "A key in this path already exists."
        exception = "System.IO.IOException"
        _refuse(call, exception, message, "ResourceExists", exception, location.path)
        return
    parent = location.path.rpartition("\\")[0]
    if call.host.registry.key(parent) is None and not call.switch("Force"):
        message = "The registry key at the specified path does not exist."
        exception = "System.ArgumentException"
        _refuse(call, exception, message, "InvalidArgument", exception, location.path)
        return
    if call.should_process(f"Key: {location.path}", "Create Key"):
        key = call.host.registry.make_key(location.path)
        if call.given("Value"):
            call.host.registry.set(key.path, "(default)", text_of(call.parameters["Value"]))
        call.output(item_thing(call, locate(location.given), key.path))
