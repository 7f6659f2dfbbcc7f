"""Close a record: its readable files, its digests, its signature, and its head where the next run finds it.

The order is what makes it safe to be interrupted anywhere: the signed statement is written last and as a whole, and a
record without one can be closed again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runbook import report
from runbook.errors import InputError, Refused
from runbook.ledger import Recording, origin, read_events
from runbook.ledger.chain import digest
from runbook.ledger.events import RunStarted
from runbook.ledger.heads import CLOSED, Heads, head_of, redaction_key
from runbook.ledger.redaction import Redactor
from runbook.record import anchor, crate, notebook, observed, told
from runbook.record.folder import contents
from runbook.signing import statement
from runbook.signing.keys import OwnKey, own_key

CLOSER_VARIABLE = "RUNBOOK_CLOSES_RECORD"
"""Set, to anything, by a program that starts a run's kernel and closes its record once the notebook is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A record that was closed. ``head`` is the digest of its statement; ``problems``: anchors that didn't get it."""

    folder: Path
    fingerprint: str
    head: str
    problems: tuple[str, ...] = ()


def close(
    folder: Path,
    *,
    anchors: Iterable[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> Closed | None:
    """Write the record's files and sign them; ``None`` for a run that hasn't ended, whose record stays open.

    ``anchors`` are targets beside the estate's own (:mod:`runbook.record.anchor`); one that can't be reached is told in
    ``problems`` and changes nothing else. Raises :class:`Refused` where the record is closed already, and
    :class:`InputError` where its ledger was tampered with, or nothing can be written or signed.
    """
    recording = read_events(folder)
    if recording.ended is None:
        return None
    if (folder / statement.FILE_NAME).exists():
        raise Refused(f"{folder} is closed already: a record is signed once.")
    key = own_key(environment)
    try:
        if _started(recording).redacted and (folder / notebook.FILE_NAME).exists():
            _replace_notebook(folder / notebook.FILE_NAME, Redactor(redaction_key(environment)))
        signed = _write(folder, recording, key)
    except OSError as error:
        raise InputError(f"The record {folder} can't be closed: {error.strerror}.") from None
    return _keep(folder, recording, digest(signed), key, anchors=anchors, environment=environment)


def was_closed(folder: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """By the user's own list of heads, whether or not its statement is still there."""
    recording = read_events(folder)
    run = recording.entries[0].run
    heads = Heads(_started(recording).estate, environment)
    return any(head.run == run and head.state == CLOSED for head in heads.read())


def is_left_open(environment: Mapping[str, str] = os.environ) -> bool:
    """Whoever started this process closes the record, once the notebook is written."""
    return bool(environment.get(CLOSER_VARIABLE))


def _write(folder: Path, recording: Recording, key: OwnKey) -> bytes:
    predicate = told.predicate(recording)
    _beside(folder / statement.FILE_NAME).unlink(missing_ok=True)
    for unfinished in folder.glob(f".{notebook.FILE_NAME}.*"):  # of a process that was killed while it saved
        unfinished.unlink()
    for name, data in observed.files(recording).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    report.write(folder)
    executed = folder / notebook.FILE_NAME
    predicate["closed"] = {"time": _now(), "account": origin.actor(), "host": origin.host()}
    predicate["notebook"] = notebook.told(executed.read_bytes() if executed.exists() else None)
    names = {*contents(folder).digests, crate.FILE_NAME}
    (folder / crate.FILE_NAME).write_bytes(crate.crate(predicate, names))
    found = contents(folder)
    if found.odd:
        name, why = next(iter(found.odd.items()))
        raise InputError(f"The record {folder} can't be closed: {name} is {why}.")
    signed = statement.sign(found.digests, predicate, key)
    _replace(folder / statement.FILE_NAME, signed)
    return signed


def _keep(
    folder: Path,
    recording: Recording,
    head: str,
    key: OwnKey,
    *,
    anchors: Iterable[str],
    environment: Mapping[str, str],
) -> Closed:
    started = _started(recording)
    heads = Heads(started.estate, environment)
    with heads.held():
        heads.add(head_of(recording.entries[-1], folder, state=CLOSED, estate=started.estate, head=head))
        known = heads.read()
    problems: list[str] = []
    for target in dict.fromkeys((*started.anchors, *anchors)):
        try:
            anchor.send(target, started.estate, known, environment)
        except anchor.AnchorFailed as error:
            problems.append(str(error))
    return Closed(folder=folder, fingerprint=key.fingerprint, head=head, problems=tuple(problems))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _started(recording: Recording) -> RunStarted:
    started = recording.entries[0].event
    assert isinstance(started, RunStarted)
    return started


def _replace_notebook(path: Path, redactor: Redactor) -> None:
    """Without people; whole at any moment, since nothing else holds what it shows."""
    if (data := notebook.redacted(path.read_bytes(), redactor)) is not None:
        _replace(path, data)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _replace(path: Path, data: bytes) -> None:
    """The whole file or none of it, on the disk when this returns."""
    beside = _beside(path)
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
