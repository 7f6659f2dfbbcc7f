"""What has to be given before a plan is applied by hand: the change ticket, and the name of each server that people
will notice. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runbook.change import Change
from runbook.display.fields import faults
from runbook.parameters import SectionParameters
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


def question(changes: Sequence[Change], ticket: str) -> Question:
    """What to ask before these are made."""
    found = disturbances(changes)
    return Question(
        changes=sum(not change.run_locally for change in changes),
        ticket=ticket,
        servers=tuple(dict.fromkeys(name for each in found for name in each.servers)),
        disturbances=found,
        announcement=announcement(changes, ticket),
    )


def missing(asked: Question, given: Given) -> tuple[str, ...]:
    """What still stands in the way, as sentences; empty where the button may be pressed."""
    ticket = given.ticket.strip()
    said = [] if ticket else ["Give the change ticket."]
    said += [f"Change ticket: {wrong}"] if (wrong := not_a_line(ticket)) else []
    for server in asked.servers:
        typed = given.names.get(server, "").strip()
        if not typed:
            said.append(f"Type the name {server}.")
        elif typed.lower() != server.lower():
            said.append(f"What is typed isn't the name {server}.")
    return tuple(said)


def not_a_line(typed: str) -> str:
    """What is wrong with a line for the record, in the words that the form has for the ticket; empty where nothing is.

    A character that doesn't show, or turns the direction of writing, would make the record say another thing to its
    reader than it holds.
    """
    return faults(SectionParameters, {"change_ticket": typed}).get("change_ticket", "")
