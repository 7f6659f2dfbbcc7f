"""Section *trusted pool*: OWA's back ends among Lync's known servers, each of them once (L17-L43).

What is needed follows from what Lync discovers by itself. The known names as they would be after the plan are worked
out first: a name that comes both ways breaks the integration (L22), and a new pool (L28) or a dial plan (L42) can bring
it about. Nothing is planned on facts that couldn't be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Change, Decision, Finding, Plan, Repair, Severity
from runbook.estate import Estate
from runbook.parameters import TrustedPoolParameters
from runbook.sections import dial_plans, duplicates, enablement, pool, topology_changes, topology_checks, um
from runbook.sections import route as routes
from runbook.sections.enablement import Enablement
from runbook.sections.organisation import front_ends, topology_writer, um_reader
from runbook.sections.route import Route
from runbook.sections.section import Section
from runbook.sections.trusted_pool_facts import TrustedPoolFacts, observe
from runbook.sections.trusted_pool_reversal import REVERSAL


def decide(given: TrustedPoolParameters, estate: Estate, facts: TrustedPoolFacts) -> Decision:
    """Findings, and the plan: repair, pool, application, Enable-CsTopology, dial plans, in this order."""
    missing = tuple(enablement.check_read(facts))
    route = None if missing else routes.find(given, estate, facts)
    if route is None or not route.back_ends:
        findings = missing or (_no_back_end(),)
        return Decision(findings=findings, plan=Plan(because=_because_of(findings)))

    obstacles = tuple(_obstacles(given, facts, route))
    state = enablement.compare(facts, pool.desired_names(given), route.discovered)
    steps = _topology_steps(given, estate, facts, route, obstacles)
    held = bool(steps or state.ours) and bool(state.others) and not given.allow_pending_topology_changes
    findings = tuple(_findings(given, facts, route, state, obstacles, bool(steps or state.ours), held))
    if held:
        return Decision(findings=findings, plan=Plan(because=_because_of(findings)))

    writer = topology_writer(front_ends(estate, given.registrar_pool_fqdn))
    consent = enablement.CONSENT if state.others else ""
    changes = topology_changes.enable(writer, steps, consent) if steps or state.ours else ()
    if writer.run_locally:
        findings = (*findings, _run_locally(writer.target.server, now=bool(changes)))
    if given.allow_dial_plan_changes and not obstacles:
        changes = (*changes, *_dial_plan_changes(estate, facts, route))
    if changes:
        return Decision(findings=findings, plan=Plan(changes=changes))
    return Decision(findings=findings, plan=Plan(because=_because(given, route, findings)))


def _obstacles(given: TrustedPoolParameters, facts: TrustedPoolFacts, route: Route) -> Iterator[Finding]:
    """What stands in the way of pool and dial plans; a duplicate is repaired all the same."""
    if route.is_needed:
        yield from topology_checks.check_site(given, route.topology)
        yield from topology_checks.check_registrar(given, route.topology)
        yield from topology_checks.check_port(given, route.topology)
        yield from pool.check_names(given, route.topology)
    yield from (finding for finding in routes.check(given, route) if finding.blocks)
    yield from dial_plans.check_names(given, facts.exchange)


def _topology_steps(
    given: TrustedPoolParameters,
    estate: Estate,
    facts: TrustedPoolFacts,
    route: Route,
    obstacles: tuple[Finding, ...],
) -> list[Change]:
    writer = topology_writer(front_ends(estate, given.registrar_pool_fqdn))
    steps = [step for found in route.repairs for step in duplicates.changes(found, facts.topology, writer, given)]
    if route.is_needed and not obstacles and not route.keeps_duplicate(given.owa_pool_fqdn):
        steps.extend(pool.changes(given, route.topology, writer))
    return steps


def _findings(
    given: TrustedPoolParameters,
    facts: TrustedPoolFacts,
    route: Route,
    state: Enablement,
    obstacles: tuple[Finding, ...],
    wanted: bool,
    held: bool,
) -> Iterator[Finding]:
    allowed = Repair.CONSENT if held else Repair.PLANNED
    for server in route.back_ends:
        yield um.describe(facts.exchange, server)
    for duplicate in route.duplicates:
        yield duplicates.report(duplicate, allowed if duplicate in route.repairs else Repair.CONSENT)
    yield from obstacles
    yield from (finding for finding in routes.check(given, route) if not finding.blocks)
    if route.is_needed:
        causes, repair = _standing_in_the_way(given, route, obstacles, held)
        yield from pool.check(given, route.topology, repair, causes)
    yield from enablement.report(state, wanted=wanted, consented=given.allow_pending_topology_changes)
    consented = given.allow_dial_plan_changes
    for step in route.steps:
        planned = consented and not obstacles and not held
        yield dial_plans.report(step, Repair.PLANNED if planned else Repair.MANUAL if consented else Repair.CONSENT)
    for step in route.refused:
        yield dial_plans.report_conflict(step, consented)


def _standing_in_the_way(
    given: TrustedPoolParameters, route: Route, obstacles: tuple[Finding, ...], held: bool
) -> tuple[tuple[str, ...], Repair]:
    """Why the pool isn't mended by the plan, and what it takes."""
    if obstacles:
        return tuple(dict.fromkeys(finding.id for finding in obstacles)), Repair.MANUAL
    if route.keeps_duplicate(given.owa_pool_fqdn):
        return ("duplicate-known-server",), Repair.CONSENT
    return (("topology-pending-changes",), Repair.CONSENT) if held else ((), Repair.PLANNED)


def _dial_plan_changes(estate: Estate, facts: TrustedPoolFacts, route: Route) -> Iterator[Change]:
    target = um_reader(estate)
    if target is None:
        return
    for step in route.steps:
        yield dial_plans.change(step, target, facts.exchange, estate.domain_controller or "")


def _no_back_end() -> Finding:
    return Finding(
        id="no-mailbox-server",
        requirements=("L26",),
        severity=Severity.ERROR,
        object="mailbox server",
        what="The estate (or exchange_servers) names no mailbox server.",
        why="OWA runs on mailbox servers: without one there is nothing to make known to Lync.",
        remedy="Add the mailbox servers to the estate file.",
    )


def _run_locally(server: str, *, now: bool) -> Finding:
    """``now``: there is something to write."""
    return Finding(
        id="not-delegated",
        requirements=("L27", "L41"),
        severity=Severity.WARNING if now else Severity.INFO,
        server=server,
        object="second hop",
        what="Topology commands can't be sent: the account isn't delegated at this Front End's endpoint.",
        why="They write to SQL Server, the directory and a file share, which needs CredSSP or Kerberos delegation.",
        remedy=(
            "Run the printed commands in the management shell on the Front End, then let this section verify them."
            if now
            else "Nothing has to be written now. Before the next change, let the endpoint accept CredSSP, or run what"
            " is printed then in the management shell on the Front End."
        ),
        repair=Repair.MANUAL if now else Repair.NONE,
    )


def _because(given: TrustedPoolParameters, route: Route, findings: tuple[Finding, ...]) -> str:
    if any(finding.blocks for finding in findings):
        return _because_of(findings)
    aside = " Dial plans are left alone without consent." if route.steps else ""
    if route.is_needed:
        return (
            f"The pool {given.owa_pool_fqdn}, its application {given.application_id} and the enabled topology are as"
            f" they should be.{aside}"
        )
    servers = ", ".join(route.back_ends)
    return (
        f"No trusted application pool is needed (L17-L19): UM and UM Call Router are both on {servers}, with a SipName"
        " dial plan, so Lync discovers it by itself and a pool would do harm (L20-L22)."
    )


def _because_of(findings: tuple[Finding, ...]) -> str:
    ids = ", ".join(dict.fromkeys(finding.id for finding in findings if finding.blocks and not finding.caused_by))
    return f"Nothing is planned until this is settled: {ids}."


SECTION = Section(
    name="trusted_pool",
    title="Trusted application pool",
    parameters=TrustedPoolParameters,
    observe=observe,
    decide=decide,
    reversal=REVERSAL,
)
