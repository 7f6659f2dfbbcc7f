"""The way between OWA and Lync: names, ports, TLS versions and clocks (``real-world`` B3). Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from runbook.change import Finding, Severity
from runbook.facts.network import SIP_TLS, Listening, Reach, Tls
from runbook.facts.query import Unread
from runbook.facts.workers import Worker
from runbook.sections.unread import unread

IM_PORTS = (5075, 5076, 5077)
"""OWA tries them in this order for its end of the connection."""

TOLERANCE = timedelta(minutes=5)
"""What Kerberos allows; two servers that are asked a moment apart stay far below it."""


def check_reach(server: str, pool: str, found: Reach | Unread | None) -> Iterator[Finding]:
    """``None``: the server can't say, and nothing is concluded from that."""
    if isinstance(found, Unread):
        yield unread("way to the Lync pool", found, server=server, requirements=("L60",))
        return
    if found is None or found.connects:
        return
    what = (
        f"{pool} resolves here, but nothing answers on TCP {SIP_TLS}."
        if found.resolves
        else f"The name {pool} doesn't resolve on this server."
    )
    yield Finding(
        id="dns-or-5061-blocked",
        requirements=("L60",),
        severity=Severity.ERROR,
        server=server,
        object=f"{pool}:{SIP_TLS}",
        what=what,
        why="OWA connects to the Lync pool by this name and port; every sign-in ends in a time-out.",
        remedy=f"Correct the DNS record, or open TCP {SIP_TLS} between Exchange and the Front Ends, both ways.",
    )


def check_tls(owa: Mapping[str, Tls | Unread], lync: Mapping[str, Tls | Unread]) -> Iterator[Finding]:
    """Either side calls the other: each client needs a version that the other's server has."""
    for server, found in (*owa.items(), *lync.items()):
        if isinstance(found, Unread):
            yield unread("TLS versions", found, server=server, requirements=("L61",))
    fronts = {server: found for server, found in lync.items() if isinstance(found, Tls)}
    for server, found in owa.items():
        if isinstance(found, Unread):
            continue
        without = [name for name, front in fronts.items() if not _meet(found, front)]
        if without:
            yield Finding(
                id="tls-mismatch",
                requirements=("L61",),
                severity=Severity.ERROR,
                server=server,
                object="SCHANNEL",
                what=(
                    f"This server ({_spoken(found)}) and {', '.join(without)} ({_spoken(fronts[without[0]])}) have no"
                    " version of TLS in common."
                ),
                why="The handshake between OWA and Lync fails before any certificate is looked at.",
                remedy="Switch TLS 1.2 on for client and server at both ends, and restart them.",
            )


def check_clocks(clocks: Mapping[str, datetime | Unread]) -> Iterator[Finding]:
    """A server whose clock is apart from what most of them say."""
    known = {server: clock for server, clock in clocks.items() if isinstance(clock, datetime)}
    if len(known) < 2:
        return
    middle = datetime.fromtimestamp(
        statistics.median_low([clock.timestamp() for clock in known.values()]), tz=next(iter(known.values())).tzinfo
    )
    for server, clock in known.items():
        apart = clock - middle
        if abs(apart) > TOLERANCE:
            side = "ahead of" if apart > timedelta() else "behind"
            minutes = round(abs(apart).total_seconds() / 60)
            yield Finding(
                id="clock-skew",
                requirements=("L61",),
                severity=Severity.ERROR,
                server=server,
                object="clock",
                what=f"This server's clock is {minutes} minutes {side} the others.",
                why="Kerberos refuses more than five minutes, and certificates look expired or not yet valid.",
                remedy="Mend the time service on this server before anything else is changed.",
            )


def check_im_ports(
    server: str, ports: tuple[Listening, ...] | Unread, workers: tuple[Worker, ...] | Unread
) -> Iterator[Finding]:
    """OWA needs one of three ports for itself."""
    if isinstance(ports, Unread):
        yield unread("listening ports", ports, server=server, requirements=("L40",))
        return
    if isinstance(workers, Unread):
        yield unread("OWA workers", workers, server=server, requirements=("L65",))
        return
    own = {worker.process_id for worker in workers}
    taken = {entry.port: entry.process for entry in ports if entry.port in IM_PORTS and entry.process not in own}
    if set(taken) == set(IM_PORTS):
        said = ", ".join(f"{port} by process {process}" for port, process in sorted(taken.items()))
        yield Finding(
            id="im-listener-port-in-use",
            requirements=("L40",),
            severity=Severity.ERROR,
            server=server,
            object=", ".join(map(str, IM_PORTS)),
            what=f"All three ports on which OWA could listen for Lync are taken: {said}.",
            why="OWA can't open its end of the connection, and logs event 87 or 88.",
            remedy="Stop or move the other program, then recycle OWA's application pool.",
        )


def _meet(one: Tls, other: Tls) -> bool:
    return bool(set(one.client) & set(other.server)) and bool(set(other.client) & set(one.server))


def _spoken(found: Tls) -> str:
    return f"client {', '.join(found.client) or 'none'}; server {', '.join(found.server) or 'none'}"
