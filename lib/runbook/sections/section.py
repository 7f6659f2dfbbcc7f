"""What a section is: the facts it needs, and what it makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from runbook.change import Decision
from runbook.estate import Estate
from runbook.facts.query import Observation
from runbook.parameters import SectionParameters

P = TypeVar("P", bound=SectionParameters)
F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Generic[P, F]):
    """One part of the runbook.

    ``observe`` yields rounds of queries and returns the facts; ``decide`` is a pure function of parameters, estate and
    facts. Verification is the same ``decide`` on fresh facts: its plan must be empty then.
    """

    name: str
    title: str
    parameters: type[P]
    observe: Callable[[P, Estate], Observation[F]]
    decide: Callable[[P, Estate, F], Decision]
    changes_things: bool = True
    """False for a section that only looks: its plan is always empty, and it ends *verified*."""
