"""What one record can't tell: whether its tail, or a whole run, was taken away. Over all records of an estate.

Each run's first line names what the run before it left, so a run that is gone from the middle is missed by the next.
The newest runs are only missed by a list of heads that was kept elsewhere (an anchor).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from runbook.errors import InputError
from runbook.ledger import FILE_NAME as LEDGER
from runbook.ledger.chain import GENESIS
from runbook.ledger.heads import CLOSED, Head, read_heads
from runbook.record.verify import Anchored, Problem, State, Verified, verify
from runbook.signing.keys import PublicKey

_HASH = re.compile(r"[0-9a-f]{64}\Z")

Anchor = tuple[Head, ...] | str
"""A list of heads, or the one head of a record (64 hex digits)."""


def read_anchor(given: str) -> Anchor:
    """A head, or the list in a file; of a folder that anchors were sent to, all lists; else :class:`InputError`."""
    if _HASH.match(given):
        return given
    path = Path(given).expanduser()
    if not path.is_dir():
        return read_heads(path)
    return tuple(head for file in sorted(path.glob("*.jsonl")) for head in read_heads(file))


def is_record(folder: Path) -> bool:
    """It is the folder of one run, not one of several."""
    return any((folder / name).exists() for name in (LEDGER, "statement.dsse.json", "plan.json"))


def verify_one(folder: Path, *, key: PublicKey | None = None, anchor: Anchor | None = None) -> Verified:
    """One record, held against the anchor where there is one."""
    found = verify(folder, key=key)
    return _with(replace(found, anchored=_reach(found, anchor)), _unanchored(found, anchor))


def verify_all(
    folder: Path, *, key: PublicKey | None = None, anchor: Anchor | None = None
) -> tuple[tuple[Verified, ...], tuple[Problem, ...]]:
    """Every record in an estate's folder, and what is missing between them. :class:`InputError` where there is none."""
    if isinstance(anchor, str):
        raise InputError("A single head belongs to a single record. Name the record, or give the list of heads.")
    folders = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not folders:
        raise InputError(f"{folder} holds no records.")
    records = tuple(verify_one(each, key=key, anchor=anchor) for each in folders)
    return records, (*_missing_links(records), *_missing_runs(records, anchor or ()))


def _missing_links(records: Sequence[Verified]) -> Iterator[Problem]:
    known = {GENESIS} | {head for record in records for head in (*record.lines, record.head)}
    for record in records:
        if record.follows and record.follows not in known:
            yield Problem(record.folder.name, "the record that it follows isn't here, or isn't as it was")


def _missing_runs(records: Sequence[Verified], heads: Iterable[Head]) -> Iterator[Problem]:
    here = {record.run for record in records} | {record.folder.name for record in records}
    for head in {head.run: head for head in heads}.values():
        if head.run not in here and head.record not in here:
            yield Problem(
                head.record, f"the anchor has this run ({head.time}, by {head.actor}), and its record isn't here"
            )


def _reach(found: Verified, anchor: Anchor | None) -> Anchored:
    """How much of the record the anchor vouches for: only the head of its statement covers every file."""
    if anchor is None:
        return Anchored.NOT
    kept = {anchor} if isinstance(anchor, str) else {head.head for head in _mine(found, anchor)}
    if found.state.is_intact and found.head in kept:
        return Anchored.WHOLE
    if found.lines[-1:] and found.lines[-1] in kept:
        return Anchored.LEDGER
    return Anchored.BEGUN if kept & set(found.lines) else Anchored.NOT


def _mine(found: Verified, anchor: Iterable[Head]) -> list[Head]:
    return [head for head in anchor if head.run == found.run or head.record == found.folder.name]


def _unanchored(found: Verified, anchor: Anchor | None) -> tuple[Problem, ...]:
    """Where the record isn't as the anchor has it."""
    if anchor is None:
        return ()
    name = found.folder.name
    if isinstance(anchor, str):
        if anchor in (found.head, *found.lines[-1:]):
            return ()
        return (Problem(name, f"its head is {found.head}, the anchor's is {anchor}: something was altered or cut off"),)
    mine = _mine(found, anchor)
    if not mine:
        return (Problem(name, "the anchor doesn't know this run: it was never sent there, or the run is another one"),)
    return tuple(_unlike(found, mine))


def _unlike(found: Verified, heads: Iterable[Head]) -> Iterator[Problem]:
    name = found.folder.name
    for head in heads:
        if found.run and head.run != found.run:
            yield Problem(name, f"the anchor has another run here ({head.run})")
        elif head.state == CLOSED and head.head != found.head:
            what = (
                "the anchor has it closed, and this isn't the statement of then: it was altered, cut off or made anew"
            )
            yield Problem(name, what)
        elif head.state != CLOSED and (len(found.lines) < head.events or found.lines[head.events - 1] != head.head):
            yield Problem(f"{name}/{LEDGER}:{head.events}", "this line isn't the one that the anchor has")


def _with(found: Verified, more: tuple[Problem, ...]) -> Verified:
    if not more:
        return found
    return replace(found, state=State.ALTERED, problems=(*found.problems, *more))
