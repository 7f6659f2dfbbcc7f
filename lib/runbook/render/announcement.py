"""What to tell the people whom changes disturb, before they are applied. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runbook.change import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Something that people notice, and where: changes of several servers that disturb in the same way are one."""

    what: str
    servers: tuple[str, ...]


def disturbances(changes: Sequence[Change]) -> tuple[Disturbance, ...]:
    """All of them, in the order of the changes."""
    found: dict[str, list[str]] = {}
    for change in changes:
        if change.disturbs:
            servers = found.setdefault(change.disturbs, [])
            if change.target.server not in servers:
                servers.append(change.target.server)
    return tuple(Disturbance(what=what, servers=tuple(servers)) for what, servers in found.items())


def announcement(changes: Sequence[Change], ticket: str = "") -> str:
    """A text that can be sent as it stands; empty where nobody is disturbed."""
    found = disturbances(changes)
    if not found:
        return ""
    lines = [f"Planned work on {', '.join(dict.fromkeys(name for each in found for name in each.servers))}."]
    lines += [f"- {each.what} ({', '.join(each.servers)})" for each in found]
    lines += ["When: [date and time]. Questions: [name, telephone]."]
    lines += [f"Change: {ticket}."] if ticket else []
    return "\n".join(lines)
