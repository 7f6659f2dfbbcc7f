"""For tests: a section run against the lab in this process, without a kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.cli.headless import section_parameters
from runbook.cli.lab import Lab, credentials_in_environment, running_lab
from runbook.cli.rehearse import parameter_file
from runbook.engine.opening import open_run
from runbook.engine.run import Run
from runbook.estate import Estate, load_estate
from runbook.ledger.events import Mode
from runbook.summary import SectionSummary, summarise


@dataclass
class Rehearsal:
    """A running lab, the estate it wrote, and runs against it."""

    lab: Lab
    estate: Estate
    records: Path
    count: int = 0

    def open(self, section: str, mode: Mode, **changed: object) -> Run:
        file = parameter_file(self.lab.topology, section)
        parameters = section_parameters(section, file).model_copy(update=changed)
        self.count += 1
        return open_run(section, parameters, self.estate, mode=mode, folder=self.records / str(self.count))

    def run(self, section: str, mode: Mode, **changed: object) -> SectionSummary:
        run = self.open(section, mode, **changed)
        run.check()
        if mode is Mode.APPLY:
            run.apply(confirmed_by="the test")
            run.verify()
        run.finish()
        return summarise(run.ledger.path.parent)

    def state(self) -> dict[str, Any]:
        return self.lab.ask("state")

    def mutations(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.lab.ask("journal")["entries"]
        return entries


@contextmanager
def rehearsing(topology: str, records: Path, states: Sequence[str] = ()) -> Iterator[Rehearsal]:
    with running_lab(topology, states=states) as lab, credentials_in_environment(lab):
        yield Rehearsal(lab, load_estate(lab.estate), records)
