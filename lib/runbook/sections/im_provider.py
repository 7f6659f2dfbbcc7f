"""Is the UCMA 4.0 Runtime there, with the IM provider that OWA loads? (L05-L10, ``real-world`` B6)"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Finding, Severity
from runbook.facts.query import Unread
from runbook.facts.windows import FileItem
from runbook.sections.unread import unread

DLL = "Microsoft.Rtc.Internal.Ucweb.dll"
_VALUE = "ImplementationDLLPath"
_INSTALL = (
    "Install the UCMA 4.0 Runtime on this server (https://www.microsoft.com/download/details.aspx?id=34992, which"
    " also says how), then check again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImProvider:
    """What a back end says of OWA's IM provider.

    ``path`` is the registry value, ``None`` where there is none. ``item`` is what stands at that path; ``dll_inside``
    whether the DLL lies in it, where it is a folder. ``ucma`` is the version that UCMA's set-up registered.
    """

    path: str | Unread | None
    item: FileItem | Unread | None
    dll_inside: bool | Unread = False
    file_version: str | Unread = ""
    ucma: str | Unread | None


def dll_in(folder: str) -> str:
    """The path that the DLL would have in a folder."""
    return ntpath.join(folder.rstrip("\\/"), DLL)


def check(server: str, provider: ImProvider) -> Iterator[Finding]:
    """Findings on one back end."""
    yield from _path(server, provider)
    if isinstance(provider.ucma, Unread):
        yield unread("UCMA version", provider.ucma, server=server, requirements=("L05",))
    elif provider.path is not None and (provider.ucma is None or _major(provider.ucma) < 5):
        said = "isn't registered as installed" if provider.ucma is None else f"is version {provider.ucma}"
        yield Finding(
            id="ucma-wrong-version",
            requirements=("L05", "L09"),
            severity=Severity.WARNING,
            server=server,
            object="UCMA Runtime",
            what=f"UCMA {said}; the procedure wants UCMA 4.0, which registers itself as 5.0 or later.",
            why="An IM provider of another version is there for OWA to find, but fails when OWA loads it (event 87).",
            remedy=_INSTALL,
        )


def _path(server: str, provider: ImProvider) -> Iterator[Finding]:
    path, item = provider.path, provider.item
    if isinstance(path, Unread):
        yield unread("IM provider path", path, server=server, requirements=("L06",))
    elif not path:
        yield _finding(
            "ucma-missing",
            ("L05", "L06", "L08", "L09", "L10"),
            server,
            f"The registry value {_VALUE} doesn't exist{' or is empty' if path == '' else ''}.",
            "OWA finds its IM provider by this value; without it IM can't start (event 83).",
        )
    elif isinstance(item, Unread):
        yield unread("IM provider file", item, server=server, requirements=("L07",))
    elif item is None:
        yield _finding(
            "ucma-dll-absent",
            ("L07", "L08"),
            server,
            f"{_VALUE} says {path}, and nothing is there.",
            "OWA loads the IM provider from exactly this path (event 84).",
        )
    elif item.is_folder:
        yield from _folder(server, path, provider.dll_inside)
    elif ntpath.basename(item.path).lower() != DLL.lower():
        yield _finding(
            "ucma-other-file",
            ("L07", "L08"),
            server,
            f"{_VALUE} points to {path}, which isn't {DLL}.",
            "OWA would load another provider than that of UCMA 4.0, and fail (events 85 to 87).",
        )
    elif isinstance(provider.file_version, Unread):
        yield unread("IM provider version", provider.file_version, server=server, requirements=("L05",))
    elif _major(provider.file_version) < 5:
        yield _finding(
            "ucma-wrong-version",
            ("L05", "L08"),
            server,
            f"{path} has the version {provider.file_version or '(none)'}; that of UCMA 4.0 has 5.0 or later.",
            "A provider of another version fails when OWA loads it (event 87).",
            Severity.WARNING,
        )


def _folder(server: str, path: str, dll_inside: bool | Unread) -> Iterator[Finding]:
    if isinstance(dll_inside, Unread):
        yield unread("IM provider file", dll_inside, server=server, requirements=("L07",))
    elif dll_inside:
        yield Finding(
            id="ucma-points-to-folder",
            requirements=("L07",),
            severity=Severity.WARNING,
            server=server,
            object=_VALUE,
            what=f"{_VALUE} names the folder {path}; the DLL lies in it.",
            why="The procedure speaks of the folder, but UCMA's set-up writes, and OWA loads, the path of the file.",
            remedy=f"Set the value to {dll_in(path)}.",
        )
    else:
        yield _finding(
            "ucma-dll-absent",
            ("L07", "L08"),
            server,
            f"{_VALUE} names the folder {path}, and {DLL} isn't in it.",
            "OWA has no IM provider to load (event 84).",
        )


def _finding(
    id: str, requirements: tuple[str, ...], server: str, what: str, why: str, severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(
        id=id,
        requirements=requirements,
        severity=severity,
        server=server,
        object=_VALUE,
        what=what,
        why=why,
        remedy=_INSTALL,
    )


def _major(version: str) -> int:
    found = re.match(r"\s*(\d+)", version)
    return int(found[1]) if found else 0
