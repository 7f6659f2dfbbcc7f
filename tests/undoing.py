"""For tests of undo and resume: runs in the lab without wire, their records closed, and undo runs of those."""

from __future__ import annotations

from pathlib import Path

from memory_lab import AnyAccount, MemoryLab
from runbook import again, record
from runbook.engine.run import Run
from runbook.ledger.events import Mode
from runbook.parameters_undo import UndoParameters


def through(run: Run) -> Run:
    """All steps of a run that applies, and its record closed."""
    run.check()
    run.apply(confirmed_by="the test")
    run.verify()
    run.finish()
    record.close(run.ledger.path.parent)
    return run


def applied(lab: MemoryLab, section: str, **changed: object) -> Path:
    """The record of a section that was applied."""
    return through(lab.open(section, Mode.APPLY, **changed)).ledger.path.parent


def opened_undo(lab: MemoryLab, folder: Path, mode: Mode = Mode.APPLY, **changed: object) -> Run:
    lab.count += 1
    parameters = UndoParameters.model_validate({"record": str(folder), "mode": "apply", **changed})
    run = again.open_undo(parameters, lab.estate, mode=mode, folder=lab.folder / str(lab.count), broker=AnyAccount())
    run._connect = lab.fleet
    return run


def undone(lab: MemoryLab, folder: Path, **changed: object) -> Run:
    return through(opened_undo(lab, folder, **changed))
