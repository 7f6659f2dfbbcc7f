"""Commands about your own records: ``records``, ``close-record``, ``key``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from runbook.cli.screen import Screen
from runbook.cli.sentences import in_sentences
from runbook.engine.opening import records_folder
from runbook.errors import Refused
from runbook.ledger.events import Mode
from runbook.record import State, close, own_key, was_closed
from runbook.record.links import verify_one
from runbook.record.listing import Listed, listed
from runbook.render.templating import visible
from runbook.signing.keys import known_key

STATE_STYLE = {
    State.SIGNED: "green",
    State.UNKNOWN_SIGNER: "yellow",
    State.OTHER_SIGNER: "red",
    State.OPEN: "yellow",
    State.UNCLOSED: "yellow",
    State.ALTERED: "red",
}
SIGN = {
    State.SIGNED: "✔",
    State.UNKNOWN_SIGNER: "✔",
    State.OTHER_SIGNER: "✖",
    State.OPEN: "○",
    State.UNCLOSED: "○",
    State.ALTERED: "✖",
}

_LISTED = {
    State.SIGNED: "intact, signed by you",
    State.UNKNOWN_SIGNER: "intact, signed by somebody else",
    State.OTHER_SIGNER: "intact, signed by somebody else",
    State.OPEN: "open",
    State.UNCLOSED: "ended, never closed",
    State.ALTERED: "altered",
}

key_app = typer.Typer(no_args_is_help=True, help="The key that your records are signed with.")


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others."""
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


def _line(one: Listed) -> Text:
    """A run in two or three lines: how it stands and what it came to, where it lies, what is wrong with it."""
    when = f"{one.started:%Y-%m-%d %H:%M} UTC" if one.started else "time not known"
    outcome = one.outcome.value if one.outcome else "unknown"
    approval = {"refused": "approval refused"}.get(one.approval, one.approval)
    said = (_LISTED[one.state], when, one.section, f"mode {one.mode}", one.environment, outcome, approval)
    head = " · ".join(filter(None, said))
    line = Text(f"{SIGN[one.state]} {visible(head)}", style=STATE_STYLE[one.state])
    line.append(f"\n  {one.folder.parent.name}/{one.folder.name}", style="dim")
    if one.resumed_by:
        line.append(f"\n  gone on with by {visible(one.resumed_by)}", style="dim")
    if one.undone_by:
        line.append(f"\n  taken back by {visible(one.undone_by)}", style="dim")
    if one.state is State.OPEN and not (one.resumed_by or one.undone_by) and one.mode == Mode.APPLY.value:
        line.append(
            f"\n  to go on from it: runbook resume {visible(one.folder.parent.name)}/{visible(one.folder.name)}"
        )
    if one.problem:
        line.append(f"\n  {visible(one.problem)}", style="red")
    return line
