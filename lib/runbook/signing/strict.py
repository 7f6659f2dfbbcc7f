"""JSON files of a record: one spelling for one value, so that what two readers see can't differ. Pure."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from runbook.change import Json


def dumped(value: Json) -> bytes:
    """Indented, keys sorted, UTF-8, a line feed at the end. Half characters (lone surrogates) become JSON's escapes."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    data = f"{text}\n".encode("utf-8", "backslashreplace")
    if b"\\ud" in data:  # two halves that met are one character to every reader: spelt as that
        text = json.dumps(json.loads(data), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        data = f"{text}\n".encode("utf-8", "backslashreplace")
    return data


def loaded(data: bytes) -> Any:
    """What :func:`dumped` wrote; ``ValueError`` where the bytes aren't exactly that."""
    found = json.loads(data, parse_constant=_no_number)
    if dumped(found) != data:
        raise ValueError("it isn't spelt as this library spells it (order, spaces, repeated keys or numbers)")
    return found


def without_repeats(data: bytes) -> Any:
    """JSON that others write (a notebook): any spelling, but no key twice in an object, and no NaN."""
    return json.loads(data, parse_constant=_no_number, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
