"""Get-Content, Set-Content and Get-FileHash: the bytes of files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.windows_items import FILTERS, PATHS
from rehearsal.filesystem import FileEntry, FileFault
from rehearsal.objects import custom_object, plain, text_of
from rehearsal.providers import FILES, Location, find, locate_or_report, notes, report_not_found, requested
from rehearsal.values import ErrorRecord, Integer, ListValue, Thing

_MANAGEMENT = "Microsoft.PowerShell.Management"
_THREE = (3, 0)
ENCODINGS = {
    "Unknown": "cp1252",
    "String": "utf-16-le",
    "Unicode": "utf-16-le",
    "Byte": "",
    "BigEndianUnicode": "utf-16-be",
    "UTF8": "utf-8",
    "UTF7": "utf-7",
    "UTF32": "utf-32-le",
    "Ascii": "ascii",
    "Default": "cp1252",
    "Oem": "cp437",
}
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
ENCODING = Parameter(kind="FileSystemCmdletProviderEncoding", names=tuple(ENCODINGS))


def _decode(content: bytes, encoding: str) -> str:
    for mark, found in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(found, "replace")
    return content.decode(ENCODINGS[encoding], "replace")


def _noted(value: Any, located: dict[str, Any], count: int) -> Thing:
    return Thing((), None, {}, located | {"ReadCount": Integer(count, "Int64")}, base=value)


@cmdlet(
    "Get-Content",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Content and about_FileSystem_Provider (5.1); note properties: NoteProperty set of "
    "ContentCommandBase",
    parameters={
        **PATHS,
        **FILTERS,
        "ReadCount": Parameter(kind="Int64", by_property_name=True),
        "TotalCount": Parameter(kind="Int64", by_property_name=True, aliases=("First", "Head")),
        "Tail": Parameter(kind="Int32", by_property_name=True, aliases=("Last",), since=_THREE),
        "Force": SWITCH,
        "Encoding": ENCODING,
        "Raw": replace(SWITCH, since=_THREE),
        "Delimiter": Parameter(kind="String"),
    },
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.GetContentCommand",
    command_aliases=("gc", "cat", "type"),
)
def get_content(call: Call) -> None:
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        if found is None:
            continue
        location, there = found
        for item in there:
            if isinstance(item, FileEntry) and item.content is not None:
                _read(call, location, item)
            else:
                _not_readable(call, path, item)


def _read(call: Call, location: Location, entry: FileEntry) -> None:
    content = entry.content or b""
    located = notes(location, str(entry.path))
    encoding = call.get("Encoding") or "Default"
    units: list[Any]
    if encoding == "Byte":
        if call.switch("Raw") or call.get("ReadCount") == 0:
            call.output(_noted(content, located, len(content)))
            return
        units = [Integer(byte, "Byte") for byte in content]
    else:
        text = _decode(content, encoding)
        if call.switch("Raw"):
            call.output(_noted(text, located, 1))
            return
        units = list(text.replace("\r\n", "\n").removesuffix("\n").split("\n")) if text else []
    if call.given("TotalCount"):
        units = units[: call.parameters["TotalCount"]]
    if call.given("Tail"):
        units = units[len(units) - min(call.parameters["Tail"], len(units)) :]
    if call.get("ReadCount") == 0 and units:
        call.output(_noted(ListValue(tuple(units), ("System.Object[]", "System.Array")), located, len(units)))
        return
    for number, unit in enumerate(units, 1):
        call.output(_noted(unit, located, number))


def _not_readable(call: Call, path: str, item: Any) -> None:
    if isinstance(item, FileEntry):
        record = ErrorRecord(
            message=f"Access to the path '{item.path}' is denied.",
            error_id="GetContentReaderUnauthorizedAccessError",
            category="PermissionDenied",
            exception_type="System.UnauthorizedAccessException",
            target=str(item.path),
            target_name=str(item.path),
            target_type="String",
        )
    else:
        record = ErrorRecord(
            message="Cannot use interface. The IContentCmdletProvider interface is not implemented by this provider.",
            error_id="NotSupported",
            category="NotImplemented",
            exception_type="System.Management.Automation.PSNotSupportedException",
            target=path,
            target_name=path,
            target_type="String",
        )
    call.error(record)


def _bytes_of(call: Call, values: list[Any]) -> bytes | None:
    """What -Encoding Byte writes; anything but bytes is refused."""
    content = bytearray()
    for value in values:
        value = plain(value)
        match value:
            case bytes():
                content += value
            case int() if not isinstance(value, bool) and 0 <= value < 256:
                content.append(value)
            case Integer(value=number) if 0 <= number < 256:
                content.append(number)
            case list() | tuple():
                nested = _bytes_of(call, list(value))
                if nested is None:
                    return None
                content += nested
            case _:
                call.error(
                    ErrorRecord(
                        message="Cannot proceed with byte encoding. When using byte encoding the content must be of "
                        "type byte.",
                        error_id="GetContentWriterArgumentError",
                        category="InvalidArgument",
                        exception_type="System.Management.Automation.PSArgumentException",
                        target=value,
                        target_type="String",
                    )
                )
                return None
    return bytes(content)


def _write_all(call: Call) -> None:
    values: list[Any] = call.state.get("values", [])
    encoding = call.get("Encoding") or "Default"
    if encoding == "Byte":
        content = _bytes_of(call, values)
        if content is None:
            return
    else:
        text = "".join(text_of(value) + ("" if call.switch("NoNewline") else "\r\n") for value in values)
        mark = next((mark for mark, name in _MARKS if name == ENCODINGS[encoding]), b"")
        content = mark + text.encode(ENCODINGS[encoding], "replace")
    for path, literal in call.state.get("paths") or requested(call):
        location = locate_or_report(call, path)
        if location is None:
            continue
        targets = [location.path]
        if not literal and (found := _existing(call, path)):
            targets = found
        for target in targets:
            _write(call, location, target, content)


def _existing(call: Call, path: str) -> list[str]:
    if not any(character in path for character in "*?["):
        return []
    found = find(call, path, literal=False)
    return [str(item.path) for item in found[1] if isinstance(item, FileEntry)] if found else []


def _write(call: Call, location: Location, target: str, content: bytes) -> None:
    if location.provider != FILES:
        report_not_found(call, location.given)
        return
    if not call.should_process(f"Path: {target}", "Set Content"):
        return
    try:
        entry = call.host.files.write(target, content, force=call.switch("Force"))
    except FileFault as fault:
        missing = fault.kind == "missing"
        call.error(
            ErrorRecord(
                message=f"Could not find a part of the path '{target}'."
                if missing
                else f"Access to the path '{target}' is denied.",
                error_id="GetContentWriterDirectoryNotFoundError"
                if missing
                else "GetContentWriterUnauthorizedAccessError",
                category="ObjectNotFound" if missing else "PermissionDenied",
                exception_type="System.IO.DirectoryNotFoundException"
                if missing
                else "System.UnauthorizedAccessException",
                target=target,
                target_name=target,
                target_type="String",
            )
        )
        return
    if call.switch("PassThru"):
        for value in call.state.get("values", []):
            call.output(_noted(plain(value), notes(location, str(entry.path)), 1))


@cmdlet(
    "Set-Content",
    module=_MANAGEMENT,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Set-Content and about_FileSystem_Provider (5.1)",
    parameters={
        **PATHS,
        **FILTERS,
        "Value": Parameter(
            kind="Object[]", mandatory=True, position=1, by_value=True, by_property_name=True, allow_empty=True
        ),
        "PassThru": SWITCH,
        "Force": SWITCH,
        "Encoding": ENCODING,
        "NoNewline": replace(SWITCH, since=(5, 0)),
    },
    should_process=True,
    default_set="Path",
    command_type="Microsoft.PowerShell.Commands.SetContentCommand",
    command_aliases=("sc",),
    end=_write_all,
)
def set_content(call: Call) -> None:
    call.state["paths"] = requested(call)
    call.state.setdefault("values", []).extend(call.get("Value") or ())


@cmdlet(
    "Get-FileHash",
    module="Microsoft.PowerShell.Utility",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-FileHash (4.0 and later)",
    parameters={
        "Path": Parameter(kind="String[]", mandatory=True, position=0, by_property_name=True, sets=("Path",)),
        "LiteralPath": Parameter(
            kind="String[]", mandatory=True, by_property_name=True, aliases=("PSPath",), sets=("LiteralPath",)
        ),
        "Algorithm": Parameter(
            kind="String",
            values=("SHA1", "SHA256", "SHA384", "SHA512", "MACTripleDES", "MD5", "RIPEMD160"),
        ),
    },
    installed=lambda host: host.powershell_version >= (4, 0),
    default_set="Path",
)
def get_file_hash(call: Call) -> None:
    algorithm = call.get("Algorithm", "SHA256")
    for path, literal in requested(call):
        found = find(call, path, literal=literal)
        for item in found[1] if found else []:
            if isinstance(item, FileEntry) and item.content is not None:
                digest = hashlib.new(algorithm.lower(), item.content).hexdigest().upper()
                call.output(
                    custom_object(
                        {"Algorithm": algorithm, "Hash": digest, "Path": str(item.path)},
                        "Microsoft.Powershell.Utility.FileHash",
                    )
                )
