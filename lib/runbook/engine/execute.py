"""Send one change, once: intent to disk, what must be saved first, the command, and what came of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from runbook.change import Change, Outcome, Step
from runbook.errors import ConnectionFailed, InputError, Interrupted, OutcomeUnknown, PipelineFailed
from runbook.fleet import Fleet
from runbook.ledger import Ledger, events
from runbook.result import Result, ServerObject

_COULD_NOT = (ConnectionFailed, OutcomeUnknown, PipelineFailed, InputError, OSError)


@dataclass(frozen=True, slots=True)
class Executed:
    """What is known of a command once its answer came, or didn't."""

    outcome: Outcome
    detail: str = ""
    served_by: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    """What a program printed (L67); a cmdlet's objects are no message."""
    interrupted: bool = False
    doubtful: bool = False
    """It was sent, and didn't come back with a plain yes: it may have done its work, or some of it."""

    @property
    def said(self) -> tuple[str, ...]:
        """Everything worth showing, ours first."""
        return tuple(filter(None, (self.detail, *self.errors, *self.warnings, *self.output)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One change on its way to its server. ``number`` is its place in the plan of digest ``plan``, from 0."""

    number: int
    change: Change
    plan: str
    fleet: Fleet
    ledger: Ledger

    def carry_out(self) -> Executed:
        """Save what must be saved, prepare, send the command, conclude, clean up.

        The outcome is *applied* (the server said yes), *failed* (it said no, or nothing was sent), *refused* (what
        has to be saved first couldn't be) or *unknown*. Nothing is retried, and *applied* isn't proof yet: only facts
        read afresh are.
        """
        if self.change.exports is not None:
            try:
                self._export()
            except _COULD_NOT as error:
                return Executed(Outcome.REFUSED, detail=f"What has to be saved first couldn't be: {error}")
        self.ledger.append(
            events.Intent(plan=self.plan, change=self.number, target=self.change.target, pipeline=self.change.command)
        )
        executed = self._prepared()
        return replace(executed, warnings=(*executed.warnings, *self._clean_up()))

    def _prepared(self) -> Executed:
        try:
            for step in self.change.preparation:
                self._take(step)
        except _COULD_NOT as error:
            return Executed(Outcome.FAILED, detail=f"The command wasn't sent. {error}")
        executed = self._command()
        if executed.outcome is not Outcome.APPLIED:
            return executed
        for step in self.change.conclusion:
            try:
                self._take(step)
            except _COULD_NOT as error:
                certain = step.decides and isinstance(error, PipelineFailed)
                return replace(executed, outcome=Outcome.FAILED, detail=str(error), doubtful=not certain)
        return executed

    def _command(self) -> Executed:
        try:
            return _judged(self.fleet.run(self.change.target, self.change.command))
        except (ConnectionFailed, InputError) as error:
            return Executed(Outcome.FAILED, detail=f"Nothing was sent: {error}")
        except OutcomeUnknown as error:
            stop = isinstance(error, Interrupted)
            return Executed(Outcome.UNKNOWN, detail=error.reason, interrupted=stop, doubtful=True)

    def _take(self, step: Step) -> None:
        """Run a step; ``PipelineFailed`` where it didn't succeed, or gave back something else than it must."""
        taken = events.StepTaken(plan=self.plan, change=self.number, what=step.what, pipeline=step.pipeline)
        self.ledger.append(taken)
        result = self.fleet.run(self.change.target, step.pipeline)
        said = _complaints(result)
        if not said and step.gives_sha256 and hashlib.sha256(_content(result.output)).hexdigest() != step.gives_sha256:
            said = ("The bytes aren't the expected ones.",)
        given = [_text(item) for item in result.output]
        if not said and step.gives and given != [step.gives]:
            said = (f"It should have given {step.gives}, and gave {', '.join(given) or 'nothing'}.",)
        if said:
            raise PipelineFailed(self.change.target.server, step.what, said)

    def _clean_up(self) -> tuple[str, ...]:
        """What couldn't be cleaned up: worth knowing, and no reason to call the change failed."""
        left: list[str] = []
        for step in self.change.cleanup:
            try:
                self._take(step)
            except _COULD_NOT as error:
                left.append(str(error))
        return tuple(left)

    def _export(self) -> None:
        """Keep what the servers hold now in the record's folder, before the change that it could undo."""
        exports = self.change.exports
        assert exports is not None
        result = self.fleet.run(self.change.target, exports)
        said = _complaints(result)
        content = b"" if said else _content(result.output)
        if said or not content:
            name = exports.cmdlets[0].name
            raise PipelineFailed(self.change.target.server, name, said or ("It exported nothing.",))
        path = _write_durably(self.ledger.path.parent, f"before-change-{self.number + 1}", content)
        digest = hashlib.sha256(content).hexdigest()
        self.ledger.append(events.Exported(file=path.name, sha256=digest, size=len(content), change=self.number))


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
        output=tuple(map(str, result.output)) if result.pipeline.cmdlets[-1].is_native else (),
        doubtful=outcome is not Outcome.APPLIED,
    )


def _complaints(result: Result) -> tuple[str, ...]:
    """Why a step didn't succeed; empty where it did."""
    if result.succeeded:
        return ()
    said = tuple(error.message for error in result.errors)
    lost = () if result.complete else ("Part of the server's answer was lost on the way.",)
    return (*said, *lost) or (f"The server ended the pipeline as {result.state}.",)


def _content(output: Iterable[object]) -> bytes:
    return b"".join(map(_bytes, output))


def _bytes(item: object) -> bytes:
    """A byte[] arrives as one value, or as its bytes one by one."""
    if isinstance(item, ServerObject):
        item = item.value
    if isinstance(item, bytes):
        return item
    if isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= 255:
        return bytes([item])
    raise PipelineFailed("", "", (f"Bytes were expected, not {type(item).__name__}.",))


def _text(item: object) -> str:
    """A value as PowerShell prints it: of an enum (attributes of a file) the names."""
    return item.text or str(item.value) if isinstance(item, ServerObject) else str(item)


def _write_durably(folder: Path, name: str, content: bytes) -> Path:
    """A new file; a second try of a change keeps what the first one saved."""
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        path = folder / f"{name}{suffix}.zip"
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            return path
    raise FileExistsError(f"{name}.zip and 98 others like it are there already.")
