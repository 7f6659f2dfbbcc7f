"""Section *prerequisites*: is everything there that the integration stands on? (L05-L20, L30-L40, L61, L62)

It only looks. Its plan is always empty; what it finds is mended by hand or by the sections that follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from runbook.certificate import Certificate
from runbook.change import Decision, Finding, Plan, Severity
from runbook.estate import Estate, Product
from runbook.facts.query import Unread
from runbook.facts.windows import StoredCertificate
from runbook.parameters import PrerequisitesParameters
from runbook.sections import (
    causes,
    certificates,
    compatibility,
    editions,
    im_provider,
    network,
    topology_checks,
    trust,
    um,
)
from runbook.sections.organisation import in_scope
from runbook.sections.prerequisites_facts import BackEnd, FrontEnd, PrerequisitesFacts, observe
from runbook.sections.section import Section
from runbook.sections.trust import Party
from runbook.sections.unread import unread

BECAUSE = "This section only looks: what it finds is mended by hand or by the sections that follow."


def decide(parameters: PrerequisitesParameters, estate: Estate, facts: PrerequisitesFacts) -> Decision:
    """Every finding, in the order of the procedure."""
    findings = (
        *_no_servers(facts),
        *_editions(parameters, estate, facts),
        *_providers(facts),
        *_unified_messaging(facts),
        *_certificates(parameters, facts),
        *_trust(parameters, facts),
        *_network(parameters, facts),
        *topology_checks.check_read(facts.topology),
        *topology_checks.check_site(parameters, facts.topology),
        *topology_checks.check_registrar(parameters, facts.topology),
        *topology_checks.check_port(parameters, facts.topology),
        *topology_checks.check_application(parameters, facts.topology),
        *(finding for back in facts.back_ends for finding in _listeners(back, parameters.application_port)),
    )
    return Decision(findings=causes.linked(dict.fromkeys(findings)), plan=Plan(because=BECAUSE))


def _no_servers(facts: PrerequisitesFacts) -> Iterator[Finding]:
    for thing, found in (("mailbox server", facts.back_ends), ("Front End", facts.front_ends)):
        if not found:
            yield Finding(
                id="no-mailbox-server" if thing == "mailbox server" else "no-front-end",
                requirements=("L05",) if thing == "mailbox server" else ("L27", "L31"),
                severity=Severity.ERROR,
                object=thing,
                what=f"The estate (or exchange_servers) names no {thing}.",
                why="There is nothing to check on that side.",
                remedy="Add the servers to the estate file.",
            )


def _editions(parameters: PrerequisitesParameters, estate: Estate, facts: PrerequisitesFacts) -> Iterator[Finding]:
    fronts = {front.server for front in facts.front_ends}
    lync_2013 = any(server.product is Product.LYNC for server in estate.lync() if server.name in fronts)
    for server in in_scope(estate, parameters.exchange_servers):
        yield from editions.check_exchange(server, facts.exchange, lync_2013)
    servers = () if isinstance(facts.exchange.servers, Unread) else facts.exchange.servers
    known = [server.edition for server in servers if server.is_mailbox and server.edition]
    yield from compatibility.report(compatibility.present(known, fronts, estate))
    for front in facts.front_ends:
        yield from editions.check_lync(estate.server(front.server), front.version)


def _providers(facts: PrerequisitesFacts) -> Iterator[Finding]:
    for back in facts.back_ends:
        if back.provider is not None:
            yield from im_provider.check(back.server, back.provider)


def _unified_messaging(facts: PrerequisitesFacts) -> Iterator[Finding]:
    yield from um.check_read(facts.exchange)
    for server in facts.exchange.windows_services:
        yield from um.check_services(facts.exchange, server)
    for back in facts.back_ends:
        if facts.exchange.is_colocated(back.server) is not None:
            yield um.describe(facts.exchange, back.server)


def _certificates(parameters: PrerequisitesParameters, facts: PrerequisitesFacts) -> Iterator[Finding]:
    for back in facts.back_ends:
        days = parameters.expiry_warning_days
        meant = certificates.expected(parameters, back.server, facts.exchange.discovered())
        yield from certificates.check(back.server, back.stores.my, back.clock, meant, days)
    chosen = {back.server: entry for back in facts.back_ends if (entry := _chosen(parameters, facts, back)) is not None}
    if parameters.owa_pool_fqdn not in facts.exchange.discovered():
        yield from certificates.check_same(chosen)


def _trust(parameters: PrerequisitesParameters, facts: PrerequisitesFacts) -> Iterator[Finding]:
    backs = [_back_party(parameters, facts, back) for back in facts.back_ends]
    fronts = [_front_party(front) for front in facts.front_ends]
    for party in (*backs, *fronts):
        yield from trust.check_stores(party)
    for front, lync in zip(facts.front_ends, fronts, strict=True):
        if isinstance(front.certificate, Unread):
            yield unread("Lync certificate", front.certificate, server=front.server, requirements=("L62",))
        elif isinstance(front.stores.my, Unread):
            yield unread("certificates", front.stores.my, server=front.server, requirements=("L62",))
        else:
            yield from trust.check_lync_certificate(lync, parameters.registrar_pool_fqdn)
        yield from trust.check_owa_trusted(lync, backs)
        for owa in backs:
            yield from trust.check_lync_trusted(owa, lync)
    if backs and fronts:
        yield trust.revocation_note()


def _network(parameters: PrerequisitesParameters, facts: PrerequisitesFacts) -> Iterator[Finding]:
    """Once the clocks disagree, everything that is judged by one of them may be only a consequence."""
    clocks = {back.server: back.clock for back in facts.back_ends}
    yield from network.check_clocks(clocks | {front.server: front.clock for front in facts.front_ends})
    yield from network.check_tls(
        {back.server: back.tls for back in facts.back_ends}, {front.server: front.tls for front in facts.front_ends}
    )
    for back in facts.back_ends:
        yield from network.check_reach(back.server, parameters.registrar_pool_fqdn, back.reach)
        yield from network.check_im_ports(back.server, back.ports, back.workers)


def _chosen(parameters: PrerequisitesParameters, facts: PrerequisitesFacts, back: BackEnd) -> StoredCertificate | None:
    if isinstance(back.stores.my, Unread) or isinstance(back.clock, Unread):
        return None
    meant = certificates.expected(parameters, back.server, facts.exchange.discovered())
    return next(iter(certificates.choose(back.stores.my, meant, back.clock)), None)


def _back_party(parameters: PrerequisitesParameters, facts: PrerequisitesFacts, back: BackEnd) -> Party:
    entry = _chosen(parameters, facts, back)
    return Party(
        server=back.server, clock=back.clock, stores=back.stores, shows=entry.certificate if entry is not None else None
    )


def _front_party(front: FrontEnd) -> Party:
    return Party(server=front.server, clock=front.clock, stores=front.stores, shows=_shown(front))


def _shown(front: FrontEnd) -> Certificate | None:
    if isinstance(front.certificate, Unread) or isinstance(front.stores.my, Unread):
        return None
    return next((e.certificate for e in front.stores.my if e.thumbprint == front.certificate), None)


def _listeners(back: BackEnd, port: int) -> Iterator[Finding]:
    if isinstance(back.listeners, Unread):
        yield unread(f"listeners on port {port}", back.listeners, server=back.server, requirements=("L40",))
    elif back.listeners:
        yield Finding(
            id="port-listening",
            requirements=("L40",),
            severity=Severity.WARNING,
            server=back.server,
            object=str(port),
            what=f"Something on this server listens on TCP port {port} already.",
            why=(
                "The procedure asks for an available port. OWA itself listens on 5075 to 5077 and never opens this one,"
                " which is only a value of the topology, so IM may well work all the same."
            ),
            remedy="Find the program with Get-NetTCPConnection, or set application_port to another port.",
        )


SECTION = Section(
    name="prerequisites",
    title="Prerequisites",
    parameters=PrerequisitesParameters,
    observe=observe,
    decide=decide,
    changes_things=False,
)
