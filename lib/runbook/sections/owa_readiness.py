"""Is Lync ready for OWA? Only then does the procedure begin with OWA (L44, L86)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Finding, Severity
from runbook.facts.query import Unread
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import duplicates, enablement, owa_pools, topology_checks, um
from runbook.sections.trusted_pool_facts import TrustedPoolFacts
from runbook.sections.unread import unread


def check_read(facts: TrustedPoolFacts) -> Iterator[Finding]:
    """One finding for everything of Lync's side that couldn't be read."""
    yield from topology_checks.check_read(facts.topology)
    yield from um.check_read(facts.exchange)
    for server, log in facts.known.items():
        if isinstance(log, Unread):
            yield unread("known servers", log, server=server, requirements=("L44",))


def check(given: OwaEnablementParameters, back_ends: tuple[str, ...], facts: TrustedPoolFacts) -> Iterator[Finding]:
    """One finding that says what is still missing there; the trusted pool section says more, and mends it."""
    strange = tuple(owa_pools.unknown(given, back_ends, facts.topology))
    if strange:
        yield Finding(
            id="registrar-missing",
            requirements=("L60",),
            severity=Severity.ERROR,
            object=", ".join(strange),
            what=f"The topology has no pool {' and no pool '.join(strange)}, which OWA would be sent to.",
            why="OWA signs its users in at the pool that it is given.",
            remedy="Correct registrar_pool_fqdn or im_server_names: Get-CsPool lists the pools there are.",
        )
    missing = tuple(_missing(given, back_ends, facts))
    if missing:
        yield Finding(
            id="lync-not-ready",
            requirements=("L44", "L86"),
            severity=Severity.ERROR,
            object=given.owa_pool_fqdn,
            what=f"Lync doesn't expect OWA yet: {'; '.join(missing)}.",
            why="OWA's connections would be refused, and users would see errors instead of blank icons.",
            remedy="Run the section trusted_pool first (notebook 20-trusted-pool), then this one again.",
        )


def _missing(given: OwaEnablementParameters, back_ends: tuple[str, ...], facts: TrustedPoolFacts) -> Iterator[str]:
    discovered = facts.discovered
    needed = not all(facts.exchange.is_colocated(name) and name in discovered for name in back_ends)
    pool = facts.topology.trusted_pool(given.owa_pool_fqdn)
    if needed and pool is None:
        yield f"there is no trusted application pool {given.owa_pool_fqdn}"
    elif needed:
        ours = (item.application_id.lower() for item in facts.topology.applications_of(given.owa_pool_fqdn))
        if given.application_id.lower() not in ours:
            yield f"the pool {given.owa_pool_fqdn} has no application {given.application_id}"
    computers = (computer.fqdn.lower() for computer in facts.topology.computers_of(given.owa_pool_fqdn))
    names = frozenset((given.owa_pool_fqdn, *computers))
    if pool is not None and needed and enablement.compare(facts, names, discovered).ours:
        yield f"the pool {given.owa_pool_fqdn} is published, but not enabled"
    for double in duplicates.find(facts.topology, discovered, given.application_id):
        if doubled := double.names & (names | set(back_ends)):
            yield f"{', '.join(sorted(doubled))} would be known twice, by discovery and in the pool {double.pool.fqdn}"
