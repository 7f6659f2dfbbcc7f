"""Published, but not enabled: by us, which has to be made good, or by others, which needs their word (L41)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Finding, Repair, Severity
from runbook.facts.query import Unread
from runbook.sections import topology_checks, um
from runbook.sections.known_servers import Pending, pending, written
from runbook.sections.trusted_pool_facts import TrustedPoolFacts
from runbook.sections.unread import unread

CONSENT = "allow_pending_topology_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enablement:
    """What Enable-CsTopology would make effective.

    ``ours`` are names of the OWA pool that Lync doesn't know yet, or still knows twice after a repair; ``others`` all
    other names; ``unknown`` names of the OWA pool of which the logs tell nothing.
    """

    ours: frozenset[str]
    others: frozenset[str]
    unknown: frozenset[str]


def check_read(facts: TrustedPoolFacts) -> Iterator[Finding]:
    """One finding for everything that couldn't be read of what Lync knows and of what it would discover."""
    yield from topology_checks.check_read(facts.topology)
    yield from um.check_read(facts.exchange)
    for server, log in facts.known.items():
        if isinstance(log, Unread):
            yield unread("known servers", log, server=server, requirements=("L20", "L22"))


def compare(facts: TrustedPoolFacts, ours: frozenset[str], discovered: frozenset[str]) -> Enablement:
    """What the Front Ends know, against the topology as published."""
    topology = facts.topology
    if isinstance(topology.trusted_pools, Unread) or isinstance(topology.computers, Unread):
        return Enablement(ours=frozenset(), others=frozenset(), unknown=frozenset())
    by_hand = written(topology.trusted_pools, topology.computers)
    pools = () if isinstance(topology.pools, Unread) else topology.pools
    registrars = {name for pool in pools if pool.is_registrar for name in (pool.fqdn, *pool.computers)}
    rest = {name for pool in pools for name in (pool.fqdn, *pool.computers)}
    found: Pending = pending(facts.known, expected={*by_hand, *registrars}, others=rest, discovered=discovered)
    repaired = found.removals & discovered
    return Enablement(
        ours=(found.additions & ours) | repaired,
        others=(found.additions - ours) | (found.removals - repaired),
        unknown=found.unknown & ours,
    )


def report(state: Enablement, *, wanted: bool, consented: bool) -> Iterator[Finding]:
    """``wanted``: this plan has to enable the topology."""
    if state.ours:
        yield Finding(
            id="topology-not-enabled",
            requirements=("L41",),
            severity=Severity.ERROR,
            object="topology",
            what=f"Published, but not enabled: the Front Ends' known servers don't reflect {_names(state.ours)} yet.",
            why="What is published takes effect only when the topology is enabled.",
            remedy="Run Enable-CsTopology.",
            repair=Repair.CONSENT if state.others and not consented else Repair.PLANNED,
            caused_by=("topology-pending-changes",) if state.others and not consented else (),
        )
    if state.others:
        blocked = wanted and not consented
        yield Finding(
            id="topology-pending-changes",
            requirements=("L41",),
            severity=Severity.ERROR if blocked else Severity.WARNING if wanted else Severity.INFO,
            object="topology",
            what=f"Somebody else published changes that aren't enabled: they concern {_names(state.others)}.",
            why="Enable-CsTopology enables all that was published, not only what this runbook changes.",
            remedy=f"Ask who made them. Once they may take effect, set {CONSENT}."
            if wanted
            else "Nothing need be done here.",
            repair=Repair.CONSENT if blocked else Repair.PLANNED if wanted else Repair.NONE,
        )
    if state.unknown and not wanted:
        yield Finding(
            id="topology-enabled-unknown",
            requirements=("L41",),
            severity=Severity.WARNING,
            object="topology",
            what=f"The Front Ends' event logs tell nothing of {_names(state.unknown)}: they may have been overwritten.",
            why="Whether the pool was enabled can only be told from those events.",
            remedy="If OWA's connections are refused, run Enable-CsTopology.",
        )


def _names(names: frozenset[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
