"""Lync's known servers: who is in the list now, by which way, and who would be in it after a plan.

A name comes into the list in two ways. Every server that hosts a SipName dial plan is discovered (L20); every trusted
application pool and its computers are written into the topology by hand. A name that comes both ways breaks
the integration (L22, L23), and a dial-plan change can make that happen as well as a new pool can
(``real-world`` B1). All names here are lower case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbook.facts.lync import (
    ADDED,
    EXCHANGE_FOUND,
    LIST_AT_START,
    REMOVED,
    KnownServerEvent,
    TrustedComputer,
    TrustedPool,
)
from runbook.facts.query import Unread

Log = tuple[KnownServerEvent, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A Front End's list of known servers, replayed from its event log.

    ``complete`` is false where the log no longer reaches back to a list (it has wrapped): a name that isn't
    mentioned may be known all the same.
    """

    complete: bool
    counts: Mapping[str, int]
    mentioned: frozenset[str]

    def knows(self, name: str) -> bool | None:
        """Whether Lync knows ``name``; ``None`` where the log can't tell."""
        if self.counts.get(name, 0) > 0:
            return True
        return False if self.complete or name in self.mentioned else None


def replay(log: Log) -> Table:
    """The list as the newest events leave it: the last whole list, then what was added and removed since."""
    start = max((index for index, event in enumerate(log) if event.id == LIST_AT_START), default=None)
    counts: Counter[str] = Counter()
    mentioned: set[str] = set()
    for event in log if start is None else log[start:]:
        if event.id in (LIST_AT_START, ADDED):
            counts.update(event.names)
        elif event.id == REMOVED:
            counts.subtract(event.names)
        if event.id != EXCHANGE_FOUND:
            mentioned.update(event.names)
    return Table(start is not None, {name: count for name, count in counts.items() if count > 0}, frozenset(mentioned))


def found_by_routing(log: Log) -> frozenset[str]:
    """The Exchange servers that the newest event 44024 names."""
    return next((frozenset(event.names) for event in reversed(log) if event.id == EXCHANGE_FOUND), frozenset())


def written(pools: Iterable[TrustedPool], computers: Iterable[TrustedComputer]) -> Mapping[str, frozenset[str]]:
    """Every name that trusted application pools bring in, and the pools (as written) that bring it."""
    names: dict[str, set[str]] = {}
    spelled = {pool.fqdn.lower(): pool.fqdn for pool in pools}
    for fqdn in spelled.values():
        names.setdefault(fqdn.lower(), set()).add(fqdn)
    for computer in computers:
        names.setdefault(computer.fqdn.lower(), set()).add(spelled.get(computer.pool.lower(), computer.pool))
    return {name: frozenset(pools) for name, pools in names.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Published, but not enabled: names that Lync doesn't know yet, and names it still knows but shouldn't.

    ``unknown`` are written names of which no log tells anything.
    """

    additions: frozenset[str] = frozenset()
    removals: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def pending(
    logs: Mapping[str, Log | Unread], *, expected: Iterable[str], others: Iterable[str], discovered: Iterable[str]
) -> Pending:
    """Compares the topology as published with what the Front Ends know.

    ``expected`` are names that must be known once the topology is enabled, ``others`` further names of the
    topology, which may be. One Front End that knows a name is enough: the rest learn by replication.
    """
    tables = [replay(log) for log in logs.values() if not isinstance(log, Unread)]
    wanted, found = {name.lower() for name in expected}, {name.lower() for name in discovered}
    allowed = wanted | found | {name.lower() for name in others}
    additions = {name for name in wanted if _verdict(tables, name) is False}
    unknown = {name for name in wanted if _verdict(tables, name) is None}
    stale = [_stale(table, allowed, found - wanted) for table in tables]
    removals = frozenset.intersection(*stale) if stale else frozenset()
    return Pending(additions=frozenset(additions), removals=removals, unknown=frozenset(unknown))


def _verdict(tables: list[Table], name: str) -> bool | None:
    said = {table.knows(name) for table in tables}
    if True in said:
        return True
    return False if False in said else None


def _stale(table: Table, allowed: set[str], only_found: set[str]) -> frozenset[str]:
    # The events' wording isn't documented, and "end.Next" of two sentences is no server: a domain has two labels.
    gone = {name for name in table.counts if name not in allowed and name.count(".") > 1}
    return frozenset(gone | {name for name in only_found if table.counts.get(name, 0) > 1})
