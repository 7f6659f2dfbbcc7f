"""Cmdlets and pipelines as values.

A remote call is a pipeline of cmdlets with typed parameters, never script text (invariant 2). PowerShell
text is only rendered from these values (:mod:`runbook.powershell`), for people to read or paste.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TypeAlias

from runbook.errors import InputError


class Shell(StrEnum):
    """Which shell of a server runs a pipeline; each has its own cmdlets (``real-world`` B4)."""

    EXCHANGE = "exchange"
    """/PowerShell/, configuration Microsoft.Exchange: no-language, Exchange cmdlets only."""
    WINDOWS = "windows"
    """/wsman, the ordinary endpoint: files, registry, certificates, services, event logs."""
    LYNC = "lync"
    """/wsman of a Front End with the Lync or Skype for Business module imported: topology writes."""
    LYNC_REMOTE = "lync-remote"
    """/OcsPowershell: role-based, offers no topology writes."""
    EDGE = "edge"
    """/wsman of an Edge with the module imported: outside the domain, so it reads its own local store and no more."""


class Switch(Enum):
    """A switch parameter: ``-Force``, or ``-Confirm:$False`` where a default is turned off."""

    ON = True
    OFF = False


Value: TypeAlias = str | int | bool | bytes | Switch | tuple[str, ...] | tuple[int, ...] | None
"""What a parameter may hold. ``None`` is ``$null``; ``bool`` is a real Boolean (``$True``), not a switch."""

_CMDLET = re.compile(r"[A-Z][A-Za-z]*-[A-Z][A-Za-z0-9]*\Z")
_NATIVE = re.compile(r"[A-Za-z]:\\[^\x00-\x1f\"*?<>|]*\.exe\Z", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")


@dataclass(frozen=True, slots=True)
class Cmdlet:
    """One command: a cmdlet with named parameters, or a native program with arguments.

    ``name`` is ``Verb-Noun`` or the full path of an .exe; anything else raises :class:`InputError`, since a
    bare word could be an alias or a script on the server.
    """

    name: str
    parameters: tuple[tuple[str, Value], ...] = ()
    arguments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        native = bool(_NATIVE.match(self.name))
        if not native and not _CMDLET.match(self.name):
            raise InputError(f"not a cmdlet or the full path of a program: {self.name!r}")
        if (native and self.parameters) or (self.arguments and not native):
            raise InputError(f"{self.name}: programs take arguments, cmdlets take named parameters")
        names = [name.lower() for name, _ in self.parameters]
        if bad := [name for name in names if not _NAME.match(name)]:
            raise InputError(f"{self.name}: not a parameter name: {bad[0]!r}")
        if len(set(names)) != len(names):
            raise InputError(f"{self.name}: a parameter is given twice: {', '.join(names)}")

    @property
    def is_native(self) -> bool:
        return not _CMDLET.match(self.name)

    def value(self, name: str) -> Value:
        """The value of a parameter, by its full name in any case; ``None`` where it isn't given."""
        return next((value for key, value in self.parameters if key.lower() == name.lower()), None)


def cmdlet(name: str, /, **parameters: Value) -> Cmdlet:
    """``cmdlet("Get-CsSite", Identity="Redmond")``; parameters keep their order and PowerShell spelling."""
    return Cmdlet(name, tuple(parameters.items()))


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Cmdlets joined by ``|``, left to right; never empty."""

    cmdlets: tuple[Cmdlet, ...]

    def __post_init__(self) -> None:
        if not self.cmdlets:
            raise InputError("a pipeline needs at least one cmdlet")

    @classmethod
    def of(cls, *cmdlets: Cmdlet) -> Pipeline:
        return cls(cmdlets)


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """Where a pipeline runs: a server by its real FQDN, and one of its shells."""

    server: str
    shell: Shell

    def __str__(self) -> str:
        return f"{self.server} ({self.shell})"
