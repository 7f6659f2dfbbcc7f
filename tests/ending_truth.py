"""What is true of a run that was ended, and whether its record says anything else."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ending_runs import INTERRUPTING, STALE, Case, lines, parameters_of, prepare, topology_of
from rehearsing import rehearsing
from runbook.again import open_undo
from runbook.change import Outcome
from runbook.engine.opening import open_run
from runbook.engine.run import Run
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.ledger import FILE_NAME, events, read_events
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters
from runbook.parameters_undo import UndoParameters
from runbook.record import State, verify
from runbook.report import report

_DONE = (Outcome.APPLIED, Outcome.VERIFIED)
_NOT_DONE = (Outcome.PLANNED, Outcome.REFUSED)


@dataclass(slots=True)
class Judged:
    """What came of it. ``false`` are statements of the record that aren't so; empty is what is wanted."""

    case: Case
    struck: bool = False
    outcome: str = ""
    state: str = ""
    held: int = 0
    """Statements about changes that were held against the journal."""
    cells: str = ""
    false: list[str] = field(default_factory=list)


def reference(section: str, folder: Path) -> dict[str, list[str]]:
    """Which entries of the journal each change makes, by its object and property, from a run that isn't ended."""
    with rehearsing(topology_of(section), folder) as done:
        prepare(section, done.lab, done.estate, folder / "before")
        run = _opened(parameters_of(section, folder / "before"), section, done.estate, folder / "run")
        run.check()
        seen: dict[str, list[str]] = {}
        append, count = run.ledger.append, [len(done.mutations())]

        def counted(event: events.Event) -> Any:
            entries = done.mutations()
            if isinstance(event, events.OutcomeRecorded):
                made = list(map(_entry, entries[count[0] :]))
                change = run.plan.changes[event.change]
                seen.setdefault(f"{change.target.server} {change.object} {change.property}", []).extend(made)
            count[0] = len(entries)
            return append(event)

        run.ledger.append = counted  # type: ignore[method-assign]
        run.apply(confirmed_by="the reference")
        run.ledger.append = append  # type: ignore[method-assign]
        run.verify()
        run.finish()
        return seen


def _opened(parameters: SectionParameters, section: str, estate: Estate, folder: Path) -> Run:
    if isinstance(parameters, UndoParameters):
        return open_undo(parameters, estate, mode=Mode.APPLY, folder=folder)
    return open_run(section, parameters, estate, mode=Mode.APPLY, folder=folder)


def judged(case: Case, folder: Path, changes: dict[str, list[str]]) -> Judged:
    """Hold what the record says against what is true."""
    found = Judged(case)
    truth = lines(folder / "truth.jsonl")
    found.struck = any("struck" in line for line in truth)
    records = [path.parent for path in (folder / "records").glob(f"*/*/{FILE_NAME}")]
    notebooks = list((folder / "records").glob("*/*/record.ipynb"))
    if notebooks:
        found.cells = _cells(case, notebooks[0], truth, found.false)
    if not records:
        return found
    (record,) = records
    world = json.loads((folder / "world.json").read_text())
    try:
        told = report(read_events(record))
    except InputError as error:
        found.false.append(f"the ledger can't be read: {error}")
        return found
    found.outcome = told.outcome.value
    happened = Counter(map(_entry, world))
    explained: set[str] = set()
    for change in told.changes:
        server = change.where.partition(" ")[0]
        made = changes.get(
            f"{server} {change.title.replace(' · ', ' ') if ' · ' in change.title else change.title + ' '}"
        )
        if not made:
            continue
        found.held += 1
        there = sum(happened[each] > 0 for each in made)
        if change.began is not None:
            explained.update(made)
        if change.outcome in _DONE and there < len(made):
            found.false.append(
                f"change {change.number} is told as {change.outcome.value}: {there} of {len(made)} entries"
            )
        if change.outcome in _NOT_DONE and change.began is None and there and not set(made) <= explained:
            found.false.append(f"change {change.number} is told as {change.outcome.value}, and it happened")
    if strange := set(happened) - explained - {each for made in changes.values() for each in made if not made}:
        unexplained = [each for each in strange if any(each in made for made in changes.values())]
        found.false += [f"the record doesn't tell of {each}" for each in unexplained]
    if told.outcome in (Outcome.VERIFIED, Outcome.NOT_NEEDED) and told.ended is None:
        found.false.append("a run that didn't end is told as done")
    state = verify(record).state
    found.state = state.value
    if state is State.ALTERED:
        found.false.append(f"the record is called altered: {'; '.join(map(str, verify(record).problems))}")
    if told.ended is None and state in (State.SIGNED, State.UNKNOWN_SIGNER):
        found.false.append("a run that didn't end is signed as one that did")
    return found


def _cells(case: Case, path: Path, truth: list[dict[str, Any]], false: list[str]) -> str:
    """The cells' states, held against the kernel's log of them."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        false.append("the executed notebook isn't whole")
        return ""
    began = [line["began"] for line in truth if "began" in line]
    ended = {line["ended"]: line["error"] for line in truth if "ended" in line}
    said = []
    struck = next((i for i, line in enumerate(truth) if "struck" in line), len(truth))
    running = [line["began"] for line in truth[:struck] if "began" in line][-1:] if struck < len(truth) else []
    for number, cell in enumerate(each for each in notebook["cells"] if each["cell_type"] == "code"):
        source = "".join(cell["source"])
        state = cell["metadata"]["papermill"]["status"]
        said.append(state)
        allowed = _allowed(case, source, began, ended, interrupted=running == [source])
        if state not in allowed:
            false.append(f"cell {number} is told as {state}: {' or '.join(sorted(allowed))} is true")
    return " ".join(said)


def _allowed(case: Case, source: str, began: list[str], ended: dict[str, str], *, interrupted: bool) -> set[str]:
    if source not in began:
        return {"pending"}
    if source not in ended:
        true = {"interrupted"} if case.ending != "SIGKILL" else {"running"}
    elif interrupted and case.ending in INTERRUPTING:
        true = {"interrupted"}
    else:
        true = {"failed" if ended[source] else "completed"}
    return true | {"pending", "running"} if case.ending in STALE else true


def _entry(entry: dict[str, Any]) -> str:
    return json.dumps([entry["host"], entry["object"], entry["property"], entry["after"]], sort_keys=True)
