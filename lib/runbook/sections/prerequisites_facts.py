"""The facts of the section *prerequisites*, and the rounds of queries that establish them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from runbook.command import Shell
from runbook.estate import Estate, Server
from runbook.facts import lync, network, windows, workers
from runbook.facts.network import ALL_VERSIONS, Listening, Reach, Tls
from runbook.facts.query import Answers, Observation, Query, Unread
from runbook.facts.windows import FileItem
from runbook.facts.workers import Worker
from runbook.parameters import PrerequisitesParameters
from runbook.sections.ask import Ask, all_of
from runbook.sections.certificates import Stores
from runbook.sections.im_provider import ImProvider, dll_in
from runbook.sections.organisation import (
    NO_LYNC,
    NO_WINDOWS,
    ExchangeOrganisation,
    Topology,
    ask_exchange,
    ask_memberships,
    ask_topology,
    exchange_reader,
    front_ends,
    owa_hosts,
    topology_reader,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackEnd:
    """A server on which OWA runs. ``listeners`` counts the sockets on the application's port.

    ``provider`` is ``None`` for Exchange 2010, which has no UCMA 4.0 (``real-world`` B1).
    """

    server: str
    clock: datetime | Unread
    provider: ImProvider | None
    stores: Stores
    listeners: int | Unread
    reach: Reach | Unread | None = None
    tls: Tls | Unread = ALL_VERSIONS
    ports: tuple[Listening, ...] | Unread = ()
    workers: tuple[Worker, ...] | Unread = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """A Lync Front End. ``certificate`` is its default certificate's thumbprint, ``None`` where none is assigned."""

    server: str
    clock: datetime | Unread
    version: str | Unread
    certificate: str | Unread | None
    stores: Stores
    tls: Tls | Unread = ALL_VERSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisitesFacts:
    back_ends: tuple[BackEnd, ...]
    front_ends: tuple[FrontEnd, ...]
    topology: Topology
    exchange: ExchangeOrganisation


def observe(parameters: PrerequisitesParameters, estate: Estate) -> Observation[PrerequisitesFacts]:
    """Three rounds: everything that can be asked at once; what stands at the paths found; the DLL's version."""
    reader = exchange_reader(estate)
    lyncs = front_ends(estate, parameters.registrar_pool_fqdn)
    topology, organisation = ask_topology(topology_reader(lyncs)), ask_exchange(reader, estate)
    backs = [
        _back_end(server, parameters.application_port, parameters.registrar_pool_fqdn)
        for server in owa_hosts(estate, parameters.exchange_servers)
    ]
    fronts = [_front_end(server) for server in lyncs]
    answers = yield all_of([topology, organisation, *backs, *fronts])
    found = [ask.collect(answers) for ask in backs]
    exchange, front = organisation.collect(answers), tuple(ask.collect(answers) for ask in fronts)
    topology_found = topology.collect(answers)

    members = ask_memberships(estate, exchange)
    items = [_item(estate.server(back.server), back) for back in found]
    answers = yield all_of([members, *items])
    exchange = members.collect(answers)
    found = [ask.collect(answers) for ask in items]

    versions = [_version(estate.server(back.server), back) for back in found]
    answers = yield all_of(versions)
    return PrerequisitesFacts(
        back_ends=tuple(ask.collect(answers) for ask in versions),
        front_ends=front,
        topology=topology_found,
        exchange=exchange,
    )


def _back_end(server: Server, port: int, pool: str) -> Ask[BackEnd]:
    if not server.offers(Shell.WINDOWS):
        return Ask((), lambda answers: _dark_back_end(server.name))
    target = server.target(Shell.WINDOWS)
    old = server.has_powershell_2
    clock, stores = windows.clock(target), _store_queries(server)
    listeners, speaks = windows.listeners(target, port, powershell_2=old), network.tls(target)
    ports = network.listening(target, powershell_2=old)
    running = workers.owa_workers(target, powershell_2=old)
    if old:
        return Ask(
            (clock, listeners, speaks, ports, running, *stores.values()),
            lambda answers: BackEnd(
                server=server.name,
                clock=answers[clock],
                provider=None,
                stores=_stores(stores, answers),
                listeners=answers[listeners],
                tls=answers[speaks],
                ports=answers[ports],
                workers=answers[running],
            ),
        )
    way = network.reach(target, pool)
    path, ucma = windows.im_provider_path(target), windows.ucma_version(target)

    def collect(answers: Answers) -> BackEnd:
        return BackEnd(
            server=server.name,
            clock=answers[clock],
            provider=ImProvider(path=answers[path], item=None, ucma=answers[ucma]),
            stores=_stores(stores, answers),
            listeners=answers[listeners],
            reach=answers[way],
            tls=answers[speaks],
            ports=answers[ports],
            workers=answers[running],
        )

    return Ask((clock, path, ucma, listeners, way, speaks, ports, running, *stores.values()), collect)


def _dark_back_end(name: str) -> BackEnd:
    provider = ImProvider(path=NO_WINDOWS, item=NO_WINDOWS, ucma=NO_WINDOWS)
    stores = Stores(my=NO_WINDOWS, roots=NO_WINDOWS, authorities=NO_WINDOWS)
    return BackEnd(
        server=name,
        clock=NO_WINDOWS,
        provider=provider,
        stores=stores,
        listeners=NO_WINDOWS,
        reach=NO_WINDOWS,
        tls=NO_WINDOWS,
        ports=NO_WINDOWS,
        workers=NO_WINDOWS,
    )


def _front_end(server: Server) -> Ask[FrontEnd]:
    on_windows, on_lync = server.offers(Shell.WINDOWS), server.offers(Shell.LYNC)
    clock = windows.clock(server.target(Shell.WINDOWS)) if on_windows else None
    version = lync.server_version(server.target(Shell.LYNC)) if on_lync else None
    shown = lync.default_certificate(server.target(Shell.LYNC)) if on_lync else None
    speaks = network.tls(server.target(Shell.WINDOWS)) if on_windows else None
    stores = _store_queries(server) if on_windows else {}

    def collect(answers: Answers) -> FrontEnd:
        return FrontEnd(
            server=server.name,
            clock=_answer(answers, clock, NO_WINDOWS),
            version=_answer(answers, version, NO_LYNC),
            certificate=_answer(answers, shown, NO_LYNC),
            stores=_stores(stores, answers),
            tls=_answer(answers, speaks, NO_WINDOWS),
        )

    asked = [query for query in (clock, version, shown, speaks) if query is not None]
    return Ask((*asked, *stores.values()), collect)


def _item(server: Server, back: BackEnd) -> Ask[BackEnd]:
    """What stands at the registry's path; a folder is looked into for the DLL."""
    provider = back.provider
    if provider is None or isinstance(provider.path, Unread) or not provider.path:
        return Ask((), lambda answers: back)
    path, target = provider.path, server.target(Shell.WINDOWS)
    at, inside = windows.item(target, path), windows.item(target, dll_in(path))
    asked = (at,) if path.lower().endswith(".dll") else (at, inside)

    def collect(answers: Answers) -> BackEnd:
        dll: FileItem | Unread | None = answers[inside] if inside in asked else None
        holds = dll if isinstance(dll, Unread) else dll is not None
        return replace(back, provider=replace(provider, item=answers[at], dll_inside=holds))

    return Ask(asked, collect)


def _version(server: Server, back: BackEnd) -> Ask[BackEnd]:
    provider = back.provider
    item = None if provider is None else provider.item
    if provider is None or item is None or isinstance(item, Unread) or item.is_folder:
        return Ask((), lambda answers: back)
    ask = windows.file_version(server.target(Shell.WINDOWS), item.path)
    return Ask((ask,), lambda answers: replace(back, provider=replace(provider, file_version=answers[ask])))


def _store_queries(server: Server) -> Mapping[str, Query[tuple[windows.StoredCertificate, ...]]]:
    return {name: windows.certificates(server.target(Shell.WINDOWS), name) for name in ("My", "Root", "CA")}


def _stores(queries: Mapping[str, Query[tuple[windows.StoredCertificate, ...]]], answers: Answers) -> Stores:
    if not queries:
        return Stores(my=NO_WINDOWS, roots=NO_WINDOWS, authorities=NO_WINDOWS)
    return Stores(my=answers[queries["My"]], roots=answers[queries["Root"]], authorities=answers[queries["CA"]])


def _answer(answers: Answers, query: Query[T] | None, otherwise: Unread) -> T | Unread:
    return otherwise if query is None else answers[query]
