"""The trusted application pool and its application as they should be, against what is there (L26-L40)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Change, Finding, Repair, Severity
from runbook.facts.lync import TrustedApplication, TrustedPool
from runbook.facts.query import Unread
from runbook.parameters import TrustedPoolParameters
from runbook.sections import topology_changes
from runbook.sections.organisation import Topology, Writer

_NEEDED = "OWA's back ends aren't discovered by Lync, so they have to be made known to it by hand."


def desired_names(given: TrustedPoolParameters) -> frozenset[str]:
    """The names that the pool brings into the known servers."""
    return frozenset((given.owa_pool_fqdn, *given.computer_fqdns))


def check_names(given: TrustedPoolParameters, topology: Topology) -> Iterator[Finding]:
    """The pool's names don't belong to anything else in the topology."""
    taken = topology.pool(given.owa_pool_fqdn)
    foreign = (
        [] if taken is None else [name for name in taken.services if not name.startswith("TrustedApplicationPool:")]
    )
    if taken is not None and foreign and topology.trusted_pool(given.owa_pool_fqdn) is None:
        yield Finding(
            id="pool-name-taken",
            requirements=("L28", "L29"),
            severity=Severity.ERROR,
            object=given.owa_pool_fqdn,
            what=f"{taken.fqdn} names another pool of the topology ({', '.join(foreign)}).",
            why="The trusted application pool would become part of that pool instead of one of its own.",
            remedy="Set owa_pool_fqdn to the name in OWA's certificate, which no Lync server bears.",
        )
    computers = () if isinstance(topology.computers, Unread) else topology.computers
    own = [computer.fqdn for computer in topology.computers_of(given.owa_pool_fqdn)]
    if given.computer_fqdns and [name.lower() for name in own] == [given.owa_pool_fqdn]:
        yield Finding(
            id="pool-single-computer",
            requirements=("L28", "L29"),
            severity=Severity.ERROR,
            object=given.owa_pool_fqdn,
            what=f"The pool {own[0]} is its own only computer; computer_fqdns names others.",
            why="Lync adds no computer to a pool whose computer bears the pool's name.",
            remedy="Leave computer_fqdns empty, or remove the pool and let this section create it anew.",
        )
    for computer in computers:
        if computer.fqdn.lower() in given.computer_fqdns and computer.pool.lower() != given.owa_pool_fqdn:
            yield Finding(
                id="computer-in-other-pool",
                requirements=("L23", "L28"),
                severity=Severity.ERROR,
                object=computer.fqdn,
                what=f"{computer.fqdn} is a computer of the trusted application pool {computer.pool} already.",
                why="A computer can be in one pool only.",
                remedy="Take it out of that pool, or out of computer_fqdns.",
            )


def check(
    given: TrustedPoolParameters, topology: Topology, repair: Repair, causes: tuple[str, ...]
) -> Iterator[Finding]:
    """What the pool and the application lack. ``repair`` is the plan's, ``causes`` what stands in its way."""
    pool = topology.trusted_pool(given.owa_pool_fqdn)
    application = f"{given.owa_pool_fqdn}/{given.application_id}"
    if pool is None:
        yield _finding(
            "pool-missing",
            ("L26", "L28", "L29"),
            topology_changes.pool_object(given.owa_pool_fqdn),
            f"The topology has no trusted application pool {given.owa_pool_fqdn}.",
            f"{_NEEDED} Until then Lync refuses OWA's connections.",
            "Create the pool.",
            repair,
            causes,
        )
    else:
        yield from _drift(given, topology, pool, repair, causes)
    ours = _ours(given, topology)
    if ours is None:
        yield _finding(
            "application-missing",
            ("L26", "L36", "L37"),
            application,
            f"The pool has no trusted application {given.application_id}.",
            "The procedure asks for one in the pool: it gives OWA its identity and port in the topology.",
            "Create the application.",
            repair,
            (*causes, "pool-missing") if pool is None else causes,
        )
    elif ours.port != given.application_port:
        yield _finding(
            "application-port-differs",
            ("L36", "L40"),
            application,
            f"The application has port {ours.port}; application_port says {given.application_port}.",
            "The port is only a value of the topology, but what is recorded should be what was decided.",
            "Set the application's port.",
            repair,
            causes,
            Severity.WARNING,
        )


def changes(given: TrustedPoolParameters, topology: Topology, writer: Writer) -> Iterator[Change]:
    """Pool, then its properties or computers, then the application."""
    pool = topology.trusted_pool(given.owa_pool_fqdn)
    if pool is None:
        yield topology_changes.create_pool(writer, given)
    else:
        for name, before, after in _properties(given, pool):
            yield topology_changes.set_pool(writer, pool, name, before, after)
    present = {computer.fqdn.lower() for computer in topology.computers_of(given.owa_pool_fqdn)} if pool else set()
    for fqdn in given.computer_fqdns[1:] if pool is None else given.computer_fqdns:
        if fqdn not in present:
            yield topology_changes.add_computer(writer, given.owa_pool_fqdn, fqdn)
    ours = _ours(given, topology) if pool else None
    if ours is None:
        yield topology_changes.create_application(writer, given)
    elif ours.port != given.application_port:
        yield topology_changes.set_port(writer, ours, given.application_port)


def _ours(given: TrustedPoolParameters, topology: Topology) -> TrustedApplication | None:
    found = topology.applications_of(given.owa_pool_fqdn)
    return next((item for item in found if item.application_id.lower() == given.application_id.lower()), None)


def _properties(given: TrustedPoolParameters, pool: TrustedPool) -> Iterator[tuple[str, str | bool, str | bool]]:
    if pool.registrar.lower() != given.registrar_pool_fqdn:
        yield "Registrar", pool.registrar, given.registrar_pool_fqdn
    if pool.requires_replication != given.requires_replication:
        yield "RequiresReplication", pool.requires_replication, given.requires_replication
    if pool.treat_as_authenticated != given.treat_as_authenticated:
        yield "TreatAsAuthenticated", pool.treat_as_authenticated, given.treat_as_authenticated


def _drift(
    given: TrustedPoolParameters, topology: Topology, pool: TrustedPool, repair: Repair, causes: tuple[str, ...]
) -> Iterator[Finding]:
    object = topology_changes.pool_object(pool.fqdn)
    for name, before, after in _properties(given, pool):
        yield _finding(
            _property_id(name, before, after),
            ("L31",) if name == "Registrar" else ("L35",) if name == "RequiresReplication" else ("L28",),
            f"{object} {name}",
            f"The pool's {name} is {before if before != '' else 'empty'}; it should be {after}.",
            "A pool on another Registrar, or replicated or authenticated otherwise, isn't the one that was decided on.",
            f"Set {name}.",
            repair,
            causes,
            Severity.ERROR if name == "Registrar" else Severity.WARNING,
        )
    site = topology.site(pool.site)
    if (site.site_id if site else pool.site).lower() != given.site_id.lower():
        yield _finding(
            "pool-site",
            ("L32",),
            object,
            f"The pool belongs to the site {site.site_id if site else pool.site}; site_id says {given.site_id}.",
            "A pool's site can't be changed, only chosen when it is created.",
            "Set site_id to the pool's site, or remove the pool and let this runbook create it again.",
            Repair.MANUAL,
            (),
            Severity.WARNING,
        )
    present = {computer.fqdn.lower() for computer in topology.computers_of(pool.fqdn)}
    for fqdn in given.computer_fqdns:
        if fqdn not in present:
            yield _finding(
                "pool-computer-missing",
                ("L26", "L28"),
                object,
                f"{fqdn} isn't a computer of the pool.",
                "Lync doesn't know the computer by this name until it is.",
                "Add the computer to the pool.",
                repair,
                causes,
            )
    for fqdn in sorted(present - desired_names(given)):
        yield _finding(
            "pool-computer-extra",
            ("L28",),
            object,
            f"{fqdn} is a computer of the pool, and computer_fqdns doesn't name it.",
            "It may have been added on purpose, so it is left there.",
            "Add it to computer_fqdns, or remove it from the pool.",
            Repair.MANUAL,
            (),
            Severity.WARNING,
        )


def _property_id(name: str, before: str | bool, after: str | bool) -> str:
    if name == "Registrar" and before == "":
        return "pool-without-registrar"
    if name == "RequiresReplication" and after is False:
        return "pool-requires-replication"
    if name == "TreatAsAuthenticated" and after is True:
        return "pool-not-treated-as-authenticated"
    return "pool-property"


def _finding(
    id: str,
    requirements: tuple[str, ...],
    object: str,
    what: str,
    why: str,
    remedy: str,
    repair: Repair,
    causes: tuple[str, ...],
    severity: Severity = Severity.ERROR,
) -> Finding:
    return Finding(
        id=id,
        requirements=requirements,
        severity=severity,
        object=object,
        what=what,
        why=why,
        remedy=remedy,
        repair=repair,
        caused_by=causes if repair is not Repair.PLANNED else tuple(c for c in causes if c == "pool-missing"),
    )
