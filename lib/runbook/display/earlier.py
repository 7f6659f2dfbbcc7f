"""Runs of a section that changed something and were never closed: their kernel was restarted, or their computer was.

Found by their records alone, whoever ran them; what became of their last change the facts tell, not the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runbook.change import Outcome
from runbook.engine.past_run import follows_another, past_run
from runbook.errors import InputError
from runbook.ledger import FILE_NAME
from runbook.ledger.events import EarlierRun, Relation
from runbook.render import View, message

MOST = 3
"""The newest of them; who has more should look at ``runbook records``."""

_SETTLED = (Outcome.VERIFIED, Outcome.NOT_NEEDED)
_ENDED = b'"type":"RunEnded"'
_END = 1 << 16
"""Bytes at the end of a ledger; a last line is shorter than that, or isn't one of a run's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One of them. ``name`` is how commands call its record; ``doubt``: a change was under way when it was cut off."""

    run: str
    name: str
    folder: Path
    began: datetime
    by: str
    sent: int
    planned: int
    doubt: bool


def unfinished(records: Path, section: str, *, own: Path) -> tuple[Earlier, ...]:
    """In the folder of one estate's records, the newest first; ``own`` is the run that asks."""
    marked = f"-{section.replace('_', '-')}-"
    folders = sorted((path for path in records.glob(f"*{marked}*") if path != own), reverse=True)
    found: list[Earlier] = []
    resumed: set[str] = set()
    for folder in folders:
        ledger = folder / FILE_NAME
        if follows_another(ledger):
            resumed |= _gone_on_from(folder)
        if _may_be_open(ledger) and (one := _read(folder)) and one.run not in resumed:
            found.append(one)
    return tuple(found[:MOST])


def _gone_on_from(folder: Path) -> set[str]:
    """The runs that this one went on from, and not in vain: it sent something, or found nothing left to do."""
    try:
        past = past_run(folder)
    except InputError:
        return set()
    ended = past.recording.ended
    if not any(change.sent for change in past.changes) and (ended is None or ended.outcome not in _SETTLED):
        return set()
    return {
        event.earlier
        for event in past.recording.events
        if isinstance(event, EarlierRun) and event.relation is Relation.RESUMES
    }


def _may_be_open(ledger: Path) -> bool:
    """Its last line isn't that of a run's end: most records are told by that alone."""
    try:
        with ledger.open("rb") as file:
            file.seek(max(0, ledger.stat().st_size - _END))
            return _ENDED not in file.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
    except OSError:
        return False


def _read(folder: Path) -> Earlier | None:
    try:
        past = past_run(folder)
    except InputError:
        return None
    sent = sum(change.sent for change in past.changes)
    if past.recording.ended is not None or not sent:
        return None
    first = past.recording.entries[0]
    return Earlier(
        run=past.run,
        name=past.name,
        folder=folder,
        began=first.time,
        by=f"{first.actor} on {first.host}",
        sent=sent,
        planned=len(past.changes),
        doubt=past.recording.in_doubt is not None,
    )


def told(one: Earlier) -> View:
    """What is known of it, and what to do about it."""
    doubt = " It was cut off while a change was under way." if one.doubt else ""
    return message(
        f"▲ An earlier run of this section changed something and isn't closed: {one.name}",
        f"Begun {one.began:%Y-%m-%d %H:%M} UTC by {one.by}; {one.sent} of {one.planned} changes were sent.{doubt}",
        f"To go on from it: the button here, or in a terminal: runbook resume {one.name}",
    )
