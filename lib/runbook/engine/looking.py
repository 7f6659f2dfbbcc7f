"""Look at one section: its facts are read and judged, without a notebook and without a plan that could be applied."""

from __future__ import annotations

from pathlib import Path

from runbook.engine.opening import open_run
from runbook.engine.run import Run
from runbook.errors import RunbookError
from runbook.estate import Estate
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters


def look(section: str, parameters: SectionParameters, estate: Estate, *, mode: Mode, folder: Path) -> None:
    """Check in this process; the ledger in ``folder`` is the record, and is left for the caller to close."""
    finish_look(open_run(section, parameters, estate, mode=mode, folder=folder))


def finish_look(run: Run) -> None:
    """Carry out a run that only looks. Raises whatever :meth:`Run.check` raises, once the ledger says so too."""
    try:
        run.check()
    except RunbookError as error:
        run.abandon(str(error))
        raise
    run.finish()
