"""Is a record as it was closed, and who closed it? Offline, from its folder and, at best, a public key.

Every file is compared with its signed digest, and what differs is looked at closely enough to name it: the line of the
ledger, the cell of the notebook. JSON that could be read in two ways is a fault even where its digest fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from runbook.approval import evidence
from runbook.approval.evidence import APPROVAL_FILE, PLAN_FILE, Evidence
from runbook.engine.provenance import cells_digest
from runbook.errors import InputError
from runbook.ledger import FILE_NAME as LEDGER
from runbook.ledger import Recording, chain, read_events
from runbook.ledger.events import RunStarted
from runbook.record import notebook
from runbook.record.folder import Contents, contents
from runbook.signing import statement, strict
from runbook.signing.keys import PublicKey
from runbook.signing.statement import NotAStatement, Signed


class State(StrEnum):
    """What can be said of a record."""

    @property
    def is_intact(self) -> bool:
        """It is as it was signed, by whomever."""
        return self in (State.SIGNED, State.UNKNOWN_SIGNER, State.OTHER_SIGNER)

    SIGNED = "intact, signed with the given key"
    UNKNOWN_SIGNER = "intact, signer not established"
    OTHER_SIGNER = "intact, signed with another key than the given one"
    OPEN = "open: the run was cut off or still goes on, and nothing is signed"
    UNCLOSED = "not closed: the run ended, and nothing is signed"
    """Closing was interrupted, or the statement was taken away: the record alone can't say which."""
    ALTERED = "altered"


NOT_CLOSED = (
    "it isn't there. Closing the record was interrupted, or it was taken away: the record alone can't say which, and "
    "nothing of it is proved. The ledger is whole and tells the end of the run, so `runbook close-record` can close it."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What isn't as it was signed, and where: a file, a line of the ledger (``events.jsonl:7``), the record."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Anchored(StrEnum):
    """How much of a record an anchor kept the head of."""

    NOT = "nothing of it"
    BEGUN = "its having been begun"
    LEDGER = "its ledger"
    WHOLE = "all of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One record. ``fingerprint`` is the signer's, by the statement; empty where there is none that holds.

    ``lines`` are the hashes of the ledger's lines; ``head`` is the digest of the statement, else of the last line.
    """

    folder: Path
    state: State
    problems: tuple[Problem, ...] = ()
    fingerprint: str = ""
    run: str = ""
    section: str = ""
    began: datetime | None = None
    """What the ledger says of it: a folder may be called anything."""
    follows: str = ""
    head: str = ""
    anchored: Anchored = Anchored.NOT
    lines: tuple[str, ...] = ()


def verify(folder: Path, *, key: PublicKey | None = None) -> Verified:
    """Look at one record; ``key`` is the public key that the signer is known by.

    :class:`InputError` where the folder isn't there or can't be looked into.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: name the folder of a record.")
    found = contents(folder)
    lines = _lines(folder)
    problems = list(_ledger(folder, lines))
    recording = _recording(folder) if not problems else None
    signed: Signed | None = None
    unclosed: Problem | None = None
    path = folder / statement.FILE_NAME
    data = _bytes(path)
    if data is not None:
        try:
            signed = statement.read(data)
        except NotAStatement as error:
            problems.append(Problem(statement.FILE_NAME, str(error)))
    elif recording is not None and recording.ended is not None:
        unclosed = Problem(statement.FILE_NAME, NOT_CLOSED)
    elif recording is None or _is_more_than_begun(found):
        problems.append(Problem(statement.FILE_NAME, "it is missing, and the ledger doesn't reach the end of the run"))
    if signed is not None:
        problems += _compared(folder, found, signed, lines, recording)
        problems += _approval(folder, found, signed, recording, {problem.where for problem in problems})
    if unclosed is None:
        problems += _spelling(folder, found, {problem.where for problem in problems})
    first = recording.entries[0] if recording and recording.entries else None
    state = State.UNCLOSED if unclosed else _state(problems, signed, key)
    if state is State.OTHER_SIGNER and signed is not None and key is not None:
        said = f"it is signed with the key {signed.key.keyid}, not with {key.keyid}"
        problems.append(Problem(statement.FILE_NAME, said))
    return Verified(
        folder=folder,
        state=state,
        problems=(unclosed,) if unclosed else tuple(problems),
        section=first.section if first else "",
        began=first.time if first else None,
        fingerprint=signed.key.keyid if signed else "",
        run=first.run if first else "",
        follows=first.previous if first else "",
        head=chain.digest(data) if data is not None else (chain.digest(lines[-1]) if lines else ""),
        lines=tuple(map(chain.digest, lines)),
    )


def _state(problems: list[Problem], signed: Signed | None, key: PublicKey | None) -> State:
    if problems:
        return State.ALTERED
    if signed is None:
        return State.OPEN
    if key is None:
        return State.UNKNOWN_SIGNER
    return State.SIGNED if signed.key.keyid == key.keyid else State.OTHER_SIGNER


def _is_more_than_begun(found: Contents) -> bool:
    """Files that are only written when a record is closed."""
    return any(name == "plan.json" or name.startswith(("before/", "after/")) for name in found.digests)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _lines(folder: Path) -> list[bytes]:
    """The whole lines of the ledger."""
    return (_bytes(folder / LEDGER) or b"").split(b"\n")[:-1]


def _ledger(folder: Path, lines: list[bytes]) -> Iterator[Problem]:
    data = _bytes(folder / LEDGER)
    if data is None:
        yield Problem(LEDGER, "it is missing, or can't be read")
        return
    broken = chain.broken(lines)
    for number, what in broken:
        yield Problem(f"{LEDGER}:{number}", what)
    if not broken:
        try:
            recording = read_events(folder)
        except InputError as error:
            yield Problem(LEDGER, str(error))
        else:
            if not recording.entries:
                yield Problem(LEDGER, "it holds no event")


def _recording(folder: Path) -> Recording | None:
    try:
        return read_events(folder)
    except InputError:
        return None


def _compared(
    folder: Path, found: Contents, signed: Signed, lines: list[bytes], recording: Recording | None
) -> Iterator[Problem]:
    """The files against their signed digests, and the statement against the ledger."""
    for name, what in found.odd.items():
        yield Problem(name, what)
    for name in sorted(signed.files.keys() - found.digests.keys() - found.odd.keys()):
        yield Problem(name, "it is missing")
    for name in sorted(found.digests.keys() - signed.files.keys() - {statement.FILE_NAME}):
        yield Problem(name, "it is no part of what was signed")
    for name in sorted(found.digests.keys() & signed.files.keys()):
        if found.digests[name] != signed.files[name]:
            yield from _altered(folder, name, signed, lines)
    if recording is not None and found.digests.get(LEDGER) == signed.files.get(LEDGER):
        yield from _at_odds(recording, signed.predicate)


def _altered(folder: Path, name: str, signed: Signed, lines: list[bytes]) -> Iterator[Problem]:
    if name == LEDGER:
        yield from _altered_ledger(folder, signed, lines)
    elif name == notebook.FILE_NAME:
        told = signed.predicate.get("notebook")
        cells = told.get("cells") if isinstance(told, dict) else None
        differences = notebook.differences(_bytes(folder / name) or b"", cells)
        for what in differences or ["it was altered outside its cells, or is spelt otherwise"]:
            yield Problem(name, what)
    else:
        yield Problem(name, "it was altered: its digest isn't the signed one")


def _altered_ledger(folder: Path, signed: Signed, lines: list[bytes]) -> Iterator[Problem]:
    """The chain names any line but the last, and one that was cut off; the signed head names those."""
    told = signed.predicate.get("ledger")
    events, head = (told.get("events"), told.get("head")) if isinstance(told, dict) else (None, None)
    if isinstance(events, int) and len(lines) != events:
        yield Problem(
            f"{LEDGER}:{min(len(lines), events) + 1}", f"it has {len(lines)} whole lines, {events} were signed"
        )
    elif lines and chain.digest(lines[-1]) != head:
        yield Problem(f"{LEDGER}:{len(lines)}", "the last line isn't the signed one")
    else:
        yield Problem(f"{LEDGER}:{len(lines) + 1}", "something stands after the last signed line")


def _at_odds(recording: Recording, predicate: Any) -> Iterator[Problem]:
    """A statement that was signed anew could tell another story than its own ledger."""
    started, ended = recording.entries[0].event, recording.ended
    if not isinstance(started, RunStarted) or ended is None:
        yield Problem(LEDGER, "it was signed, and the run hasn't ended")
        return
    last = recording.entries[-1]
    expected = {
        "run": recording.entries[0].run,
        "environment": started.environment,
        "section": started.section,
        "mode": started.mode.value,
        "outcome": ended.outcome.value,
        "ledger": {"events": last.seq, "head": last.digest, "follows": recording.entries[0].previous},
    }
    for name, value in expected.items():
        if predicate.get(name) != value:
            yield Problem(statement.FILE_NAME, f"what it says of {name} isn't what the ledger says")


def _approval(
    folder: Path, found: Contents, signed: Signed, recording: Recording | None, named: set[str]
) -> Iterator[Problem]:
    """An approval that doesn't fit what was done, even where all of it was signed. Nothing is named twice."""
    if recording is None:
        return
    redacted = signed.predicate.get("redacted") is True
    run = _bytes(folder / notebook.FILE_NAME) if notebook.FILE_NAME in found.digests and not redacted else None
    held = Evidence(
        approval=_bytes(folder / APPROVAL_FILE),
        plan=_bytes(folder / PLAN_FILE),
        signer=signed.key.keyid,
        notebook_cells=cells_digest(run) if run is not None else "",
    )
    for where, what in evidence.problems(recording, held):
        if where not in named:
            yield Problem(where, what)


def _spelling(folder: Path, found: Contents, named: set[str]) -> Iterator[Problem]:
    """JSON that two readers could take for two things. What has been named already isn't named twice."""
    for name in sorted(found.digests):
        if name in named or not name.endswith((".json", ".ipynb")):
            continue
        data = _bytes(folder / name) or b""
        try:
            if name == notebook.FILE_NAME:
                strict.without_repeats(data)
            else:
                strict.loaded(data)
        except (ValueError, RecursionError) as error:
            yield Problem(name, str(error))
