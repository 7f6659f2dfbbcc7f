"""The ledger of one run: ``events.jsonl`` in the record's folder, the truth under any executor (invariant 5).

Each event is one line of JSON with ``run``, ``seq`` (from 1), ``time`` (UTC) and ``type`` beside the event's own
fields, and it is on the disk before :meth:`Ledger.append` returns: what is not in the ledger did not happen.

The order that is kept::

    RunStarted ─▶ anything but a second RunStarted ─▶ RunEnded
                  PlanMade ─▶ Intent ─▶ StepTaken… ─▶ OutcomeRecorded   one intent open at a time
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedWriter, FileIO
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from runbook.change import Json, Outcome, canonical
from runbook.errors import InputError, Refused
from runbook.ledger.codec import from_json, to_json
from runbook.ledger.events import EVENTS, Event, Intent, OutcomeRecorded, PlanMade, RunEnded, RunStarted, StepTaken

FILE_NAME = "events.jsonl"

_TYPES = {kind.__name__: kind for kind in EVENTS}
_ENVELOPE = ("run", "seq", "time", "type")
_NEEDS_INTENT = (Outcome.APPLIED, Outcome.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: the event, and what the ledger adds to it."""

    run: str
    seq: int
    time: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A ledger as it was read. ``torn`` is what a crash left of the last line, empty where it is whole."""

    entries: tuple[Entry, ...]
    torn: str = ""

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(entry.event for entry in self.entries)

    @property
    def in_doubt(self) -> Intent | None:
        """The intent whose outcome was never recorded: it may or may not have run."""
        order = _Order()
        for entry in self.entries:
            order.admit(entry.event)
        return order.open_intent


class _Order:
    """Which event may follow which; see the table above. Raises ``ValueError``."""

    def __init__(self) -> None:
        self.started = self.ended = False
        self.open_intent: Intent | None = None
        self._plans: dict[str, int] = {}
        self._intended: set[tuple[str, int]] = set()

    def admit(self, event: Event) -> None:
        if isinstance(event, RunStarted) == self.started:
            raise ValueError("a run starts once, and with RunStarted")
        if self.ended:
            raise ValueError("the run has ended")
        self.started = True
        if isinstance(event, PlanMade):
            self._plans[event.digest] = len(event.plan.changes)
        elif isinstance(event, Intent):
            self._admit_intent(event)
        elif isinstance(event, StepTaken):
            self._admit_step(event)
        elif isinstance(event, OutcomeRecorded):
            self._admit_outcome(event)
        elif isinstance(event, RunEnded):
            if self.open_intent is not None:
                raise ValueError(f"the outcome of change {self.open_intent.change} isn't recorded")
            self.ended = True

    def _admit_intent(self, event: Intent) -> None:
        if event.change >= self._plans.get(event.plan, 0):
            raise ValueError(f"no recorded plan {event.plan[:12]}… has a change {event.change}")
        if self.open_intent is not None:
            raise ValueError(f"the outcome of change {self.open_intent.change} isn't recorded yet")
        self.open_intent = event
        self._intended.add((event.plan, event.change))

    def _admit_step(self, event: StepTaken) -> None:
        if self.open_intent is None or (event.plan, event.change) != (self.open_intent.plan, self.open_intent.change):
            raise ValueError(f"a step of change {event.change}, whose intent isn't recorded before it")

    def _admit_outcome(self, event: OutcomeRecorded) -> None:
        key = (event.plan, event.change)
        if event.outcome in _NEEDS_INTENT and key not in self._intended:
            raise ValueError(f"change {event.change} is {event.outcome}, but no intent was recorded before it")
        if self.open_intent is not None:
            if key != (self.open_intent.plan, self.open_intent.change):
                raise ValueError(f"the outcome of change {self.open_intent.change} isn't recorded yet")
            self.open_intent = None


class Ledger:
    """Writes the events of one run. Made with :meth:`create`; may be used from several threads."""

    def __init__(self, file: BufferedWriter | FileIO, path: Path, run: str, clock: Callable[[], datetime]) -> None:
        self.path = path
        self.run = run
        self._file = file
        self._clock = clock
        self._order = _Order()
        self._seq = 0
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path, *, run: str = "", clock: Callable[[], datetime] | None = None) -> Ledger:
        """A new ledger in ``folder``, which is made where it isn't there.

        :class:`Refused` where it has one already, :class:`InputError` where nothing can be written there.
        """
        path = folder / FILE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = path.open("xb", buffering=0)
        except FileExistsError:
            if not path.exists():
                raise InputError(f"{folder} isn't a folder: no record can be written there.") from None
            raise Refused(f"{path} is the ledger of another run. Give each run a record folder of its own.") from None
        except OSError as error:
            raise InputError(f"No record can be written to {folder}: {error.strerror}.") from None
        _sync_folder(folder)
        return cls(file, path, run or uuid4().hex, clock or (lambda: datetime.now(UTC)))

    def append(self, event: Event) -> Entry:
        """Write one event; it is on the disk when this returns. ``ValueError`` where it can't follow the last one."""
        with self._lock:
            self._order.admit(event)
            entry = Entry(run=self.run, seq=self._seq + 1, time=self._clock().astimezone(UTC), event=event)
            self._file.write(_line(entry))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._seq = entry.seq
            return entry

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def read_events(path: Path) -> Recording:
    """Read a ledger (the file, or its folder).

    A last line that a crash cut short is reported in ``torn``. Anything else that isn't as :class:`Ledger` writes it
    raises :class:`InputError` with the line: a gap, a second run, an unknown type, an event out of order.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        *lines, last = file.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}.") from None
    entries: list[Entry] = []
    order = _Order()
    for number, line in enumerate(lines, start=1):
        try:
            entry = _entry(line)
            if entry.seq != number or entry.run != (entries[0].run if entries else entry.run):
                raise ValueError("it isn't the next event of this run")
            order.admit(entry.event)
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{file}:{number}: this isn't a line of a ledger: {error}") from None
        entries.append(entry)
    return Recording(entries=tuple(entries), torn=last.decode("utf-8", "replace"))


def _line(entry: Entry) -> bytes:
    fields = to_json(entry.event)
    assert isinstance(fields, dict)
    time = entry.time.isoformat(timespec="microseconds").replace("+00:00", "Z")
    envelope: dict[str, Json] = {"run": entry.run, "seq": entry.seq, "time": time, "type": type(entry.event).__name__}
    # A lone surrogate from a server's text becomes the JSON escape of itself.
    return (canonical({**fields, **envelope}) + "\n").encode("utf-8", "backslashreplace")


def _entry(line: bytes) -> Entry:
    found: Any = json.loads(line)
    if not isinstance(found, dict) or found.get("type") not in _TYPES:
        raise ValueError("it has no type that is known here")
    fields = {name: value for name, value in found.items() if name not in _ENVELOPE}
    event = from_json(_TYPES[found["type"]], fields)
    return Entry(run=found["run"], seq=found["seq"], time=datetime.fromisoformat(found["time"]), event=event)


def _sync_folder(folder: Path) -> None:
    """Make the new file's name durable too. Windows has no such call, and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
