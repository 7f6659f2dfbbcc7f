"""All runs of an estate, or of all estates, by their records: those that are still open first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from runbook.approval.told import verdict
from runbook.change import Json, Outcome
from runbook.errors import InputError
from runbook.ledger import FILE_NAME, Recording, read_events
from runbook.ledger.events import EarlierRun, Intent, Relation, RunStarted
from runbook.record.verify import State, verify
from runbook.signing.keys import PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One run. Of a record that can't be read any more, only the folder and the first problem are known."""

    folder: Path
    state: State
    problem: str = ""
    fingerprint: str = ""
    section: str = ""
    mode: str = ""
    environment: str = ""
    started: datetime | None = None
    outcome: Outcome | None = None
    resumed_by: str = ""
    """The record of the run that went on from this one, which was cut off."""
    undone_by: str = ""
    """The record of the undo that took back what this one, which was cut off, had done."""
    approval: str = ""
    """``approved``, ``not approved`` or ``refused``; empty for a run that was not to change anything."""

    @property
    def is_open(self) -> bool:
        """Nothing is signed yet."""
        return self.state in (State.OPEN, State.UNCLOSED)

    def document(self) -> Json:
        return {
            "record": str(self.folder),
            "estate": self.folder.parent.name,
            "section": self.section,
            "mode": self.mode,
            "environment": self.environment,
            "started": self.started.isoformat() if self.started else None,
            "outcome": self.outcome.value if self.outcome else None,
            "approval": self.approval or None,
            "open": self.is_open,
            "state": self.state.value,
            "signer": self.fingerprint,
            "resumed_by": self.resumed_by or None,
            "undone_by": self.undone_by or None,
            "problem": self.problem,
        }


def listed(records: Path, estate: str = "", *, key: PublicKey | None = None) -> tuple[Listed, ...]:
    """Every record below ``records``: the open ones, then the others, each the newest first.

    ``key`` is the user's own public key: records that others signed are then not called altered, only not established.
    :class:`InputError` where the estate has no records.
    """
    estates = [records / estate] if estate else sorted(path for path in _folders(records))
    if estate and not estates[0].is_dir():
        raise InputError(f"There are no records of {estate} in {records}.")
    found = [one for each in estates for one in _with_successors([_listed(folder, key) for folder in _folders(each)])]
    found.sort(key=lambda one: one.folder.name, reverse=True)
    return tuple(sorted(found, key=lambda one: not one.is_open))


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _listed(folder: Path, key: PublicKey | None) -> Listed:
    looked = verify(folder)
    state = looked.state
    if state is State.UNKNOWN_SIGNER and key is not None and looked.fingerprint == key.keyid:
        state = State.SIGNED
    problem = str(looked.problems[0]) if looked.problems else ""
    recording = _recording(folder)
    started = recording.entries[0].event if recording and recording.entries else None
    if recording is None or not isinstance(started, RunStarted):
        return Listed(folder=folder, state=state, problem=problem, fingerprint=looked.fingerprint)
    return Listed(
        folder=folder,
        state=state,
        problem=problem,
        fingerprint=looked.fingerprint,
        section=started.section,
        mode=started.mode.value,
        environment=started.environment,
        started=recording.entries[0].time,
        outcome=recording.ended.outcome if recording.ended else None,
        approval=verdict(recording.events),
    )


def _with_successors(found: list[Listed]) -> Iterator[Listed]:
    """The runs of one estate; those that were cut off with the last run that went on from them or took them back."""
    successors: dict[str, str] = {}
    undone: dict[str, str] = {}
    if any(one.is_open for one in found):
        for one in sorted(found, key=lambda each: each.folder.name):
            recording = _recording(one.folder)
            changed = any(isinstance(event, Intent) for event in recording.events) if recording else False
            for event in recording.events if recording else ():
                if isinstance(event, EarlierRun):
                    earlier = event.record.rpartition("/")[2]
                    if event.relation is Relation.RESUMES:
                        successors[earlier] = one.folder.name
                    elif event.relation is Relation.UNDOES and changed:
                        undone[earlier] = one.folder.name
    for one in found:
        name = one.folder.name if one.is_open else ""
        yield replace(one, resumed_by=successors.get(name, ""), undone_by=undone.get(name, ""))


def _recording(folder: Path) -> Recording | None:
    try:
        return read_events(folder / FILE_NAME)
    except InputError:
        return None
