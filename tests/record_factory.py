"""For tests: records of runs against the engine's fake server, closed with a key and a state folder of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from runbook import record
from runbook.change import Outcome
from runbook.engine.opening import begin
from runbook.engine.run import Run
from runbook.fleet import Fleet
from runbook.ledger.events import Mode, Note, RunStarted
from runbook.paths import STATE_VARIABLE
from runbook.record.bundle import Closed
from test_engine import ESTATE, FakeSession, Server, Wanted, section

PARAMETERS = {"change_ticket": "CHG-4711", "operator_note": "Agreed with the change board.", "site_id": "Redmond"}


@dataclass
class Office:
    """Somebody who makes runs: a state folder, a folder of records, and a server."""

    root: Path
    server: Server = field(default_factory=Server)
    anchors: tuple[str, ...] = ()
    count: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return {STATE_VARIABLE: str(self.root / "state")}

    @property
    def records(self) -> Path:
        return self.root / "records" / "litware"

    def open(self, *wanted: str) -> Run:
        """A run of a section that wants pools of these names, begun and no more."""
        self.count += 1
        folder = self.records / f"20260101T00000{self.count}Z-trusted-pool-{self.count:08x}"
        started = RunStarted(
            section="trusted_pool",
            mode=Mode.APPLY,
            estate="litware",
            environment="rehearsal",
            organisation="Litware, Inc.",
            parameters=dict(PARAMETERS),
            library="0.1.0",
            operator="Kim Akers",
            utc_offset="+02:00",
            anchors=self.anchors,
        )
        ledger = begin(folder, started, Wanted(), self.environment)
        ledger.append(Note(text="Ünïcode \u202e and half a character \ud83d"))

        def connect(writes: bool) -> Fleet:
            return Fleet(ESTATE, None, writes=writes, opener=lambda *_a, **_k: FakeSession(self.server, writes))  # type: ignore[arg-type]

        return Run(section(*wanted), Wanted(), ESTATE, mode=Mode.APPLY, ledger=ledger, connect=connect)

    def run(self, *wanted: str, with_notebook: bool = True) -> Path:
        """A whole run, not closed yet; the folder of its record."""
        run = self.open(*wanted)
        run.check()
        run.apply(confirmed_by="the test")
        run.verify()
        assert run.finish() in (Outcome.VERIFIED, Outcome.NOT_NEEDED)
        folder = run.ledger.path.parent
        if with_notebook:
            (folder / "record.ipynb").write_text(notebook("import runbook", "run.check()", "run.apply()"), "utf-8")
        return folder

    def close(self, folder: Path, *anchors: str) -> Closed:
        closed = record.close(folder, anchors=anchors, environment=self.environment)
        assert closed is not None
        return closed

    def record(self, *wanted: str, with_notebook: bool = True) -> Path:
        """A whole run whose record is closed."""
        folder = self.run(*wanted, with_notebook=with_notebook)
        self.close(folder)
        return folder


def notebook(*sources: str) -> str:
    """A notebook of code cells, as papermill writes it."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": number,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": [f"output {number}\n"]}],
            "source": [source],
        }
        for number, source in enumerate(sources, start=1)
    ]
    whole = {"cells": cells, "metadata": {"runbook": {"section": "trusted_pool"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
