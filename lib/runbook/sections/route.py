"""Which way OWA's back ends become known to Lync, and which steps would make a name known twice (L17-L22, L42)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Finding, Repair, Severity
from runbook.estate import Estate
from runbook.facts.query import Unread
from runbook.parameters import TrustedPoolParameters
from runbook.sections import dial_plans, duplicates, pool, topology_changes
from runbook.sections.dial_plans import Step
from runbook.sections.duplicates import Duplicate
from runbook.sections.known_servers import written
from runbook.sections.organisation import Topology, owa_hosts
from runbook.sections.trusted_pool_facts import TrustedPoolFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The known names before and after, and what follows from them.

    ``back_ends`` are the mailbox servers in scope; ``discovered`` the names that Lync finds by itself today;
    ``repairs`` those ``duplicates`` that may be repaired; ``topology`` what is left of it then. ``conflict`` are names
    of the wanted pool that are discovered. ``steps`` are dial-plan steps that do no harm, ``refused`` those that would.
    """

    back_ends: tuple[str, ...]
    discovered: frozenset[str]
    duplicates: tuple[Duplicate, ...]
    repairs: tuple[Duplicate, ...]
    topology: Topology
    is_needed: bool
    conflict: frozenset[str]
    steps: tuple[Step, ...]
    refused: tuple[Step, ...]

    def keeps_duplicate(self, fqdn: str) -> bool:
        """The pool is known twice and may not be repaired: it isn't changed otherwise either."""
        return any(found.pool.fqdn.lower() == fqdn for found in self.duplicates if found not in self.repairs)


def find(given: TrustedPoolParameters, estate: Estate, facts: TrustedPoolFacts) -> Route:
    """Works out the names as they would be, repairs first, then dial plans, then the pool."""
    back_ends = tuple(server.name for server in owa_hosts(estate, given.exchange_servers))
    discovered = facts.discovered
    doubled = duplicates.find(facts.topology, discovered, given.application_id)
    repairs = tuple(duplicate for duplicate in doubled if duplicates.permitted(duplicate, given))
    topology = duplicates.without(facts.topology, repairs)
    kept = _written(topology)

    steps = dial_plans.steps(given, estate, facts.exchange)
    joining = {step.server.lower() for step in steps if given.allow_dial_plan_changes} - kept
    known = {name for name in back_ends if facts.exchange.is_colocated(name)} & (discovered | joining)
    is_needed = not set(back_ends) <= known
    wanted = pool.desired_names(given) if is_needed else frozenset[str]()
    conflict = wanted & discovered
    taken = kept | (frozenset() if conflict else wanted)
    return Route(
        back_ends=back_ends,
        discovered=discovered,
        duplicates=doubled,
        repairs=repairs,
        topology=topology,
        is_needed=is_needed,
        conflict=conflict,
        steps=tuple(step for step in steps if step.server.lower() not in taken),
        refused=tuple(step for step in steps if step.server.lower() in taken),
    )


def check(given: TrustedPoolParameters, route: Route) -> Iterator[Finding]:
    """What the route itself gives rise to say."""
    if route.conflict:
        names = ", ".join(sorted(route.conflict))
        yield Finding(
            id="pool-would-duplicate",
            requirements=("L20", "L21", "L22", "L23"),
            severity=Severity.ERROR,
            object=topology_changes.pool_object(given.owa_pool_fqdn),
            what=f"Lync discovers {names} by itself, so the pool isn't created with this name.",
            why="It hosts a SipName dial plan; a second entry for the same name would stop IM in OWA.",
            remedy=(
                "Give the pool, and the Subject CN of OWA's certificate, a name that no Exchange server has, and leave"
                " the servers out of computer_fqdns; or take the server out of the SIP dial plans."
            ),
        )
    if route.is_needed:
        return
    if route.topology.trusted_pool(given.owa_pool_fqdn) is not None:
        yield Finding(
            id="pool-not-needed",
            requirements=("L17", "L19", "L21"),
            severity=Severity.INFO,
            object=topology_changes.pool_object(given.owa_pool_fqdn),
            what=f"The pool {given.owa_pool_fqdn} exists, though the procedure needs none here.",
            why="It names no server that Lync discovers, so it does no harm; Microsoft's JJ204857 even asks for one.",
            remedy="Nothing need be done.",
            repair=Repair.NONE,
        )
    elif given.owa_pool_fqdn not in route.discovered | {step.server.lower() for step in route.steps}:
        yield Finding(
            id="owa-name-not-discovered",
            requirements=("L20", "L30"),
            severity=Severity.WARNING,
            object=given.owa_pool_fqdn,
            what=f"No pool is needed, but Lync discovers only the servers' own names, not {given.owa_pool_fqdn}.",
            why="Lync looks up the Subject CN of OWA's certificate: one with another name is refused.",
            remedy="Use a certificate whose Subject CN is the server's own FQDN, and set owa_pool_fqdn to it.",
        )


def _written(topology: Topology) -> frozenset[str]:
    if isinstance(topology.trusted_pools, Unread) or isinstance(topology.computers, Unread):
        return frozenset()
    return frozenset(written(topology.trusted_pools, topology.computers))
