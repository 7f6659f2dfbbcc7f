"""Which changes a ledger tells of: those of the plan that was made last, and what plans before it did. Pure.

After a change that failed the facts are judged again, and what is left is a new plan. A change of an older plan counts
where it was sent and not found undone: whatever was still asked for stands in the newer plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from runbook.change import Change, Outcome, Plan
from runbook.ledger import Recording
from runbook.ledger.events import Intent, OutcomeRecorded, Phase, PlanMade

Place: TypeAlias = tuple[str, int]
"""How events name a change: the digest of its plan and its place there, from 0."""

_Same: TypeAlias = tuple[str, str, str, int]
_STAND = (Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One change; ``plan`` and ``place`` (from 0) are how events name it, ``formerly`` how they named it in older plans
    that didn't get it done."""

    plan: str
    place: int
    change: Change
    formerly: tuple[Place, ...] = ()

    @property
    def names(self) -> frozenset[Place]:
        """Under which events tell of it."""
        return frozenset(((self.plan, self.place), *self.formerly))


def planned_changes(recording: Recording, *, with_failed: bool = False) -> tuple[PlannedChange, ...]:
    """In the order in which they were, or are to be, carried out.

    ``with_failed``: also those that were sent and failed, and that no newer plan asks for: whoever tells of a run tells
    of everything that was sent.
    """
    made = [event for event in recording.events if isinstance(event, PlanMade) and event.phase is Phase.CHECK]
    last: dict[tuple[str, int], Outcome] = {
        (event.plan, event.change): event.outcome for event in recording.events if isinstance(event, OutcomeRecorded)
    }
    if (doubt := recording.in_doubt) is not None:
        last[doubt.plan, doubt.change] = Outcome.UNKNOWN
    sent = {(event.plan, event.change) for event in recording.events if isinstance(event, Intent)}
    plans = {event.digest: event.plan for event in made}  # the same plan may have been made twice
    newest = made[-1].digest if made else ""
    order = (*(each for each in plans if each != newest), *(each for each in plans if each == newest))

    rows: list[PlannedChange] = []
    tried: dict[_Same, list[Place]] = {}  # what older plans didn't get done, until a newer one asks for it
    for digest in order:
        if with_failed and digest == newest:
            wanted = set(_alike(plans[newest]))
            gone = (tried.pop(same) for same in [each for each in tried if each not in wanted])
            rows += [_row(plans, names) for names in gone if sent & set(names)]
        for place, same in enumerate(_alike(plans[digest])):
            name = (digest, place)
            if digest == newest or last.get(name) in _STAND:
                rows.append(_row(plans, [*tried.pop(same, []), name]))
            else:
                tried.setdefault(same, []).append(name)
    return tuple(rows)


def _row(plans: Mapping[str, Plan], names: Sequence[Place]) -> PlannedChange:
    *formerly, (plan, place) = names
    return PlannedChange(plan=plan, place=place, change=plans[plan].changes[place], formerly=tuple(formerly))


def _alike(plan: Plan) -> list[_Same]:
    """What each change of a plan is of: server, object, property, and the how many-th of these, from the plan's end: a
    newer plan is what is left of an older one."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found: list[_Same] = []
    for change in reversed(plan.changes):
        key = (change.target.server, change.object, change.property)
        found.append((*key, seen[key]))
        seen[key] += 1
    return found[::-1]
