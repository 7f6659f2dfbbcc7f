"""What Exchange's admin audit log has of a run, in words and rows for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC

from runbook.ledger.events import Audit, AuditLogCompared, AuditRow

_HOW = {
    Audit.THERE: ("✔", "verified"),
    Audit.OTHER_NAME: ("▲", "warning"),
    Audit.DIFFERENT: ("✖", "error"),
    Audit.MISSING: ("✖", "error"),
    Audit.NOT_YET: ("○", "info"),
    Audit.NOT_LOGGED: ("▲", "warning"),
    Audit.NOT_RUN: ("?", "unknown"),
    Audit.UNREAD: ("▲", "warning"),
    Audit.OTHERS: ("▲", "warning"),
    Audit.UNSENT: ("▲", "warning"),
}
"""Standing → symbol and class of style: red is only what the log should have and hasn't, or has otherwise."""

_OTHER_NAME = "Exchange has it under this name; whether that is the account of this run, the log doesn't say."


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEntry:
    """One row. ``number`` is the change's in the report; empty for what others did."""

    number: str
    standing: str
    symbol: str
    style: str
    command: str
    object: str
    by: str
    time: str
    said: str

    @property
    def is_grave(self) -> bool:
        return self.style == "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAudit:
    """``head`` is one sentence; ``notes`` say when the log was looked at, by whose clock, and what it can't hold."""

    head: str
    notes: tuple[str, ...]
    rows: tuple[ToldEntry, ...]
    others: tuple[ToldEntry, ...]

    @property
    def grave(self) -> tuple[ToldEntry, ...]:
        return tuple(row for row in self.rows if row.is_grave)


def told(event: AuditLogCompared, numbers: Mapping[tuple[str, int], int]) -> ToldAudit:
    """``numbers`` are the changes' in the report, by plan and place."""
    return ToldAudit(
        head=sentence(event),
        notes=tuple(_notes(event)),
        rows=tuple(_entry(row, str(numbers.get((row.plan, row.change or 0), ""))) for row in event.rows),
        others=tuple(_entry(row, "") for row in event.others),
    )


def sentence(event: AuditLogCompared) -> str:
    """``2 of 3 commands are in Exchange's admin audit log, 1 not yet there.``"""
    there = sum(row.standing is Audit.THERE for row in event.rows)
    counts = {standing: sum(row.standing is standing for row in event.rows) for standing in Audit}
    rest = [f"{number} {standing}" for standing, number in counts.items() if number and standing is not Audit.THERE]
    head = f"{there} of {len(event.rows)} commands sent to Exchange are in its admin audit log"
    more = f" {_by_others(len(event.others))}" if event.others else ""
    return f"{'; '.join((head, *rest))}.{more}"


def _by_others(number: int) -> str:
    entries = "another entry" if number == 1 else f"{number} other entries"
    return f"It has {entries} on the same objects."


def _notes(event: AuditLogCompared) -> list[str]:
    said = [event.said] if event.said else []
    if event.since and event.until and event.looked:
        began, ended, looked = (
            f"{each.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for each in (event.since, event.until, event.looked)
        )
        said.append(f"Commands from {began} to {ended} UTC, the log as it was at {looked} UTC, by {event.clock}.")
    uncovered = f" {event.uncovered} of this run's changes are such." if event.uncovered else ""
    said.append(f"The log holds what is run on Exchange: no change of a file, of IIS or of Lync.{uncovered}")
    return said


def _entry(row: AuditRow, number: str) -> ToldEntry:
    symbol, style = _HOW[row.standing]
    return ToldEntry(
        number=number,
        standing=row.standing.value,
        symbol=symbol,
        style=style,
        command=row.command,
        object=row.object,
        by=row.caller,
        time=f"{row.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if row.time else "",
        said=row.said or (_OTHER_NAME if row.standing is Audit.OTHER_NAME else ""),
    )
