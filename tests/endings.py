"""Runs that end in every way, at every step of every section, and what their records say of it.

A run is a section's own notebook, headless and in apply mode, against a lab of its own; a file that IPython runs when
the kernel starts (:mod:`ending_strike`) ends it at the chosen point. What really happened is known from two sources
that the library has no hand in: IPython's word on each cell, and the journal of the simulated world. The record is
*false* where it says more than that, or something else.

``python tests/endings.py`` ends every step of every section in every way and writes the table to docs/endings.md;
``--part 1/3`` takes every third case, so that each way still meets each step. It takes one worker a processor.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue

from ending_runs import ENDED, ENDINGS, STEPS, Case, Worker, cases, environment
from ending_truth import Judged, judged, reference
from runbook.paths import STATE_VARIABLE, project_root


def end_all(chosen: Sequence[Case], workers: int, *, minutes: float = math.inf) -> Iterator[Judged]:
    """Every case, as they come; after so many minutes no other is begun."""
    until = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="endings-", ignore_cleanup_errors=True) as scratch:
        changes: dict[str, dict[str, list[str]]] = {}
        for section in dict.fromkeys(case.section for case in chosen):
            with environment({STATE_VARIABLE: str(Path(scratch, "state", section))}):
                changes[section] = reference(section, Path(scratch, "reference", section))
        waiting: SimpleQueue[tuple[int, Case]] = SimpleQueue()
        done: SimpleQueue[Judged | None] = SimpleQueue()

        def work() -> None:
            worker = Worker()
            with contextlib.suppress(Empty):
                while time.monotonic() < until:
                    number, case = waiting.get_nowait()
                    folder = Path(scratch, str(number))
                    folder.mkdir()
                    try:
                        worker.run(case, folder)
                        done.put(judged(case, folder, changes[case.section]))
                    except Exception as error:
                        done.put(Judged(case, false=[f"it can't be judged: {type(error).__name__}: {error}"]))
                    shutil.rmtree(folder, ignore_errors=True)
            worker.close()
            done.put(None)

        for each in enumerate(chosen):
            waiting.put(each)
        with ThreadPoolExecutor(workers) as pool:
            for _ in range(workers):
                pool.submit(work)
            for _ in range(workers):
                yield from iter(done.get, None)


def table(found: Sequence[Judged], took: float | None) -> str:
    """docs/endings.md; ``took`` is in seconds, None where some of it was run at another time."""
    now = datetime.now(UTC)
    false = sum(bool(each.false) for each in found)
    missed = sum(not each.struck for each in found)
    lines = [
        "# Runs that end in every way",
        "",
        f"{len(found)} of {len(cases())} cases (each step of each section, and of an undo, in each way) "
        f"on {now:%Y-%m-%d} (UTC), {sys.platform}, Python {sys.version.split()[0]}, papermill {version('papermill')}, "
        f"{'in several parts' if took is None else f'in {took / 60:.0f} minutes'}: "
        f"**{false} with a false statement**. {sum(each.held for each in found)} statements about changes were held "
        f"against the world's journal. In {missed} cases the run was over before the chosen point.",
        "",
        *_share(found),
        "Made by `python tests/endings.py`, which says what counts as false. A cell of the table: how many runs were "
        "ended there in that way, and what their records say that they came to.",
        "",
        f"| way | {' | '.join(STEPS)} |",
        f"| --- |{' --- |' * len(STEPS)}",
    ]
    for ending in ENDINGS:
        row = []
        for step in STEPS:
            here = [each for each in found if (each.case.ending, each.case.step) == (ending, step)]
            outcomes = Counter(each.outcome or "no ledger" for each in here)
            said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
            wrong = sum(bool(each.false) for each in here)
            row.append((said or "-") + (f" **({wrong} false)**" if wrong else ""))
        lines.append(f"| {ending} | {' | '.join(row)} |")
    lines += ["", f"Sections: {', '.join(dict.fromkeys(each.case.section for each in found))}.", ""]
    if false:
        lines += ["## False statements", ""]
        lines += [f"- {each.case}: {'; '.join(each.false)}" for each in found if each.false]
        lines.append("")
    return "\n".join(lines)


def _share(found: Sequence[Judged]) -> list[str]:
    """What a table that was cut short can't say."""
    if len(found) >= len(cases()):
        return []
    return [
        "This is a part, drawn at random and cut short by the time that it had (`--minutes`): of what wasn't run, "
        "nobody knows. `--keep FILE` goes on where it ended.",
        "",
    ]


def kept(file: Path | None, chosen: Sequence[Case]) -> list[Judged]:
    """Results of an earlier start, so that a run of hours can be interrupted."""
    if file is None or not file.exists():
        return []
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [each for line in lines if (each := Judged(**{**line, "case": Case(**line["case"])})).case in chosen]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--section", action="append", choices=ENDED)
    options.add_argument("--part", default="1/1", help="N/M: every M-th case, from the N-th on")
    options.add_argument("--keep", type=Path, help="a file of results: what stands in it isn't run again")
    options.add_argument("--minutes", type=float, default=math.inf, help="begin no case later than that")
    options.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options.add_argument("--write", type=Path, default=project_root() / "docs" / "endings.md")
    given = options.parse_args()
    first, every = map(int, given.part.split("/"))
    sections = given.section or ENDED
    chosen = cases(sections)[first - 1 :: every]
    began = datetime.now(UTC)
    found = kept(given.keep, chosen)
    chosen_before = {each.case for each in found}
    shuffled = random.Random(len(chosen)).sample(chosen, len(chosen))  # cut short, it still met everything
    shuffled = [each for each in shuffled if each not in chosen_before]
    for each in end_all(shuffled, given.workers, minutes=given.minutes):
        found.append(each)
        if given.keep:
            with given.keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(each)) + "\n")
        said = "; ".join(each.false) or "true"
        print(
            f"{len(found)}/{len(chosen)} {each.case}: {each.outcome or 'no ledger'}, {each.cells}: {said}", flush=True
        )
    found.sort(key=lambda each: chosen.index(each.case))
    took = None if chosen_before else (datetime.now(UTC) - began).total_seconds()
    given.write.write_text(table(found, took), encoding="utf-8", newline="\n")
    sys.exit(any(each.false for each in found))


if __name__ == "__main__":
    main()
