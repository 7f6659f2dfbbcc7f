"""The administrator audit log of an Exchange organisation: which cmdlets were run, by whom, on what.

Documented ("Administrator audit logging", "Manage administrator audit logging", Exchange 2013): every cmdlet is logged
whose name is on the list of cmdlets, is not excluded, and of which a parameter is on the list of parameters, but for
those that only look (Get-, Search-, Test-); an entry may take up to 15 minutes until a search finds it, because it
has to be indexed first. That it always takes :data:`INDEXED_AFTER`, and a search :data:`SEARCHING`, is *assumed*, and
that nothing is logged for -WhatIf.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rehearsal.objects import matches

INDEXED_AFTER = timedelta(minutes=2)
SEARCHING = timedelta(seconds=15)
_LOOKING = ("get", "search", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One cmdlet that was run; ``parameters`` are names and values as text, ``error`` empty where it succeeded."""

    cmdlet: str
    object: str
    parameters: tuple[tuple[str, str], ...]
    caller: str
    server: str
    time: datetime
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return not self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditConfiguration:
    """What Get-AdminAuditLogConfig shows; the defaults are those of a new organisation (documented)."""

    enabled: bool = True
    cmdlets: tuple[str, ...] = ("*",)
    parameters: tuple[str, ...] = ("*",)
    excluded: tuple[str, ...] = ()
    age_limit: timedelta = timedelta(days=90)
    log_level: str = "None"

    def wants(self, cmdlet: str, parameters: Iterable[str]) -> bool:
        """Whether a run of this cmdlet with parameters of these names is logged."""
        if not self.enabled or cmdlet.partition("-")[0].lower() in _LOOKING or _any(self.excluded, cmdlet):
            return False
        if not _any(self.cmdlets, cmdlet):
            return False
        return "*" in self.parameters or any(_any(self.parameters, name) for name in parameters)


@dataclass(slots=True)
class AuditLog:
    """The log, oldest entry first."""

    configuration: AuditConfiguration = field(default_factory=AuditConfiguration)
    entries: list[AuditEntry] = field(default_factory=list)

    def record(self, entry: AuditEntry) -> None:
        """Keep the entry if the configuration wants it."""
        if self.configuration.wants(entry.cmdlet, (name for name, _ in entry.parameters)):
            self.entries.append(entry)

    def found(self, now: datetime) -> Iterator[AuditEntry]:
        """What a search finds at this time, newest first."""
        oldest, newest = now - self.configuration.age_limit, now - INDEXED_AFTER
        return (one for one in reversed(self.entries) if oldest <= one.time <= newest)


def _any(patterns: Iterable[str], text: str) -> bool:
    return any(matches(pattern, text) for pattern in patterns)
