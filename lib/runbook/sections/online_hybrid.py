"""Section *online hybrid*: what Lync needs so that users of Exchange Online have IM and presence in OWA (Y01-Y35).

Shared SIP address space, hosting provider, external access, then replication and the Edges' own word. Everything is
changed on an internal server. What Exchange Online does can't be seen from here, and the record says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from runbook.change import Change, Decision, Finding, Plan, Repair, Severity
from runbook.estate import Estate, Role
from runbook.facts.query import Unread
from runbook.inputs.local_store import local_store
from runbook.parameters_hybrid import Cloud, OnlineHybridParameters
from runbook.sections import online_hybrid_access as access
from runbook.sections import online_hybrid_arrival as arrival
from runbook.sections import online_hybrid_edge as edge
from runbook.sections import online_hybrid_provider as provider
from runbook.sections.online_hybrid_access import Access
from runbook.sections.online_hybrid_facts import (
    CentralStore,
    OnlineHybridFacts,
    observe,
    observe_arrival,
    writer,
)
from runbook.sections.online_hybrid_provider import Providers
from runbook.sections.online_hybrid_reversal import REVERSAL
from runbook.sections.section import Section, Wait
from runbook.sections.unread import unread

T = TypeVar("T")

_NOT_ASKED = "The parameter cloud is none: this organisation has no Exchange Online to be integrated with."


def decide(given: OnlineHybridParameters, estate: Estate, facts: OnlineHybridFacts) -> Decision:
    """What stands between these users and IM in Exchange Online's OWA, as far as it can be known from here."""
    if given.cloud is Cloud.NONE:
        return Decision(findings=(_not_asked(),), plan=Plan(because=_NOT_ASKED))
    central, to = facts.central, writer(estate)
    if to is None or central.unread:
        lost = tuple(unread(name, why, requirements=("Y10", "Y15")) for name, why in central.unread.items())
        return Decision(findings=lost, plan=Plan(because=_because(lost)))
    config, replicas, providers = _read(central.access_edge), _read(central.replicas), _providers(central)
    people = Access(policies=_read(central.access_policies), users=_read(central.users), pools=_read(central.pools))
    findings: list[Finding] = []
    planned: list[Change] = []
    for found, changes in (
        edge.judge(given, config, to),
        provider.judge(given, providers, to),
        access.judge(given, people, to),
        arrival.judge_replicas(given, replicas, to),
    ):
        findings += found
        planned += changes
    findings += [
        *edge.check_routes(_read(central.federation_routes), _sites(given, people)),
        *edge.check_edges(people.pools, frozenset(server.name for server in estate.lync(Role.EDGE))),
        *arrival.check_edges(facts.edges, given.provider_identity, providers.hosting, config, replicas),
        *_strange_evidence(given, estate),
        _address_space(_read(central.sip_domains)),
        _not_verifiable(),
    ]
    because = "" if planned else _because(findings)
    return Decision(findings=tuple(findings), plan=Plan(changes=tuple(planned), because=because))


def _providers(central: CentralStore) -> Providers:
    return Providers(
        hosting=_read(central.hosting_providers),
        public=_read(central.public_providers),
        access_edge=_read(central.access_edge),
        voice_mail=_read(central.voice_mail_policies),
        users=_read(central.users),
    )


def _sites(given: OnlineHybridParameters, people: Access) -> frozenset[str]:
    """The sites of the users concerned; those of every registrar pool where nobody's is known."""
    sites = {people.site_of(user).lower() for user in access.concerned(given, people.users)} - {""}
    return frozenset(sites or {pool.site.lower() for pool in people.pools if pool.is_registrar})


def _because(findings: Iterable[Finding]) -> str:
    blocking = dict.fromkeys(finding.id for finding in findings if finding.blocks)
    if blocking:
        return f"Nothing is planned until this is settled: {', '.join(blocking)}."
    return "Access Edge, hosting provider and external access are as Exchange Online needs them."


def _strange_evidence(given: OnlineHybridParameters, estate: Estate) -> Iterator[Finding]:
    """Text that was pasted of a computer that is no Edge of the estate."""
    edges = estate.lync(Role.EDGE)
    for store in map(local_store, given.edge_evidence):
        if not any(store.is_of(server.name) for server in edges):
            yield Finding(
                id="edge-evidence-strange",
                requirements=("Y33",),
                severity=Severity.ERROR,
                object=store.computer,
                what=f"What was pasted in edge_evidence is of {store.computer}, which is no Edge of the estate.",
                why="It says nothing of the Edges that are.",
                remedy="Run the lines on an Edge of the estate, or add this one to the estate file.",
            )


def _not_asked() -> Finding:
    return Finding(
        id="hybrid-not-asked",
        requirements=("Y01",),
        severity=Severity.INFO,
        object="cloud",
        what=_NOT_ASKED,
        why="The hybrid is for users with a mailbox in Exchange Online; on-premises mailboxes don't need it.",
        remedy="Nothing need be done. With users in Exchange Online: name its cloud in the parameter cloud.",
        repair=Repair.NONE,
    )


def _address_space(domains: tuple[str, ...]) -> Finding:
    return Finding(
        id="sip-address-space",
        requirements=("Y08", "Y09"),
        severity=Severity.INFO,
        object="SIP domains",
        what=f"This organisation's SIP domains: {', '.join(domains) or 'none'}.",
        why="The SIP address space is shared: Exchange Online has to support the same domains.",
        remedy="See that each of these is a domain of the tenant, and that the users' SIP addresses are synchronised.",
        repair=Repair.NONE,
    )


def _not_verifiable() -> Finding:
    return Finding(
        id="exchange-online-not-verifiable",
        requirements=("Y01", "Y02", "Y09"),
        severity=Severity.INFO,
        object="Exchange Online",
        what="What Exchange Online itself does can't be verified from here: this record speaks of this side only.",
        why="Its side (domains, synchronised SIP addresses, the DNS records that lead it here) is out of this runbook's"
        " reach.",
        remedy="Sign a user in to OWA in Exchange Online and look for the presence icon; that alone is proof.",
        repair=Repair.NONE,
    )


def _read(fact: T | Unread) -> T:
    assert not isinstance(fact, Unread), "whatever is unread was told before"
    return fact


SECTION = Section(
    name="online_hybrid",
    title="Online hybrid",
    parameters=OnlineHybridParameters,
    observe=observe,
    decide=decide,
    wait=Wait(
        observe=observe_arrival,
        pending=arrival.pending,
        deadline_seconds=lambda given: given.replication_deadline_seconds,
    ),
    reversal=REVERSAL,
)
