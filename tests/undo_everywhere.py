"""Every section applied and taken back, over all organisations of the lab: ``python tests/undo_everywhere.py``.

Prints one line for each organisation and start state, and ends with 1 where one of them wasn't given back. The tests
take a slice of it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from memory_lab import MemoryLab
from rehearsal.topologies import TOPOLOGIES, build_world
from runbook.change import Outcome
from runbook.paths import STATE_VARIABLE
from undoing import applied, undone
from world_state import differences, state

SECTIONS = ("trusted_pool", "owa_enablement", "mailbox_policies", "online_hybrid")
_CONSENTS = {
    "trusted_pool": {"allow_dial_plan_changes": True, "allow_removing_other_applications": True},
    "online_hybrid": {"allow_federation": True, "allow_outside_users": True},
}


@dataclass(frozen=True)
class Back:
    """A section that was taken back: what is left of it in the world, and what a second undo did."""

    section: str
    sent: int
    verdict: Outcome
    left: list[str]
    second_plan: int
    second_mutations: int


def everything_back(topology: str, start: str, folder: Path) -> Iterator[Back]:
    """Apply the sections in order, and take them back in the opposite one."""
    lab = MemoryLab.of(build_world(topology, states=(start,) if start else ()), folder)
    done = []
    for section in SECTIONS:
        before = state(lab.world)
        done.append((section, before, applied(lab, section, **_CONSENTS.get(section, {}))))
    for section, before, record in reversed(done):
        run = undone(lab, record)
        left, mutations = differences(before, state(lab.world)), len(lab.world.journal.entries())
        second = undone(lab, record)
        yield Back(
            section,
            len(run.results),
            run._outcome()[0],
            left,
            len(second.plan.changes),
            len(lab.world.journal.entries()) - mutations,
        )


def main() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ[STATE_VARIABLE] = str(Path(folder, "state"))
        for topology, found in TOPOLOGIES.items():
            for start in ("", *found.states):
                place = Path(folder, topology, start or "plain")
                place.mkdir(parents=True)
                done = list(everything_back(topology, start, place))
                bad = [each for each in done if each.left or each.second_plan or each.second_mutations]
                wrong += bool(bad)
                told = ", ".join(f"{each.section} {each.sent}" for each in done)
                print(f"{topology} {start or '-'}: {'LEFT ' + str(bad) if bad else 'same'} ({told})", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
