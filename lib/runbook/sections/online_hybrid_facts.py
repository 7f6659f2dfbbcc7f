"""The facts of the section *online hybrid*, and the one round of queries that establishes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from runbook.command import Shell, Target
from runbook.estate import Estate, Role, Server
from runbook.facts import external_access, hybrid, lync, recipients, replication
from runbook.facts.external_access import AccessPolicy, AccessUser
from runbook.facts.hybrid import AccessEdge, FederationRoute, HostingProvider, PublicProvider, VoiceMailPolicy
from runbook.facts.lync import Pool
from runbook.facts.query import Answers, Observation, Query, Unread
from runbook.facts.replication import Replica
from runbook.inputs.local_store import PastedStore, local_store
from runbook.parameters_hybrid import Cloud, OnlineHybridParameters
from runbook.sections.ask import Ask, all_of
from runbook.sections.organisation import NO_LYNC, Writer, topology_reader

NOT_ASKED = Unread("it wasn't asked for")
NOT_REACHED = Unread("the estate gives it no Windows endpoint, and nothing of it was pasted into edge_evidence")


class Source(StrEnum):
    """How an Edge's local store came to be known."""

    READ = "read"
    PASTED = "pasted"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralStore:
    """What the Central Management store holds of the hybrid; an internal server tells it."""

    hosting_providers: tuple[HostingProvider, ...] | Unread
    public_providers: tuple[PublicProvider, ...] | Unread
    access_edge: AccessEdge | Unread
    voice_mail_policies: tuple[VoiceMailPolicy, ...] | Unread
    federation_routes: tuple[FederationRoute, ...] | Unread
    sip_domains: tuple[str, ...] | Unread
    pools: tuple[Pool, ...] | Unread
    access_policies: tuple[AccessPolicy, ...] | Unread
    users: tuple[AccessUser, ...] | Unread
    replicas: tuple[Replica, ...] | Unread

    @property
    def unread(self) -> Mapping[str, Unread]:
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name.replace("_", " "): value for name, value in found.items() if isinstance(value, Unread)}


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStore:
    """One Edge of the estate, with its own copy of what counts."""

    server: str
    source: Source
    hosting_providers: tuple[HostingProvider, ...] | Unread
    access_edge: AccessEdge | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineHybridFacts:
    """``edges`` are those of the estate, in its order."""

    central: CentralStore
    edges: tuple[EdgeStore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How far the changes have come: what the section waits for."""

    replicas: tuple[Replica, ...] | Unread
    hosting_providers: tuple[HostingProvider, ...] | Unread
    access_edge: AccessEdge | Unread
    edges: tuple[EdgeStore, ...]


def reader(estate: Estate) -> Target | None:
    """Any Front End knows the Central Management store."""
    return topology_reader(estate.lync(Role.FRONT_END))


def writer(estate: Estate) -> Writer | None:
    """The same shell: these cmdlets are offered on the role-based endpoint too, unlike those of the topology (B4)."""
    target = reader(estate)
    if target is None:
        return None
    able = target.shell is Shell.LYNC_REMOTE or estate.server(target.server).delegates
    return Writer(target, run_locally=not able)


def observe(given: OnlineHybridParameters, estate: Estate) -> Observation[OnlineHybridFacts]:
    """One round; nothing at all where there is no hybrid."""
    if given.cloud is Cloud.NONE:
        yield []
        return OnlineHybridFacts(central=_central(NOT_ASKED), edges=())
    central, edges = _ask_central(reader(estate)), _ask_edges(given, estate)
    answers = yield all_of([central, *edges])
    return OnlineHybridFacts(central=central.collect(answers), edges=tuple(ask.collect(answers) for ask in edges))


def observe_arrival(given: OnlineHybridParameters, estate: Estate) -> Observation[Arrival]:
    """The replicas, and whether the Edges that can be asked have what the Central Management store has."""
    target = reader(estate)
    if given.cloud is Cloud.NONE or target is None:
        yield []
        return Arrival(replicas=NOT_ASKED, hosting_providers=NOT_ASKED, access_edge=NOT_ASKED, edges=())
    status, providers, access = (
        replication.replicas(target),
        hybrid.hosting_providers(target),
        hybrid.access_edge(target),
    )
    edges = _ask_edges(given, estate)
    answers = yield [status, providers, access, *all_of(edges)]
    return Arrival(
        replicas=answers[status],
        hosting_providers=answers[providers],
        access_edge=answers[access],
        edges=tuple(ask.collect(answers) for ask in edges),
    )


def _ask_central(target: Target | None) -> Ask[CentralStore]:
    if target is None:
        return Ask((), lambda answers: _central(NO_LYNC))
    queries: dict[str, Query[object]] = {
        "hosting_providers": hybrid.hosting_providers(target),
        "public_providers": hybrid.public_providers(target),
        "access_edge": hybrid.access_edge(target),
        "voice_mail_policies": hybrid.voice_mail_policies(target),
        "federation_routes": hybrid.federation_routes(target),
        "sip_domains": recipients.sip_domains(target),
        "pools": lync.pools(target),
        "access_policies": external_access.access_policies(target),
        "users": external_access.access_users(target),
        "replicas": replication.replicas(target),
    }
    return Ask(
        tuple(queries.values()),
        lambda answers: CentralStore(**{name: answers[query] for name, query in queries.items()}),  # type: ignore[arg-type]
    )


def _central(why: Unread) -> CentralStore:
    return CentralStore(**{field.name: why for field in fields(CentralStore)})


def _ask_edges(given: OnlineHybridParameters, estate: Estate) -> list[Ask[EdgeStore]]:
    pasted = [local_store(text) for text in given.edge_evidence]
    return [
        _ask_edge(server, next((store for store in pasted if store.is_of(server.name)), None))
        for server in estate.lync(Role.EDGE)
    ]


def _ask_edge(server: Server, pasted: PastedStore | None) -> Ask[EdgeStore]:
    """The Edge itself where it can be reached, else what was pasted of it."""
    otherwise = EdgeStore(
        server=server.name,
        source=Source.PASTED if pasted else Source.NONE,
        hosting_providers=hybrid.pasted_providers(pasted) if pasted else NOT_REACHED,
        access_edge=hybrid.pasted_access_edge(pasted) if pasted else NOT_REACHED,
    )
    if not server.offers(Shell.EDGE):
        return Ask((), lambda answers: otherwise)
    target = server.target(Shell.EDGE)
    providers, access = hybrid.hosting_providers(target, local=True), hybrid.access_edge(target, local=True)

    def collect(answers: Answers) -> EdgeStore:
        there, edge = answers[providers], answers[access]
        if pasted and isinstance(there, Unread) and isinstance(edge, Unread):
            return otherwise
        return EdgeStore(server=server.name, source=Source.READ, hosting_providers=there, access_edge=edge)

    return Ask((providers, access), collect)
