"""Groups of queries that belong together, so that sections can share them and still ask in few rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from runbook.facts.query import Answers, Query

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Ask(Generic[F]):
    """What to ask, and how the answers make one value."""

    queries: tuple[Query[Any], ...]
    collect: Callable[[Answers], F]


def all_of(asks: Sequence[Ask[Any]]) -> list[Query[Any]]:
    """The queries of one round; a query that several want is asked once."""
    return list(dict.fromkeys(query for ask in asks for query in ask.queries))
