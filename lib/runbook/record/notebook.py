"""The executed notebook in a record: a digest for each cell, so that an altered one can be named."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from runbook.change import Json, canonical
from runbook.ledger.redaction import Redactor
from runbook.signing.strict import without_repeats

FILE_NAME = "record.ipynb"
NOT_HERE = (
    "The executed notebook isn't in this record: the run was stepped through by hand, or started by a program that "
    "keeps the notebook elsewhere. The ledger holds all that the run did."
)


def cells(data: bytes) -> list[dict[str, str]]:
    """Id and digest of each cell, in order; ``ValueError`` where it isn't a notebook."""
    found = without_repeats(data)
    given = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(given, list) or not all(isinstance(cell, dict) for cell in given):
        raise ValueError("it isn't a notebook")
    return [{"id": str(cell.get("id", "")), "sha256": _digest(cell)} for cell in given]


def told(data: bytes | None) -> Json:
    """What the statement says of the notebook; ``None`` where there is none."""
    if data is None:
        return {"in_record": False, "why": NOT_HERE}
    try:
        return {"in_record": True, "cells": [dict(cell) for cell in cells(data)]}
    except ValueError as error:
        return {"in_record": True, "cells": [], "why": f"{FILE_NAME} couldn't be read when it was signed: {error}."}


def differences(data: bytes, signed: Any) -> list[str]:
    """Which cells aren't as they were signed: altered, gone, added or moved. Empty where only what's around them is."""
    try:
        now = cells(data)
    except (ValueError, RecursionError):
        return ["it can't be read as a notebook any more"]
    then: list[dict[str, str]] = signed if isinstance(signed, list) else []
    was, there = [cell["sha256"] for cell in then], [cell["sha256"] for cell in now]
    if sorted(was) == sorted(there):
        moved = [number for number, (one, other) in enumerate(zip(was, there, strict=True), 1) if one != other]
        return [f"cells {', '.join(map(str, moved))} are in another order"] if moved else []
    if len(then) == len(now):
        return [
            f"cell {number} was altered"
            for number, (one, other) in enumerate(zip(was, there, strict=True), 1)
            if one != other
        ]
    gone = [f"cell {number} is missing" for number, each in enumerate(was, 1) if each not in there]
    more = [f"cell {number} was added or altered" for number, each in enumerate(there, 1) if each not in was]
    repeated = [f"{len(there)} cells, {len(was)} were signed"]
    return (gone + more) or repeated


def redacted(data: bytes, redactor: Redactor) -> bytes | None:
    """A notebook without the addresses of people: what a run was given stands in it as it was written.

    What the cells show is redacted when it is made; ``None`` for a notebook that can't be read.
    """
    try:
        found = without_repeats(data)
    except ValueError:
        return None
    text = json.dumps(redactor.redacted(found), indent=1, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _digest(cell: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(cell).encode("utf-8", "surrogatepass")).hexdigest()
