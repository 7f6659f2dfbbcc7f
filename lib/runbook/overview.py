"""Where an estate stands: each section's last run, what is next, and a picture of the servers. Reads records only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runbook.change import Finding, Outcome, Severity
from runbook.errors import InputError
from runbook.estate import Estate, Role, Server
from runbook.estate.groups import ServerGroup, describe, server_groups
from runbook.ledger import FILE_NAME, read_events
from runbook.render.picture import Group, Link, Node, State, picture
from runbook.render.view import View
from runbook.report import Report, report
from runbook.sections import SECTIONS, Section

DONE = (Outcome.VERIFIED, Outcome.NOT_NEEDED)
_GRAVE = {State.UNKNOWN: 0, State.FINE: 1, State.ATTENTION: 2, State.BROKEN: 3}
_OF_SEVERITY = {Severity.ERROR: State.BROKEN, Severity.WARNING: State.ATTENTION, Severity.INFO: State.FINE}
_BETWEEN_EXCHANGE_AND_LYNC = (
    "cert-",
    "lync-cert-",
    "pool-",
    "application-missing",
    "topology-",
    "duplicate-known-server",
    "dns-or-5061-blocked",
    "tls-mismatch",
    "clock-skew",
    "owa-not-known",
)
_OF_HYBRID = ("federation-", "provider-", "edge-", "replica-", "external-access-denied")


@dataclass(frozen=True, slots=True)
class Standing:
    """One section: its last run, or ``None``, and why it isn't done."""

    section: str
    title: str
    outcome: Outcome | None
    when: datetime | None
    reason: str

    @property
    def is_done(self) -> bool:
        return self.outcome in DONE


@dataclass(frozen=True, slots=True)
class Overview:
    """All sections in the order of the procedure, and the estate as a picture."""

    standings: tuple[Standing, ...]
    picture: View

    @property
    def next(self) -> Standing | None:
        """The first section that isn't done: those after it build on it."""
        return next((standing for standing in self.standings if not standing.is_done), None)


def overview(estate: Estate, records: Path) -> Overview:
    """What the records of this estate in ``records`` tell; a record that can't be read is as none."""
    last = _last_runs(records / estate.name)
    standings = tuple(_standing(section, last.get(section.name)) for section in SECTIONS.values())
    findings = [finding for told in last.values() for finding in told.left]
    reached = {server.target.server for told in last.values() for server in told.servers}
    return Overview(standings, _picture(estate, findings, reached))


def _last_runs(folder: Path) -> Mapping[str, Report]:
    """The newest run of each section, by the time at which it began."""
    last: dict[str, Report] = {}
    for ledger in sorted(folder.glob(f"*/{FILE_NAME}")):
        try:
            told = report(read_events(ledger))
        except (InputError, StopIteration):
            continue
        if told.section not in last or last[told.section].started <= told.started:
            last[told.section] = told
    return last


def _standing(section: Section[Any, Any], told: Report | None) -> Standing:
    if told is None:
        return Standing(section.name, section.title, None, None, "not run yet")
    first = next(iter(told.to_do), None)
    reason = told.reason or (first.what if first and told.outcome not in DONE else "")
    return Standing(section.name, section.title, told.outcome, told.ended or told.started, reason)


def _picture(estate: Estate, findings: Iterable[Finding], reached: set[str]) -> View:
    found = list(findings)
    groups = server_groups(estate.servers)
    drawn = [Group(group.title, tuple(_node(server, found, reached) for server in group.servers)) for group in groups]
    links = [_link(place, groups, found, bool(reached)) for place in range(len(groups) - 1)]
    if any(Role.EDGE in server.roles for server in estate.servers):
        online = _worst(found, _OF_HYBRID) if reached else State.UNKNOWN
        drawn.append(Group("Exchange Online", (Node("Exchange Online", "can't be looked at from here"),)))
        links.append(Link((len(drawn) - 2, len(drawn) - 1), "hybrid", online))
    return picture(f"{estate.organisation}: servers and links", drawn, links)


def _node(server: Server, findings: list[Finding], reached: set[str]) -> Node:
    name = server.name
    mine = [finding for finding in findings if finding.server.lower() == name.lower()]
    states = [_OF_SEVERITY[finding.severity] for finding in mine]
    state = max((*states, State.FINE), key=_GRAVE.__getitem__) if name in reached or mine else State.UNKNOWN
    said = next((finding.what for finding in mine if _OF_SEVERITY[finding.severity] is state), "")
    return Node(name.partition(".")[0], describe(server), state, said if state is not State.FINE else "")


def _link(place: int, groups: tuple[ServerGroup, ...], findings: list[Finding], looked: bool) -> Link:
    label, ids = _between(groups[place + 1])
    state = _worst(findings, ids) if looked else State.UNKNOWN
    return Link((place, place + 1), label, state)


def _between(right: ServerGroup) -> tuple[str, tuple[str, ...]]:
    """What the link to a group is called, and which findings are about it."""
    if right.title == "Edge":
        return "replication", _OF_HYBRID
    if right.title.startswith("Exchange"):
        return "proxy", ("vdir-",)
    return "mutual TLS", _BETWEEN_EXCHANGE_AND_LYNC


def _worst(findings: list[Finding], prefixes: tuple[str, ...]) -> State:
    states = [_OF_SEVERITY[finding.severity] for finding in findings if finding.id.startswith(prefixes)]
    return max((*states, State.FINE), key=_GRAVE.__getitem__)
