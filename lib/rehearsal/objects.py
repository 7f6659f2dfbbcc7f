"""Looking at values the way PowerShell does: their type, their members by name, their text, their wildcards.

A :class:`~rehearsal.values.Thing` carries what the serialiser sends. Where the live object has more members than
that (an X509Certificate2 crosses the wire as RawData alone), ``Thing.live`` is a :class:`Live` with all of them,
and Select-Object further down the same pipeline sees those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from rehearsal.values import EnumValue, Integer, ListValue, Thing

CUSTOM_OBJECT = "System.Management.Automation.PSCustomObject"
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Live:
    """The members of a live object that its serialised form lacks, and the simulated object itself."""

    members: Mapping[str, Any] = field(default_factory=dict)
    source: Any = None


_PLAIN = (
    (bool, "System.Boolean"),
    (int, "System.Int32"),
    (str, "System.String"),
    (float, "System.Double"),
    (bytes, "System.Byte[]"),
    (datetime, "System.DateTime"),
    (timedelta, "System.TimeSpan"),
    (UUID, "System.Guid"),
    (Decimal, "System.Decimal"),
    (list, "System.Object[]"),
    (dict, "System.Collections.Hashtable"),
)


def type_name(value: Any) -> str:
    """The full .NET type name; '' for ``$null``."""
    match value:
        case None:
            return ""
        case Integer():
            return f"System.{value.kind}"
        case EnumValue() | ListValue():
            return value.type_names[0]
        case Thing(base=base) if base is not None:
            return type_name(base)
        case Thing():
            return value.type_names[0] if value.type_names else "System.Object"
    return next((name for kind, name in _PLAIN if isinstance(value, kind)), "System.Object")


def simple_type_name(value: Any) -> str:
    """The type name without its namespace, as CategoryInfo shows a target's."""
    return type_name(value).rpartition(".")[2]


def members(value: Any) -> dict[str, Any]:
    """Every property by its own spelling, extended ones last; plain values have those few that matter."""
    match value:
        case Thing():
            found = members(value.base) | value.properties
            if isinstance(value.live, Live):
                found.update(value.live.members)
            found.update(value.extended)
            return found
        case str() | bytes():
            return {"Length": len(value)}
        case list() | ListValue():
            items = value.items if isinstance(value, ListValue) else value
            return {"Count": len(items), "Length": len(items)}
        case dict():
            return {str(key): item for key, item in value.items()}
    return {}


def member(value: Any, name: str, default: Any = None) -> Any:
    """A property by name, in any case."""
    found = members(value)
    if name in found:
        return found[name]
    wanted = name.lower()
    return next((item for key, item in found.items() if key.lower() == wanted), default)


def has_member(value: Any, name: str) -> bool:
    return member(value, name, _MISSING) is not _MISSING


def text_of(value: Any) -> str:
    """What ``[string]`` makes of a value in the invariant culture."""
    match value:
        case None:
            return ""
        case bool():
            return "True" if value else "False"
        case Integer():
            return str(value.value)
        case EnumValue():
            return value.name
        case Thing(base=base) if base is not None:
            return text_of(base)
        case Thing():
            return value.text if value.text is not None else _custom_text(value)
        case ListValue():
            return " ".join(text_of(item) for item in value.items)
        case list() | tuple():
            return " ".join(text_of(item) for item in value)
        case bytes():
            return " ".join(str(byte) for byte in value)
        case datetime():
            return value.strftime("%m/%d/%Y %H:%M:%S")
    return str(value)


def _custom_text(value: Thing) -> str:
    if CUSTOM_OBJECT not in value.type_names:
        return type_name(value)
    return "@{" + "; ".join(f"{name}={text_of(item)}" for name, item in value.extended.items()) + "}"


def custom_object(properties: Mapping[str, Any], first_type: str = "") -> Thing:
    """A PSCustomObject of note properties; it is serialised without a ToString."""
    chain = (CUSTOM_OBJECT, "System.Object")
    return Thing((first_type, *chain) if first_type else chain, None, {}, dict(properties))


def plain(value: Any) -> Any:
    """The plain value under one that carries notes; everything else is itself."""
    return value.base if isinstance(value, Thing) and value.base is not None else value


def enum(type_: str, name: str, number: int) -> EnumValue:
    """An enum value with the type chain every enum has."""
    return EnumValue(name, number, (type_, "System.Enum", "System.ValueType", "System.Object"))


def enumerate_value(value: Any) -> Iterator[Any]:
    """The objects that a pipeline makes of one value: collections are taken apart, everything else is itself."""
    if isinstance(value, ListValue):
        yield from value.items
    elif isinstance(value, (list, tuple)):
        yield from value
    else:
        yield value


@lru_cache(maxsize=512)
def _wildcard(pattern: str) -> re.Pattern[str]:
    parts, position = [], 0
    while position < len(pattern):
        character = pattern[position]
        if character == "`" and position + 1 < len(pattern):
            position += 1
            parts.append(re.escape(pattern[position]))
        elif character == "*":
            parts.append(".*")
        elif character == "?":
            parts.append(".")
        elif character == "[" and (end := pattern.find("]", position + 2)) > 0:
            parts.append(f"[{re.escape(pattern[position + 1 : end]).replace(chr(92) + '-', '-')}]")
            position = end
        else:
            parts.append(re.escape(character))
        position += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def has_wildcard(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def matches(pattern: str, text: str) -> bool:
    """PowerShell's wildcards ``* ? [a-z]``, without regard to case."""
    return _wildcard(pattern).fullmatch(text) is not None
