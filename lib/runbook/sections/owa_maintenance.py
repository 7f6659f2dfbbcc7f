"""A server that somebody has taken out of service isn't judged, nor touched (``real-world`` B1)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Finding, Severity
from runbook.facts.query import Unread
from runbook.sections.owa_enablement_facts import BackEnd

COMPONENTS = ("ServerWideOffline", "OwaProxy")
"""What maintenance switches off of a server as a whole, and of OWA."""


def check(back: BackEnd, *, blocks: bool) -> Iterator[Finding]:
    """``blocks``: there is something to change on this server."""
    components = () if isinstance(back.components, Unread) else back.components
    off = [
        component.name
        for component in components
        if component.name in COMPONENTS and component.state.lower() != "active"
    ]
    if off:
        yield Finding(
            id="server-in-maintenance",
            requirements=("L65",),
            severity=Severity.ERROR if blocks else Severity.WARNING,
            server=back.server,
            object=", ".join(off),
            what=f"The server is in maintenance: {' and '.join(off)} {'are' if len(off) > 1 else 'is'} not active.",
            why="It serves nobody now, so nobody could say whether a change worked; it is somebody else's turn there.",
            remedy="Wait until the maintenance is over, or end it, and run this section again.",
        )
