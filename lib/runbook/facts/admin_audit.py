"""Exchange's administrator audit log: which cmdlets were run, by whom, on what (``real-world``: admin audit log).

It holds what is run over Exchange's own endpoints and nothing of files, IIS or Lync. An entry can be found only after
the log's own delay, and only where the log is on and wants that cmdlet. What an entry holds and how it is searched is
Microsoft's documentation (*Administrator audit log structure*, *Search-AdminAuditLog*); that a list may be written with
any separators is an assumption, so values are compared by what stands between them.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runbook.command import Cmdlet, Pipeline, Target, Value, cmdlet
from runbook.facts.answer import as_text, checked, flag, one, text, texts
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

LONGEST_DELAY = timedelta(minutes=15)
"""Documented: so long may it take until an entry can be found."""

MOST_ENTRIES = 5000
"""Of one search; where as many come, there may be more."""

_LOOKS = ("get", "search", "test")
_NEVER_KEPT = ("", "0", "0:00:00", "00:00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """What the log wants, with wildcards: cmdlets by name, and those of which a parameter is named."""

    enabled: bool
    cmdlets: tuple[str, ...] = ("*",)
    parameters: tuple[str, ...] = ("*",)
    excluded: tuple[str, ...] = ()
    kept: bool = True

    def leaves_out(self, command: Cmdlet) -> str:
        """Why a run of this command leaves no entry, in words; empty where it should leave one."""
        if not self.enabled:
            return "the log is switched off (AdminAuditLogEnabled)"
        if not self.kept:
            return "the log keeps nothing (AdminAuditLogAgeLimit)"
        if _any(self.excluded, command.name):
            return f"the log leaves out {command.name} (AdminAuditLogExcludedCmdlets)"
        if not _any(self.cmdlets, command.name):
            return f"the log doesn't take {command.name} (AdminAuditLogCmdlets: {', '.join(self.cmdlets)})"
        if not any(_any(self.parameters, name) for name, _ in command.parameters):
            return f"the log takes none of its parameters (AdminAuditLogParameters: {', '.join(self.parameters)})"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One cmdlet that was run. A parameter's value is ``None`` where only its name came over the wire."""

    cmdlet: str
    object: str
    parameters: tuple[tuple[str, str | None], ...]
    caller: str
    time: datetime
    succeeded: bool
    error: str = ""

    @property
    def account(self) -> str:
        """The last part of the caller: ``kim`` of ``litwareinc.com/Users/kim``, of ``LITWARE\\kim`` and of ``kim@…``"""
        return account_name(self.caller)


def account_name(name: str) -> str:
    """An account without its domain, in lower case, however it is written."""
    return name.replace("\\", "/").rpartition("/")[2].partition("@")[0].strip().lower()


def leaves_entries(command: Cmdlet) -> bool:
    """Whether the log takes this kind of command at all: those that only look are never in it (documented)."""
    return not command.is_native and command.name.partition("-")[0].lower() not in (*_LOOKS, "select", "measure")


def audit_settings(target: Target, controller: str = "") -> Query[AuditSettings]:
    """Whether the log is on, and what it takes."""
    ask = cmdlet("Get-AdminAuditLogConfig", **_pinned(controller))
    return Query("admin-audit-log-config", target, Pipeline.of(ask), _parse_settings)


def audit_entries(target: Target, since: datetime) -> Query[tuple[AuditEntry, ...]]:
    """What the log holds from ``since`` on, the oldest first, of everybody; at most :data:`MOST_ENTRIES`."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ask = cmdlet("Search-AdminAuditLog", StartDate=moment, ResultSize=MOST_ENTRIES)
    return Query("admin-audit-log", target, Pipeline.of(ask), _parse_entries)


def _pinned(controller: str) -> dict[str, Value]:
    return {"DomainController": controller} if controller else {}


def _parse_settings(result: Result) -> AuditSettings:
    item = one(checked(result).objects, "configuration of the admin audit log")
    return AuditSettings(
        enabled=flag(item, "AdminAuditLogEnabled"),
        cmdlets=texts(item, "AdminAuditLogCmdlets"),
        parameters=texts(item, "AdminAuditLogParameters"),
        excluded=texts(item, "AdminAuditLogExcludedCmdlets"),
        kept=as_text(item.get("AdminAuditLogAgeLimit", "unknown")) not in _NEVER_KEPT,
    )


def _parse_entries(result: Result) -> tuple[AuditEntry, ...]:
    return tuple(sorted(map(_entry, checked(result).objects), key=lambda entry: entry.time))


def _entry(item: ServerObject) -> AuditEntry:
    time = item.get("RunDate")
    if not isinstance(time, datetime):
        raise ValueError(f"an entry of the log came without the time of its run: {as_text(time)!r}")
    return AuditEntry(
        cmdlet=text(item, "CmdletName"),
        object=text(item, "ObjectModified"),
        parameters=tuple(_parameters(item)),
        caller=text(item, "Caller"),
        time=time,
        succeeded=flag(item, "Succeeded"),
        error=as_text(item.get("Error")),
    )


def _parameters(item: ServerObject) -> list[tuple[str, str | None]]:
    """Objects with a name and a value; at a smaller depth of serialisation only their names arrive."""
    given = item.get("CmdletParameters")
    found: list[tuple[str, str | None]] = []
    for each in given if isinstance(given, tuple) else (() if given is None else (given,)):
        if isinstance(each, ServerObject) and "Name" in each:
            found.append((text(each, "Name"), as_text(each.get("Value")) if "Value" in each else None))
        else:
            found.append((as_text(each), None))
    return found


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
