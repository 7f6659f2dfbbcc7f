"""A run killed at every moment, then resumed: ``python tests/resume_everywhere.py [--write docs/resume.md]``.

The moments are before and after each event of the ledger, before and after each pipeline that changes something, and
in the middle of copying a file over web.config. What it comes to is held against the same run undisturbed: the same
world, and no change twice in its journal. The tests take a seeded slice of it.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interrupting import IN_THE_MIDDLE, killed, resumed
from memory_lab import MemoryLab
from rehearsal.topologies import build_world
from runbook.ledger import read_events
from runbook.ledger.events import Mode
from runbook.paths import STATE_VARIABLE
from undo_everywhere import CONSENTS, SECTIONS
from undoing import applied
from world_state import differences, state, without_times

CASES = (
    ("split-2013", "trusted_pool"),
    ("split-2013", "owa_enablement"),
    ("split-2013", "mailbox_policies"),
    ("exchange-2010", "owa_enablement"),
    ("exchange-2016-sfb2015", "owa_enablement"),
    ("hybrid-worldwide", "online_hybrid"),
)
"""Organisation and section; together every way by which something is changed."""

SEED = 20151

UNDO = ("split-2013", "undo")
"""An undo of OWA's enablement is cut off and gone on with too."""


@dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """What the run comes to that nobody kills: the world, the journal, and the moments that it passes."""

    world: dict[str, Any]
    journal: Counter[tuple[str, ...]]
    moments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GoneOn:
    """One kill: where, what the resumed run came to, where the world differs, and what was changed twice."""

    moment: str
    outcome: str
    differs: list[str]
    twice: list[str]

    @property
    def is_right(self) -> bool:
        return self.outcome in ("verified", "not needed") and not self.differs and not self.twice


def undisturbed(topology: str, section: str, folder: Path) -> Undisturbed:
    lab, record = _ready(topology, section, folder)
    before = len(lab.world.journal.entries())
    _, moments = killed(_open(lab, section, record), -1)
    return Undisturbed(
        world=without_times(state(lab.world)), journal=_journal(lab, before), moments=tuple(moments.names)
    )


def gone_on(topology: str, section: str, at: int, reference: Undisturbed, folder: Path) -> GoneOn:
    """The same run, killed at its moment number ``at`` and resumed."""
    lab, record = _ready(topology, section, folder)
    before = len(lab.world.journal.entries())
    left, moments = killed(_open(lab, section, record), at)
    ended = read_events(left).ended if left.joinpath("events.jsonl").exists() else None
    run = None if ended is not None else resumed(lab, left)
    outcome = ended or read_events(run.ledger.path).ended  # type: ignore[union-attr]
    assert outcome is not None
    return GoneOn(
        moment=moments.names[-1],
        outcome=outcome.outcome.value,
        differs=differences(reference.world, without_times(state(lab.world))),
        twice=_twice(_journal(lab, before), reference.journal),
    )


def _ready(topology: str, section: str, folder: Path) -> tuple[MemoryLab, Path | None]:
    """An organisation with the sections before this one applied; for an undo, the record that it takes back."""
    folder.mkdir(parents=True, exist_ok=True)
    lab = MemoryLab.of(build_world(topology), folder)
    for name in SECTIONS:
        if name == section:
            break
        record = applied(lab, name, **CONSENTS.get(name, {}))
        if section == UNDO[1] and name == "owa_enablement":
            return lab, record
    return lab, None


def _open(lab: MemoryLab, section: str, record: Path | None) -> Any:
    from undoing import opened_undo

    if record is not None:
        return opened_undo(lab, record)
    return lab.open(section, Mode.APPLY, **CONSENTS.get(section, {}))


def _journal(lab: MemoryLab, start: int) -> Counter[tuple[str, ...]]:
    """What was changed to what, of which host; the runbook's own files beside web.config are no change of anything."""
    entries = lab.world.journal.entries()[start:]
    mine = [each for each in entries if "web.runbook-" not in each.object and each.user != "SYSTEM"]
    return Counter((each.host, each.object, each.property, _value(each.after)) for each in mine)


def _value(after: Any) -> str:
    """A value without what differs from run to run: the number of a process, the time of an override."""
    if isinstance(after, dict):
        return str(after.get("name", ""))
    return "" if isinstance(after, int) and not isinstance(after, bool) else str(after)


def _twice(journal: Counter[tuple[str, ...]], reference: Counter[tuple[str, ...]]) -> list[str]:
    """What was set to the same value more often than by the run that nobody killed."""
    return [" ".join(each) for each, count in journal.items() if count > max(1, reference[each])]


def some(moments: Sequence[str], count: int, seed: int) -> list[int]:
    """Every moment in the middle of a file, and as many others, drawn from those at which no fact is being read."""
    torn = [number for number, name in enumerate(moments) if name == IN_THE_MIDDLE]
    others = [n for n, name in enumerate(moments) if n not in torn and not name.endswith("FactRead")]
    return sorted(torn + random.Random(seed).sample(others, min(count, len(others))))


def _one(job: tuple[str, str, int, Undisturbed]) -> GoneOn:
    topology, section, at, reference = job
    with tempfile.TemporaryDirectory() as folder:
        os.environ[STATE_VARIABLE] = str(Path(folder, "state"))
        return gone_on(topology, section, at, reference, Path(folder, "records"))


def main(arguments: Sequence[str]) -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--write", type=Path, help="also write the table to this file")
    given.add_argument("--drawn", type=int, help="only so many moments of each section, drawn; all otherwise")
    given.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = given.parse_args(arguments)
    rows, wrong = [], 0
    command = " ".join(("python tests/resume_everywhere.py", *arguments))
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for topology, section in (*CASES, UNDO):
            with tempfile.TemporaryDirectory() as folder:
                os.environ[STATE_VARIABLE] = str(Path(folder, "state"))
                reference = undisturbed(topology, section, Path(folder, "records"))
            jobs = [(topology, section, at, reference) for at in _chosen(reference, chosen.drawn)]
            found = list(pool.map(_one, jobs))
            bad = [each for each in found if not each.is_right]
            torn = sum(each.moment == IN_THE_MIDDLE for each in found)
            wrong += len(bad)
            counts = (len(reference.moments), len(found), torn, len(found) - len(bad))
            rows.append(f"| {topology} | {section} | {' | '.join(map(str, counts))} |")
            print(rows[-1], *bad, sep="\n", flush=True)
    if chosen.write is not None:
        chosen.write.write_text(_table(rows, command, chosen.drawn), encoding="utf-8", newline="\n")
    return 1 if wrong else 0


def _chosen(reference: Undisturbed, drawn: int | None) -> Sequence[int]:
    return range(len(reference.moments)) if drawn is None else some(reference.moments, drawn, SEED)


def _table(rows: Sequence[str], command: str, drawn: int | None) -> str:
    which = f" {drawn} moments of each section were drawn, and every one in the middle of a file." if drawn else ""
    return "\n".join(
        (
            "# Killed at every moment, and resumed",
            "",
            f"`{command}`, {datetime.now(UTC):%Y-%m-%d}. A run is killed before and after each event of its ledger,"
            " before and after each pipeline that changes something, and in the middle of copying a file over"
            " web.config; then it is resumed. *As undisturbed* counts the kills after which the world is the same as"
            f" after a run that nobody killed, and its journal shows no change twice.{which}",
            "",
            "| organisation | section | moments | kills | of these in the middle of a file | as undisturbed |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
