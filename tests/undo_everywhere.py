"""Apply, then undo, over all organisations and all faults that are mended: ``python tests/undo_everywhere.py``.

Prints one line for each, and ends with 1 where one of them wasn't given back; ``--write docs/given-back.md`` writes the
table too. The tests take a slice of it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
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

SECTIONS = ("trusted_pool", "owa_enablement", "mailbox_policies", "online_hybrid", "disable_im", "tracing")
"""Every section that changes something; the last but one switches off what those before it have switched on."""

CONSENTS = {
    "trusted_pool": {"allow_dial_plan_changes": True, "allow_removing_other_applications": True},
    "online_hybrid": {"allow_federation": True, "allow_outside_users": True},
    "disable_im": {"disable_in_spite_of_integration": True},
    "tracing": {"allow_tracing": True},
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


@dataclass(frozen=True, kw_only=True)
class Case:
    """An organisation in a start state, all sections of which are taken back, or with a fault that is mended."""

    topology: str
    start: str = ""
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.fault} in {self.topology}" if self.fault else f"{self.topology} {self.start or '-'}"


def cases() -> list[Case]:
    """Every start state of every organisation, and every such fault in every organisation that it fits."""
    plain = [Case(topology=name, start=start) for name, found in TOPOLOGIES.items() for start in ("", *found.states)]
    return plain + [Case(topology=name, fault=fault) for fault in AUTOMATIC for name in fitting()[fault]]


def given_back(case: Case) -> list[Back]:
    with tempfile.TemporaryDirectory() as name:
        os.environ[STATE_VARIABLE] = str(Path(name, "state"))
        (folder := Path(name, "records")).mkdir()
        if case.fault:
            return [fault_back(case.fault, case.topology, folder)]
        return list(everything_back(case.topology, case.start, folder))


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--write", type=Path, help="also write the table to this file")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = options.parse_args(arguments)
    every = cases()
    found: list[tuple[Case, list[Back]]] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for case, done in zip(every, pool.map(given_back, every), strict=True):
            print(_told(case, done), flush=True)
            found.append((case, done))
    if given.write is not None:
        given.write.write_text(_table(found), encoding="utf-8", newline="\n")
    return 0 if all(map(_is_right, found)) else 1


def _is_right(found: tuple[Case, list[Back]]) -> bool:
    return all(each.is_right for each in found[1])


def _told(case: Case, done: list[Back]) -> str:
    bad = [each for each in done if not each.is_right]
    said = ", ".join(
        f"{each.section} {each.sent}{' (not all of it can be)' if each.impossible else ''}" for each in done
    )
    return f"{case}: {'LEFT ' + str(bad) if bad else 'given back'}; {said}"


def _table(found: Sequence[tuple[Case, list[Back]]]) -> str:
    right = sum(map(_is_right, found))
    lines = [
        "# Applied, and taken back",
        "",
        f"`python tests/undo_everywhere.py --write docs/given-back.md`, {datetime.now(UTC):%Y-%m-%d}: "
        f"{len(found)} cases, **{right} given back**. In each organisation and start state every section is "
        "applied in its order and taken back in the opposite one; every fault that is mended without "
        "anybody's word is mended by its section and taken back. *Given back* counts the cases after which "
        "the lab's whole world is the same as before, file by file and value by value, and a second undo "
        "plans nothing and changes nothing. *In part* are those of them in which the run had said beforehand "
        "that something has no way back.",
        "",
        "| organisation | start states | given back | changes sent by undo | faults mended | given back | in part |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for topology in TOPOLOGIES:
        here = [each for each in found if each[0].topology == topology]
        starts, faults = ([each for each in here if bool(each[0].fault) is wanted] for wanted in (False, True))
        sent = sum(back.sent for _, done in starts for back in done)
        part = sum(any(back.impossible for back in done) for _, done in here)
        counts = (len(starts), sum(map(_is_right, starts)), sent, len(faults), sum(map(_is_right, faults)), part)
        lines.append(f"| {topology} | {' | '.join(map(str, counts))} |")
    lines += [f"- {_told(*each)}" for each in found if not _is_right(each)]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
