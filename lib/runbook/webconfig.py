"""OWA's web.config: what its appSettings say, and an edit that leaves every other byte as it was (L52-L60).

Nothing is parsed and written again, which would change line ends, quotes and references that nobody asked about.
Expat reads the file, so that what counts as an element is the parser's word; the places of the attributes are then
found in the bytes of each start tag, and new bytes go between the old ones.

.NET compares the keys of appSettings without regard to case, and of several entries of a key the last one counts.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from xml.parsers import expat

from runbook.errors import InputError

_SECTION = "appSettings"
_ROOT = "configuration"
_OTHER_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16"}
_OTHER_MARKS[codecs.BOM_UTF16_BE] = "UTF-16"
_ELSEWHERE = ("file", "configSource", "configProtectionProvider")
_ATTRIBUTE = re.compile(rb"""[ \t\r\n]([^\s=/>"']+)[ \t\r\n]*=[ \t\r\n]*("[^"]*"|'[^']*')""")
_BLANK = b" \t\r\n"
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_ESCAPED |= {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FaultKind(StrEnum):
    """Why a web.config can't be edited, or its settings not be told."""

    ENCODING = "encoding"
    MALFORMED = "malformed"
    NO_SECTION = "no-section"
    SEVERAL_SECTIONS = "several-sections"
    ELSEWHERE = "elsewhere"
    """The section takes values from another file, or is encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFault:
    """``says`` is a sentence for the administrator; ``line`` is 1-based, ``None`` where it concerns the whole file."""

    kind: FaultKind
    says: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One ``<add>``; ``line`` is 1-based."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The application's own appSettings: every ``<add>`` in order, and those keys that are in effect in the end.

    Sections within ``<location>`` are somebody else's and aren't read. With ``fault`` nothing else is known.
    """

    entries: tuple[Setting, ...] = ()
    effective: Mapping[str, str]
    """By lower-case key."""
    fault: ConfigFault | None = None

    def value(self, key: str) -> str | None:
        """What .NET would answer for the key; ``None`` where it isn't set."""
        return self.effective.get(key.lower())

    def all_of(self, key: str) -> tuple[Setting, ...]:
        """Every entry of the key, more than one where it stands there several times."""
        return tuple(entry for entry in self.entries if entry.key.lower() == key.lower())


def read(content: bytes) -> Settings:
    """What a web.config says; never raises."""
    try:
        return _settings(_scan(content))
    except _UnreadableError as unreadable:
        return Settings(effective={}, fault=unreadable.fault)


def edit(content: bytes, values: Mapping[str, str]) -> bytes:
    """The same file with these values in effect: only attribute values replaced and lines added, in the given order.

    Where a key stands there already, every entry of it gets the value, so that none contradicts another; else a line
    is added after the section's last one, in its indentation and line end. Raises :class:`InputError` where the file
    has a fault (see :func:`read`), a key is empty or given twice, or a value holds a character that XML can't.
    """
    if "" in values or len({key.lower() for key in values}) < len(values):
        raise InputError(f"Each setting needs a key of its own: {', '.join(values)}.")
    try:
        section = _scan(content)
    except _UnreadableError as unreadable:
        raise InputError(unreadable.fault.says) from None
    settings, lower = _settings(section), {key.lower(): value for key, value in values.items()}
    patches = [
        _valued(content, tag, lower[key])
        for tag in section.children
        if tag.name == "add" and (key := tag.text("key").lower()) in lower and tag.text("value") != lower[key]
    ]
    missing = {key: value for key, value in values.items() if settings.value(key) is None}
    if missing:
        patches.append(_added(content, section, missing))
    for start, end, new in sorted(patches, reverse=True):
        content = content[:start] + new + content[end:]
    return content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    """An element below the section. ``start`` and ``end`` enclose its start tag's bytes, ``after`` ends the element."""

    name: str
    attributes: Mapping[str, str]
    start: int
    end: int
    after: int
    line: int

    def text(self, attribute: str) -> str:
        return self.attributes.get(attribute, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """``closing`` is where its end tag begins, ``None`` for ``<appSettings />``."""

    tag: _Tag
    closing: int | None
    children: tuple[_Tag, ...]


_Patch = tuple[int, int, bytes]
"""The bytes from the first place up to the second give way to these."""


class _UnreadableError(Exception):
    def __init__(self, kind: FaultKind, says: str, line: int | None = None) -> None:
        self.fault = ConfigFault(kind=kind, says=says, line=line)


def _settings(section: _Section) -> Settings:
    entries: list[Setting] = []
    effective: dict[str, str] = {}
    for tag in section.children:
        key = tag.text("key")
        if tag.name == "add":
            entries.append(Setting(key=key, value=tag.text("value"), line=tag.line))
            effective[key.lower()] = tag.text("value")
        elif tag.name == "remove":
            effective.pop(key.lower(), None)
        elif tag.name == "clear":
            effective.clear()
    return Settings(entries=tuple(entries), effective=effective)


def _scan(content: bytes) -> _Section:
    _check_encoding(content)
    found = _Scanner(content).sections()
    if not found:
        says = f"It has no <{_SECTION}> of its own below <{_ROOT}>, into which the two lines belong."
        raise _UnreadableError(FaultKind.NO_SECTION, says)
    if len(found) > 1:
        lines = ", ".join(str(section.tag.line) for section in found)
        says = (
            f"The section <{_SECTION}> stands in it {len(found)} times (lines {lines}); ASP.NET accepts it once only."
        )
        raise _UnreadableError(FaultKind.SEVERAL_SECTIONS, says, found[1].tag.line)
    (section,) = found
    for name in _ELSEWHERE:
        if name in section.tag.attributes:
            says = f"With {name}=… its <{_SECTION}> takes settings from elsewhere: this file cannot tell what counts."
            raise _UnreadableError(FaultKind.ELSEWHERE, says, section.tag.line)
    return section


def _check_encoding(content: bytes) -> None:
    for mark, name in _OTHER_MARKS.items():
        if content.startswith(mark):
            raise _UnreadableError(FaultKind.ENCODING, f"It is written in {name}; OWA's own is UTF-8.")
    declared = re.match(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""", content.removeprefix(codecs.BOM_UTF8))
    name = declared[1].decode("ascii", "replace") if declared else "utf-8"
    if name.lower() != "utf-8":
        raise _UnreadableError(FaultKind.ENCODING, f"It declares the encoding {name}; OWA's own is UTF-8.", 1)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(FaultKind.ENCODING, f"Line {line} isn't UTF-8.", line) from None


class _Scanner:
    """Runs expat over the bytes once, and keeps the application's own sections with the places of their elements."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._path: list[str] = []
        self._open: list[_Tag] = []
        self._found: list[_Section] = []
        self._children: list[_Tag] = []
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype

    def sections(self) -> list[_Section]:
        try:
            self._parser.Parse(self._content, True)
        except expat.ExpatError as error:
            says = f"It isn't well-formed XML: {expat.ErrorString(error.code)} in line {error.lineno}."
            raise _UnreadableError(FaultKind.MALFORMED, says, error.lineno) from None
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name != _ROOT:
            says = f"Its root element is <{name}>, not <{_ROOT}>: this isn't a web.config."
            raise _UnreadableError(FaultKind.MALFORMED, says, self._parser.CurrentLineNumber)
        self._path.append(name)
        start = self._parser.CurrentByteIndex
        end, line = _tag_end(self._content, start), self._parser.CurrentLineNumber
        self._open.append(_Tag(name=name, attributes=attributes, start=start, end=end, after=end, line=line))

    def _end(self, _name: str) -> None:
        path, tag = tuple(self._path), self._open.pop()
        self._path.pop()
        # For <x/> expat tells the end of the tag, for </x> its beginning.
        place = self._parser.CurrentByteIndex
        closed = self._content[tag.end - 2 : tag.end] == b"/>"
        if path == (_ROOT, _SECTION):
            section = _Section(tag=tag, closing=None if closed else place, children=tuple(self._children))
            self._found.append(section)
            self._children = []
        elif path[:2] == (_ROOT, _SECTION) and len(path) == 3:
            after = tag.end if closed else self._content.index(b">", place) + 1
            self._children.append(
                _Tag(
                    name=tag.name,
                    attributes=tag.attributes,
                    start=tag.start,
                    end=tag.end,
                    after=after,
                    line=tag.line,
                )
            )

    def _doctype(self, *_: object) -> None:
        says = "It has a document type declaration, which no web.config has: what its entities mean isn't looked into."
        raise _UnreadableError(FaultKind.MALFORMED, says, self._parser.CurrentLineNumber)


def _tag_end(content: bytes, start: int) -> int:
    """One past the ``>`` of the start tag at ``start``; attribute values may hold one."""
    quote = 0
    for place in range(start, len(content)):
        byte = content[place]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return place + 1
    raise AssertionError("expat accepted a tag without an end")


def _valued(content: bytes, tag: _Tag, value: str) -> _Patch:
    """The tag's value attribute with another value, in the quotes that it has."""
    places = {found[1]: found for found in _ATTRIBUTE.finditer(content, tag.start, tag.end)}
    if b"value" not in places:
        after_key = places[b"key"].end()
        return after_key, after_key, b' value="' + _escaped(value) + b'"'
    start, end = places[b"value"].span(2)
    return start + 1, end - 1, _escaped(value)


def _added(content: bytes, section: _Section, values: Mapping[str, str]) -> _Patch:
    """The new lines, after the section's last element or, where it has none, before its end."""
    if section.children:
        last = section.children[-1]
        between = _before(content, section, last)
        lines = [between + _line(key, value, content[last.start : last.after]) for key, value in values.items()]
        return last.after, last.after, b"".join(lines)
    outer = _indentation(content, section.tag.start)
    newline = _newline(content)
    lines = [outer + (outer or b"  ") + _line(key, value, b" />") for key, value in values.items()]
    block = newline.join(lines)
    if section.closing is None:
        start = section.tag.end - 2
        while content[start - 1] in _BLANK:
            start -= 1
        end_tag = f"</{_SECTION}>".encode()
        return start, section.tag.end, b">" + newline + block + newline + outer + end_tag
    start = section.closing
    while content[start - 1] in b" \t":
        start -= 1
    if content[start - 1] == ord("\n"):
        return start, start, block + newline
    return section.closing, section.closing, newline + block + newline + outer


def _line(key: str, value: str, neighbour: bytes) -> bytes:
    end = b" />" if neighbour.endswith((b" />", b"</add>")) else b"/>"
    return b'<add key="' + _escaped(key) + b'" value="' + _escaped(value) + b'"' + end


def _before(content: bytes, section: _Section, tag: _Tag) -> bytes:
    """What stands between a tag and what precedes it: a line end and indentation, where the section has lines."""
    start = tag.start
    while content[start - 1] in b" \t":
        start -= 1
    if b"\n" in content[section.tag.end : tag.start]:
        return _newline(content, section.tag.end) + _indentation(content, tag.start)
    return content[start : tag.start]


def _indentation(content: bytes, place: int) -> bytes:
    """The blanks at the beginning of the line that ``place`` is in."""
    line = content[content.rfind(b"\n", 0, place) + 1 : place].removeprefix(codecs.BOM_UTF8)
    return line[: len(line) - len(line.lstrip(b" \t"))]


def _newline(content: bytes, start: int = 0) -> bytes:
    """The first line end from ``start`` on; that of Windows where there is none."""
    place = content.find(b"\n", start)
    return b"\n" if place > 0 and content[place - 1] != ord("\r") else b"\r\n"


def _escaped(text: str) -> bytes:
    if bad := _NOT_XML.search(text):
        raise InputError(f"U+{ord(bad[0]):04X} can't stand in a configuration file.")
    return "".join(_ESCAPED.get(character, character) for character in text).encode("utf-8")
