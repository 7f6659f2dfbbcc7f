"""The ledger of one run: ``events.jsonl`` in the record's folder, the truth under any executor (invariant 5).

Each event is one line of JSON, on the disk before :meth:`Ledger.append` returns: what is not in the ledger did not
happen. Beside the event's own fields a line holds ``run``, ``seq`` (from 1), ``time`` (UTC), ``type``, ``actor`` and
``host`` (who ran it, where), ``section``, ``step`` (what the run was at), and ``previous``, the hash of the line before
(:mod:`runbook.ledger.chain`).

The order that is kept::

    RunStarted ─▶ anything but a second RunStarted ─▶ RunEnded
                  PlanMade ─▶ Intent ─▶ StepTaken… ─▶ OutcomeRecorded   one intent open at a time
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BufferedWriter, FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from uuid import uuid4

from runbook.change import Json
from runbook.errors import InputError, Refused
from runbook.ledger import chain, origin
from runbook.ledger.chain import GENESIS
from runbook.ledger.codec import from_json, to_json
from runbook.ledger.events import EVENTS, Event, Intent, RunEnded, RunStarted
from runbook.ledger.order import Order
from runbook.ledger.redaction import Redactor
from runbook.ledger.rewriting import Scrubber
from runbook.secrecy import scrubbed

T = TypeVar("T")

FILE_NAME = "events.jsonl"

_TYPES = {kind.__name__: kind for kind in EVENTS}
_ENVELOPE = ("run", "seq", "time", "type", "actor", "host", "section", "step", "previous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: the event, and what the ledger adds to it. ``digest`` is what the next line calls this one."""

    run: str
    seq: int
    time: datetime
    actor: str
    host: str
    section: str
    step: str
    previous: str
    event: Event
    digest: str = ""


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
        order = Order()
        for entry in self.entries:
            order.admit(entry.event)
        return order.open_intent

    @property
    def ended(self) -> RunEnded | None:
        """The last event of a run that came to its end; ``None`` where it was cut off, or still runs."""
        last = self.entries[-1].event if self.entries else None
        return last if isinstance(last, RunEnded) else None


class Ledger:
    """Writes the events of one run. Made with :meth:`create`; may be used from several threads.

    ``step`` is what the run is at, as its lines say; the engine sets it. With a ``redactor`` no line names a person.
    """

    def __init__(
        self,
        file: BufferedWriter | FileIO,
        path: Path,
        run: str,
        *,
        clock: Callable[[], datetime],
        previous: str,
        redactor: Redactor | None,
    ) -> None:
        self.path = path
        self.run = run
        self.step = "start"
        self.redactor = redactor
        self._scrubber = Scrubber()
        self.head = previous
        """The hash of the last line that was written."""
        self._file = file
        self._clock = clock
        self._order = Order()
        self._seq = 0
        self._size = 0
        self._section = ""
        self._actor, self._host = origin.actor(), origin.host()
        self._lock = threading.Lock()

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        run: str = "",
        clock: Callable[[], datetime] | None = None,
        previous: str = GENESIS,
        redactor: Redactor | None = None,
    ) -> Ledger:
        """A new ledger in ``folder``, which is made where it isn't there. ``previous`` is the head that it follows.

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
        moment = clock or (lambda: datetime.now(UTC))
        return cls(file, path, run or uuid4().hex, clock=moment, previous=previous, redactor=redactor)

    def append(self, event: Event) -> Entry:
        """Write one event; it is on the disk when this returns. ``ValueError`` where it can't follow the last one.

        Where it can't be written whole (a full disk), what was written of it is taken back and ``OSError`` is raised.
        """
        with self._lock:
            written = self._scrubber.event(event)
            written = written if self.redactor is None else self.redactor.event(written)
            order = self._order.copy()
            order.admit(written)
            if isinstance(written, RunStarted):
                self._section = written.section
            entry = Entry(
                run=self.run,
                seq=self._seq + 1,
                time=self._clock().astimezone(UTC),
                actor=self._actor,
                host=self._host,
                section=self._section,
                step=self.step,
                previous=self.head,
                event=written,
            )
            line = _line(entry)
            self._write(line + b"\n")
            self._order, self._seq, self.head = order, entry.seq, chain.digest(line)
            return replace(entry, digest=self.head)

    def learn(self, value: object) -> None:
        """Note the people whom a fact or a section's parameters name, where the record leaves people out."""
        if self.redactor is not None:
            self.redactor.learn(value)

    def redacted(self, value: T) -> T:
        """``value`` as it may be shown beside the ledger: without people, where the record leaves them out."""
        return value if self.redactor is None else self.redactor.redacted(value)

    def _write(self, line: bytes) -> None:
        try:
            if (written := self._file.write(line)) != len(line):
                raise OSError(errno.ENOSPC, f"{written} of {len(line)} bytes were written")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(self._size)
                self._file.seek(self._size)
            raise
        self._size += len(line)

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

    A last line without its end is what a crash cut short: it is reported in ``torn``. Anything else that isn't as
    :class:`Ledger` writes it raises :class:`InputError` with the line: a broken chain, another spelling, a gap,
    a second run, an unknown type, an event out of order.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        *lines, last = file.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}.") from None
    broken = dict(chain.broken(lines))
    entries: list[Entry] = []
    order = Order()
    for number, line in enumerate(lines, start=1):
        try:
            if number in broken:
                raise ValueError(broken[number])
            entry = _entry(line)
            if entries and (entry.section, entry.actor, entry.host) != _origin(entries[0]):
                raise ValueError("it isn't the next event of this run")
            order.admit(entry.event)
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{file}:{number}: this isn't a line of a ledger: {error}") from None
        entries.append(entry)
    return Recording(entries=tuple(entries), torn=last.decode("utf-8", "replace"))


def _origin(entry: Entry) -> tuple[str, str, str]:
    return entry.section, entry.actor, entry.host


def _line(entry: Entry) -> bytes:
    fields = scrubbed(to_json(entry.event))
    assert isinstance(fields, dict)
    envelope: dict[str, Json] = {
        "run": entry.run,
        "seq": entry.seq,
        "time": entry.time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "type": type(entry.event).__name__,
        "actor": entry.actor,
        "host": entry.host,
        "section": entry.section,
        "step": entry.step,
        "previous": entry.previous,
    }
    return chain.spelt({**fields, **envelope})


def _entry(line: bytes) -> Entry:
    found: Any = chain.parsed(line)
    if found.get("type") not in _TYPES:
        raise ValueError("it has no type that is known here")
    kind = _TYPES[found["type"]]
    fields = {name: value for name, value in found.items() if name not in _ENVELOPE}
    if kind is RunStarted:
        fields["section"] = found["section"]
    said = {name: found[name] for name in ("run", "actor", "host", "section", "step", "previous")}
    if not all(isinstance(value, str) for value in said.values()):
        raise ValueError("what stands beside the event isn't text")
    time = datetime.fromisoformat(found["time"])
    event = from_json(kind, fields)
    return Entry(seq=found["seq"], time=time, event=event, digest=chain.digest(line), **said)


def _sync_folder(folder: Path) -> None:
    """Make the new file's name durable too. Windows has no such call, and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
