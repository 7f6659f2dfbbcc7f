"""Pipelines as PowerShell text, for people to read in a plan or to paste (invariant 2: never sent).

What is pasted must mean exactly the values that the runbook would send. So every text is either a bare word
that PowerShell can only take for a string, or stands in single quotes, where nothing is expanded and only quotes
are doubled. PowerShell takes U+2018 to U+201B for single quotes too (``CharTraits`` of its tokeniser); they are
doubled like the ASCII one. Characters that a reader can't see are refused: what is pasted has to be what was read.
"""

from __future__ import annotations

import base64
import hashlib
import re

from runbook.command import Cmdlet, Pipeline, Switch, Value
from runbook.errors import NotRenderable
from runbook.inputs.characters import invisible, named

QUOTES = "'\u2018\u2019\u201a\u201b"
"""What PowerShell reads as a single quote."""

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9._-]*\Z")
_QUOTE = re.compile(f"([{QUOTES}])")
_WORDS = frozenset(  # strings as well after a parameter, but more than that to a reader's eye
    """begin break catch class configuration continue data define do dynamicparam else elseif end enum exit filter
    finally for foreach from function hidden if in inlinescript param parallel process return sequence static
    switch throw trap try until using var while workflow true false null""".split()  # noqa: SIM905
)
_LARGEST = 2**63
_LONG_BYTES = re.compile(r"\(\[Convert\]::FromBase64String\('([A-Za-z0-9+/=]{120,})'\)\)")


def render(pipeline: Pipeline) -> str:
    """One line of PowerShell that parses to this pipeline and these values.

    :class:`NotRenderable` where a value can't be written so that the reader sees all of it, or so that Windows
    PowerShell would pass it on unchanged.
    """
    return " | ".join(_command(cmdlet) for cmdlet in pipeline.cmdlets)


def abridged(pipeline: Pipeline) -> str:
    """The same line with long byte arrays told by their size and digest: to read, not to paste."""
    return _LONG_BYTES.sub(_told, render(pipeline))


def readable(pipeline: Pipeline) -> str:
    """:func:`abridged`, or the names of its cmdlets where it can't be written as text: to read, whatever it holds."""
    try:
        return abridged(pipeline)
    except NotRenderable:
        return " | ".join(cmdlet.name for cmdlet in pipeline.cmdlets)


def _told(found: re.Match[str]) -> str:
    content = base64.b64decode(found[1])
    return f"<{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}>"


def quote(text: str) -> str:
    """``text`` as one PowerShell token whose value is exactly ``text``: bare where that is certain, else quoted."""
    if _BARE.match(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    for position, character in invisible(text):
        raise NotRenderable(
            f"{named(character)} at position {position} doesn't show in PowerShell text, so the text isn't written "
            f"out for pasting. Correct the name or value that holds it."
        )
    return "'" + _QUOTE.sub(r"\1\1", text) + "'"


def _command(cmdlet: Cmdlet) -> str:
    if cmdlet.is_native:
        return " ".join(["&", _quoted(cmdlet.name), *map(_argument, cmdlet.arguments)])
    return " ".join([cmdlet.name, *(_parameter(name, value) for name, value in cmdlet.parameters)])


def _parameter(name: str, value: Value) -> str:
    if isinstance(value, Switch):
        return f"-{name}" if value is Switch.ON else f"-{name}:$False"
    return f"-{name} {_value(value)}"


def _value(value: str | int | bytes | tuple[str, ...] | tuple[int, ...] | None) -> str:
    match value:
        case None:
            return "$null"
        case bool():
            return "$True" if value else "$False"
        case int():
            return _number(value)
        case str():
            return quote(value)
        case bytes():
            return f"([Convert]::FromBase64String('{base64.b64encode(value).decode('ascii')}'))"
        case tuple():
            return _list(value)


def _number(value: int) -> str:
    if not -_LARGEST <= value < _LARGEST:
        raise NotRenderable(f"{value} is larger than PowerShell's 64-bit integers: it would become a fraction.")
    return str(value) if value >= 0 else f"({value})"


def _list(values: tuple[str, ...] | tuple[int, ...]) -> str:
    """``'a', 'b'``; ``@(…)`` for fewer than two. Text is quoted always: in ``@(…)`` a bare word is a command."""
    items = ", ".join(_quoted(item) if isinstance(item, str) else _number(item) for item in values)
    return items if len(values) > 1 else f"@({items})"


def _argument(text: str) -> str:
    """An argument of a program; refused where Windows PowerShell would hand the program something else."""
    if not text or '"' in text or (" " in text and text.endswith("\\")):
        problem = "double quotes" if '"' in text else "a backslash after spaces" if text else "nothing at all"
        raise NotRenderable(
            f"A program's argument holds {problem}: Windows PowerShell doesn't pass that on unchanged. "
            f"Write the argument otherwise."
        )
    return quote(text)
