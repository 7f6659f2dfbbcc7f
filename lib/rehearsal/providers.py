"""PowerShell paths: which provider and which item a path means, wildcards, and the notes that items carry.

``HKLM:\\…`` and ``Registry::…`` are the registry, ``Cert:\\…`` the certificate stores, the rest drives of the file
system. ``-Path`` takes wildcards, ``-LiteralPath`` takes every character as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any

from rehearsal.cmdlet import Call
from rehearsal.filesystem import FileEntry
from rehearsal.hive import full_path
from rehearsal.host import CertificateEntry, WindowsHost
from rehearsal.objects import has_wildcard, matches
from rehearsal.values import ErrorRecord, Thing

FILES = r"Microsoft.PowerShell.Core\FileSystem"
REGISTRY = r"Microsoft.PowerShell.Core\Registry"
CERTIFICATES = r"Microsoft.PowerShell.Security\Certificate"
_STORE_LOCATIONS = ("LocalMachine", "CurrentUser")


@dataclass(frozen=True, slots=True)
class Location:
    """A place that a path means: ``provider`` and the provider's own ``path``; ``drive`` is '' for a provider path."""

    provider: str
    path: str
    drive: str
    given: str

    @property
    def parts(self) -> list[str]:
        return [part for part in self.path.split("\\") if part]


def locate(path: str) -> Location:
    """Take a PowerShell path apart; ``KeyError`` carries the name of a drive that doesn't exist."""
    given = path
    provider, separator, rest = path.partition("::")
    if separator:
        name = provider.rpartition("\\")[2].lower()
        kinds = {"filesystem": FILES, "registry": REGISTRY, "certificate": CERTIFICATES}
        if name not in kinds:
            raise KeyError(provider)
        path, drive = rest, ""
        if kinds[name] == CERTIFICATES:
            return Location(CERTIFICATES, path.strip("\\"), drive, given)
        if kinds[name] == REGISTRY:
            return Location(REGISTRY, full_path(path), drive, given)
        return Location(FILES, _file_path(path), drive, given)
    drive, colon, rest = path.replace("/", "\\").partition(":")
    if not colon:
        return Location(FILES, _file_path(path), "C", given)
    match drive.lower():
        case "hklm" | "hkcu":
            return Location(REGISTRY, full_path(path), drive.upper(), given)
        case "cert":
            return Location(CERTIFICATES, rest.strip("\\"), "Cert", given)
    if len(drive) != 1:
        raise KeyError(drive)
    return Location(FILES, _file_path(path), drive.upper(), given)


def _file_path(path: str) -> str:
    text = str(PureWindowsPath(path.replace("/", "\\")))
    if PureWindowsPath(text).is_absolute():
        return text
    # A remote runspace starts in the profile's Documents folder.
    return str(PureWindowsPath(r"C:\Users\Administrator\Documents") / text)


Item = FileEntry | CertificateEntry | str
"""A file or folder, a certificate, or the path of a registry key, a store or a store location."""


def _expand(location: Location, candidates: list[str]) -> list[str]:
    """The candidates that a path with wildcards matches, part by part."""
    pattern = [part for part in location.path.split("\\") if part]
    found = []
    for candidate in candidates:
        parts = [part for part in candidate.split("\\") if part]
        if len(parts) == len(pattern) and all(matches(one, other) for one, other in zip(pattern, parts, strict=True)):
            found.append(candidate)
    return sorted(found, key=str.lower)


def items(host: WindowsHost, location: Location, *, literal: bool) -> list[Item]:
    """What stands at a location: one item, all that a wildcard matches, or nothing."""
    wild = not literal and has_wildcard(location.path)
    if location.provider == FILES:
        if not wild:
            entry = host.files.get(location.path)
            return [entry] if entry else []
        paths = _expand(location, [str(entry.path) for entry in host.files])
        return [entry for path in paths if (entry := host.files.get(path))]
    if location.provider == REGISTRY:
        if not wild:
            key = host.registry.key(location.path)
            return [key.path] if key else []
        return list(_expand(location, [key.path for key in host.registry]))
    return _certificate_items(host, location, wild)


def _certificate_items(host: WindowsHost, location: Location, wild: bool) -> list[Item]:
    parts = location.parts
    if not parts:
        return [""]
    if not any(matches(parts[0], name) if wild else parts[0].lower() == name.lower() for name in _STORE_LOCATIONS):
        return []
    if len(parts) == 1:
        return ["LocalMachine" if parts[0].lower() == "localmachine" else parts[0]]
    stores = [
        name
        for name in host.certificates
        if parts[0].lower() == "localmachine"
        and (matches(parts[1], name) if wild else parts[1].lower() == name.lower())
    ]
    if len(parts) == 2:
        return [f"LocalMachine\\{store}" for store in stores]
    return [
        entry
        for store in stores
        for entry in host.certificates[store]
        if (matches(parts[2], entry.thumbprint) if wild else parts[2].upper() == entry.thumbprint)
    ]


def children(host: WindowsHost, location: Location, item: Item) -> list[Item]:
    """What lies directly below an item."""
    if location.provider == FILES:
        return list(host.files.children(item.path)) if isinstance(item, FileEntry) else []
    if location.provider == REGISTRY:
        return [key.path for key in host.registry.subkeys(str(item))]
    if isinstance(item, CertificateEntry):
        return []
    depth = [part for part in str(item).split("\\") if part]
    if not depth:
        return list(_STORE_LOCATIONS)
    if len(depth) == 1:
        return [f"{item}\\{store}" for store in host.certificates] if depth[0] == "LocalMachine" else []
    return list(host.certificates.get(depth[1], []))


def drive_info(provider: str, drive: str) -> Thing:
    return Thing(
        ("System.Management.Automation.PSDriveInfo", "System.Object"),
        drive,
        {"CurrentLocation": "", "Name": drive, "Root": f"{drive}:\\" if provider == FILES else "", "Description": ""},
    )


def provider_info(provider: str) -> Thing:
    return Thing(
        ("System.Management.Automation.ProviderInfo", "System.Object"),
        provider,
        {"Name": provider.rpartition("\\")[2], "ModuleName": provider.partition("\\")[0]},
    )


def notes(location: Location, path: str) -> dict[str, Any]:
    """PSPath, PSParentPath, PSChildName, PSDrive and PSProvider, in the order in which PowerShell adds them."""
    parent, _, name = path.rpartition("\\")
    if location.provider == FILES:
        pure = PureWindowsPath(path)
        parent, name = (str(pure.parent), pure.name) if pure.name else ("", str(pure))
    found: dict[str, Any] = {
        "PSPath": f"{location.provider}::{path}",
        "PSParentPath": f"{location.provider}::{parent}" if parent else "",
        "PSChildName": name,
    }
    if location.drive:
        found["PSDrive"] = drive_info(location.provider, location.drive)
    return found | {"PSProvider": provider_info(location.provider)}


def requested(call: Call) -> list[tuple[str, bool]]:
    """The paths that -Path and -LiteralPath gave, each with whether it is literal."""
    if call.given("LiteralPath"):
        return [(path, True) for path in call.parameters["LiteralPath"]]
    return [(path, False) for path in call.get("Path") or (".",)]


def find(call: Call, path: str, *, literal: bool) -> tuple[Location, list[Item]] | None:
    """The items of a path; reports DriveNotFound or PathNotFound and gives ``None`` where there is none.

    A wildcard that matches nothing is no error, as on a real server.
    """
    location = locate_or_report(call, path)
    if location is None:
        return None
    found = items(call.host, location, literal=literal)
    if found or (not literal and has_wildcard(path)):
        return location, found
    report_not_found(call, path)
    return None


def locate_or_report(call: Call, path: str) -> Location | None:
    try:
        return locate(path)
    except (KeyError, ValueError) as missing:
        drive = str(missing.args[0]).strip("'")
        call.error(
            ErrorRecord(
                message=f"Cannot find drive. A drive with the name '{drive}' does not exist.",
                error_id="DriveNotFound",
                category="ObjectNotFound",
                exception_type="System.Management.Automation.DriveNotFoundException",
                target=drive,
                target_name=drive,
                target_type="String",
            )
        )
        return None


def report_not_found(call: Call, path: str) -> None:
    call.error(
        ErrorRecord(
            message=f"Cannot find path '{path}' because it does not exist.",
            error_id="PathNotFound",
            category="ObjectNotFound",
            exception_type="System.Management.Automation.ItemNotFoundException",
            target=path,
            target_name=path,
            target_type="String",
        )
    )
