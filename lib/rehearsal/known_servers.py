"""The Known Servers Table: whom a Front End accepts as a SIP peer, and the events that tell of it.

The table is made from the enabled topology, and Exchange UM Routing adds every Exchange server that hosts a SipName
dial plan, by itself (L20). A name that came in both ways is there twice, and integration breaks for it (L22, L23).
Source: jenstr, "When to have a Lync Trusted Application Pool for Exchange OWA IM Integration?", 2012-11-13, for the
versions, event ids and sources; the wording of the events is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rehearsal.lync_topology import LYNC_2013, TopologyDocument

PROTOCOL_STACK = "LS Protocol Stack"
UM_ROUTING = "LS Exchange Unified Messaging Routing"
LOG = "Lync Server"

LISTED, ADDED, REMOVED, EXCHANGE_FOUND = 14492, 14493, 14495, 44024


class Origin(StrEnum):
    LYNC = "Lync server"
    TRUSTED = "trusted application pool"
    DISCOVERED = "Exchange UM routing"


@dataclass(frozen=True, slots=True, order=True)
class KnownServer:
    """One row. ``version`` is 6 for what Lync 2013 made, 0 (any) for what UM routing found."""

    name: str
    version: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event for the 'Lync Server' log of a Front End."""

    event_id: int
    provider: str
    message: str


def known_servers(enabled: TopologyDocument, discovered: Iterable[str]) -> tuple[KnownServer, ...]:
    """The table, sorted: the enabled topology's servers and the FQDNs that UM routing discovered."""
    rows = {KnownServer(name.lower(), 0, Origin.DISCOVERED) for name in discovered}
    for pool in enabled.pools:
        rows |= {KnownServer(name.lower(), LYNC_2013, Origin.LYNC) for name in (pool.fqdn, *pool.computers)}
    for trusted in enabled.trusted_pools:
        rows |= {KnownServer(name.lower(), LYNC_2013, Origin.TRUSTED) for name in (trusted.fqdn, *trusted.computers)}
    return tuple(sorted(rows))


def known_twice(table: Iterable[KnownServer]) -> frozenset[str]:
    """Names that stand in a trusted pool and were discovered as well (L22)."""
    rows = tuple(table)
    trusted = {row.name for row in rows if row.origin is Origin.TRUSTED}
    return frozenset(row.name for row in rows if row.origin is Origin.DISCOVERED and row.name in trusted)


def start_events(table: Iterable[KnownServer]) -> tuple[LoggedEvent, ...]:
    """What a Front End logs when its services start: the whole table, and the Exchange servers found."""
    rows = tuple(table)
    listing = "\n".join(_row(row) for row in rows)
    return (
        LoggedEvent(LISTED, PROTOCOL_STACK, f"Known servers at startup.\n\n{listing}"),
        exchange_event(rows),
    )


def exchange_event(table: Iterable[KnownServer]) -> LoggedEvent:
    """The list of the Exchange servers that host a SipName dial plan, as UM routing found them."""
    found = [row.name for row in table if row.origin is Origin.DISCOVERED]
    names = "\n".join(found) if found else "(none)"
    return LoggedEvent(EXCHANGE_FOUND, UM_ROUTING, f"Exchange UM servers that were found.\n\nServers:\n{names}")


def change_events(before: Iterable[KnownServer], after: Iterable[KnownServer]) -> tuple[LoggedEvent, ...]:
    """What a running Front End logs when the table changes from ``before`` to ``after``."""
    old, new = tuple(before), tuple(after)
    removed = [_changed(REMOVED, "removed from", row) for row in old if row not in new]
    added = [_changed(ADDED, "added to", row) for row in new if row not in old]
    events = removed + added
    if _discovered(old) != _discovered(new):
        events.append(exchange_event(new))
    return tuple(events)


def _changed(event_id: int, what: str, row: KnownServer) -> LoggedEvent:
    return LoggedEvent(event_id, PROTOCOL_STACK, f"A server was {what} the known servers.\n\n{_row(row)}")


def _row(row: KnownServer) -> str:
    return f"Server FQDN: {row.name}, Version: {row.version}"


def _discovered(rows: Iterable[KnownServer]) -> frozenset[str]:
    return frozenset(row.name for row in rows if row.origin is Origin.DISCOVERED)
