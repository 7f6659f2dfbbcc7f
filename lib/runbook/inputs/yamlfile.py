"""Reading a YAML file of ours: every scalar as the characters that stand in it, with its line.

YAML's own typing turns ``NO`` into false, ``0123`` into 83, ``15.10`` into 15.1 and a thumbprint such as
``12E4567`` into infinity. Here a scalar is text, and the model that it is meant for gives it its type. Only
scalars, lists and mappings are read: what makes a file say something else than it shows (anchors, aliases,
tags, merge keys, a key given twice, a second document) is refused, each as a fault with its line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from runbook.errors import Fault, InputError
from runbook.inputs.characters import named
from runbook.inputs.disclosure import shown

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"
KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions (from 0) from the top of a file down to a value."""

MOST_BYTES = 512 * 1024
DEEPEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file as read.

    ``faults`` are those that leave the rest of it readable; whoever validates ``root`` reports them together with
    its own. ``digest`` is the SHA-256 of the file's bytes, in hex.
    """

    file: str
    root: dict[str, Tree]
    lines: Mapping[KeyPath, int]
    faults: tuple[Fault, ...] = ()
    digest: str = ""

    def line(self, path: KeyPath) -> int | None:
        """The line of a value's key (of a list's item), else of the nearest thing around it; ``None`` for the top."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read_yaml(path: Path) -> Document:
    """Read a file; :class:`InputError` where it can't be read as YAML at all. Messages name it as given."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise InputError((_file_fault(str(path), "There is no such file.", "Check the path."),)) from None
    except OSError as error:
        problem = f"The file can't be read: {error.strerror or type(error).__name__}."
        raise InputError((_file_fault(str(path), problem, "It must be a file that this account may read."),)) from None
    return parse_yaml(data, file=str(path))


def parse_yaml(data: bytes, *, file: str) -> Document:
    """Read the bytes of a file; see :func:`read_yaml`. An empty file is an empty mapping."""
    builder = _Builder(file)
    try:
        builder.run(YAML(typ="safe", pure=True).parse(_decode(data, file)))
    except ReaderError as error:
        raise InputError((_character_fault(error, data, file),)) from None
    except MarkedYAMLError as error:
        raise InputError((_syntax_fault(error, file),)) from None
    except YAMLError:
        raise InputError((_file_fault(file, "It isn't YAML.", "Write one `key: value` a line."),)) from None
    root = builder.root
    if not isinstance(root, dict):
        remedy = "Write one `key: value` a line."
        raise InputError((*builder.faults, _file_fault(file, "The file isn't a list of keys and values.", remedy, 1)))
    return Document(
        file=file,
        root=root,
        lines=builder.lines,
        faults=tuple(builder.faults),
        digest=hashlib.sha256(data).hexdigest(),
    )


def _decode(data: bytes, file: str) -> str:
    if len(data) > MOST_BYTES:
        problem = f"The file is larger than {MOST_BYTES // 1024} KiB."
        raise InputError((_file_fault(file, problem, "This can't be the file that was meant; check the path."),))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError((_file_fault(file, "The file is saved as UTF-16.", "Save it as UTF-8."),))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"Byte 0x{data[error.start]:02X} isn't UTF-8: the file is saved in another encoding."
        raise InputError((_file_fault(file, problem, "Save it as UTF-8.", line),)) from None


def _file_fault(file: str, problem: str, remedy: str, line: int | None = None) -> Fault:
    return Fault(file=file, line=line, key="(file)", value="", problem=problem, remedy=remedy)


def _character_fault(error: ReaderError, data: bytes, file: str) -> Fault:
    text = data.decode("utf-8-sig")
    character = error.character if isinstance(error.character, str) else chr(error.character)
    line = text.count("\n", 0, text.find(character)) + 1
    return _file_fault(file, f"The line holds {named(character)}, which YAML doesn't allow.", "Remove it.", line)


def _syntax_fault(error: MarkedYAMLError, file: str) -> Fault:
    """ruamel's words, without the excerpt of the file that it would print: that may be a secret."""
    mark = error.problem_mark or error.context_mark
    words = ", ".join(part for part in (error.context, error.problem) if part)
    remedy = "Look at this line and the one above it for indentation (spaces, no tabs), a colon or a quote."
    return _file_fault(file, f"It isn't YAML: {words}.", remedy, None if mark is None else mark.line + 1)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end hasn't come yet; ``key`` is the mapping key that waits for its value.

    The value of a refused key is skipped.
    """

    path: KeyPath
    node: list[Tree] | dict[str, Tree]
    key: str | None = None
    key_is_refused: bool = False


@dataclass(slots=True)
class _Builder:
    """Builds the tree from parser events, one by one; no recursion, so depth costs nothing but is limited."""

    file: str
    root: Tree = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _skipping: int = 0
    _documents: int = 0

    def run(self, events: Iterator[Any]) -> None:
        for event in events:
            if isinstance(event, yaml_events.DocumentStartEvent):
                self._documents += 1
                if self._documents == 2:
                    self._fault((), event, "A second document begins here (`---`).", "Keep one document in the file.")
            elif self._documents <= 1:
                self._take(event)

    def _take(self, event: Any) -> None:
        if self._skipping:
            self._skipping += _depth_change(event)
        elif isinstance(event, yaml_events.MappingEndEvent | yaml_events.SequenceEndEvent):
            self._stack.pop()
        elif isinstance(event, yaml_events.NodeEvent):
            self._node(event)

    def _node(self, event: Any) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.node, dict) and top.key is None:
            self._key(top, event)
        elif top is not None and top.key_is_refused:
            self._skipping = _depth_change(event)
            top.key, top.key_is_refused = None, False
        else:
            self._value(event)

    def _value(self, event: Any) -> None:
        path = self._place(event)
        value = shown(path, event.value) if isinstance(event, yaml_events.ScalarEvent) else ""
        self._refuse_indirection(path, event, value)
        if isinstance(event, yaml_events.ScalarEvent):
            self._put(event.value)
        elif isinstance(event, yaml_events.AliasEvent):
            self._put("")
        elif len(self._stack) >= DEEPEST:
            self._fault(path, event, f"It is nested deeper than {DEEPEST} levels.", "Take it apart.")
            self._put("")
            self._skipping = 1
        else:
            node: list[Tree] | dict[str, Tree] = {} if isinstance(event, yaml_events.MappingStartEvent) else []
            self._put(node)
            self._stack.append(_Open(path, node))

    def _key(self, top: _Open, event: Any) -> None:
        key = event.value if isinstance(event, yaml_events.ScalarEvent) else ""
        path = (*top.path, key)
        top.key, top.key_is_refused = key, True
        if not isinstance(event, yaml_events.ScalarEvent):
            self._fault(top.path, event, "A key here isn't plain text.", "Write `key: value`.")
            self._skipping = _depth_change(event)
        elif not key:
            self._fault(top.path, event, "A value stands here without a key.", "Write `key: value`.")
        elif key == "<<":
            self._fault(path, event, "Merge keys (`<<`) aren't read.", "Write the keys out.")
        elif key in top.node:
            problem = f"The key is given twice; it stands in line {self.lines[path]} already."
            self._fault(path, event, problem, "Keep one of them.")
        else:
            top.key_is_refused = False
            self.lines[path] = _line(event)
            self._refuse_indirection(path, event)

    def _place(self, event: Any) -> KeyPath:
        if not self._stack:
            return ()
        top = self._stack[-1]
        if isinstance(top.node, list):
            path = (*top.path, len(top.node))
            self.lines[path] = _line(event)
            return path
        return (*top.path, top.key or "")

    def _put(self, value: Tree) -> None:
        if not self._stack:
            self.root = {} if value == "" else value  # `---` with nothing below it is as empty as a file without it
            return
        top = self._stack[-1]
        if isinstance(top.node, list):
            top.node.append(value)
            return
        top.node[top.key or ""] = value
        top.key = None

    def _refuse_indirection(self, path: KeyPath, event: Any, value: str = "") -> None:
        plain = "Write the value out."
        if isinstance(event, yaml_events.AliasEvent):
            self._fault(path, event, "An alias (`*name`) isn't read.", plain)
        elif event.anchor is not None:
            self._fault(path, event, "An anchor (`&name`) isn't read.", plain, value)
        elif event.tag is not None:
            self._fault(path, event, "A tag (`!name`) isn't read.", "Write the value without it.", value)

    def _fault(self, path: KeyPath, event: Any, problem: str, remedy: str, value: str = "") -> None:
        key = key_text(path, self.root) or "(file)"
        self.faults.append(
            Fault(file=self.file, line=_line(event), key=key, value=value, problem=problem, remedy=remedy)
        )


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _depth_change(event: Any) -> int:
    if isinstance(event, yaml_events.MappingStartEvent | yaml_events.SequenceStartEvent):
        return 1
    return -1 if isinstance(event, yaml_events.MappingEndEvent | yaml_events.SequenceEndEvent) else 0


def key_text(path: KeyPath, root: object) -> str:
    """A key path for people: ``servers[atl-fe-001.litwareinc.com].pool``; an item without a name is counted from 1."""
    text, node = "", root
    for part in path:
        node = _child(node, part)
        if isinstance(part, int):
            name = node.get("name") if isinstance(node, Mapping) else None
            text += f"[{shown(('name',), name)}]" if isinstance(name, str) and name else f"[{part + 1}]"
        else:
            label = shown((), part)
            text = f"{text}.{label}" if text else label
    return text


def _child(node: object, part: str | int) -> object:
    if isinstance(part, str) and isinstance(node, Mapping):
        return node.get(part)
    if isinstance(part, int) and isinstance(node, list | tuple) and part < len(node):
        return node[part]
    return None
