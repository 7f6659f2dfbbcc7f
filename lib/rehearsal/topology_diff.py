"""What changed between two topology documents, as journal lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from rehearsal.lync_topology import TopologyDocument


@dataclass(frozen=True, slots=True)
class Difference:
    """One property of one object. Where the object came or went, ``property`` is empty and one side None."""

    object: str
    property: str
    before: Any
    after: Any


def differences(before: TopologyDocument, after: TopologyDocument) -> Iterator[Difference]:
    """Every property of a trusted pool or application that differs, pools first, by name."""
    yield from _between(_pools(before), _pools(after))
    yield from _between(_applications(before), _applications(after))


def _pools(document: TopologyDocument) -> dict[str, Any]:
    return {f"TrustedApplicationPool:{item.fqdn}": item for item in document.trusted_pools}


def _applications(document: TopologyDocument) -> dict[str, Any]:
    return {f"TrustedApplication:{item.identity}": item for item in document.applications}


def _between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        old, new = _values(before.get(name)), _values(after.get(name))
        if old is None or new is None:
            yield Difference(name, "", old, new)
            continue
        for key in old:
            if old[key] != new[key]:
                yield Difference(name, key, old[key], new[key])


def _values(item: Any) -> dict[str, Any] | None:
    if item is None:
        return None
    return {field.name: _plain(getattr(item, field.name)) for field in fields(item)}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
