"""Commands that go by an earlier record: ``undo`` takes its changes back, ``resume`` goes on where it was cut off."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from runbook.again import RESUMES_VARIABLE, check_beforehand, check_going_on, find_record, read, resumed_parameters
from runbook.cli.lab import in_environment
from runbook.cli.records import announce_key
from runbook.cli.rehearse import run_one
from runbook.cli.screen import Screen
from runbook.cli.sentences import in_sentences
from runbook.engine.clearance import check_given
from runbook.engine.past_run import past_run
from runbook.engine.verdict import exit_code
from runbook.errors import InputError
from runbook.estate import Estate, find_estate, load_estate
from runbook.ledger.events import Mode
from runbook.parameters import load_parameters
from runbook.parameters_undo import UndoParameters
from runbook.paths import from_root
from runbook.summary import SectionSummary

RecordFolder = Annotated[
    Path, typer.Argument(help="Folder of the record, or estate/name as `runbook records` lists it.")
]
EstateFile = Annotated[
    str, typer.Option("--estate", help="Estate file; the one of the recorded run, else the lab's, otherwise.")
]
RunMode = Annotated[Mode, typer.Option("--mode", help="plan: show what would be done. apply: do it.")]
Records = Annotated[
    Path | None, typer.Option("--records", help="Where the new record goes; the project's own folder otherwise.")
]
Ticket = Annotated[str, typer.Option("--ticket", help="Number of the change request; kept in the record.")]
Approval = Annotated[Path | None, typer.Option("--approval", help="Signed approval, where the estate asks for one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, nothing else.")]
Anyway = Annotated[
    list[str] | None,
    typer.Option("--take-back-anyway", help="Take this object back though somebody changed it since; may be repeated."),
]


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others."""
    app.command("undo")(undo_command)
    app.command("resume")(resume_command)


@in_sentences
def undo_command(
    record: RecordFolder,
    estate: EstateFile = "",
    mode: RunMode = Mode.PLAN,
    take_back_anyway: Anyway = None,
    ticket: Ticket = "",
    approval: Approval = None,
    records: Records = None,
    as_json: AsJson = False,
) -> None:
    """Take back what a run changed, by what its record says was there before. The undo has a record of its own."""
    _check_mode(mode)
    folder = found_record(record)
    given = {
        "record": str(folder),
        "take_back_anyway": take_back_anyway or [],
        "change_ticket": ticket,
        "approval": str(approval.absolute()) if approval else "",
    }
    parameters = load_parameters(UndoParameters, given, file="command line")
    screen, chosen = Screen(), _estate(estate, folder)
    check_given(parameters, chosen, mode=mode, interactive=False)
    check_beforehand(parameters, chosen, "undo")
    announce_key(screen)
    done = run_one("undo", parameters, chosen, mode=mode, records=records, watch=screen.watch)
    _end(screen, done, mode, as_json)


@in_sentences
def resume_command(
    record: RecordFolder,
    estate: EstateFile = "",
    mode: RunMode = Mode.PLAN,
    approval: Approval = None,
    records: Records = None,
    as_json: AsJson = False,
) -> None:
    """Go on from a run that was cut off: say what became of its last change, and do what is left, nothing twice."""
    _check_mode(mode)
    folder = found_record(record)
    chosen = _estate(estate, folder)
    _, past = read(folder, chosen)
    check_going_on(past)
    parameters = resumed_parameters(past)
    if approval is not None:
        parameters = parameters.model_copy(update={"approval": str(approval.absolute())})
    check_given(parameters, chosen, mode=mode, interactive=False)
    check_beforehand(parameters, chosen, past.started.section)
    screen = Screen()
    announce_key(screen)
    with in_environment({RESUMES_VARIABLE: str(folder)}):
        done = run_one(past.started.section, parameters, chosen, mode=mode, records=records, watch=screen.watch)
    _end(screen, done, mode, as_json)


def _check_mode(mode: Mode) -> None:
    if mode is Mode.CHECK:
        raise InputError("It is planned or applied: write --mode plan or --mode apply.")


def found_record(record: Path) -> Path:
    """A path from the working directory, else what the listing of records calls it."""
    return record.absolute() if record.is_dir() else find_record(record.as_posix())


def _estate(given: str, record: Path) -> Estate:
    """The estate file that is named, else the one that the recorded run had, where that is still there."""
    recorded = str(past_run(record).parameters.get("estate") or "")
    there = recorded if recorded and from_root(recorded).is_file() else ""
    return load_estate(find_estate(str(Path(given).absolute()) if given else there))


def _end(screen: Screen, done: SectionSummary, mode: Mode, as_json: bool) -> NoReturn:
    if as_json:
        document = {"mode": mode.value, "outcome": done.outcome.value, "sections": [done.document()]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        screen.sections([done])
    raise typer.Exit(exit_code(done.outcome))
