"""Reading a server's answer: the few shapes that every ``parse`` needs, with faults that say what was odd."""

from __future__ import annotations

from collections.abc import Iterable

from runbook.errors import PipelineFailed
from runbook.result import Result, ServerObject, ServerValue


def checked(result: Result, *, absent: tuple[str, ...] = ()) -> Result:
    """The result itself, or ``PipelineFailed`` with what the server said.

    Errors whose FullyQualifiedErrorId starts with one of ``absent`` are how a cmdlet says *there is none*; an
    answer whose only errors are those is good. A Completed pipeline with a lost message isn't.
    """
    if result.succeeded:
        return result
    only_absent = bool(result.errors) and all(error.error_id.startswith(absent) for error in result.errors)
    if absent and only_absent and result.complete:
        return result
    command = " | ".join(part.name for part in result.pipeline.cmdlets)
    said = tuple(error.message for error in result.errors) or (f"the pipeline ended as {result.state}",)
    if not result.complete:
        said = (*said, "part of the answer was lost on the way")
    raise PipelineFailed(result.target.server, command, said)


def one(objects: Iterable[ServerObject], what: str) -> ServerObject:
    """The single object of an answer; ``ValueError`` where there are none or several."""
    found = tuple(objects)
    if len(found) != 1:
        raise ValueError(f"expected one {what}, the server sent {len(found)}")
    return found[0]


def as_text(value: ServerValue) -> str:
    """A value as PowerShell would print it: an enum's or identity's text, empty for ``$null``."""
    if value is None:
        return ""
    if isinstance(value, ServerObject):
        return value.text if value.text is not None else as_text(value.value)
    if isinstance(value, (bytes, tuple)):
        raise ValueError(f"expected text, the server sent {type(value).__name__}")
    return str(value)


def text(item: ServerObject, name: str) -> str:
    """A property as text. A missing property is a fault: the answer isn't of the kind that was asked for."""
    return as_text(_property(item, name))


def texts(item: ServerObject, name: str) -> tuple[str, ...]:
    """A multivalued property as texts; ``$null`` is empty, a bare value is a list of one."""
    value = _property(item, name)
    if value is None:
        return ()
    return tuple(as_text(entry) for entry in value) if isinstance(value, tuple) else (as_text(value),)


def flag(item: ServerObject, name: str) -> bool:
    value = _property(item, name)
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be True or False, the server sent {as_text(value)!r}")
    return value


def number(item: ServerObject, name: str) -> int:
    value = _property(item, name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} should be a whole number, the server sent {as_text(value)!r}")
    return value


def _property(item: ServerObject, name: str) -> ServerValue:
    try:
        return item[name]
    except KeyError:
        raise ValueError(f"the server's answer has no {name}: {', '.join(item) or 'no properties'}") from None
