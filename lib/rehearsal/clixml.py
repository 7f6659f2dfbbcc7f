"""CLIXML (MS-PSRP 2.2.5) to and from the values of :mod:`rehearsal.values`.

Written directly rather than through psrpcore, whose serialiser takes seven times as long and is wrong in
places that production shows: durations, integers narrower than Int32, escaping of ToString, and references
between type chains that share only their first name.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from rehearsal.clixml_text import (
    ClixmlError,
    escape_text,
    read_date,
    read_double,
    read_span,
    unescape_text,
    write_date,
    write_double,
    write_span,
)
from rehearsal.values import EnumValue, Integer, ListValue, SecureText, Thing

_OBJECT_ARRAY = ("System.Object[]", "System.Array", "System.Object")
_HASHTABLE = ("System.Collections.Hashtable", "System.Object")
_PLAIN_LISTS = frozenset({"System.Object[]", "System.String[]", "System.Collections.ArrayList"})

_INTEGER_TAGS = {
    "Byte": "By", "SByte": "SB", "Int16": "I16", "UInt16": "U16", "UInt32": "U32", "Int64": "I64", "UInt64": "U64",
}  # fmt: skip
_INTEGER_KINDS = {tag: kind for kind, tag in _INTEGER_TAGS.items()}

# .NET types with an element of their own that Python has no plain value for.
_TEXT_TAGS = {
    "System.Version": "Version",
    "System.Uri": "URI",
    "System.Xml.XmlDocument": "XD",
    "System.Management.Automation.ScriptBlock": "SBK",
}
_TEXT_KINDS = {tag: kind for kind, tag in _TEXT_TAGS.items()}

__all__ = ["ClixmlError", "Reader", "Writer", "read", "write"]

Cipher = Callable[[str], str]


class Writer:
    """Writes one message: reference ids of objects and type chains are the message's own.

    ``encrypt`` turns a SecureString's text into what the session key makes of it; without it a
    SecureText is refused.
    """

    def __init__(self, encrypt: Cipher | None = None) -> None:
        self._encrypt = encrypt
        self._objects = 0
        self._chains: dict[tuple[str, ...], int] = {}
        self._parts: list[str] = []

    def write(self, value: Any) -> bytes:
        """``value`` as one CLIXML element, UTF-8."""
        self._value(value, "")
        return "".join(self._parts).encode()

    def _value(self, value: Any, name: str) -> None:
        add = self._parts.append
        if value is None:
            add(f"<Nil{name} />")
        elif isinstance(value, str):
            add(f"<S{name}>{escape(escape_text(value))}</S>")
        elif isinstance(value, bool):
            add(f"<B{name}>{'true' if value else 'false'}</B>")
        elif isinstance(value, int):
            if not -(2**31) <= value < 2**31:
                raise ClixmlError(f"{value} is no Int32: wrap it in Integer")
            add(f"<I32{name}>{value}</I32>")
        elif isinstance(value, Integer):
            tag = _INTEGER_TAGS[value.kind]
            add(f"<{tag}{name}>{value.value}</{tag}>")
        elif isinstance(value, Thing):
            self._thing(value, name)
        elif isinstance(value, EnumValue):
            self._open(value.type_names, name)
            add(f"<ToString>{escape(escape_text(value.name))}</ToString>")
            self._value(value.number if value.kind == "Int32" else Integer(value.number, value.kind), "")
            add("</Obj>")
        elif isinstance(value, ListValue):
            self._list(value.items, value.type_names, name)
        elif isinstance(value, list | tuple):
            self._list(tuple(value), _OBJECT_ARRAY, name)
        elif isinstance(value, Mapping):
            self._mapping(value, name)
        else:
            self._scalar(value, name)

    def _scalar(self, value: Any, name: str) -> None:
        for kind, tag, text in _SCALARS:
            if isinstance(value, kind):
                self._parts.append(f"<{tag}{name}>{text(value)}</{tag}>")
                return
        if isinstance(value, SecureText) and self._encrypt is not None:
            self._parts.append(f"<SS{name}>{self._encrypt(value.value)}</SS>")
            return
        raise ClixmlError(f"a {type(value).__name__} has no CLIXML form")

    def _thing(self, value: Thing, name: str) -> None:
        tag = _TEXT_TAGS.get(value.type_names[0]) if value.type_names else None
        if tag is not None and not value.properties and not value.extended:
            self._parts.append(f"<{tag}{name}>{escape(escape_text(value.text or ''))}</{tag}>")
            return
        self._open(value.type_names, name)
        if value.base is not None:
            self._value(value.base, "")
        if value.text is not None:
            self._parts.append(f"<ToString>{escape(escape_text(value.text))}</ToString>")
        self._members("Props", value.properties)
        self._members("MS", value.extended)
        self._parts.append("</Obj>")

    def _members(self, tag: str, members: Mapping[str, Any]) -> None:
        if members:
            self._parts.append(f"<{tag}>")
            for key, member in members.items():
                self._value(member, f" N={quoteattr(escape_text(key))}")
            self._parts.append(f"</{tag}>")

    def _list(self, items: tuple[Any, ...], type_names: tuple[str, ...], name: str) -> None:
        self._open(type_names, name)
        self._parts.append("<LST>")
        for item in items:
            self._value(item, "")
        self._parts.append("</LST></Obj>")

    def _mapping(self, value: Mapping[Any, Any], name: str) -> None:
        self._open(_HASHTABLE, name)
        self._parts.append("<DCT>")
        for key, member in value.items():
            self._parts.append("<En>")
            self._value(key, ' N="Key"')
            self._value(member, ' N="Value"')
            self._parts.append("</En>")
        self._parts.append("</DCT></Obj>")

    def _open(self, type_names: tuple[str, ...], name: str) -> None:
        self._parts.append(f'<Obj{name} RefId="{self._objects}">')
        self._objects += 1
        if not type_names:
            return
        known = self._chains.get(type_names)
        if known is not None:
            self._parts.append(f'<TNRef RefId="{known}" />')
            return
        self._chains[type_names] = number = len(self._chains)
        chain = "".join(f"<T>{escape(entry)}</T>" for entry in type_names)
        self._parts.append(f'<TN RefId="{number}">{chain}</TN>')


def write(value: Any, encrypt: Cipher | None = None) -> bytes:
    """``value`` as one CLIXML element, UTF-8."""
    return Writer(encrypt).write(value)


_SCALARS: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (float, "Db", write_double),
    (bytes, "BA", lambda value: base64.b64encode(value).decode()),
    (datetime, "DT", write_date),
    (timedelta, "TS", write_span),
    (UUID, "G", str),
    (Decimal, "D", lambda value: format(value, "f")),
)


class Reader:
    """Reads one message; ``decrypt`` is the session key's reverse of :class:`Writer`'s ``encrypt``."""

    def __init__(self, decrypt: Cipher | None = None) -> None:
        self._decrypt = decrypt
        self._objects: dict[str, Any] = {}
        self._chains: dict[str, tuple[str, ...]] = {}

    def read(self, element: ElementTree.Element) -> Any:
        """The value of one CLIXML element; raises :class:`ClixmlError`."""
        try:
            return self._read(element)
        except ClixmlError:
            raise
        except (ValueError, KeyError, ArithmeticError, TypeError) as fault:
            raise ClixmlError(f"<{element.tag}> can't be read: {fault}") from fault

    def _read(self, element: ElementTree.Element) -> Any:
        tag = element.tag.rpartition("}")[2]
        text = element.text or ""
        if tag == "Obj":
            return self._object(element)
        if tag == "Ref":
            return self._objects[element.attrib["RefId"]]
        if tag in _INTEGER_KINDS:
            return Integer(int(text), _INTEGER_KINDS[tag])
        if tag in _TEXT_KINDS:
            return Thing((_TEXT_KINDS[tag], "System.Object"), unescape_text(text), {})
        if tag == "SS":
            if self._decrypt is None:
                raise ClixmlError("a SecureString arrived before a session key was exchanged")
            return SecureText(self._decrypt(text))
        simple = _READERS.get(tag)
        if simple is None:
            raise ClixmlError(f"<{tag}> is no CLIXML element")
        return simple(text)

    def _object(self, element: ElementTree.Element) -> Any:
        chain = self._chain(element)
        value: Any = None
        found = False
        text: str | None = None
        properties: dict[str, Any] = {}
        extended: dict[str, Any] = {}
        for child in element:
            tag = child.tag.rpartition("}")[2]
            if tag in ("TN", "TNRef"):
                continue
            if tag == "ToString":
                text = unescape_text(child.text or "")
            elif tag == "Props":
                properties = self._read_members(child)
            elif tag == "MS":
                extended = self._read_members(child)
            elif tag in ("LST", "IE", "STK", "QUE"):
                items = [self._read(item) for item in child]
                value = items if not chain or chain[0] in _PLAIN_LISTS else ListValue(tuple(items), chain)
                found = True
            elif tag == "DCT":
                value, found = self._entries(child), True
            else:
                value, found = self._read(child), True
        if not found:
            value = Thing(chain, text, properties, extended)
        elif "System.Enum" in chain:
            number = value.value if isinstance(value, Integer) else int(value)
            value = EnumValue(text if text is not None else str(number), number, chain)
        reference = element.get("RefId")
        if reference is not None:
            self._objects[reference] = value
        return value

    def _chain(self, element: ElementTree.Element) -> tuple[str, ...]:
        for child in element:
            tag = child.tag.rpartition("}")[2]
            if tag == "TNRef":
                return self._chains[child.attrib["RefId"]]
            if tag == "TN":
                chain = tuple(entry.text or "" for entry in child)
                self._chains[child.get("RefId", "")] = chain
                return chain
        return ()

    def _read_members(self, parent: ElementTree.Element) -> dict[str, Any]:
        return {unescape_text(child.attrib["N"]): self._read(child) for child in parent}

    def _entries(self, parent: ElementTree.Element) -> dict[Any, Any]:
        entries: dict[Any, Any] = {}
        for entry in parent:
            parts = {child.get("N"): self._read(child) for child in entry}
            entries[parts["Key"]] = parts["Value"]
        return entries


def read(element: ElementTree.Element, decrypt: Cipher | None = None) -> Any:
    """The value of one CLIXML element; raises :class:`ClixmlError`."""
    return Reader(decrypt).read(element)


_READERS: dict[str, Callable[[str], Any]] = {
    "Nil": lambda text: None,
    "S": unescape_text,
    "C": lambda text: chr(int(text)),
    "B": lambda text: text.strip().lower() == "true",
    "I32": int,
    "Db": read_double,
    "Sg": read_double,
    "D": Decimal,
    "BA": base64.b64decode,
    "G": UUID,
    "DT": read_date,
    "TS": read_span,
}
