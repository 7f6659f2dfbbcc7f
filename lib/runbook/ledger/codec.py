"""Values of a run to JSON and back, so that what a ledger says is what happened, types and all.

A switch is no Boolean and bytes are no text: those two are marked (``{"switch": true}``, ``{"base64": "…"}``).
Everything else is read back by the type that its field declares.
"""

from __future__ import annotations

import base64
import dataclasses
import types
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from runbook.change import Json
from runbook.command import Cmdlet, Switch, Value


def to_json(value: Any) -> Json:
    """Any value of a run as JSON. Facts may hold more kinds of value than are ever read back by type."""
    if isinstance(value, Switch):
        return {"switch": value.value}
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Enum):
        return to_json(value.value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((to_json(each) for each in value), key=repr)
    if isinstance(value, tuple | list):
        return [to_json(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID | Decimal | PurePath):
        return str(value)
    raise TypeError(f"a ledger can't hold a {type(value).__name__}")


def from_json(kind: Any, value: Any) -> Any:
    """The value of type ``kind`` that :func:`to_json` wrote; ``TypeError`` or ``ValueError`` where it isn't one."""
    if kind is Cmdlet:
        return _cmdlet(value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple(from_json(arguments[0], each) for each in _list(value))
    if origin in (Union, types.UnionType) and type(None) in arguments and len(arguments) == 2:
        inner = arguments[0] if arguments[1] is type(None) else arguments[1]
        return None if value is None else from_json(inner, value)
    if kind in (str, int, bool):
        if type(value) is not kind:
            raise TypeError(f"{value!r} isn't {kind.__name__}")
        return value
    return value  # Json


def _dataclass(kind: type, value: Any) -> Any:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} isn't the JSON of a {kind.__name__}")
    hints = _hints(kind)
    if strange := sorted(value.keys() - hints.keys()):
        raise TypeError(f"{kind.__name__} has no {strange[0]}")
    return kind(**{name: from_json(hints[name], each) for name, each in value.items()})


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Of the fields of a dataclass; working them out takes longer than all the rest of reading a ledger."""
    found = get_type_hints(kind)
    return {field.name: found[field.name] for field in dataclasses.fields(kind)}


def _cmdlet(value: Any) -> Cmdlet:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} isn't the JSON of a command")
    parameters = tuple((name, _parameter(each)) for name, each in _list(value["parameters"]))
    return Cmdlet(value["name"], parameters, tuple(_list(value["arguments"])))


def _parameter(value: Any) -> Value:
    if isinstance(value, dict):
        return Switch(value["switch"]) if "switch" in value else base64.b64decode(value["base64"], validate=True)
    return tuple(value) if isinstance(value, list) else value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} isn't a list")
    return value
