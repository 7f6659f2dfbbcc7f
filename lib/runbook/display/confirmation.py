"""What has to be given before a plan is applied by hand: the change ticket, and the name of each server that people
will notice. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.change import Plan
from runbook.render.announcement import Disturbance, announcement, disturbances


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. ``ticket`` is the one that the parameters name already; ``servers`` have to be typed."""

    changes: int
    ticket: str
    servers: tuple[str, ...]
    disturbances: tuple[Disturbance, ...]
    announcement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was typed."""

    ticket: str
    names: Mapping[str, str]

    @property
    def typed(self) -> tuple[str, ...]:
        """As it stands in the record."""
        return tuple(value.strip() for value in self.names.values())


def question(plan: Plan, ticket: str) -> Question:
    """What to ask before ``plan`` is applied."""
    found = disturbances(plan)
    return Question(
        changes=sum(not change.run_locally for change in plan.changes),
        ticket=ticket,
        servers=tuple(dict.fromkeys(name for each in found for name in each.servers)),
        disturbances=found,
        announcement=announcement(plan, ticket),
    )


def missing(asked: Question, given: Given) -> tuple[str, ...]:
    """What still stands in the way, as sentences; empty where the button may be pressed."""
    said = [] if given.ticket.strip() else ["Give the change ticket."]
    for server in asked.servers:
        typed = given.names.get(server, "").strip()
        if not typed:
            said.append(f"Type the name {server}.")
        elif typed.lower() != server.lower():
            said.append(f"What is typed isn't the name {server}.")
    return tuple(said)
