"""Writing values back into a YAML file of ours: comments, order and spelling of all the rest stay as they are.

What is written reads the same everywhere: text that other readers of YAML would take for a number, a date or a Boolean
is put in quotes. The file is replaced as a whole, so that a crash leaves the old one or the new one.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from runbook.errors import InputError
from runbook.inputs.yamlfile import parse_yaml

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9.-]*\Z")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
"""Text without quotes that YAML 1.1 takes for something else."""

Saved = str | bool | int | list[str]


class _AsWritten(VersionedResolver):
    """Every scalar is its characters, so that what isn't touched keeps its spelling."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        return super().resolve(kind, value, (False, False) if implicit else implicit)


def save_yaml(path: Path, values: Mapping[str, Saved], *, heading: str = "") -> None:
    """Set the keys in ``values``, leave all others alone; a new file begins with ``heading`` as its comment.

    :class:`InputError` where the file there isn't one of ours, or nothing can be written to its place.
    """
    try:
        before = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {error}") from None
    after = _edited(before, values, heading, str(path))
    _check(after, str(path))
    _replace(path, after)


def _edited(before: str, values: Mapping[str, Saved], heading: str, file: str) -> str:
    _check(before, file)
    yaml = YAML(typ="rt")
    yaml.Resolver = _AsWritten
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        tree = yaml.load(before) if before.strip() else None
    except YAMLError as error:
        raise InputError(f"{file} isn't YAML: {error}") from None
    begin = ""
    if tree is None:  # nothing but comments, or nothing at all
        tree = CommentedMap()
        begin = before if before.strip() else "".join(f"# {line}\n" for line in heading.splitlines())
        begin += "" if begin.endswith("\n") or not begin else "\n"
    for key, value in values.items():
        tree[key] = _node(value)
    out = StringIO()
    out.write(begin)
    yaml.dump(tree, out)
    text: str = out.getvalue()
    return text


def _check(text: str, file: str) -> None:
    """Refuse to write into, or to leave behind, what the runbook wouldn't read."""
    if faults := parse_yaml(text.encode(), file=file).faults:
        raise InputError(faults)


def _node(value: Saved) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        items = CommentedSeq([_text(item) for item in value])
        if not items:
            items.fa.set_flow_style()
        return items
    return _text(value)


def _text(value: str) -> object:
    if "\n" in value:
        return LiteralScalarString(value)
    return value if _PLAIN.match(value) and value.lower() not in _WORDS else DoubleQuotedScalarString(value)


def _replace(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}.") from None
