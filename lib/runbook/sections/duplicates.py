"""Servers that Lync knows twice: found by itself, and written into a trusted application pool (L20-L24)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from runbook.change import Change, Finding, Repair, Severity
from runbook.facts.lync import TrustedApplication, TrustedComputer, TrustedPool
from runbook.facts.query import Unread
from runbook.parameters import TrustedPoolParameters
from runbook.sections import topology_changes
from runbook.sections.organisation import Topology, Writer

CONSENT = "allow_removing_other_applications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A pool that names servers which Lync discovers by itself.

    ``whole`` says that the pool itself has to go: its own name, or the last of its computers, is among them. Otherwise
    the computers alone leave it. ``foreign`` are applications that aren't OWA's.
    """

    pool: TrustedPool
    names: frozenset[str]
    whole: bool
    computers: tuple[TrustedComputer, ...]
    applications: tuple[TrustedApplication, ...]
    foreign: tuple[TrustedApplication, ...]


def find(topology: Topology, discovered: frozenset[str], application_id: str) -> tuple[Duplicate, ...]:
    """Every pool of the topology that duplicates a discovered server, in the topology's order."""
    pools = () if not isinstance(topology.trusted_pools, tuple) else topology.trusted_pools
    return tuple(found for pool in pools if (found := _duplicate(pool, topology, discovered, application_id)))


def _duplicate(pool: TrustedPool, topology: Topology, discovered: frozenset[str], ours: str) -> Duplicate | None:
    computers, applications = topology.computers_of(pool.fqdn), topology.applications_of(pool.fqdn)
    written = {pool.fqdn.lower(), *(computer.fqdn.lower() for computer in computers)}
    names = frozenset(written & discovered)
    if not names:
        return None
    rest = [computer for computer in computers if computer.fqdn.lower() not in discovered]
    return Duplicate(
        pool=pool,
        names=names,
        whole=pool.fqdn.lower() in discovered or not rest,
        computers=computers,
        applications=applications,
        foreign=tuple(item for item in applications if item.application_id.lower() != ours.lower()),
    )


def permitted(duplicate: Duplicate, given: TrustedPoolParameters) -> bool:
    """Removing a pool takes its applications along; others' need consent."""
    return not duplicate.whole or not duplicate.foreign or given.allow_removing_other_applications


def without(topology: Topology, repaired: tuple[Duplicate, ...]) -> Topology:
    """The topology as it is once these are repaired."""
    if isinstance(topology.trusted_pools, Unread) or isinstance(topology.applications, Unread):
        return topology
    if isinstance(topology.computers, Unread):
        return topology
    pools = {duplicate.pool.fqdn.lower() for duplicate in repaired if duplicate.whole}
    names = {name for duplicate in repaired if not duplicate.whole for name in duplicate.names}
    return replace(
        topology,
        trusted_pools=tuple(pool for pool in topology.trusted_pools if pool.fqdn.lower() not in pools),
        applications=tuple(item for item in topology.applications if item.pool.lower() not in pools),
        computers=tuple(
            item for item in topology.computers if item.pool.lower() not in pools and item.fqdn.lower() not in names
        ),
    )


def report(duplicate: Duplicate, repair: Repair) -> Finding:
    """L22, L23: what is known twice, and what becomes of it."""
    foreign = ", ".join(item.application_id for item in duplicate.foreign)
    blocked = repair is Repair.CONSENT
    names = ", ".join(sorted(duplicate.names))
    return Finding(
        id="duplicate-known-server",
        requirements=("L20", "L21", "L22", "L23", "L24"),
        severity=Severity.ERROR,
        object=topology_changes.pool_object(duplicate.pool.fqdn),
        what=f"Lync knows {names} twice: by itself and from the pool {duplicate.pool.fqdn}.",
        why="It hosts a SipName dial plan, so Lync discovers it; with a second entry for it, IM in OWA stops working.",
        remedy=(
            f"The pool holds other applications ({foreign}), which would go with it: set {CONSENT} to allow that,"
            " or have their owner move them first."
            if blocked
            else "Remove the applications and the pool, or the computer from the pool, and enable the topology."
        ),
        repair=repair,
    )


def changes(duplicate: Duplicate, topology: Topology, writer: Writer, given: TrustedPoolParameters) -> Iterator[Change]:
    """L24: first the applications, then the pool; or only the computers that are known twice."""
    if not duplicate.whole:
        for computer in duplicate.computers:
            if computer.fqdn.lower() in duplicate.names:
                yield topology_changes.remove_computer(writer, computer)
        return
    consent = CONSENT if duplicate.foreign else ""
    for application in duplicate.applications:
        yield topology_changes.remove_application(
            writer, application, consent if application in duplicate.foreign else ""
        )
    pool = duplicate.pool
    if not pool.registrar:
        # A pool without a Registrar can't be removed until it has one.
        yield topology_changes.set_pool(writer, pool, "Registrar", "", given.registrar_pool_fqdn)
        pool = replace(pool, registrar=given.registrar_pool_fqdn)
    site = topology.site(pool.site)
    site_id = site.site_id if site else pool.site.removeprefix("Site:")
    yield topology_changes.remove_pool(writer, pool, duplicate.computers, site_id, consent)
