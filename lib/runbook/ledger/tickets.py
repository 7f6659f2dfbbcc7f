"""For which change ticket a run was made: the one that its plan was confirmed with, else its parameters'. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runbook.ledger.events import Event, PlanConfirmed, RunStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """``named`` by the parameters, before anything was looked at; ``confirmed`` with the plans, in order."""

    named: str
    confirmed: tuple[str, ...]

    @property
    def that_count(self) -> str:
        """What was confirmed is what the changes were made for; empty where no ticket was given."""
        return ", ".join(self.confirmed) or self.named

    @property
    def said(self) -> str:
        """For people: both, where the parameters named another one."""
        if self.named and self.that_count != self.named:
            return f"{self.that_count} (typed to confirm the plan; the parameters name {self.named})"
        return self.that_count or "none given"


def tickets(events: Iterable[Event]) -> Tickets:
    """The tickets of the run whose ledger holds these."""
    named, confirmed = "", dict[str, None]()
    for event in events:
        if isinstance(event, RunStarted) and isinstance(event.parameters, dict):
            named = str(event.parameters.get("change_ticket") or "")
        elif isinstance(event, PlanConfirmed) and event.ticket:
            confirmed[event.ticket] = None
    return Tickets(named=named, confirmed=tuple(confirmed))
