"""Past runs of an estate that changed something: what an undo may take back, to choose from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from runbook.engine.parameter_files import shown_path
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.ledger import FILE_NAME, read_events
from runbook.report import report
from runbook.sections import section_named
from runbook.sections.choices import Choice


def changed(estate: Estate, records: Path, environment: Mapping[str, str] = os.environ) -> tuple[Choice, ...]:
    """The records in ``records`` of runs that changed this estate, the newest first; one that can't be read is left
    out."""
    return tuple(_choices(records / estate.name, environment))


def _choices(folder: Path, environment: Mapping[str, str]) -> Iterator[Choice]:
    for ledger in sorted(folder.glob(f"*/{FILE_NAME}"), reverse=True):
        try:
            told = report(read_events(ledger))
            title = section_named(told.section).title
        except (InputError, StopIteration):
            continue
        if told.changed:
            label = f"{told.started:%Y-%m-%d %H:%M} UTC: {title}, {len(told.changed)} changed: {told.outcome.value}"
            yield Choice(shown_path(ledger.parent, environment), label)
