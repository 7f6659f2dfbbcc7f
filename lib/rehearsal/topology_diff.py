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
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield Difference(name, "Exists", old is not None, new is not None)
        for field in fields(old or new):
            was, is_now = (_plain(getattr(item, field.name, None)) for item in (old, new))
            if was != is_now:
                yield Difference(name, field.name, was, is_now)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
