"""What changed between two topology documents, as journal lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from rehearsal.lync_topology import TopologyDocument


@dataclass(frozen=True, slots=True)
class Difference:
    """One property of one object; None stands for an object or a value that isn't there."""

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
        if (name in before) != (name in after):
            yield Difference(name, "Exists", name in before, name in after)
        old, new = _values(before.get(name)), _values(after.get(name))
        for key in old or new:
            if old.get(key) != new.get(key):
                yield Difference(name, key, old.get(key), new.get(key))


def _values(item: Any) -> dict[str, Any]:
    if item is None:
        return {}
    return {field.name: _plain(getattr(item, field.name)) for field in fields(item)}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
