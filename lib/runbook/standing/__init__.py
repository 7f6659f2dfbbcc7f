"""Where an estate stands: each section's last run, what is next, and a picture of the servers. Reads records only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runbook.change import Finding, Outcome, Repair, Severity
from runbook.errors import InputError
from runbook.estate import Estate, Role, Server
from runbook.estate.groups import ServerGroup, describe, server_groups
from runbook.ledger import FILE_NAME, read_events
from runbook.ledger.events import Mode
from runbook.render.picture import Group, Link, Node, State, picture
from runbook.render.view import View
from runbook.report import Report, report
from runbook.sections import SECTIONS, Section
from runbook.sections.across import explained

DONE = (Outcome.VERIFIED, Outcome.NOT_NEEDED)
_GRAVE = {State.UNKNOWN: 0, State.FINE: 1, State.ATTENTION: 2, State.CHANGES: 3, State.BROKEN: 4}
_OF_SEVERITY = {Severity.ERROR: State.BROKEN, Severity.WARNING: State.ATTENTION, Severity.INFO: State.FINE}
_MENDED_BY_A_PLAN = (Repair.PLANNED, Repair.CONSENT)
_NO_CLOUD = ("cloud", "none")
"""The parameter by which *online hybrid* was told that there is no Exchange Online."""
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
    looked_only: bool = False
    """The last run was a look, without a notebook and without a plan to apply."""

    @property
    def is_done(self) -> bool:
        return self.outcome in DONE


@dataclass(frozen=True, slots=True)
class Overview:
    """All sections in the order of the procedure, and the estate as a picture."""

    organisation: str
    environment: str
    standings: tuple[Standing, ...]
    picture: View

    @property
    def next(self) -> Standing | None:
        """The first section that isn't done: those after it build on it."""
        return next((standing for standing in self.standings if not standing.is_done), None)


def overview(estate: Estate, records: Path) -> Overview:
    """What the records of this estate in ``records`` tell; a record that can't be read is as none."""
    last = _last_runs(records / estate.name)
    procedure = [section for section in SECTIONS.values() if section.in_procedure]
    standings = tuple(_standing(section, last.get(section.name)) for section in procedure)
    return Overview(estate.organisation, estate.environment.value, standings, _picture(estate, last))


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
    first = next((finding for finding in told.to_do if finding.unknown), None) or next(iter(told.to_do), None)
    reason = told.reason or (first.what if first and told.outcome not in DONE else told.because)
    looked = told.mode == Mode.CHECK.value
    return Standing(section.name, section.title, told.outcome, told.ended or told.started, reason, looked)


def _picture(estate: Estate, last: Mapping[str, Report]) -> View:
    found = explained(finding for told in last.values() for finding in told.left)
    reached = {server.target.server for told in last.values() for server in told.servers}
    groups = server_groups(estate.servers)
    drawn = [Group(group.title, tuple(_node(server, found, reached) for server in group.servers)) for group in groups]
    links = [_link(place, groups[place + 1], last) for place in range(len(groups) - 1)]
    hybrid = last.get("online_hybrid")
    has_edge = any(Role.EDGE in server.roles for server in estate.servers)
    if has_edge and (hybrid is None or _NO_CLOUD not in hybrid.parameters):
        drawn.append(Group("Exchange Online", (Node("Exchange Online", "Microsoft's cloud, not asked from here"),)))
        links.append(Link((len(drawn) - 2, len(drawn) - 1), "hybrid", _judged(last, _HYBRID)))
    return picture(f"{estate.organisation}: servers and links", drawn, links)


def _node(server: Server, findings: Sequence[Finding], reached: set[str]) -> Node:
    name = server.name
    mine = [finding for finding in findings if finding.server.lower() == name.lower()]
    state = max((*map(_state, mine), State.FINE), key=_GRAVE.__getitem__)
    said = next((finding.what for finding in mine if _state(finding) is state), "")
    known = name in reached or bool(mine)
    shown = state if known else State.UNKNOWN
    return Node(name.partition(".")[0], describe(server), shown, "" if shown is State.FINE else said)


def _state(finding: Finding) -> State:
    """A server that a plan will change, now or once something else is mended, isn't broken: it isn't set up yet."""
    if finding.severity is Severity.ERROR and (finding.repair in _MENDED_BY_A_PLAN or finding.caused_by):
        return State.CHANGES
    return _OF_SEVERITY[finding.severity]


@dataclass(frozen=True, slots=True)
class _About:
    """Who judges a link: the sections that look at it, and how the ids of their findings about it begin."""

    sections: tuple[str, ...]
    findings: tuple[str, ...]


_INTEGRATION = _About(("prerequisites", "trusted_pool", "owa_enablement", "verification"), _BETWEEN_EXCHANGE_AND_LYNC)
_HYBRID = _About(("online_hybrid",), _OF_HYBRID)


def _link(place: int, right: ServerGroup, last: Mapping[str, Report]) -> Link:
    between = (place, place + 1)
    if right.title == "Edge":
        return Link(between, "replication", _judged(last, _HYBRID))
    if right.title.startswith("Exchange"):
        return Link(between, "proxies", None)
    return Link(between, "mutual TLS", _judged(last, _INTEGRATION))


def _judged(last: Mapping[str, Report], about: _About) -> State:
    """What is the matter with a link, by the sections that asked a server about it. It carries or it doesn't."""
    asked = [told for name, told in last.items() if name in about.sections and told.servers]
    if not asked:
        return State.UNKNOWN
    found = [finding for told in asked for finding in told.left if finding.id.startswith(about.findings)]
    return max((*(_OF_SEVERITY[finding.severity] for finding in found), State.FINE), key=_GRAVE.__getitem__)
