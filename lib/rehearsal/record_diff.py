"""What changed between two versions of a directory record, property by property, as journal lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from rehearsal.topology_diff import Difference


def record_differences(label: str, before: object | None, after: object | None) -> Iterator[Difference]:
    """Each property of a frozen dataclass that differs; a record that is new, or gone, differs as a whole.

    ``label`` names the object. A field that maps names to values counts as that many properties.
    """
    if before is None or after is None:
        gone, new = (None if record is None else record_values(record) for record in (before, after))
        yield Difference(label, "", gone, new)
        return
    values = record_values(after)
    old = record_values(before)
    for name in {**old, **values}:
        if old.get(name) != values.get(name):
            yield Difference(label, name, old.get(name), values.get(name))


def record_values(record: object) -> dict[str, Any]:
    """The properties of a record as JSON values, mappings taken apart."""
    found: dict[str, Any] = {}
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        if isinstance(value, Mapping):
            found.update({str(name): _plain(item) for name, item in value.items()})
        else:
            found[field.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
