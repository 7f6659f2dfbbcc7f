"""Unified Messaging: which services run where, and which way each back end becomes known to Lync (L17-L20)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Finding, Repair, Severity
from runbook.facts.query import Unread
from runbook.sections.organisation import ExchangeOrganisation
from runbook.sections.unread import unread


def check_read(organisation: ExchangeOrganisation) -> Iterator[Finding]:
    """One finding for everything of Exchange that couldn't be read."""
    for thing, fact in organisation.unread.items():
        server = thing.rpartition(" ")[2] if " on " in thing or " of " in thing else ""
        yield unread(thing if server else f"Exchange {thing}", fact, server=server, requirements=("L17", "L18", "L20"))


def is_discovered(organisation: ExchangeOrganisation, server: str) -> bool:
    """L17 and L18 together: both UM services on this computer, and a SipName dial plan that it hosts."""
    return organisation.is_colocated(server) is True and organisation.hosts_sip_plan(server)


def check_services(organisation: ExchangeOrganisation, server: str) -> Iterator[Finding]:
    """UM services that are installed but don't run: a server is in a dial plan in vain then."""
    found = organisation.windows_services.get(server, ())
    for service in () if isinstance(found, Unread) else found:
        if not service.is_running:
            yield Finding(
                id="um-service-stopped",
                requirements=("L17", "L42"),
                severity=Severity.WARNING,
                server=server,
                object=service.name,
                what=f"The service {service.name} is {service.status}.",
                why="Lync sends UM calls to this server as long as it stands in a dial plan.",
                remedy="Start the service, or take the server out of its dial plans if it isn't meant to answer calls.",
            )


def describe(organisation: ExchangeOrganisation, server: str) -> Finding:
    """Which way a back end becomes known to Lync, and why."""
    discovered, colocated = is_discovered(organisation, server), organisation.is_colocated(server)
    hosts = organisation.hosts_sip_plan(server)
    if discovered:
        what = "UM and UM Call Router are both on this computer, and it hosts a SipName dial plan."
        why = "Lync finds it by itself and adds it to its known servers: no trusted application pool is needed."
    elif colocated:
        what = "UM and UM Call Router are both on this computer, but it hosts no SipName dial plan."
        why = "Lync doesn't find it by itself, so a trusted application pool is needed."
    else:
        what = f"UM and UM Call Router aren't both on this computer{'; it hosts a SipName dial plan' if hosts else ''}."
        why = "The procedure asks for a trusted application pool and application then."
    return Finding(
        id="um-route",
        requirements=("L17", "L18", "L19", "L20") if discovered else ("L17", "L18", "L26"),
        severity=Severity.INFO,
        server=server,
        object="known servers",
        what=what,
        why=why,
        remedy="Nothing need be done here; the trusted pool section acts on it.",
        repair=Repair.NONE,
    )
