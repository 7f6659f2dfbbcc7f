"""The auditor's command: ``verify-record``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from runbook.change import Json
from runbook.cli.options import AsJson
from runbook.cli.pdf import print_page
from runbook.cli.records import SIGN, STATE_STYLE
from runbook.cli.screen import Screen
from runbook.cli.sentences import FAILED, in_sentences
from runbook.errors import InputError, Refused
from runbook.record import State, Verified
from runbook.record.approver import has_approval, not_approved_by
from runbook.record.links import Anchor, is_record, read_anchor, verify_all, verify_one
from runbook.record.verify import Anchored, Problem
from runbook.render.templating import visible
from runbook.report import FILE_NAME as PAGE
from runbook.signing.keys import PublicKey, read_public_key

NOT_ESTABLISHED = 4
"""Exit code of a record that is intact, where nobody said which key its signer has."""

WHOLE = "no file, line or cell of it differs from what was signed, and none is missing or was added."
ANCHORED = "it is the record whose head the anchor kept."
LEDGER_ANCHORED = "its ledger is the one whose head the anchor kept."
NO_KEY = "who signed it. Anybody can sign anew with a key of their own. Give the signer's key with --key."
NO_ANCHOR = (
    "without an anchor, that the signer didn't make the record anew later, or take away a whole run. Give a head that "
    "was kept where the signer can't write with --anchor."
)
PARTLY_ANCHORED = (
    "that the signer didn't make anew later what the anchor doesn't cover: it vouches for {reach}. Give the head that "
    "was kept when the record was closed."
)
NO_APPROVER = "whose key approved the plan. Give the approver's key with --approver."
NO_TIME = "Times are those of the clock of the computer that ran it; no trusted time is claimed."

NOT_A_RECORD = (
    "{path} holds no record: no ledger, no statement and no plan. Name the folder of one record, or the folder that "
    "holds an estate's."
)

_KEY_HELP = "The signer's public key (PEM), as `runbook key export` prints it."
_ANCHOR_HELP = "A head (64 hex digits), a list of heads, or the folder that heads were sent to."
_APPROVER_HELP = "Public key (PEM) of who may have approved what was changed; may be repeated."
_PDF_HELP = "Write the record's page to this file as PDF, if it is intact. Takes Chromium, Chrome or Edge."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What can be said of some records, by the key, the anchor and the approvers' keys that an auditor has.

    ``missing`` are faults of no single record: one that is gone, one that nobody known had approved.
    """

    records: tuple[Verified, ...]
    missing: tuple[Problem, ...]
    has_key: bool
    has_anchor: bool
    has_approvers: bool

    @classmethod
    def of(cls, path: Path, *, key: PublicKey | None, anchor: Anchor | None, approvers: list[PublicKey]) -> Answer:
        """Of one record's folder, or of the folder that holds an estate's."""
        missing: tuple[Problem, ...] = ()
        if path.is_dir() and not is_record(path) and any(map(is_record, _folders(path))):
            found, missing = verify_all(path, key=key, anchor=anchor)
        elif path.is_dir() and not is_record(path):
            raise InputError(NOT_A_RECORD.format(path=path))
        else:
            found = (verify_one(path, key=key, anchor=anchor),)
        return cls(
            records=found,
            missing=(*missing, *(not_approved_by(approvers, found) if approvers else ())),
            has_key=key is not None,
            has_anchor=anchor is not None,
            has_approvers=bool(approvers),
        )

    @property
    def intact(self) -> tuple[Verified, ...]:
        return tuple(one for one in self.records if one.state.is_intact)

    @property
    def exit_code(self) -> int:
        states = {one.state for one in self.records}
        if self.missing or states - {State.SIGNED, State.UNKNOWN_SIGNER}:
            return FAILED
        return NOT_ESTABLISHED if State.UNKNOWN_SIGNER in states else 0

    @property
    def reach(self) -> Anchored:
        """What the anchor covers of each of them."""
        order = list(Anchored)
        return order[min(order.index(one.anchored) for one in self.intact)] if self.intact else Anchored.NOT

    def proved(self) -> Iterator[str]:
        """What holds of all the records; nothing where one of them isn't as it should be."""
        if self.exit_code == FAILED:
            return
        yield WHOLE
        if self.reach is Anchored.WHOLE:
            yield ANCHORED
        if self.reach is Anchored.LEDGER:
            yield LEDGER_ANCHORED

    def not_proved(self) -> Iterator[str]:
        """What the intact records leave open, and what would settle it."""
        if self.intact:
            yield from () if self.has_key else (NO_KEY,)
            if not self.has_anchor:
                yield NO_ANCHOR
            elif self.reach is not Anchored.WHOLE:
                yield PARTLY_ANCHORED.format(reach=self.reach.value)
        if not self.has_approvers and any(map(has_approval, self.records)):
            yield NO_APPROVER

    def document(self) -> Json:
        return {
            "exit_code": self.exit_code,
            "records": [_document(one) for one in self.records],
            "missing": [asdict(problem) for problem in self.missing],
            "proved": list(self.proved()),
            "not_proved": list(self.not_proved()),
            "time": NO_TIME,
        }

    def show(self, out: Console) -> None:
        """For people: each record with what is wrong with it, then what that proves and what it doesn't."""
        for one in self.records:
            _print(out, f"{SIGN[one.state]} {one.folder.name}: {one.state.value}", STATE_STYLE[one.state])
            if one.began is not None:
                _print(out, f"  by its ledger: {one.section}, begun {one.began:%Y-%m-%d %H:%M:%S} UTC")
            if one.fingerprint:
                _print(out, f"  key of the signer, by the record: {one.fingerprint}")
            for problem in one.problems:
                _print(out, f"  {problem}", "red")
        for problem in self.missing:
            _print(out, f"✖ {problem}", "red")
        for words in self.proved():
            _print(out, f"Proved: {words}")
        for words in self.not_proved():
            _print(out, f"Not proved: {words}")
        _print(out, NO_TIME)


def add_to(app: typer.Typer) -> None:
    """Put the command beside the others."""
    app.command("verify-record")(verify_command)


@in_sentences
def verify_command(
    path: Annotated[Path, typer.Argument(help="Folder of a record, or the folder of an estate's records.")],
    key: Annotated[Path | None, typer.Option("--key", help=_KEY_HELP)] = None,
    anchor: Annotated[str, typer.Option("--anchor", help=_ANCHOR_HELP)] = "",
    approver: Annotated[list[Path] | None, typer.Option("--approver", help=_APPROVER_HELP)] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help=_PDF_HELP)] = None,
    as_json: AsJson = False,
) -> None:
    """Is a record as it was signed? Offline. Exit codes: 0 yes, by this key; 1 no; 4 yes, signer not established."""
    answer = Answer.of(
        path,
        key=read_public_key(key) if key else None,
        anchor=read_anchor(anchor) if anchor else None,
        approvers=[read_public_key(each) for each in approver or ()],
    )
    screen = Screen()
    if pdf is not None and as_json:  # it may be refused, and only one document may stand on standard output
        _file(answer, pdf, screen.err)
    if as_json:
        sys.stdout.write(json.dumps(answer.document(), indent=2, ensure_ascii=False) + "\n")
    else:
        answer.show(screen.out)
        if pdf is not None:
            _file(answer, pdf, screen.out)
    raise typer.Exit(answer.exit_code)


def _document(one: Verified) -> Json:
    return {
        "record": str(one.folder),
        "run": one.run,
        "section": one.section,
        "began": one.began.isoformat() if one.began else None,
        "state": one.state.value,
        "intact": one.state.is_intact,
        "anchored": one.anchored.value,
        "signer": one.fingerprint,
        "head": one.head,
        "problems": [asdict(problem) for problem in one.problems],
    }


def _file(answer: Answer, target: Path, console: Console) -> None:
    """The page of one record that was just found intact; nothing else is worth filing."""
    if len(answer.records) != 1:
        raise InputError("--pdf prints one record. Name its folder.")
    (one,) = answer.records
    if not one.state.is_intact:
        raise Refused(f"No PDF was made: {one.folder.name} is {one.state.value}.")
    if target.absolute().is_relative_to(one.folder.absolute()):
        raise InputError("A PDF in the record's folder would be a file that nobody signed. Name another place.")
    print_page(one.folder / PAGE, target)
    _print(console, f"✔ {one.folder.name}: printed to {target}")


def _print(console: Console, line: str, style: str = "") -> None:
    console.print(Text(visible(line), style=style), soft_wrap=True)


def _folders(path: Path) -> Iterator[Path]:
    return (each for each in path.iterdir() if each.is_dir())
