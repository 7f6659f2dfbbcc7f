"""Commands about records: ``verify-record``, ``records``, ``key``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from runbook.cli.pdf import print_page
from runbook.cli.screen import Screen
from runbook.cli.sentences import FAILED, in_sentences
from runbook.engine.opening import records_folder
from runbook.errors import InputError, Refused
from runbook.ledger.events import Mode
from runbook.record import State, Verified, close, own_key, was_closed
from runbook.record.approver import has_approval, not_approved_by
from runbook.record.links import Anchor, is_record, read_anchor, verify_all, verify_one
from runbook.record.listing import Listed, listed
from runbook.record.verify import Problem
from runbook.render.templating import visible
from runbook.report import FILE_NAME as PAGE
from runbook.signing.keys import known_key, read_public_key

NOT_ESTABLISHED = 4
"""Exit code of a record that is intact, where nobody said which key its signer has."""

_KEY_HELP = "The signer's public key (PEM), as `runbook key export` prints it."
_APPROVER_HELP = "Public key (PEM) of who may have approved what was changed; may be repeated."
_ANCHOR_HELP = "A head (64 hex digits), a list of heads, or the folder that heads were sent to."
_PDF_HELP = "Write the record's page to this file as PDF, if it is intact. Takes Chromium, Chrome or Edge."
_STATE_STYLE = {
    State.SIGNED: "green",
    State.UNKNOWN_SIGNER: "yellow",
    State.OPEN: "yellow",
    State.UNCLOSED: "yellow",
    State.ALTERED: "red",
}
_SIGN = {State.SIGNED: "✔", State.UNKNOWN_SIGNER: "✔", State.OPEN: "○", State.UNCLOSED: "○", State.ALTERED: "✖"}

_LISTED = {
    State.SIGNED: "intact, signed by you",
    State.UNKNOWN_SIGNER: "intact, signed by somebody else",
    State.OPEN: "open",
    State.UNCLOSED: "ended, never closed",
    State.ALTERED: "altered",
}

PROVED = "Proved: no file, line or cell of it differs from what was signed, and none is missing or was added."
NO_KEY = "Not proved: who signed it. Anybody can sign anew with a key of their own. Give the signer's key with --key."
NO_ANCHOR = (
    "Not proved without an anchor: that the signer didn't make the record anew later, or take away a whole run. Give a "
    "head that was kept where the signer can't write with --anchor."
)
NO_APPROVER = "Not proved: whose key approved the plan. Give the approver's key with --approver."
ANCHORED = "Proved by the anchor: it is the record whose head was kept there."
NO_TIME = "Times are those of the clock of the computer that ran it; no trusted time is claimed."

key_app = typer.Typer(no_args_is_help=True, help="The key that your records are signed with.")


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others."""
    app.command("verify-record")(verify_command)
    app.command("close-record")(close_command)
    app.command("records")(records_command)
    app.add_typer(key_app, name="key")


def announce_key(screen: Screen) -> None:
    """Make the user's key where there is none yet, and say its fingerprint once."""
    key = own_key()
    if key.made:
        screen.err.print(f"A key to sign your records with was made: {key.path}", soft_wrap=True, markup=False)
        screen.err.print(f"Its fingerprint is {key.fingerprint}. Auditors need it: runbook key export", soft_wrap=True)


@in_sentences
def verify_command(
    path: Annotated[Path, typer.Argument(help="Folder of a record, or the folder of an estate's records.")],
    key: Annotated[Path | None, typer.Option("--key", help=_KEY_HELP)] = None,
    anchor: Annotated[str, typer.Option("--anchor", help=_ANCHOR_HELP)] = "",
    approver: Annotated[list[Path] | None, typer.Option("--approver", help=_APPROVER_HELP)] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help=_PDF_HELP)] = None,
) -> None:
    """Is a record as it was signed? Offline. Exit codes: 0 yes, by this key; 1 no; 4 yes, signer not established."""
    known = read_public_key(key) if key else None
    heads: Anchor | None = read_anchor(anchor) if anchor else None
    missing: tuple[Problem, ...] = ()
    if path.is_dir() and not is_record(path) and any(map(is_record, _folders(path))):
        found, missing = verify_all(path, key=known, anchor=heads)
    else:
        found = (verify_one(path, key=known, anchor=heads),)
    approvers = [read_public_key(each) for each in approver or ()]
    missing = (*missing, *(not_approved_by(approvers, found) if approvers else ()))
    screen = Screen()
    for line, style in _told(found, missing, has_key=known is not None, has_anchor=heads is not None):
        screen.out.print(Text(visible(line), style=style), soft_wrap=True)
    if not approvers and any(map(has_approval, found)):
        screen.out.print(NO_APPROVER, soft_wrap=True)
    if pdf is not None:
        _print(found, pdf, screen)
    _exit(found, missing)


@in_sentences
def close_command(
    path: Annotated[Path, typer.Argument(help="Folder of a record whose closing was interrupted.")],
    anchor: Annotated[list[str] | None, typer.Option("--anchor", help="Send the record's head there too.")] = None,
) -> None:
    """Close and sign the record of a run that ended, where closing it was interrupted."""
    screen = Screen()
    found = verify_one(path)
    if found.state is not State.UNCLOSED:
        raise Refused(f"{path.name} can't be closed: {found.state.value}.")
    if was_closed(path):
        raise Refused(
            f"{path.name} was closed already, by your list of heads, and its statement isn't there any more: somebody "
            "took it away. A record is signed once; look for the statement where records are backed up."
        )
    announce_key(screen)
    done = close(path, anchors=anchor or ())
    assert done is not None
    screen.out.print(Text(f"✔ {path.name}: closed, signed with the key {done.fingerprint}"), soft_wrap=True)
    for problem in done.problems:
        screen.err.print(Text(visible(problem), style="red"), soft_wrap=True)


@in_sentences
def records_command(
    estate: Annotated[str, typer.Argument(help="Only this estate's records.")] = "",
    records: Annotated[Path | None, typer.Option("--records", help="Folder of all records.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")] = False,
) -> None:
    """List the runs: those that are still open first, then the newest."""
    found = listed(records or records_folder(), estate, key=known_key())
    if as_json:
        document = {"records": [one.document() for one in found]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    screen = Screen()
    if not found:
        screen.out.print("There are no records yet.")
        return
    for one in found:
        screen.out.print(_line(one), soft_wrap=True)


@key_app.command("show")
@in_sentences
def key_show_command() -> None:
    """Where your key lies, and its fingerprint."""
    screen, key = Screen(), own_key()
    screen.out.print(f"key: {key.path}", markup=False, soft_wrap=True)
    screen.out.print(f"fingerprint (SHA-256): {key.fingerprint}", markup=False, soft_wrap=True)
    sys.stdout.write(key.pem)


@key_app.command("export")
@in_sentences
def key_export_command() -> None:
    """Print the public key (PEM), and nothing else: what an auditor checks your records with."""
    sys.stdout.write(own_key().pem)


def _print(found: Sequence[Verified], target: Path, screen: Screen) -> None:
    """The page of one record that was just found intact; nothing else is worth filing."""
    if len(found) != 1:
        raise InputError("--pdf prints one record. Name its folder.")
    (one,) = found
    if one.state not in (State.SIGNED, State.UNKNOWN_SIGNER):
        raise Refused(f"No PDF was made: {one.folder.name} is {one.state.value}.")
    if target.absolute().is_relative_to(one.folder.absolute()):
        raise InputError("A PDF in the record's folder would be a file that nobody signed. Name another place.")
    print_page(one.folder / PAGE, target)
    screen.out.print(Text(f"✔ {one.folder.name}: printed to {target}"), soft_wrap=True)


def _told(
    found: Sequence[Verified], missing: Sequence[Problem], *, has_key: bool, has_anchor: bool
) -> Iterator[tuple[str, str]]:
    for one in found:
        yield f"{_SIGN[one.state]} {one.folder.name}: {one.state.value}", _STATE_STYLE[one.state]
        if one.fingerprint:
            yield f"  key of the signer, by the record: {one.fingerprint}", ""
        yield from ((f"  {problem}", "red") for problem in one.problems)
    yield from ((f"✖ {problem}", "red") for problem in missing)
    if any(one.state in (State.SIGNED, State.UNKNOWN_SIGNER) for one in found):
        yield PROVED, ""
        yield from () if has_key else ((NO_KEY, ""),)
        yield (ANCHORED if has_anchor else NO_ANCHOR), ""
    yield NO_TIME, ""


def _exit(found: Sequence[Verified], missing: Sequence[Problem]) -> NoReturn:
    states = {one.state for one in found}
    if missing or states & {State.ALTERED, State.OPEN, State.UNCLOSED}:
        raise typer.Exit(FAILED)
    raise typer.Exit(NOT_ESTABLISHED if State.UNKNOWN_SIGNER in states else 0)


def _line(one: Listed) -> Text:
    """A run in two or three lines: how it stands and what it came to, where it lies, what is wrong with it."""
    when = f"{one.started:%Y-%m-%d %H:%M} UTC" if one.started else "time not known"
    outcome = one.outcome.value if one.outcome else "unknown"
    approval = {"refused": "approval refused"}.get(one.approval, one.approval)
    said = (_LISTED[one.state], when, one.section, f"mode {one.mode}", one.environment, outcome, approval)
    head = " · ".join(filter(None, said))
    line = Text(f"{_SIGN[one.state]} {visible(head)}", style=_STATE_STYLE[one.state])
    line.append(f"\n  {one.folder.parent.name}/{one.folder.name}", style="dim")
    if one.resumed_by:
        line.append(f"\n  gone on with by {visible(one.resumed_by)}", style="dim")
    elif one.state is State.OPEN and one.mode == Mode.APPLY.value:
        line.append(
            f"\n  to go on from it: runbook resume {visible(one.folder.parent.name)}/{visible(one.folder.name)}"
        )
    if one.problem:
        line.append(f"\n  {visible(one.problem)}", style="red")
    return line


def _folders(path: Path) -> Iterator[Path]:
    return (each for each in path.iterdir() if each.is_dir())
