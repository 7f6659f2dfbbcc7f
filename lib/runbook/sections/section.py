"""What a section is: the facts it needs, and what it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from runbook.change import ChangeOutcome, Decision, Finding
from runbook.estate import Estate
from runbook.facts.query import Observation
from runbook.parameters import SectionParameters
from runbook.sections.reversal import Reversal
from runbook.table import Table

P = TypeVar("P", bound=SectionParameters)
F = TypeVar("F")
G = TypeVar("G")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Generic[P, G]):
    """What is asked of a server before its stage of a plan begins and after it has ended.

    ``observe`` reads its health over fresh sessions. ``refuses`` says why the stage may not begin now (outside the
    maintenance window, not healthy enough to judge by), ``worse`` in what the server is worse off than before; both are
    empty where all is well. A server is given ``settle_seconds`` to recover before *worse* stops the roll-out.
    """

    observe: Callable[[P, Estate, str], Observation[G]]
    refuses: Callable[[P, G], str]
    worse: Callable[[P, G, G], str]
    settle_seconds: Callable[[P], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Generic[P, G]):
    """What comes about by itself after the last change, and is waited for before the facts are judged again.

    ``observe`` reads how far it is, over fresh sessions; ``pending`` says what is still missing, empty where nothing is
    or where waiting wouldn't help. After ``deadline_seconds`` the facts are judged as they are then.
    """

    observe: Callable[[P, Estate], Observation[G]]
    pending: Callable[[P, G], str]
    deadline_seconds: Callable[[P], int]


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
    gate: Gate[P, Any] | None = None
    wait: Wait[P, Any] | None = None
    failed: Callable[[ChangeOutcome], Finding | None] | None = None
    """What a change that failed leaves to a person, where more can be said than that it is still to be done."""
    recall: Callable[[F, Mapping[str, str]], F] | None = None
    """Adds to the facts what past records tell: server → the version under which it was last found configured."""
    reversal: Reversal[P, F] | None = None
    """What undo and resume have to know; a section without one changes nothing."""
    tables: Callable[[P, Estate, F], tuple[Table, ...]] | None = None
    """What there is too much of for findings, to be looked through by whoever sits before the run."""
    changes_things: bool = True
    """False for a section that only looks: its plan is always empty, and it ends *verified*."""
    in_procedure: bool = True
    """False for a section that isn't a step of the integration but its opposite: it is run only where it is named."""
