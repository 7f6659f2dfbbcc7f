"""Turning an argument into the type of its parameter, as ``LanguagePrimitives.ConvertTo`` does, with its refusals.

``register_kind`` adds a type: a cmdlet module that knows the rule of ``Fqdn`` or ``ServerIdParameter`` names a
function that gives the value or raises ``ValueError`` with the text that stands after ``Error:``. A kind nobody
registered is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rehearsal.cmdlet import Parameter
from rehearsal.objects import plain, text_of, type_name
from rehearsal.values import EnumValue, Integer, ListValue, SecureText, Thing

INTEGERS = {
    "Byte": (0, 2**8 - 1),
    "SByte": (-(2**7), 2**7 - 1),
    "Int16": (-(2**15), 2**15 - 1),
    "UInt16": (0, 2**16 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "UInt32": (0, 2**32 - 1),
    "Int64": (-(2**63), 2**63 - 1),
    "UInt64": (0, 2**64 - 1),
}
_OBJECTS = frozenset({"Object", "PSObject", "Hashtable", "ScriptBlock", "PSCredential"})


@dataclass(frozen=True, slots=True)
class ListChange:
    """What a client gave for a MultiValuedProperty: a whole new list, or ``@{Add=…; Remove=…}``."""

    replace: tuple[Any, ...] | None = None
    add: tuple[Any, ...] = ()
    remove: tuple[Any, ...] = ()

    def apply(self, current: tuple[Any, ...]) -> tuple[Any, ...]:
        """The new list; text is compared without regard to case, and adding what is there changes nothing."""
        if self.replace is not None:
            return self.replace
        gone = {_folded(item) for item in self.remove}
        kept = [item for item in current if _folded(item) not in gone]
        here = {_folded(item) for item in kept}
        return (*kept, *(item for item in self.add if _folded(item) not in here))


class ConversionError(Exception):
    """The value doesn't convert; ``reason`` is what stands after ``Error:``, ``null`` marks a refused ``$null``."""

    def __init__(self, reason: str, *, null: bool = False, collection: bool = False) -> None:
        self.reason = reason
        self.null = null
        self.collection = collection
        super().__init__(reason)


_KINDS: dict[str, Callable[[Any], Any]] = {}


def register_kind(kind: str, convert: Callable[[Any], Any]) -> None:
    """Teach the binder a .NET type: ``convert(value)`` gives the value or raises ``ValueError(reason)``."""
    _KINDS[kind] = convert


def coerce(value: Any, parameter: Parameter) -> Any:
    """The argument in the parameter's type, or :class:`ConversionError`."""
    kind = parameter.kind
    if kind not in _OBJECTS and kind.removesuffix("[]") not in _OBJECTS:
        value = plain(value)
    if kind == "SwitchParameter":
        return True if value is None else _boolean(value)
    if kind in ("MultiValuedProperty", "PSListModifier"):
        return _list_change(value)
    if kind == "Byte[]":
        return _bytes(value)
    if kind.endswith("[]"):
        if value is None:
            return None
        return tuple(_scalar(item, kind[:-2], parameter) for item in _items(value))
    return _scalar(value, kind, parameter)


def is_exact(value: Any, kind: str) -> bool:
    """Whether the value has the parameter's type as it is, so that pipeline binding needs no conversion."""
    element = kind.removesuffix("[]")
    if element in ("Object", "PSObject"):
        return True
    value = plain(value)
    if isinstance(value, Thing):
        return any(name.rpartition(".")[2] == element for name in value.type_names)
    return type_name(value).rpartition(".")[2] in (element, kind)


def _scalar(value: Any, kind: str, parameter: Parameter) -> Any:
    if parameter.names:
        return _enum_name(value, parameter.names)
    if kind in _KINDS:
        try:
            return _KINDS[kind](value)
        except ValueError as refusal:
            raise ConversionError(str(refusal)) from refusal
    if kind in _OBJECTS:
        return value
    if kind == "Boolean":
        return _boolean(value)
    if kind in INTEGERS:
        return _integer(value, kind)
    if value is None:
        return None
    match kind:
        case "DateTime":
            return _date(value)
        case "Version":
            return _version(value)
        case "Guid":
            return _guid(value)
        case "SecureString":
            if isinstance(value, SecureText):
                return value
            raise ConversionError(
                f'Cannot convert the "{text_of(value)}" value to type "System.Security.SecureString".'
            )
        case "TimeSpan" if isinstance(value, timedelta):
            return value
    return _string(value)


def _items(value: Any) -> list[Any]:
    match value:
        case ListValue():
            return list(value.items)
        case list() | tuple():
            return list(value)
    return [value]


def _string(value: Any) -> str:
    if isinstance(value, (list, tuple, ListValue)):
        raise ConversionError("Specified method is not supported.", collection=True)
    return text_of(value)


def _boolean(value: Any) -> bool:
    match value:
        case bool():
            return value
        case int() | float():
            return value != 0
        case Integer():
            return value.value != 0
        case None:
            raise ConversionError("", null=True)
    raise ConversionError(
        f'Cannot convert value "{type_name(value)}" to type "System.Boolean". Boolean parameters accept only '
        "Boolean values and numbers, such as $True, $False, 1 or 0."
    )


def _integer(value: Any, kind: str) -> int:
    low, high = INTEGERS[kind]
    match value:
        case None:
            raise ConversionError("", null=True)
        case bool():
            number = int(value)
        case int():
            number = value
        case Integer():
            number = value.value
        case float():
            number = round(value)
        case str():
            number = _parse_integer(value)
        case EnumValue():
            number = value.number
        case _:
            raise ConversionError(f'Cannot convert the "{text_of(value)}" value to type "System.{kind}".')
    if not low <= number <= high:
        kinds = {"Int32": "an Int32", "Byte": "an unsigned byte", "Int64": "an Int64", "Int16": "an Int16"}
        raise ConversionError(f"Value was either too large or too small for {kinds.get(kind, f'a {kind}')}.")
    return number


def _parse_integer(text: str) -> int:
    stripped = text.strip()
    if stripped == "":
        return 0
    if re.fullmatch(r"[+-]?\d+", stripped):
        return int(stripped)
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", stripped):
        return int(stripped, 16)
    if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+)", stripped):
        return round(float(stripped))
    raise ConversionError("Input string was not in a correct format.")


def _enum_name(value: Any, names: tuple[str, ...]) -> str | None:
    match value:
        case None:
            return None
        case EnumValue():
            text = value.name
        case bool():
            text = text_of(value)
        case int() if 0 <= value < len(names):
            return names[value]
        case _:
            text = text_of(value).strip()
    exact = [name for name in names if name.lower() == text.lower()]
    near = exact or [name for name in names if text and name.lower().startswith(text.lower())]
    if len(near) == 1:
        return near[0]
    known = ", ".join(names)
    if near:
        raise ConversionError(
            f"The identifier name {text} cannot be processed because it is either too similar or identical to the "
            f"following enumerator names: {', '.join(near)}. Use a more specific identifier name."
        )
    raise ConversionError(
        f"Unable to match the identifier name {text} to a valid enumerator name. Specify one of the following "
        f"enumerator names and try again:\n{known}"
    )


def _bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return bytes(_integer(item, "Byte") for item in _items(value))


_DATES = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y", "%Y/%m/%d")


def _date(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    text = text_of(value).strip()
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        for form in _DATES:
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
    raise ConversionError("String was not recognized as a valid DateTime.")


def _version(value: Any) -> str:
    text = text_of(value).strip()
    if not re.fullmatch(r"\d+(\.\d+){1,3}", text):
        raise ConversionError("Version string portion was too short or too long.")
    return text


def _guid(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(text_of(value).strip())
    except ValueError:
        raise ConversionError(
            "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
        ) from None


def _list_change(value: Any) -> ListChange:
    match value:
        case ListChange():
            return value
        case None:
            return ListChange(replace=())
        case Mapping():
            changes = {str(key).lower(): tuple(_items(item)) for key, item in value.items()}
            if unknown := set(changes) - {"add", "remove", "replace"}:
                raise ConversionError(
                    f'The hashtable keys allowed are "Add", "Remove" and "Replace", not "{sorted(unknown)[0]}".'
                )
            return ListChange(changes.get("replace"), changes.get("add", ()), changes.get("remove", ()))
    return ListChange(replace=tuple(_items(value)))


def _folded(item: Any) -> Any:
    return item.lower() if isinstance(item, str) else text_of(item).lower()
