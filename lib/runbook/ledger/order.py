"""Which event may follow which in a ledger; see the table in :mod:`runbook.ledger`. Pure."""

from __future__ import annotations

import copy

from runbook.change import Outcome
from runbook.ledger.events import Event, Intent, OutcomeRecorded, PlanMade, RunEnded, RunStarted, StepTaken

_NEEDS_INTENT = (Outcome.APPLIED, Outcome.FAILED)


class Order:
    """Admits one event after the other; ``ValueError`` where one can't follow those before it."""

    def __init__(self) -> None:
        self.started = self.ended = False
        self.open_intent: Intent | None = None
        self._plans: dict[str, int] = {}
        self._intended: set[tuple[str, int]] = set()

    def copy(self) -> Order:
        """As it stands now, to try an event on."""
        other = copy.copy(self)
        other._plans, other._intended = dict(self._plans), set(self._intended)
        return other

    def admit(self, event: Event) -> None:
        if isinstance(event, RunStarted) == self.started:
            raise ValueError("a run starts once, and with RunStarted")
        if self.ended:
            raise ValueError("the run has ended")
        self.started = True
        if isinstance(event, PlanMade):
            self._plans[event.digest] = len(event.plan.changes)
        elif isinstance(event, Intent):
            self._admit_intent(event)
        elif isinstance(event, StepTaken):
            self._admit_step(event)
        elif isinstance(event, OutcomeRecorded):
            self._admit_outcome(event)
        elif isinstance(event, RunEnded):
            if self.open_intent is not None:
                raise ValueError(f"the outcome of change {self.open_intent.change} isn't recorded")
            self.ended = True

    def _admit_intent(self, event: Intent) -> None:
        if event.change >= self._plans.get(event.plan, 0):
            raise ValueError(f"no recorded plan {event.plan[:12]}… has a change {event.change}")
        if self.open_intent is not None:
            raise ValueError(f"the outcome of change {self.open_intent.change} isn't recorded yet")
        self.open_intent = event
        self._intended.add((event.plan, event.change))

    def _admit_step(self, event: StepTaken) -> None:
        if self.open_intent is None or (event.plan, event.change) != (self.open_intent.plan, self.open_intent.change):
            raise ValueError(f"a step of change {event.change}, whose intent isn't recorded before it")

    def _admit_outcome(self, event: OutcomeRecorded) -> None:
        key = (event.plan, event.change)
        if event.outcome in _NEEDS_INTENT and key not in self._intended:
            raise ValueError(f"change {event.change} is {event.outcome}, but no intent was recorded before it")
        if self.open_intent is not None:
            if key != (self.open_intent.plan, self.open_intent.change):
                raise ValueError(f"the outcome of change {self.open_intent.change} isn't recorded yet")
            self.open_intent = None
