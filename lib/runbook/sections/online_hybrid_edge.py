"""The Access Edge configuration and the way out: federation, outside users, the site's route (Y03, Y08-Y14). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook.change import Change, Finding, Repair, Severity
from runbook.facts.hybrid import AccessEdge, FederationRoute
from runbook.facts.lync import Pool
from runbook.parameters_hybrid import OnlineHybridParameters
from runbook.sections import online_hybrid_changes as changes
from runbook.sections.online_hybrid_changes import ACCESS_EDGE
from runbook.sections.organisation import Writer

_EDGE_SERVICE = "edgeserver:"
_FEDERATION = ("Y08", "Y10", "Y11", "Y12", "Y13")
_OUTSIDE = ("Y04", "Y05", "Y06")


def judge(given: OnlineHybridParameters, edge: AccessEdge, writer: Writer) -> tuple[list[Finding], list[Change]]:
    """Both switches of the Access Edge; each needs its consent, since each opens more than the hybrid."""
    findings: list[Finding] = []
    planned: list[Change] = []
    if not edge.allows_federation:
        findings.append(_federation(given))
        if given.allow_federation:
            disturbs = "Internal users may then communicate with users of federated domains, not only with their own."
            planned.append(
                changes.set_access_edge(writer, "AllowFederatedUsers", "allow_federation", disturbs, _FEDERATION)
            )
    if not edge.allows_outside_users:
        findings.append(_outside_users(given))
        if given.allow_outside_users:
            disturbs = "Whoever is under a policy that admits from outside may then connect from the Internet."
            planned.append(
                changes.set_access_edge(writer, "AllowOutsideUsers", "allow_outside_users", disturbs, _OUTSIDE)
            )
    if not findings and not edge.has_default_routing:
        findings.append(_right())
    return findings, planned


def check_routes(routes: Iterable[FederationRoute], sites: frozenset[str]) -> Iterator[Finding]:
    """Each of these sites (by lower-case identity) needs an Edge as its way out."""
    for route in routes:
        if route.site.lower() in sites and not route.route:
            yield Finding(
                id="edge-federation-route-missing",
                requirements=("Y03", "Y10"),
                severity=Severity.ERROR,
                object=route.site,
                what=f"{route.site} has no federation route: no Edge is assigned to it.",
                why="What users of this site exchange with Exchange Online has no way out and none in.",
                remedy="Assign the Edge as the site's federation route in Topology Builder, then publish the topology.",
            )


def check_edges(pools: Iterable[Pool], estate_edges: frozenset[str]) -> Iterator[Finding]:
    """An Edge there must be, and each of the topology's has to be in the estate, or its store is never looked at."""
    edges = [pool for pool in pools if any(service.lower().startswith(_EDGE_SERVICE) for service in pool.services)]
    if not edges:
        yield Finding(
            id="edge-missing",
            requirements=("Y03",),
            severity=Severity.ERROR,
            object="topology",
            what="The topology has no Edge server.",
            why="It is the Edge that talks to Exchange Online: its three tasks are the whole procedure.",
            remedy="Deploy an Edge server first.",
        )
    for name in sorted({name.lower() for pool in edges for name in pool.computers or (pool.fqdn,)} - estate_edges):
        yield Finding(
            id="edge-not-in-estate",
            requirements=("Y33", "Y34"),
            severity=Severity.WARNING,
            server=name,
            object="local store",
            what=f"The topology has the Edge {name}, and the estate file doesn't.",
            why="Whether the changes have reached it can't be confirmed on it.",
            remedy="Add it to the estate file; without endpoints where WinRM doesn't reach it, and paste its store.",
            unknown=True,
        )


def _federation(given: OnlineHybridParameters) -> Finding:
    return Finding(
        id="federation-disabled",
        requirements=_FEDERATION,
        severity=Severity.ERROR,
        object=ACCESS_EDGE,
        what="AllowFederatedUsers is False.",
        why="It also decides whether users can communicate with Exchange Online in a shared SIP address space.",
        remedy="Set-CsAccessEdgeConfiguration -AllowFederatedUsers $True"
        f"{'' if given.allow_federation else '; the parameter allow_federation agrees to it'}.",
        repair=Repair.PLANNED if given.allow_federation else Repair.CONSENT,
    )


def _outside_users(given: OnlineHybridParameters) -> Finding:
    return Finding(
        id="edge-outside-users-off",
        requirements=_OUTSIDE,
        severity=Severity.ERROR,
        object=ACCESS_EDGE,
        what="AllowOutsideUsers is False.",
        why="Who signs in to IM from Exchange Online is a user from outside, and the Edge turns all of them away.",
        remedy="Set-CsAccessEdgeConfiguration -AllowOutsideUsers $True"
        f"{'' if given.allow_outside_users else '; the parameter allow_outside_users agrees to it'}.",
        repair=Repair.PLANNED if given.allow_outside_users else Repair.CONSENT,
    )


def _right() -> Finding:
    return Finding(
        id="access-edge-right",
        requirements=("Y08", "Y10", "Y11", "Y12", "Y13"),
        severity=Severity.INFO,
        object=ACCESS_EDGE,
        what="AllowFederatedUsers and AllowOutsideUsers are True, and routing goes by DNS SRV records.",
        why="That is what a SIP address space shared with Exchange Online needs of the Access Edge.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )
