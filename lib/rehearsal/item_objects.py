"""The objects that Get-Item and Get-ChildItem give for files, folders, registry keys, certificates and stores."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rehearsal.certificate_objects import certificate_thing
from rehearsal.cmdlet import Call
from rehearsal.filesystem import FileEntry
from rehearsal.host import CertificateEntry, WindowsHost
from rehearsal.objects import enum
from rehearsal.providers import CERTIFICATES, Item, Location, notes
from rehearsal.values import EnumValue, Integer, ListValue, Thing

_FLAGS = {
    "ReadOnly": 1,
    "Hidden": 2,
    "System": 4,
    "Directory": 16,
    "Archive": 32,
    "NotContentIndexed": 8192,
}
STRINGS = ("System.String[]", "System.Array", "System.Object")


def attributes_value(attributes: frozenset[str]) -> EnumValue:
    """FileAttributes: the names in the order of their bits, as Enum.ToString gives them; Normal where none is set."""
    present = [name for name in _FLAGS if name in attributes]
    number = sum(_FLAGS[name] for name in present)
    return enum("System.IO.FileAttributes", ", ".join(present) or "Normal", number or 128)


def _mode(entry: FileEntry) -> str:
    letters = (("Directory", "d"), ("Archive", "a"), ("ReadOnly", "r"), ("Hidden", "h"), ("System", "s"))
    return "".join(letter if name in entry.attributes else "-" for name, letter in letters) + "-"


def _times(host: WindowsHost, entry: FileEntry) -> dict[str, datetime]:
    found = {}
    pairs = (("CreationTime", entry.created), ("LastAccessTime", entry.written), ("LastWriteTime", entry.written))
    for name, moment in pairs:
        found[name] = moment.astimezone(host.timezone)
        found[f"{name}Utc"] = moment.astimezone(UTC)
    return found


def version_info(entry: FileEntry) -> Thing:
    """FileVersionInfo; a file without a version resource has empty versions, as on Windows."""
    version = entry.version
    parts = [int(part) for part in str(version.get("FileVersion", "0")).split(" ")[0].split(".") if part.isdigit()]
    parts = [*parts, 0, 0, 0, 0][:4]
    properties: dict[str, Any] = {
        "Comments": version.get("Comments", ""),
        "CompanyName": version.get("CompanyName", ""),
        "FileBuildPart": parts[2],
        "FileDescription": version.get("FileDescription", ""),
        "FileMajorPart": parts[0],
        "FileMinorPart": parts[1],
        "FileName": str(entry.path),
        "FilePrivatePart": parts[3],
        "FileVersion": version.get("FileVersion"),
        "InternalName": version.get("InternalName"),
        "OriginalFilename": version.get("OriginalFilename"),
        "ProductName": version.get("ProductName"),
        "ProductVersion": version.get("ProductVersion"),
    }
    titles = (
        ("File", "FileName"),
        ("InternalName", "InternalName"),
        ("OriginalFilename", "OriginalFilename"),
        ("FileVersion", "FileVersion"),
        ("FileDescription", "FileDescription"),
        ("Product", "ProductName"),
        ("ProductVersion", "ProductVersion"),
    )
    text = "".join(f"{title + ':':<18}{properties[key] or ''}\r\n" for title, key in titles)
    return Thing(("System.Diagnostics.FileVersionInfo", "System.Object"), text, properties)


def file_thing(call: Call, location: Location, entry: FileEntry, *, listed: bool = False) -> Thing:
    """FileInfo or DirectoryInfo; its text is the name where it was listed, else the path it was asked for by."""
    path = entry.path
    text = path.name if listed else str(path)
    chain = ("System.IO.FileSystemInfo", "System.MarshalByRefObject", "System.Object")
    common: dict[str, Any] = {"Exists": True, "FullName": str(path), "Extension": path.suffix}
    common |= _times(call.host, entry) | {"Attributes": attributes_value(entry.attributes)}
    extended = notes(location, str(path)) | {
        "PSIsContainer": entry.is_directory,
        "Mode": _mode(entry),
        "BaseName": path.name if entry.is_directory else path.stem,
    }
    if entry.content is None:
        parent = Thing(("System.IO.DirectoryInfo", *chain), path.parent.name, {"FullName": str(path.parent)})
        properties = {"Name": path.name or str(path), "Parent": parent, "Root": path.anchor} | common
        return Thing(("System.IO.DirectoryInfo", *chain), text, properties, extended)
    folder = Thing(("System.IO.DirectoryInfo", *chain), str(path.parent), {"FullName": str(path.parent)})
    properties = {
        "Name": path.name,
        "Length": Integer(len(entry.content), "Int64"),
        "DirectoryName": str(path.parent),
        "Directory": folder,
        "IsReadOnly": entry.read_only,
    } | common
    return Thing(("System.IO.FileInfo", *chain), text, properties, extended | {"VersionInfo": version_info(entry)})


def key_thing(call: Call, location: Location, path: str) -> Thing:
    """RegistryKey, with the names of its values in the note property ``Property``."""
    key = call.host.registry.key(path)
    assert key is not None
    values = tuple(value.name for value in key.values.values())
    return Thing(
        ("Microsoft.Win32.RegistryKey", "System.MarshalByRefObject", "System.Object"),
        key.path,
        {
            "SubKeyCount": len(call.host.registry.subkeys(path)),
            "View": enum("Microsoft.Win32.RegistryView", "Default", 0),
            "ValueCount": len(values),
            "Name": key.path,
        },
        {"Property": ListValue(values, STRINGS)} | notes(location, key.path) | {"PSIsContainer": True},
    )


def store_thing(location: Location, path: str) -> Thing:
    """X509StoreLocation or X509Store."""
    store = "System.Security.Cryptography.X509Certificates.X509Store"
    kind = store if "\\" in path else "Microsoft.PowerShell.Commands.X509StoreLocation"
    properties: dict[str, Any] = {"Name": path.rpartition("\\")[2]}
    return Thing((kind, "System.Object"), kind, properties, notes(location, path) | {"PSIsContainer": True})


def item_thing(call: Call, location: Location, item: Item, *, listed: bool = False) -> Thing:
    """The object of any item."""
    if isinstance(item, FileEntry):
        return file_thing(call, location, item, listed=listed)
    if isinstance(item, CertificateEntry):
        store = "\\".join(location.parts[:2])
        extra = notes(location, f"{store}\\{item.thumbprint}") | {"PSIsContainer": False}
        return certificate_thing(item, call.host.timezone, extra=extra)
    return store_thing(location, item) if location.provider == CERTIFICATES else key_thing(call, location, item)
