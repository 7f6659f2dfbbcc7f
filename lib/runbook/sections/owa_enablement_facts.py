"""The facts of the section *OWA enablement*, and the rounds of queries that establish them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from runbook.command import Shell, Target
from runbook.estate import Estate, Server
from runbook.facts import databases, files, health, overrides, owa, windows, workers
from runbook.facts.databases import Database, MailboxServer
from runbook.facts.files import FileDetails
from runbook.facts.health import Component
from runbook.facts.overrides import SettingOverride
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Answers, Observation, Query, Unread
from runbook.facts.workers import Worker
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import trusted_pool_facts
from runbook.sections.ask import Ask, all_of
from runbook.sections.certificates import Store
from runbook.sections.organisation import (
    NO_EXCHANGE,
    NO_OWN_EXCHANGE,
    NO_WINDOWS,
    ExchangeOrganisation,
    exchange_reader,
    reader_of,
)
from runbook.sections.trusted_pool_facts import TrustedPoolFacts
from runbook.sections.ways import Way, build_of, hosts_owa, is_front_end, way_of

USUAL_FOLDER = r"C:\Program Files\Microsoft\Exchange Server\V15"
"""Where the procedure looks (L53), and where set-up puts Exchange if nobody chooses otherwise."""

_BACK_END_FILE = r"ClientAccess\Owa\web.config"
_FRONT_END_FILE = r"FrontEnd\HttpProxy\owa\web.config"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """OWA's web.config on one back end, with its rights and attributes."""

    content: bytes
    sddl: str
    details: FileDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class BackEnd:
    """A server that OWA talks to Lync from: a mailbox server, in Exchange 2010 a client access server.

    ``path`` is where its web.config should be; ``file`` is ``None`` where it isn't there. ``settings`` are the IM
    settings that a server of Exchange 2016 or later works with now, ``on_iis`` the certificates assigned to IIS there.
    """

    server: str
    way: Way = Way.FILE
    build: tuple[int, ...] = ()
    clock: datetime | Unread
    store: Store | Unread
    workers: tuple[Worker, ...] | Unread
    directories: tuple[VirtualDirectory, ...] | Unread
    path: str | Unread = ""
    file: WebConfig | Unread | None = None
    settings: Mapping[str, str] | Unread | None = None
    on_iis: tuple[str, ...] | Unread = ()
    pool_state: str | Unread = "Started"
    right_under: str = ""
    """The version of Exchange under which a past record found this server configured; empty where none did."""
    components: tuple[Component, ...] | Unread = ()
    """Component states, of which Exchange 2010 has none."""

    @property
    def short_name(self) -> str:
        """The NetBIOS name, by which setting overrides name servers."""
        return self.server.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """A client access server. ``other_file`` is its own web.config, which isn't the one to edit (``real-world`` B3)."""

    server: str
    directories: tuple[VirtualDirectory, ...] | Unread
    path: str | Unread
    other_file: bytes | Unread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwaEnablementFacts:
    """``lync`` is what the trusted pool section sees; ``back_ends`` are all of the estate, in scope or not.

    ``overrides`` are Exchange's setting overrides; none are asked for where no server goes by them.
    """

    lync: TrustedPoolFacts
    back_ends: tuple[BackEnd, ...]
    front_ends: tuple[FrontEnd, ...]
    overrides: tuple[SettingOverride, ...] | Unread = ()
    databases: tuple[Database, ...] | Unread
    mailbox_servers: tuple[MailboxServer, ...] | Unread


def observe(parameters: OwaEnablementParameters, estate: Estate) -> Observation[OwaEnablementFacts]:
    """The trusted pool's two rounds, then what can be asked of Exchange at once, then the files found."""
    lync = yield from trusted_pool_facts.observe(parameters, estate)

    exchange, controller = lync.exchange, estate.domain_controller or ""
    backs = [
        _back_end(server, estate, exchange, parameters) for server in estate.exchange() if hosts_owa(server, exchange)
    ]
    fronts = [_front_end(server, estate, parameters) for server in estate.exchange() if is_front_end(server, exchange)]
    failover, stored = _failover(exchange_reader(estate), controller), _overrides(estate, exchange)
    answers = yield all_of([*backs, *fronts, failover, stored])
    found, front = [ask.collect(answers) for ask in backs], [ask.collect(answers) for ask in fronts]
    (copies, servers), found_overrides = failover.collect(answers), stored.collect(answers)

    with_file = [_file(estate.server(back.server), back) for back in found]
    with_other = [_other_file(estate.server(each.server), each) for each in front]
    answers = yield all_of([*with_file, *with_other])
    return OwaEnablementFacts(
        lync=lync,
        back_ends=tuple(ask.collect(answers) for ask in with_file),
        front_ends=tuple(ask.collect(answers) for ask in with_other),
        overrides=found_overrides,
        databases=copies,
        mailbox_servers=servers,
    )


def _back_end(
    server: Server, estate: Estate, organisation: ExchangeOrganisation, given: OwaEnablementParameters
) -> Ask[BackEnd]:
    way, build = way_of(server, organisation), build_of(server, organisation)
    old = way in (Way.NONE, Way.DIRECTORY)
    directories = _directories(server, estate, back_end=not old)
    at_exchange = _settings(server, estate, build) if way is Way.OVERRIDE else Ask((), lambda answers: (None, ()))
    on_windows, maintenance = _windows(server), _components(server, estate)

    def collect(answers: Answers) -> BackEnd:
        clock, store, running, folder, state = on_windows.collect(answers)
        settings, on_iis = at_exchange.collect(answers)
        return BackEnd(
            server=server.name,
            way=way,
            build=build,
            clock=clock,
            store=store,
            workers=running,
            directories=directories.collect(answers),
            path=_path(given, folder, _BACK_END_FILE),
            settings=settings,
            on_iis=on_iis,
            pool_state=state,
            components=maintenance.collect(answers),
        )

    return Ask((*on_windows.queries, *directories.queries, *at_exchange.queries, *maintenance.queries), collect)


def _components(server: Server, estate: Estate) -> Ask[tuple[Component, ...] | Unread]:
    reader = reader_of(estate, server)
    if server.has_powershell_2:
        return Ask((), lambda answers: ())
    if reader is None:
        return Ask((), lambda answers: NO_OWN_EXCHANGE)
    query = health.components(reader, server.name, estate.domain_controller or "")
    return Ask((query,), lambda answers: answers[query])


def recall(facts: OwaEnablementFacts, past: Mapping[str, str]) -> OwaEnablementFacts:
    """``past``: server → the version under which it was last found configured."""
    backs = tuple(replace(back, right_under=past.get(back.server.lower(), "")) for back in facts.back_ends)
    return replace(facts, back_ends=backs)


_OnWindows = tuple[datetime | Unread, Store | Unread, tuple[Worker, ...] | Unread, str | Unread | None, str | Unread]


def _windows(server: Server) -> Ask[_OnWindows]:
    """Clock, certificates, workers and Exchange's folder, which nobody needs of Exchange 2010."""
    if not server.offers(Shell.WINDOWS):
        return Ask((), lambda answers: (NO_WINDOWS, NO_WINDOWS, NO_WINDOWS, NO_WINDOWS, NO_WINDOWS))
    target, old = server.target(Shell.WINDOWS), server.has_powershell_2
    clock, store = windows.clock(target), windows.certificates(target, "My")
    processes = workers.owa_workers(target, powershell_2=old)
    folder, state = None if old else windows.exchange_folder(target), workers.pool_state(target)
    return Ask(
        (clock, store, processes, state, *_given(folder)),
        lambda answers: (
            answers[clock],
            answers[store],
            answers[processes],
            None if folder is None else answers[folder],
            answers[state],
        ),
    )


_Settings = tuple[Mapping[str, str] | Unread | None, tuple[str, ...] | Unread]


def _settings(server: Server, estate: Estate, build: tuple[int, ...]) -> Ask[_Settings]:
    """What the processes of a server of Exchange 2016 or later work with, and its certificates for IIS."""
    reader = reader_of(estate, server)
    if reader is None:
        return Ask((), lambda answers: (NO_OWN_EXCHANGE, NO_OWN_EXCHANGE))
    name = server.name.partition(".")[0]
    settings, on_iis = overrides.im_settings(reader, name, build), overrides.iis_thumbprints(reader, name)
    return Ask((settings, on_iis), lambda answers: (answers[settings], answers[on_iis]))


def _overrides(estate: Estate, organisation: ExchangeOrganisation) -> Ask[tuple[SettingOverride, ...] | Unread]:
    """Read through a server that goes by them; none where there is no such server."""
    able = [server for server in estate.exchange() if way_of(server, organisation) is Way.OVERRIDE]
    if not able:
        return Ask((), lambda answers: ())
    reader = next((found for server in able if (found := reader_of(estate, server)) is not None), None)
    if reader is None:
        return Ask((), lambda answers: NO_OWN_EXCHANGE)
    query = overrides.overrides(reader, estate.domain_controller or "")
    return Ask((query,), lambda answers: answers[query])


def _front_end(server: Server, estate: Estate, given: OwaEnablementParameters) -> Ask[FrontEnd]:
    directories = _directories(server, estate, back_end=False)
    folder = windows.exchange_folder(server.target(Shell.WINDOWS)) if server.offers(Shell.WINDOWS) else None

    def collect(answers: Answers) -> FrontEnd:
        found = NO_WINDOWS if folder is None else answers[folder]
        path = _path(given, found, _FRONT_END_FILE)
        return FrontEnd(server=server.name, directories=directories.collect(answers), path=path)

    return Ask((*_given(folder), *directories.queries), collect)


def _directories(server: Server, estate: Estate, *, back_end: bool) -> Ask[tuple[VirtualDirectory, ...] | Unread]:
    reader = reader_of(estate, server)
    if reader is None:
        return Ask((), lambda answers: NO_OWN_EXCHANGE)
    query = owa.virtual_directories(reader, server.name, estate.domain_controller or "", back_end=back_end)
    return Ask((query,), lambda answers: answers[query])


def _failover(
    reader: Target | None, controller: str
) -> Ask[tuple[tuple[Database, ...] | Unread, tuple[MailboxServer, ...] | Unread]]:
    if reader is None:
        return Ask((), lambda answers: (NO_EXCHANGE, NO_EXCHANGE))
    copies, servers = databases.databases(reader, controller), databases.mailbox_servers(reader, controller)
    return Ask((copies, servers), lambda answers: (answers[copies], answers[servers]))


def _path(given: OwaEnablementParameters, folder: str | Unread | None, below: str) -> str | Unread:
    if given.install_path:
        return rf"{given.install_path}\{below}"
    if isinstance(folder, Unread):
        return folder
    root = (folder or USUAL_FOLDER).rstrip("\\")
    return rf"{root}\{below}"


def _file(server: Server, back: BackEnd) -> Ask[BackEnd]:
    """web.config, where it counts or may hold what somebody took to count."""
    if back.way in (Way.NONE, Way.DIRECTORY):
        return Ask((), lambda answers: back)
    if isinstance(back.path, Unread):
        unread = back.path
        return Ask((), lambda answers: replace(back, file=unread))
    target = server.target(Shell.WINDOWS)
    content, rights = files.content(target, back.path), files.security(target, back.path)
    details = files.details(target, back.path)

    def collect(answers: Answers) -> BackEnd:
        return replace(back, file=_web_config(answers[content], answers[rights], answers[details]))

    return Ask((content, rights, details), collect)


def _web_config(
    content: bytes | Unread | None, sddl: str | Unread | None, details: FileDetails | Unread | None
) -> WebConfig | Unread | None:
    for fact in (content, sddl, details):
        if isinstance(fact, Unread):
            return fact
    if isinstance(content, bytes) and isinstance(sddl, str) and isinstance(details, FileDetails):
        return WebConfig(content=content, sddl=sddl, details=details)
    return None


def _other_file(server: Server, front: FrontEnd) -> Ask[FrontEnd]:
    if isinstance(front.path, Unread):
        unread = front.path
        return Ask((), lambda answers: replace(front, other_file=unread))
    query = files.content(server.target(Shell.WINDOWS), front.path)
    return Ask((query,), lambda answers: replace(front, other_file=answers[query]))


def _given(query: Query[str | None] | None) -> Iterable[Query[str | None]]:
    return () if query is None else (query,)
