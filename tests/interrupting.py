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

IN_THE_MIDDLE = "in the middle of Copy-Item"
"""Half of the new file stands where the old one was."""


class Killed(BaseException):
    """The process is gone: nothing that catches errors catches this."""


@dataclass
class Moments:
    """The moments at which a run may die, and its end at one of them: by number, or the first of a name."""

    at: int | str = -1
    names: list[str] = field(default_factory=list)

    def pass_by(self, name: str) -> None:
        dies = self.dies_at(name)
        self.names.append(name)
        if dies:
            raise Killed(name)

    def dies_at(self, name: str) -> bool:
        """It is the next moment, should that be of this name."""
        return self.at in (len(self.names), name)


@contextmanager
def dying(at: int | str) -> Iterator[Moments]:
    """Every run in this block dies at the moment ``at``; at none where that is negative."""
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
            if moments.dies_at(IN_THE_MIDDLE):
                _half_copied(self, pipeline)
            moments.pass_by(IN_THE_MIDDLE)
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


def killed(run: Run, at: int | str) -> tuple[Path, Moments]:
    """The record that a run leaves which dies at a moment, and the moments up to it."""
    folder = run.ledger.path.parent
    with dying(at) as moments, suppress(Killed):
        through(run)
    run.ledger.close()
    run.lock = None  # it ends with the process
    gc.collect()
    return folder, moments


def reopened(lab: MemoryLab, folder: Path, mode: Mode = Mode.APPLY) -> Run:
    """The run that goes on from a record, before its first step."""
    lab.count += 1
    run = again.open_resumed(folder, lab.estate, mode=mode, own=lab.folder / str(lab.count), broker=AnyAccount())
    run._connect = lab.fleet
    return run


def resumed(lab: MemoryLab, folder: Path, mode: Mode = Mode.APPLY) -> Run:
    """The run that goes on from a record, through all its steps."""
    return through(reopened(lab, folder, mode))
