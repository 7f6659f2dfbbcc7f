"""What an earlier run did, and what runs since did about it, from their ledgers alone. Reads records only."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from runbook.change import Change, Json, Outcome
from runbook.errors import InputError
from runbook.ledger import FILE_NAME, Recording, read_events
from runbook.ledger.events import (
    EarlierRun,
    FactRead,
    Intent,
    OutcomeRecorded,
    Phase,
    PlanMade,
    Relation,
    RunStarted,
)
from runbook.ledger.plans import planned_changes

Key = tuple[str, str, str]
"""What a change is of: server, object, property, letters in lower case."""

Moment = tuple[datetime, int]
"""When an event was written; the second number orders those of one moment."""

_WORKERS = "owa-workers"
_MARK = b'"type":"EarlierRun"'
_BEGINNING = 1 << 16
"""Bytes at the start of a ledger in which it says whether it follows another run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One change of a record. ``sent``: its intent is there; ``outcome`` is the last one, ``None`` where none is."""

    change: Change
    sent: bool
    outcome: Outcome | None

    @property
    def in_doubt(self) -> bool:
        """It was about to be sent when the run was cut off."""
        return self.sent and self.outcome is None

    @property
    def may_stand(self) -> bool:
        """It was sent, or was done by hand and found done."""
        return self.sent or self.outcome is Outcome.VERIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """An earlier run. ``workers`` are the OWA workers that it saw last, by server, each as the sections name them."""

    run: str
    folder: Path
    started: RunStarted
    recording: Recording
    changes: tuple[Recorded, ...]
    workers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As records are listed: estate and folder."""
        return f"{self.started.estate}/{self.folder.name}"

    @property
    def parameters(self) -> Mapping[str, object]:
        given = self.started.parameters
        return dict(given) if isinstance(given, dict) else {}


def past_run(folder: Path) -> PastRun:
    """The run whose record is in ``folder``; :class:`InputError` where there is none that can be read."""
    recording = read_events(folder)
    started = recording.entries[0].event if recording.entries else None
    if not isinstance(started, RunStarted):
        raise InputError(f"{folder} holds no run.")
    return PastRun(
        run=recording.entries[0].run,
        folder=folder,
        started=started,
        recording=recording,
        changes=tuple(_recorded(recording)),
        workers=_workers(recording, Phase.VERIFY),
    )


def _recorded(recording: Recording) -> Iterator[Recorded]:
    sent: set[tuple[str, int]] = set()
    became: dict[tuple[str, int], Outcome] = {}
    for event in recording.events:
        if isinstance(event, Intent):
            sent.add((event.plan, event.change))
            became.pop((event.plan, event.change), None)
        elif isinstance(event, OutcomeRecorded):
            became[event.plan, event.change] = event.outcome
    for each in planned_changes(recording):
        place = (each.plan, each.place)
        yield Recorded(change=each.change, sent=place in sent, outcome=became.get(place))


def _workers(recording: Recording, phase: Phase | None = None) -> Mapping[str, frozenset[str]]:
    """The workers that the run saw last, by server; in this phase, or in any."""
    found: dict[str, frozenset[str]] = {}
    for event in recording.events:
        if isinstance(event, FactRead) and event.query == _WORKERS and phase in (None, event.phase):
            found[event.target.server] = frozenset(_worker_names(event.fact))
    return found


def _worker_names(fact: Json) -> Iterator[str]:
    for each in fact if isinstance(fact, list) else ():
        if isinstance(each, dict):
            yield f"{each.get('process_id')} since {each.get('started')}"


def content_before(past: PastRun, change: Change) -> bytes | None:
    """The bytes that a file had before a change of it, as the run read them; ``None`` where its record has none."""
    wanted = change.before.get("sha256") if isinstance(change.before, dict) else None
    for event in past.recording.events:
        if isinstance(event, FactRead) and event.target == change.target and isinstance(event.fact, dict):
            held = event.fact.get("base64")
            if isinstance(held, str) and hashlib.sha256(content := base64.b64decode(held)).hexdigest() == wanted:
                return content
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What undo runs of one record did: when each thing was last about to be taken back, and when it was last done."""

    intended: Mapping[Key, Moment] = field(default_factory=dict)
    done: Mapping[Key, Moment] = field(default_factory=dict)
    in_doubt: frozenset[Key] = frozenset()
    """Cut off while it was being taken back."""
    workers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By server, the OWA workers that an undo saw last before it was cut off while it recycled them."""


def since(run: str, folders: Iterable[Path]) -> Since:
    """What the ledgers in these folders of records tell of undoing ``run``; one that can't be read tells nothing."""
    intended: dict[Key, Moment] = {}
    done: dict[Key, Moment] = {}
    doubt: set[Key] = set()
    workers: dict[str, frozenset[str]] = {}
    for _, recording in _followers(run, Relation.UNDOES, folders):
        plans = {event.digest: event.plan.changes for event in recording.events if isinstance(event, PlanMade)}
        for entry in recording.entries:
            event, at = entry.event, (entry.time, entry.seq)
            if isinstance(event, Intent):
                _later(intended, key_of(plans[event.plan][event.change]), at)
            elif isinstance(event, OutcomeRecorded) and event.outcome in (Outcome.APPLIED, Outcome.VERIFIED):
                _later(done, key_of(plans[event.plan][event.change]), at)
        if (open_one := recording.in_doubt) is not None:
            change = plans[open_one.plan][open_one.change]
            doubt.add(key_of(change))
            workers[change.target.server] = _workers(recording).get(change.target.server, frozenset())
    return Since(intended=intended, done=done, in_doubt=frozenset(doubt), workers=workers)


def taken_back_by(run: str, folders: Iterable[Path]) -> str:
    """The record of the last undo of ``run`` that changed something, as records are listed; empty where none did."""
    found = [
        name
        for name, recording in _followers(run, Relation.UNDOES, folders)
        if any(isinstance(event, Intent) for event in recording.events)
    ]
    return found[-1] if found else ""


def gone_on_by(run: str, folders: Iterable[Path]) -> str:
    """The record of the last run that went on from ``run``, as records are listed; empty where none did."""
    found = [name for name, _ in _followers(run, Relation.RESUMES, folders)]
    return found[-1] if found else ""


def _followers(run: str, relation: Relation, folders: Iterable[Path]) -> Iterator[tuple[str, Recording]]:
    """The runs that go by ``run``, the oldest first, each by its record's name; one that can't be read is left out."""
    ledgers = {path for folder in folders for path in folder.glob(f"*/{FILE_NAME}")}
    for ledger in sorted(ledgers, key=lambda path: path.parent.name):
        try:
            recording = read_events(ledger) if follows_another(ledger) else None
        except InputError:
            continue
        if recording is not None and any(_follows(event, relation, run) for event in recording.events):
            yield f"{ledger.parent.parent.name}/{ledger.parent.name}", recording


def _follows(event: object, relation: Relation, run: str) -> bool:
    return isinstance(event, EarlierRun) and event.relation is relation and event.earlier == run


def key_of(change: Change) -> Key:
    return (change.target.server.lower(), change.object.lower(), change.property.lower())


def follows_another(ledger: Path) -> bool:
    """It says at its beginning that it undoes or resumes another run; told without reading all of it."""
    try:
        with ledger.open("rb") as file:
            return _MARK in file.read(_BEGINNING)
    except OSError:
        return False


def _later(found: dict[Key, Moment], key: Key, at: Moment) -> None:
    if key not in found or found[key] < at:
        found[key] = at
