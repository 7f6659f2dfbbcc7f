"""A run that dies at a chosen moment: before or after an event is written, before or after a pipeline is run, or in
the middle of copying a file. What the dead process held in memory is gone; its ledger and the world stay.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import memory_lab
from memory_lab import AnyAccount, MemoryLab, MemorySession
from runbook import again
from runbook.command import Pipeline
from runbook.engine.run import Run
from runbook.ledger import Ledger
from runbook.ledger.events import Event, Mode
from runbook.readlist import why_not_read
from runbook.result import Result
from undoing import through


class Killed(BaseException):
    """The process is gone: nothing that catches errors catches this."""


@dataclass
class Moments:
    """Counts the moments at which a run may die, and ends it at one of them; ``names`` says what each was."""

    at: int = -1
    names: list[str] = field(default_factory=list)

    def pass_by(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) - 1 == self.at:
            raise Killed(name)

    def is_next(self) -> bool:
        return len(self.names) == self.at


@contextmanager
def dying(at: int) -> Iterator[Moments]:
    """Every run in this block dies at its moment number ``at``; at none where it is negative."""
    moments = Moments(at)
    append, run = Ledger.append, MemorySession.run

    def appending(self: Ledger, event: Event) -> Any:
        name = type(event).__name__
        moments.pass_by(f"before {name}")
        written = append(self, event)
        moments.pass_by(f"after {name}")
        return written

    def running(self: MemorySession, pipeline: Pipeline) -> Result:
        if not why_not_read(pipeline, self.target.shell):
            return run(self, pipeline)
        name = pipeline.cmdlets[0].name.rpartition("\\")[2]
        moments.pass_by(f"before {name}")
        if str(pipeline.cmdlets[0].value("Destination")).lower().endswith(r"\web.config"):
            if moments.is_next():
                _half_copied(self, pipeline)
            moments.pass_by(f"in the middle of {name}")
        answer = run(self, pipeline)
        moments.pass_by(f"after {name}")
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "append", appending)
        patch.setattr(memory_lab.MemorySession, "run", running)
        yield moments


def _half_copied(session: MemorySession, pipeline: Pipeline) -> None:
    machine = session.world.machine(session.target.server)
    assert machine is not None
    source = machine.host.files.find(str(pipeline.cmdlets[0].value("LiteralPath")))
    assert source.content is not None
    machine.host.files.write(str(pipeline.cmdlets[0].value("Destination")), source.content[: len(source.content) // 2])


def killed(run: Run, at: int) -> tuple[Path, Moments]:
    """The record that a run leaves which dies at a moment, and the moments up to it."""
    folder = run.ledger.path.parent
    with dying(at) as moments, suppress(Killed):
        through(run)
    run.ledger.close()
    run.lock = None  # it ends with the process
    gc.collect()
    return folder, moments


def resumed(lab: MemoryLab, folder: Path, mode: Mode = Mode.APPLY) -> Run:
    """The run that goes on from a record, through all its steps."""
    lab.count += 1
    run = again.open_resumed(folder, lab.estate, mode=mode, own=lab.folder / str(lab.count), broker=AnyAccount())
    run._connect = lab.fleet
    return through(run)
