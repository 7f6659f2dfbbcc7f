"""What a server answers, for tests of the functions that read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runbook.facts.query import Query
from runbook.result import Result, ServerError, ServerObject, ServerValue, State


def thing(text: str | None = None, /, **properties: ServerValue) -> ServerObject:
    return ServerObject(("Deserialized.Thing",), text, properties)


def enum(name: str, number: int) -> ServerObject:
    return ServerObject(("Deserialized.Enum",), name, {}, number)


def answer(query: Query[Any], *output: ServerValue, errors: Iterable[str] = (), complete: bool = True) -> Result:
    """The server's whole answer; ``errors`` are FullyQualifiedErrorIds."""
    records = tuple(ServerError(message=f"said {error}", error_id=error) for error in errors)
    return Result(
        target=query.target,
        pipeline=query.pipeline,
        state=State.COMPLETED,
        output=output,
        errors=records,
        complete=complete,
    )


def parsed(query: Query[Any], *output: ServerValue, errors: Iterable[str] = (), complete: bool = True) -> Any:
    return query.parse(answer(query, *output, errors=errors, complete=complete))
