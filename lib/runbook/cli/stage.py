"""Where the committed notebooks are shown: a rehearsal lab with the sections before a notebook applied."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from runbook.cli.lab import Lab, in_environment, running_lab
from runbook.cli.rehearse import bring_up_to
from runbook.engine.opening import RECORDS_VARIABLE
from runbook.estate import load_estate
from runbook.record import own_key
from runbook.sections import UNDO, section_named

ORGANISATION = "split-2013"

_AFTER_IT = "owa_enablement"
"""Undo is shown taking back the section before this one: the trusted pool, the last run that changed something."""


class Stage:
    """Labs for notebooks, ended together. A section that isn't of the procedure has one to itself, since it would undo
    what the others build; the start page has one too, with nothing done in it yet.
    """

    def __init__(self, records: Path) -> None:
        self._records = records
        self._labs: dict[str, Lab] = {}
        self._running = ExitStack()
        self._environment = ExitStack()

    def prepare_start(self) -> None:
        """A lab and a folder of records in which nothing has happened, for the start page."""
        lab = self._running.enter_context(running_lab(ORGANISATION))
        self._environment.close()
        given = {**lab.environment, RECORDS_VARIABLE: str(self._records / "start")}
        self._environment.enter_context(in_environment(given))

    def prepare(self, section: str) -> None:
        """Make the section's lab the one that a kernel finds when it starts, and apply the sections before it."""
        key = "" if section_named(section).in_procedure else section
        if key not in self._labs:
            self._labs[key] = self._running.enter_context(running_lab(ORGANISATION))
        lab = self._labs[key]
        self._environment.close()
        self._environment.enter_context(in_environment(lab.environment))
        bring_up_to(_AFTER_IT if section == UNDO.name else section, lab, load_estate(lab.estate), self._records)

    def __enter__(self) -> Stage:
        own_key()  # else the first notebook would tell that one was made
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._environment.close()
        self._running.close()
