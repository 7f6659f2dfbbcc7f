"""Where the mailboxes could go: every back end that can activate their databases has to match (``real-world`` B1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runbook.change import Finding, Repair, Severity
from runbook.facts.query import Unread
from runbook.sections.organisation import ExchangeOrganisation
from runbook.sections.owa_enablement_facts import OwaEnablementFacts
from runbook.sections.unread import unread

_REQUIREMENTS = ("L55",)
_WHY = "When one of these databases is activated there, its users have no IM in OWA."


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuge:
    """A server outside the scope with copies of databases in scope."""

    server: str
    databases: tuple[str, ...]
    activates: bool


def check_read(facts: OwaEnablementFacts) -> Iterator[Finding]:
    for thing, fact in (("mailbox databases", facts.databases), ("mailbox servers", facts.mailbox_servers)):
        if isinstance(fact, Unread):
            yield unread(thing, fact, requirements=_REQUIREMENTS)


def refuges(scope: tuple[str, ...], facts: OwaEnablementFacts) -> tuple[Refuge, ...]:
    """The servers outside ``scope`` (lower-case FQDNs), by name."""
    found: dict[str, list[str]] = {}
    for database in () if isinstance(facts.databases, Unread) else facts.databases:
        holders = {facts.lync.exchange.fqdn(name) for name in database.servers}
        if holders & set(scope):
            for server in sorted(holders - set(scope)):
                found.setdefault(server, []).append(database.name)
    activates = _activates(facts.lync.exchange, facts)
    return tuple(
        Refuge(server=server, databases=tuple(names), activates=activates.get(server, True))
        for server, names in sorted(found.items())
    )


def check(refuge: Refuge, *, lacks: str, unknown: bool = False) -> Finding:
    """``lacks`` says why it isn't configured for this integration, empty where it is; ``unknown``: it wasn't read."""
    databases = ", ".join(refuge.databases)
    if not lacks:
        return Finding(
            id="dag-member-configured",
            requirements=_REQUIREMENTS,
            severity=Severity.INFO,
            server=refuge.server,
            object=databases,
            what=f"It holds copies of {databases}, isn't in this run's scope, and is configured already.",
            why="After a failover the users of these databases keep IM in OWA.",
            remedy="Nothing need be done.",
            repair=Repair.NONE,
        )
    by_hand = "" if refuge.activates else " It activates nothing by itself, but an administrator can do it."
    return Finding(
        id="dag-member-unconfigured",
        requirements=_REQUIREMENTS,
        severity=Severity.ERROR if refuge.activates else Severity.WARNING,
        server=refuge.server,
        object=databases,
        what=f"It holds copies of {databases}, isn't in this run's scope, and {lacks}.",
        why=f"{_WHY}{by_hand}",
        remedy="Run this section for it too: the estate file has to name it, and back_end_servers to choose it.",
        unknown=unknown,
    )


def _activates(organisation: ExchangeOrganisation, facts: OwaEnablementFacts) -> Mapping[str, bool]:
    servers = () if isinstance(facts.mailbox_servers, Unread) else facts.mailbox_servers
    return {organisation.fqdn(server.name): server.activates for server in servers}
