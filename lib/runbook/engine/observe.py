"""Drive a section's ``observe``: send each round of queries, hand the answers back, return its facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from runbook.facts.query import Answers, Observation, Query

F = TypeVar("F")
Ask = Callable[[Sequence[Query[Any]]], Answers]
"""Answers independent queries, over several servers at once; :meth:`runbook.fleet.Fleet.ask`."""


def observe(rounds: Observation[F], ask: Ask) -> F:
    """The facts that ``rounds`` returns, once ``ask`` has answered all that it wanted to know."""
    try:
        queries = next(rounds)
        while True:
            queries = rounds.send(ask(queries))
    except StopIteration as done:
        facts: F = done.value
        return facts
