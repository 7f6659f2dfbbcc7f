"""Apply, then undo, over all organisations and all faults that are mended: ``python tests/undo_everywhere.py``.

Prints one line for each, and ends with 1 where one of them wasn't given back. The tests take a slice of it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broken_world import broken, fitting
from memory_lab import MemoryLab
from rehearsal.faults import FAULTS
from rehearsal.faults.fault import Repair
from rehearsal.topologies import TOPOLOGIES, build_world
from runbook.catalogue.checks import check_named
from runbook.change import Outcome
from runbook.engine.run import Run
from runbook.ledger import read_events
from runbook.paths import STATE_VARIABLE
from undoing import applied, undone
from world_state import differences, state

SECTIONS = ("trusted_pool", "owa_enablement", "mailbox_policies", "online_hybrid")
CONSENTS = {
    "trusted_pool": {"allow_dial_plan_changes": True, "allow_removing_other_applications": True},
    "online_hybrid": {"allow_federation": True, "allow_outside_users": True},
}


AUTOMATIC = [fault.id for fault in FAULTS.values() if fault.repair is Repair.AUTOMATIC]


@dataclass(frozen=True, kw_only=True)
class Back:
    """A section that was taken back: what is left of it in the world, and what a second undo did."""

    section: str
    sent: int
    verdict: Outcome
    impossible: bool
    """Something of it had no way back, as the run had said."""
    left: list[str]
    second_plan: int
    second_mutations: int

    @property
    def is_right(self) -> bool:
        return (not self.left or self.impossible) and (self.second_plan, self.second_mutations) == (0, 0)


def everything_back(topology: str, start: str, folder: Path) -> Iterator[Back]:
    """Apply the sections in order, and take them back in the opposite one."""
    lab = MemoryLab.of(build_world(topology, states=(start,) if start else ()), folder)
    done = []
    for section in SECTIONS:
        before = state(lab.world)
        done.append((section, before, applied(lab, section, **CONSENTS.get(section, {}))))
    for section, before, record in reversed(done):
        yield _back(lab, section, before, record)


def fault_back(fault: str, topology: str, folder: Path) -> Back:
    """Mend one fault by the section that owns it, and have it back."""
    lab, _ = broken(folder, topology, [FAULTS[fault]])
    before, section = state(lab.world), check_named(fault).sections[0]
    return _back(lab, section, before, applied(lab, section))


def _back(lab: MemoryLab, section: str, before: dict[str, Any], record: Path) -> Back:
    run = undone(lab, record)
    left, mutations = differences(before, state(lab.world)), len(lab.world.journal.entries())
    second = undone(lab, record)
    return Back(
        section=section,
        sent=len(run.results),
        verdict=_ended(run),
        impossible=any(finding.id == "undo-impossible" for finding in run.decision.findings),
        left=left,
        second_plan=len(second.plan.changes),
        second_mutations=len(lab.world.journal.entries()) - mutations,
    )


def _ended(run: Run) -> Outcome:
    ended = read_events(run.ledger.path).ended
    assert ended is not None
    return ended.outcome


def main() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        os.environ[STATE_VARIABLE] = str(Path(name, "state"))
        for topology, found in TOPOLOGIES.items():
            for start in ("", *found.states):
                folder = Path(name, topology, start or "plain")
                folder.mkdir(parents=True)
                wrong += _told(f"{topology} {start or '-'}", list(everything_back(topology, start, folder)))
        for fault in AUTOMATIC:
            for topology in fitting()[fault]:
                folder = Path(name, fault, topology)
                folder.mkdir(parents=True)
                wrong += _told(f"{fault} in {topology}", [fault_back(fault, topology, folder)])
    return 1 if wrong else 0


def _told(what: str, done: list[Back]) -> bool:
    bad = [each for each in done if not each.is_right]
    said = ", ".join(
        f"{each.section} {each.sent}{' (not all of it can be)' if each.impossible else ''}" for each in done
    )
    print(f"{what}: {'LEFT ' + str(bad) if bad else 'given back'}; {said}", flush=True)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
