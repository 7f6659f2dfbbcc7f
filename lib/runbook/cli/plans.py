"""Commands about approval: ``plan`` writes a plan file, ``approve`` signs it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import PydanticCustomError
from rich.text import Text

from runbook.again import open_any
from runbook.approval import planfile, statement
from runbook.approval.planfile import PlanFile
from runbook.change import Severity, canonical
from runbook.cli.again import found_record
from runbook.cli.headless import new_folder, section_parameters
from runbook.cli.options import EstateFile, Records, SectionName
from runbook.cli.records import announce_key
from runbook.cli.rehearse import closed
from runbook.cli.screen import Screen
from runbook.cli.sentences import in_sentences
from runbook.engine.planning import plan_file
from runbook.engine.verdict import exit_code
from runbook.errors import InputError, RunbookError
from runbook.estate import find_estate, load_estate
from runbook.inputs.fields import name as a_name
from runbook.ledger import origin
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters, load_parameters
from runbook.parameters_undo import UndoParameters
from runbook.render.templating import visible
from runbook.sections import section_named
from runbook.sections.undo import UNDO
from runbook.signing.keys import key_in, own_key

_LONGEST = 160
_KEY_HELP = "Your private key (PEM); the key that your records are signed with, otherwise."
_EXPIRES_HELP = "How long it holds: 12h, 7d, 2w, or until a moment such as 2026-12-01T18:00Z."


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others."""
    app.command("plan")(plan_command)
    app.command("approve")(approve_command)


@in_sentences
def plan_command(
    section: SectionName,
    output: Annotated[Path, typer.Option("-o", "--output", help="The plan file to write; it may not be there yet.")],
    parameters: Annotated[
        Path | None, typer.Option("-f", "--parameters", help="Parameter file of the section (YAML).")
    ] = None,
    record: Annotated[str, typer.Option("--record", help="For the section undo: the record that it takes back.")] = "",
    estate: EstateFile = "",
    records: Records = None,
) -> None:
    """Look at one section and write its plan to a file, for somebody else to approve. Nothing can be changed."""
    screen, name = Screen(), section_named(section).name
    given = _parameters(name, parameters, record)
    chosen = load_estate(find_estate(str(Path(estate).absolute()) if estate else given.estate))
    planfile.check_place(output)
    announce_key(screen)
    folder = new_folder(chosen, name, records)
    with screen.watch(section_named(name).title, folder), closed(folder):
        run = open_any(name, given, chosen, mode=Mode.PLAN, folder=folder)
        try:
            plan = run.check().plan
            data = plan_file(run) if plan.changes else b""
        except RunbookError as error:
            run.abandon(str(error))
            raise
        outcome = run.finish()
    if data:
        planfile.save(output, data)
        _show(screen, planfile.parsed(data))
        screen.out.print(f"Plan file: {output}", markup=False, soft_wrap=True)
    else:
        screen.out.print(f"No plan file is written. {visible(plan.because)}", markup=False, soft_wrap=True)
    screen.out.print(Text(f"record: {folder}", style="dim"), soft_wrap=True)
    raise typer.Exit(exit_code(outcome))


@in_sentences
def approve_command(
    plan: Annotated[Path, typer.Argument(help="The plan file, as `runbook plan` wrote it.")],
    ticket: Annotated[str, typer.Option("--ticket", help="The change ticket that it is approved for.")],
    key: Annotated[Path | None, typer.Option("--key", help=_KEY_HELP)] = None,
    expires: Annotated[str, typer.Option("--expires", help=_EXPIRES_HELP)] = "7d",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The approval to write, beside the plan: approval.json.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without asking; needed where there is no terminal.")] = False,
) -> None:
    """Show a plan in short and sign that it may be applied, for one ticket and for a time. Contacts nothing."""
    screen, now = Screen(), datetime.now(UTC)
    until = statement.expiry(expires, now)
    found, target = planfile.read(plan), output or plan.with_name("approval.json")
    _check(plan, found, target, ticket)
    signer = key_in(key) if key else own_key()
    _show(screen, found)
    if not yes:
        _ask(ticket)
    data = statement.signed(
        found, plan.name, signer, ticket=ticket, expires=until, account=origin.actor(), host=origin.host(), now=now
    )
    planfile.save(target, data)
    said = f"Approved for {ticket} until {statement.moment(until)} with the key {signer.fingerprint}: {target}"
    screen.out.print(said, markup=False, soft_wrap=True)


def _parameters(section: str, file: Path | None, record: str) -> SectionParameters:
    """From a parameter file, or, for an undo, from the record alone."""
    if file is not None and not record:
        return section_parameters(section, file)
    if file is None and record and section == UNDO.name:
        return load_parameters(UndoParameters, {"record": str(found_record(Path(record)))}, file="command line")
    raise InputError("Name the parameter file with -f, or, for the section undo, the record with --record.")


def _ask(ticket: str) -> None:
    """Only a person before a terminal can say yes: what a script pipes in isn't an answer."""
    if not sys.stdin.isatty():
        raise InputError(
            "Nothing was signed: there is no terminal at which somebody could be asked. --yes signs without asking."
        )
    if not typer.confirm(f"Approve it for {ticket}?"):
        raise InputError("Nothing was signed.")


def _check(plan: Path, found: PlanFile, target: Path, ticket: str) -> None:
    """All that speaks against signing, before anything is shown as if it could be signed."""
    if not found.changes:
        raise InputError(f"{plan} plans no change: there is nothing to approve.")
    if target.absolute().parent != plan.absolute().parent:
        raise InputError("The approval has to lie beside its plan: name a file in the same folder.")
    if target.exists():
        raise InputError(f"{target} is there already. Name another file with -o.")
    if not ticket.strip():
        raise InputError("--ticket: an approval is for one ticket; name it.")
    try:
        a_name(ticket)
    except PydanticCustomError as error:
        raise InputError(f"--ticket: {error.message()}") from None
    planned_for = found.made.get("change_ticket")
    if planned_for not in ("", None, ticket):
        raise InputError(f"--ticket {ticket}: the plan was made for the ticket {planned_for}.")


def _show(screen: Screen, plan: PlanFile) -> None:
    """A plan in short, as whoever approves it reads it."""
    estate, made = plan.estate, plan.made
    heads = (
        f"{section_named(plan.section).title} · {estate['organisation']} ({estate['name']}, {plan.environment})",
        f"plan {plan.digest}, {len(plan.changes)} changes",
        f"made by {made['account']} on {made['host']}, {made['time']}",
    )
    for head in heads:
        screen.out.print(Text(visible(head), style="bold"), soft_wrap=True)
    for severity in (Severity.ERROR, Severity.WARNING):
        ids = dict.fromkeys(each["id"] for each in plan.findings if each["severity"] == severity.value)
        if ids:
            screen.out.print(Text(visible(f"found, {severity.value}: {', '.join(ids)}")), soft_wrap=True)
    for number, change in enumerate(plan.changes, start=1):
        for line in _lines(number, change["shown"]):
            screen.out.print(Text(visible(line)), soft_wrap=True)


def _lines(number: int, shown: dict[str, Any]) -> list[str]:
    back = [f"   back: PS> {line}" for line in shown["taken_back_by"]] or [f"   no way back: {shown['irreversible']}"]
    return [
        f"{number}. {shown['title']} ({shown['on']})",
        f"   {_value(shown['before'])} → {_value(shown['after'])}",
        f"   {'by hand: ' if shown['by_hand'] else ''}PS> {shown['done_by']}",
        *back,
        *([f"   disturbs: {shown['disturbs']}"] if shown["disturbs"] else []),
        *([f"   consent: {shown['consent']}"] if shown["consent"] else []),
    ]


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else canonical(value)
    return (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…") or "(empty)"
