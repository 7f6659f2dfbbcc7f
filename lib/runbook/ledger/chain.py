"""The hash chain of a ledger's lines: one spelling for one event, and each line names the line before it. Pure.

A line is the canonical JSON of one object. Its ``previous`` is the SHA-256 of the bytes of the line before it, without
the line feed; in a first line it is what the same operator's last run of this estate left
(:mod:`runbook.ledger.heads`), or :data:`GENESIS`. So nothing can be altered, taken out, put in or moved without the
lines after it saying so. What it can't show by itself is a tail that was cut off: for that the head has to be known
from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NoReturn

from runbook.change import Json, canonical

GENESIS = "0" * 64
"""``previous`` of a first line that follows no other run."""


def spelt(fields: Json) -> bytes:
    """The one spelling of a line, without its line feed. Half characters (lone surrogates) become JSON's escapes."""
    line = canonical(fields).encode("utf-8", "backslashreplace")
    if b"\\ud" in line:  # two halves that met are one character to every reader: spelt as that
        line = canonical(json.loads(line)).encode("utf-8", "backslashreplace")
    return line


def digest(line: bytes) -> str:
    """What the next line names this one by."""
    return hashlib.sha256(line).hexdigest()


def parsed(line: bytes) -> dict[str, Any]:
    """The object that a line spells; ``ValueError`` where it isn't one, or isn't in its one spelling."""
    found = json.loads(line, parse_constant=_no_number)
    if not isinstance(found, dict):
        raise ValueError("it isn't an object")
    if spelt(found) != line:
        raise ValueError("it isn't spelt as the ledger spells it")
    return found


def broken(lines: Iterable[bytes]) -> list[tuple[int, str]]:
    """Every place where the chain doesn't hold: number of the line, from 1, and why. Empty for a whole chain."""
    faults: list[tuple[int, str]] = []
    before: str | None = None
    run: object = None
    for number, line in enumerate(lines, start=1):
        try:
            fields = parsed(line)
        except (ValueError, RecursionError) as error:
            faults.append((number, str(error)))
        else:
            run = fields.get("run") if number == 1 else run
            if fields.get("run") != run or fields.get("seq") != number:
                faults.append((number, "it isn't the next event of this run"))
            elif before is not None and fields.get("previous") != before:
                faults.append(
                    (number, f"the hash that it holds isn't that of line {number - 1}: one of the two differs")
                )
        before = digest(line)
    return faults


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
