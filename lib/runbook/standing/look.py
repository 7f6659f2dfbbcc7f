"""Look at every section once, so that it can be told how an estate stands. Reads; each look has its own record."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runbook import record
from runbook.engine.control import Doing
from runbook.engine.looking import finish_look
from runbook.engine.opening import open_run, record_folder
from runbook.engine.parameter_files import section_file, shown_path
from runbook.errors import Cancelled, RunbookError
from runbook.estate import Estate
from runbook.ledger.events import Mode
from runbook.parameters import load_parameters
from runbook.sections import SECTIONS, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Which section is looked at now, how many are behind it and how many there are, and what is being done for it."""

    section: str
    done: int
    total: int
    doing: Doing


def look_around(
    estate: Estate,
    *,
    watch: Callable[[Looking], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    environment: Mapping[str, str] = os.environ,
) -> Mapping[str, str]:
    """Check every section of the procedure that has a parameter file, and return why others couldn't be looked at.

    Raises ``Cancelled`` once ``cancelled`` is true; the sections looked at by then have their records.
    """
    sections = [section for section in SECTIONS.values() if section.in_procedure]
    failed: dict[str, str] = {}
    for number, section in enumerate(sections):

        def tell(doing: Doing, name: str = section.title, done: int = number) -> None:
            watch(Looking(section=name, done=done, total=len(sections), doing=doing))

        if cancelled():
            raise Cancelled("Looking was cancelled. Nothing was changed by it.")
        tell(Doing(what="Reading the parameters"))
        try:
            _look(section, estate, tell, cancelled, environment)
        except Cancelled:
            raise
        except RunbookError as error:
            failed[section.name] = str(error)
    return failed


def _look(
    section: Section[Any, Any],
    estate: Estate,
    tell: Callable[[Doing], None],
    cancelled: Callable[[], bool],
    environment: Mapping[str, str],
) -> None:
    file = section_file(section.name, estate.path, environment)
    if file is None or not file.is_file():
        where = f": {shown_path(file, environment)} isn't there" if file else ""
        raise RunbookError(f"It has no parameter file{where}. Open its notebook and fill in the form.")
    parameters = load_parameters(section.parameters, file)
    folder = record_folder(estate, section.name, environment=environment)
    run = open_run(section.name, parameters, estate, mode=Mode.CHECK, folder=folder, environment=environment)

    def watch(doing: Doing) -> None:
        tell(doing)
        if cancelled():
            run.control.cancel(by="whoever asked for the look")

    run.control.watch = watch
    try:
        finish_look(run)
    finally:
        record.close(folder)
