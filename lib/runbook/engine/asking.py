"""Ask a round of questions, tell whoever watches, and write every answer to the ledger."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from runbook.engine.control import Control, Doing
from runbook.facts.query import Answers, Query, Unread
from runbook.fleet import Fleet
from runbook.ledger import Ledger, events
from runbook.ledger.codec import to_json

_READING = frozenset({"bind", "check", "again", "verify"})
"""Steps that are given up as a whole when somebody cancels them: the rest of a change is always settled."""


class Asking:
    """The questions of one run."""

    def __init__(self, ledger: Ledger, control: Control) -> None:
        self._ledger = ledger
        self._control = control

    def ask(self, fleet: Fleet, queries: Sequence[Query[Any]], phase: events.Phase | None) -> Answers:
        """The answers; they are facts of ``phase`` in the ledger, of none where it is ``None``.

        Raises :class:`Cancelled` between two questions, in a step that only reads.
        """
        answers = fleet.ask(queries, told=self._tell(queries), cancelled=self._stops)
        for query in queries:
            answer = answers[query]
            self._ledger.learn(answer)
            if phase is None:
                continue
            why = answer.why if isinstance(answer, Unread) else ""
            self._ledger.append(
                events.FactRead(
                    phase=phase,
                    query=query.name,
                    target=query.target,
                    pipeline=query.pipeline,
                    fact=None if why else to_json(answer),
                    unread=why,
                )
            )
        return answers

    def _tell(self, queries: Sequence[Query[Any]]) -> Callable[[Query[Any]], None]:
        """Tells which question is asked of whom; called from the threads that ask."""
        asked = itertools.count()
        return lambda query: self._control.tell(
            Doing(what=query.name, server=query.target.server, done=next(asked), total=len(queries))
        )

    def _stops(self) -> bool:
        return self._ledger.step in _READING and self._control.cancelled
