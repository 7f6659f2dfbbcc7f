"""What a user's runs of an estate left, one line a step, in the user's state directory: ``heads/<estate>.jsonl``.

A run is written down when it is opened (head: the hash of its ledger's first line) and when its record is closed (head:
the digest of its statement, which covers all files). The next run's first line names the last head, so the runs of an
estate in one place hang together, and a copy of this list where the operator can't write shows what was removed.
Several processes may add to it: a lock beside it keeps them apart.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from filelock import FileLock

from runbook.change import canonical
from runbook.errors import InputError
from runbook.ledger import Entry
from runbook.ledger.chain import GENESIS, parsed
from runbook.paths import STATE_VARIABLE, state_folder

OPENED, CLOSED = "opened", "closed"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One line. ``place`` tells the folders of records apart without naming them; ``events`` counts ledger lines."""

    estate: str
    place: str
    record: str
    run: str
    state: str
    head: str
    events: int
    time: str
    actor: str
    host: str

    @property
    def line(self) -> str:
        return canonical(asdict(self))


class Heads:
    """The list of one estate. Raises :class:`InputError` where the state directory can't be used."""

    def __init__(self, estate: str, environment: Mapping[str, str] = os.environ) -> None:
        self.path = state_folder(environment) / "heads" / f"{estate}.jsonl"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else adds to it meanwhile."""
        lock = FileLock(self.path.with_suffix(".lock"))
        with _usable(self.path):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def last(self, place: str) -> str:
        """The head that the next run in ``place`` follows; :data:`GENESIS` where there is none."""
        found = [head for head in self.read() if head.place == place]
        return found[-1].head if found else GENESIS

    def read(self) -> tuple[Head, ...]:
        return read_heads(self.path) if self.path.exists() else ()

    def add(self, head: Head) -> None:
        """Write one line at the end, on the disk when this returns."""
        with _usable(self.path), self.path.open("ab") as file:
            file.write(f"{head.line}\n".encode())
            file.flush()
            os.fsync(file.fileno())


def read_heads(path: Path) -> tuple[Head, ...]:
    """A list of heads, or the copy of one; :class:`InputError` with the line that isn't one."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from None
    return tuple(_head(path, number, line) for number, line in enumerate(lines[:-1], start=1))


def place_of(folder: Path) -> str:
    """A short name for where a record's folder lies."""
    return hashlib.sha256(os.fsencode(folder.absolute().parent)).hexdigest()[:16]


def head_of(entry: Entry, folder: Path, *, state: str, estate: str, head: str) -> Head:
    """The line that says how far a run is, from the last entry of its ledger."""
    return Head(
        estate=estate,
        place=place_of(folder),
        record=folder.name,
        run=entry.run,
        state=state,
        head=head,
        events=entry.seq,
        time=entry.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
        actor=entry.actor,
        host=entry.host,
    )


def redaction_key(environment: Mapping[str, str] = os.environ) -> bytes:
    """The key of this user's pseudonyms, made at its first use."""
    path = state_folder(environment) / "redaction.key"
    with _usable(path), FileLock(path.with_suffix(".lock")):
        if not path.exists():
            write_private(path, secrets.token_bytes(_KEY_BYTES))
        return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """A new file that nobody but this user may read (on Windows: as the profile's folder allows)."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _head(path: Path, number: int, line: bytes) -> Head:
    try:
        found = parsed(line)
        if found.keys() != {field.name for field in fields(Head)}:
            raise ValueError("it has other fields")
        return Head(**found)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}:{number}: this isn't a line of a list of heads: {error}.") from None


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield
    except OSError as error:
        remedy = f"Name a folder of yours in {STATE_VARIABLE}."
        raise InputError(f"The state directory can't be used: {path}: {error.strerror}. {remedy}") from None
