"""Send one change, once: intent to disk, what must be saved first, the command, and what came of it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from runbook.change import Change, Outcome
from runbook.errors import ConnectionFailed, InputError, OutcomeUnknown, PipelineFailed
from runbook.fleet import Fleet
from runbook.ledger import Ledger, events
from runbook.result import Result, ServerObject


@dataclass(frozen=True, slots=True)
class Executed:
    """What is known of a command once its answer came, or didn't."""

    outcome: Outcome
    detail: str = ""
    served_by: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    doubtful: bool = False
    """It was sent, and didn't come back with a plain yes: it may have done its work, or some of it."""

    @property
    def said(self) -> tuple[str, ...]:
        """Everything worth showing, ours first."""
        return tuple(filter(None, (self.detail, *self.errors, *self.warnings)))


def execute(number: int, change: Change, *, plan: str, fleet: Fleet, ledger: Ledger) -> Executed:
    """Carry out one change.

    The outcome is *applied* (the server said yes), *failed* (it said no, or nothing was sent) or *unknown*; nothing is
    retried, and *applied* isn't proof yet: only facts read afresh are.
    """
    if change.exports is not None:
        try:
            _export(number, change, fleet, ledger)
        except (ConnectionFailed, OutcomeUnknown, PipelineFailed, OSError) as error:
            return Executed(Outcome.REFUSED, detail=f"What has to be saved first couldn't be: {error}")
    ledger.append(events.Intent(plan=plan, change=number, target=change.target, pipeline=change.command))
    try:
        result = fleet.run(change.target, change.command)
    except (ConnectionFailed, InputError) as error:
        return Executed(Outcome.FAILED, detail=f"Nothing was sent: {error}")
    except OutcomeUnknown as error:
        return Executed(Outcome.UNKNOWN, detail=error.reason, doubtful=True)
    return _judged(result)


def _judged(result: Result) -> Executed:
    errors = tuple(
        f"{error.message} [{error.error_id}]" if error.error_id else error.message for error in result.errors
    )
    outcome, detail = Outcome.APPLIED, ""
    if not result.complete:
        outcome, detail = Outcome.UNKNOWN, "Part of the server's answer was lost on the way."
    elif not result.succeeded:
        outcome, detail = Outcome.FAILED, "" if errors else f"The server ended the pipeline as {result.state}."
    return Executed(
        outcome,
        detail=detail,
        served_by=result.served_by,
        errors=errors,
        warnings=result.warnings,
        doubtful=outcome is not Outcome.APPLIED,
    )


def _export(number: int, change: Change, fleet: Fleet, ledger: Ledger) -> None:
    """Keep what the servers hold now in the record's folder, before the change that it could undo."""
    assert change.exports is not None
    result = fleet.run(change.target, change.exports)
    if not result.succeeded:
        raise PipelineFailed(
            change.target.server, change.exports.cmdlets[0].name, tuple(error.message for error in result.errors)
        )
    content = b"".join(_bytes(item) for item in result.output)
    if not content:
        raise PipelineFailed(change.target.server, change.exports.cmdlets[0].name, ("It exported nothing.",))
    path = ledger.path.parent / f"before-change-{number + 1}.zip"
    _write_durably(path, content)
    digest = hashlib.sha256(content).hexdigest()
    ledger.append(events.Exported(file=path.name, sha256=digest, size=len(content), change=number))


def _bytes(item: object) -> bytes:
    """A byte[] arrives as one value, or as its bytes one by one."""
    if isinstance(item, ServerObject):
        item = item.value
    if isinstance(item, bytes):
        return item
    if isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= 255:
        return bytes([item])
    raise PipelineFailed("", "", (f"Bytes were expected, not {type(item).__name__}.",))


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
