"""Queries: a pipeline that only reads, and the function that makes a fact of its answer.

A fact that couldn't be read is an :class:`Unread`, never a guess: a section that needs it says so in a
finding, and its outcome is *unknown*.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from runbook.command import Pipeline, Target
from runbook.result import Result

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that wasn't established, and why, in words for the administrator."""

    why: str


@dataclass(frozen=True, slots=True)
class Query(Generic[T_co]):
    """``parse`` sees the whole result, errors included, so that it can tell *absent* from *failed*.

    It raises :class:`runbook.errors.PipelineFailed` (see :func:`checked`) or ``ValueError`` where the answer
    isn't one; the engine then answers :class:`Unread`.
    """

    name: str
    target: Target
    pipeline: Pipeline
    parse: Callable[[Result], T_co]


class Answers:
    """Answers of one round, looked up by the query itself: ``answers[query]`` has the query's type."""

    def __init__(self, found: Mapping[Query[Any], Any]) -> None:
        self._found = dict(found)

    def __getitem__(self, query: Query[T]) -> T | Unread:
        return self._found[query]  # type: ignore[no-any-return]


Observation: TypeAlias = Generator[Sequence[Query[Any]], Answers, F]
"""A section's ``observe``: yields rounds of independent queries, is sent their answers, returns its facts.

The engine runs the queries of one round over several servers at once. Nothing here does I/O.
"""
