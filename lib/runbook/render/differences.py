"""Before and after of a change, put so that a person sees what differs. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Json

ABSENT = "(not there)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One property. ``name`` is empty where the whole thing is one value."""

    name: str
    before: str
    after: str


def differences(before: Json, after: Json) -> tuple[Difference, ...]:
    """What differs, property by property; an object that comes or goes is told with all of its properties."""
    return tuple(_differences("", before, after))


def _differences(name: str, before: Json, after: Json) -> Iterator[Difference]:
    if isinstance(before, dict) or isinstance(after, dict):
        old, new = (value if isinstance(value, dict) else {} for value in (before, after))
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key) or (key in old) != (key in new):
                yield from _differences(f"{name}.{key}" if name else key, old.get(key), new.get(key))
    else:
        yield Difference(name, text(before), text(after))


def text(value: Json) -> str:
    """A value as a person writes it: a list one item a line, nothing as words."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str):
        return value or "(empty)"
    if isinstance(value, list):
        return "\n".join(map(text, value)) or "(empty)"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
