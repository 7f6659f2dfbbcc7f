"""Do the names that the parameters give exist in the Lync topology, and are they free? (L31-L34, L38-L40)"""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Finding, Repair, Severity
from runbook.facts.query import Unread
from runbook.parameters import IntegrationParameters
from runbook.sections.organisation import Topology
from runbook.sections.unread import unread

_REQUIREMENTS = {
    "sites": ("L32", "L34"),
    "pools": ("L31",),
    "trusted_pools": ("L22", "L28"),
    "applications": ("L36", "L40"),
    "computers": ("L22",),
}


def check_read(topology: Topology) -> Iterator[Finding]:
    """One finding for every part of the topology that couldn't be read."""
    for name, fact in topology.unread.items():
        thing = {"computers": "trusted computers"}.get(name, name.replace("_", " "))
        yield unread(thing, fact, requirements=_REQUIREMENTS[name])


def check_site(parameters: IntegrationParameters, topology: Topology) -> Iterator[Finding]:
    """``-Site`` takes a SiteId, which needn't be the display name (L32-L34)."""
    if isinstance(topology.sites, Unread):
        return
    wanted = parameters.site_id.lower()
    if any(site.site_id.lower() == wanted for site in topology.sites):
        return
    named = [site for site in topology.sites if wanted in (site.display_name.lower(), site.identity[5:].lower())]
    known = ", ".join(f"{site.site_id} ({site.display_name})" for site in topology.sites) or "none"
    yield Finding(
        id="site-missing" if not named else "site-by-display-name",
        requirements=("L32", "L33", "L34"),
        severity=Severity.ERROR,
        object=parameters.site_id,
        what=(
            f"{parameters.site_id!r} is the display name of a site, whose SiteId is {named[0].site_id!r}."
            if named
            else f"There is no site with the SiteId {parameters.site_id!r}. Lync knows: {known}."
        ),
        why="New-CsTrustedApplicationPool takes the SiteId, and the two may differ.",
        remedy=f"Set site_id to {named[0].site_id!r}." if named else "Set site_id to one of these SiteIds.",
    )


def check_registrar(parameters: IntegrationParameters, topology: Topology) -> Iterator[Finding]:
    """``-Registrar`` is a pool that runs the Registrar service (L31)."""
    if isinstance(topology.pools, Unread):
        return
    pool = topology.pool(parameters.registrar_pool_fqdn)
    if pool is not None and pool.is_registrar:
        return
    able = ", ".join(found.fqdn for found in topology.pools if found.is_registrar) or "none"
    yield Finding(
        id="registrar-missing" if pool is None else "registrar-role",
        requirements=("L31", "L60"),
        severity=Severity.ERROR,
        object=parameters.registrar_pool_fqdn,
        what=(
            f"The topology has no pool {parameters.registrar_pool_fqdn}."
            if pool is None
            else f"The pool {pool.fqdn} doesn't run the Registrar service."
        ),
        why="The trusted application pool hangs on a Registrar pool, and OWA signs its users in there.",
        remedy=f"Set registrar_pool_fqdn to a pool with the Registrar service: {able}.",
    )


def check_port(parameters: IntegrationParameters, topology: Topology) -> Iterator[Finding]:
    """No other application of the pool has the port (L40)."""
    for other in topology.applications_of(parameters.owa_pool_fqdn):
        same = other.application_id.lower() == parameters.application_id.lower()
        if other.port == parameters.application_port and not same:
            yield Finding(
                id="topology-port-in-use",
                requirements=("L40",),
                severity=Severity.ERROR,
                object=f"{other.pool}/{other.application_id}",
                what=f"The trusted application {other.application_id} of this pool has port {other.port} already.",
                why="Two applications of one pool can't share a port.",
                remedy="Set application_port to a port that no application of the pool has.",
            )


def check_application(parameters: IntegrationParameters, topology: Topology) -> Iterator[Finding]:
    """Where the ApplicationId is in use already (L37-L39)."""
    applications = () if isinstance(topology.applications, Unread) else topology.applications
    for other in applications:
        if other.application_id.lower() != parameters.application_id.lower():
            continue
        if other.pool.lower() != parameters.owa_pool_fqdn:
            yield Finding(
                id="application-id-elsewhere",
                requirements=("L37", "L38"),
                severity=Severity.INFO,
                object=f"{other.pool}/{other.application_id}",
                what=f"The ApplicationId {other.application_id} is in use on the pool {other.pool} too.",
                why="That is allowed, since it is only a label, but the two are easy to take for each other.",
                remedy="Nothing need be done.",
                repair=Repair.NONE,
            )
        elif other.port != parameters.application_port:
            yield Finding(
                id="application-port-differs",
                requirements=("L36", "L40"),
                severity=Severity.WARNING,
                object=f"{other.pool}/{other.application_id}",
                what=f"The application has port {other.port}; application_port says {parameters.application_port}.",
                why="The port is only a value of the topology, but what is recorded should be what was decided.",
                remedy="Let the trusted pool section set it, or set application_port to what is there.",
            )
