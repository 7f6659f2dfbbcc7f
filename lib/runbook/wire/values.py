"""From the XML of a PSRP message to the library's own values (MS-PSRP 2.2.5, CLIXML).

psrpcore reads the elements; this module guards the door before it and turns what it gives into
:mod:`runbook.result`. Type names are masked on the way in, so that psrpcore builds plain objects for them
all: its own classes insist on properties that real servers leave out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from xml.etree import ElementTree
from xml.parsers import expat

from psrpcore.types import (
    ErrorCategory,
    PSChar,
    PSCryptoProvider,
    PSDictBase,
    PSIEnumerable,
    PSListBase,
    PSObject,
    PSQueueBase,
    PSSecureString,
    PSStackBase,
    PSVersion,
    deserialize,
)

from runbook.result import ServerError, ServerObject, ServerValue
from runbook.wire.messages import ProtocolFault

MAX_DEPTH = 200
"""Elements within elements. PowerShell serialises to a depth of a few objects; 500 exhausts Python's stack."""

_MASK = "wire:"
_DESERIALIZED = "Deserialized."
_ENUM = "System.Enum"
_CONTAINERS = (PSListBase, PSIEnumerable, PSStackBase, list)


def check_xml(data: bytes) -> None:
    """Refuse a document type declaration (entities expand without end) and deep nesting; malformed XML passes.

    The parser behind this one tells of malformed XML in its own way. Raises :class:`ProtocolFault`.
    """
    depth = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ProtocolFault(f"elements are nested more than {MAX_DEPTH} deep")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise ProtocolFault("the answer has a document type declaration")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return


def parse_value(body: bytes) -> ServerValue:
    """The value in a message's body; an empty body is ``None``. Raises :class:`ProtocolFault`."""
    if not body.strip():
        return None
    check_xml(body)
    try:
        element = ElementTree.fromstring(body)
        _mask(element)
        return _Converter().convert(deserialize(element, _NoCipher()))
    except ProtocolFault:
        raise
    except Exception as fault:  # psrpcore raises whatever its parsing meets: KeyError, AttributeError, struct.error …
        raise ProtocolFault(f"an object of the answer can't be read ({type(fault).__name__})") from None


def parse_error(body: bytes, *, terminating: bool) -> ServerError:
    """The ErrorRecord in a message's body. One that can't be read is an error all the same."""
    try:
        return error_of(parse_value(body), terminating=terminating)
    except ProtocolFault as fault:
        return ServerError(message=f"The server reported an error that can't be read: {fault}", terminating=terminating)


def error_of(value: ServerValue, *, terminating: bool) -> ServerError:
    """MS-PSRP 2.2.3.15: an ErrorRecord's members, flattened by the server into properties of one object."""
    if not isinstance(value, ServerObject):
        return ServerError(message=_text(value) or "The server reported an error without a message.")
    exception = value.get("Exception")
    message = _text(value.get("ErrorDetails_Message")) or _message_of(exception) or value.text
    return ServerError(
        message=message or "The server reported an error without a message.",
        error_id=_text(value.get("FullyQualifiedErrorId")),
        category=_category(value.get("ErrorCategory_Category")),
        reason=_text(value.get("ErrorCategory_Reason")),
        target=_text(value.get("ErrorCategory_TargetName")) or _text(value.get("TargetObject")),
        terminating=terminating,
    )


def parse_warning(body: bytes) -> str:
    """The text of a warning record; a bare string where that is all there is."""
    value = parse_value(body)
    if isinstance(value, ServerObject):
        return _text(value.get("InformationalRecord_Message")) or value.text or ""
    return _text(value)


class _NoCipher(PSCryptoProvider):
    """SecureStrings stay closed: nothing that the runbook reads is one, and no output may hold one."""

    def decrypt(self, value: str) -> str:
        return ""

    def encrypt(self, value: str) -> str:
        return ""

    def register_key(self, key: bytes) -> None:
        return None


def _mask(root: ElementTree.Element) -> None:
    for names in root.iter("TN"):
        for name in names:
            name.text = _MASK + (name.text or "")
    # psrpcore hangs the text of an extended primitive on it, which a bool of Python has no place for.
    for boxed in [obj for obj in root.iter("Obj") if obj.find("B") is not None]:
        for child in [child for child in boxed if child.tag == "ToString"]:
            boxed.remove(child)


class _Converter:
    """Converts the objects of one message; each once, since CLIXML refers to an object it has shown before."""

    def __init__(self) -> None:
        self._known: dict[int, ServerValue] = {}
        self._within: set[int] = set()

    def convert(self, value: Any) -> ServerValue:
        if value is None or isinstance(value, bool):
            return value
        key = id(value)
        if key in self._known:
            return self._known[key]
        if key in self._within:
            return None  # an object that holds itself
        self._within.add(key)
        try:
            converted = self._known[key] = self._convert(value)
        finally:
            self._within.discard(key)
        return converted

    def _convert(self, value: Any) -> ServerValue:
        if isinstance(value, PSDictBase):
            return ServerObject(
                type_names=_type_names(value),
                properties={_text(self.convert(key)): self.convert(each) for key, each in value.items()},
            )
        if isinstance(value, _CONTAINERS):
            return tuple(self.convert(each) for each in value)
        if isinstance(value, PSQueueBase):
            return tuple(self.convert(value.get(block=False)) for _ in range(value.qsize()))
        plain = _primitive(value)
        properties = dict(self._properties(value))
        type_names = _type_names(value)
        if plain is not None and not properties and _ENUM not in type_names:
            return plain
        named = plain is None or isinstance(plain, str) or _ENUM in type_names
        text = _to_string(value) if named and not isinstance(value, PSSecureString) else None
        return ServerObject(type_names=type_names, text=text, properties=properties, value=plain)

    def _properties(self, value: Any) -> Iterator[tuple[str, ServerValue]]:
        for each in (*value.PSObject.adapted_properties, *value.PSObject.extended_properties):
            yield each.name, self.convert(each.get_value(value))


def _primitive(value: Any) -> ServerValue:
    """psrpcore's subclasses as the plain types they stand for; ``None`` for anything that isn't one."""
    if isinstance(value, PSSecureString):
        return None
    if isinstance(value, PSChar):
        return chr(int(value))
    if isinstance(value, PSVersion):
        return str(value)
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, timedelta):
        return timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, UUID):
        return UUID(int=value.int)
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str.__str__(value) if isinstance(value, str) else None


def _utc(value: datetime) -> datetime:
    """Aware and in UTC. A .NET DateTime of kind Unspecified has no offset; Exchange and Lync store UTC in those."""
    plain = datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, value.tzinfo
    )
    if plain.tzinfo is None:
        return plain.replace(tzinfo=UTC)
    try:
        return plain.astimezone(UTC)
    except OverflowError:  # DateTime.MinValue and MaxValue with an offset
        return plain.replace(tzinfo=UTC)


def _type_names(value: Any) -> tuple[str, ...]:
    names = value.PSObject.type_names if isinstance(value, PSObject) else []
    return tuple(name.removeprefix(_DESERIALIZED + _MASK).removeprefix(_MASK) for name in names)


def _to_string(value: Any) -> str | None:
    text = value.PSObject.to_string
    return None if text is None else str.__str__(text)


def _text(value: ServerValue) -> str:
    if isinstance(value, ServerObject):
        return value.text or _text(value.value)
    return "" if value is None or isinstance(value, tuple) else str(value)


def _message_of(exception: ServerValue) -> str:
    if isinstance(exception, Mapping):
        return _text(exception.get("Message")) or _text(exception)
    return _text(exception)


def _category(value: ServerValue) -> str:
    number = value.value if isinstance(value, ServerObject) else value
    if not isinstance(number, int):
        return _text(value)
    try:
        return str(ErrorCategory(number).name)
    except ValueError:
        return str(number)
