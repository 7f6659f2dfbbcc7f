"""Which changes a ledger tells of: those of the plan that was made last, and what plans before it did. Pure.

After a change that failed the facts are judged again, and what is left is a new plan. A change of an older plan counts
where it was sent and not found undone: whatever was still asked for stands in the newer plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Change, Outcome
from runbook.ledger import Recording
from runbook.ledger.events import OutcomeRecorded, Phase, PlanMade

_STAND = (Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One change; ``plan`` and ``place`` (from 0) are how events name it."""

    plan: str
    place: int
    change: Change


def planned_changes(recording: Recording) -> tuple[PlannedChange, ...]:
    """In the order in which they were, or are to be, carried out."""
    made = [event for event in recording.events if isinstance(event, PlanMade) and event.phase is Phase.CHECK]
    last: dict[tuple[str, int], Outcome] = {
        (event.plan, event.change): event.outcome for event in recording.events if isinstance(event, OutcomeRecorded)
    }
    if (doubt := recording.in_doubt) is not None:
        last[doubt.plan, doubt.change] = Outcome.UNKNOWN
    plans = {event.digest: event for event in made}  # the same plan may have been made twice
    newest = made[-1].digest if made else ""

    def counted() -> Iterator[PlannedChange]:
        for digest in (*(each for each in plans if each != newest), *(each for each in plans if each == newest)):
            for place, change in enumerate(plans[digest].plan.changes):
                if digest == newest or last.get((digest, place)) in _STAND:
                    yield PlannedChange(plan=digest, place=place, change=change)

    return tuple(counted())
