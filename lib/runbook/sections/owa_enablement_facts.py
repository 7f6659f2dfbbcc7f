"""The facts of the section *OWA enablement*, and the rounds of queries that establish them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from runbook.command import Shell, Target
from runbook.estate import Estate, Role, Server
from runbook.facts import databases, files, owa, windows, workers
from runbook.facts.databases import Database, MailboxServer
from runbook.facts.files import FileDetails
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Answers, Observation, Query, Unread
from runbook.facts.workers import Worker
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import trusted_pool_facts
from runbook.sections.ask import Ask, all_of
from runbook.sections.certificates import Store
from runbook.sections.organisation import NO_EXCHANGE, NO_WINDOWS, exchange_reader
from runbook.sections.trusted_pool_facts import TrustedPoolFacts

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
    """A mailbox server. ``path`` is where its web.config should be; ``file`` is ``None`` where it isn't there."""

    server: str
    clock: datetime | Unread
    store: Store | Unread
    workers: tuple[Worker, ...] | Unread
    directories: tuple[VirtualDirectory, ...] | Unread
    path: str | Unread
    file: WebConfig | Unread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """A client access server. ``other_file`` is its own web.config, which isn't the one to edit (``real-world`` B3)."""

    server: str
    directories: tuple[VirtualDirectory, ...] | Unread
    path: str | Unread
    other_file: bytes | Unread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwaEnablementFacts:
    """``lync`` is what the trusted pool section sees; ``back_ends`` are all of the estate, in scope or not."""

    lync: TrustedPoolFacts
    back_ends: tuple[BackEnd, ...]
    front_ends: tuple[FrontEnd, ...]
    databases: tuple[Database, ...] | Unread
    mailbox_servers: tuple[MailboxServer, ...] | Unread


def observe(parameters: OwaEnablementParameters, estate: Estate) -> Observation[OwaEnablementFacts]:
    """The trusted pool's two rounds, then what can be asked of Exchange at once, then the files found."""
    lync = yield from trusted_pool_facts.observe(parameters, estate)

    reader, controller = exchange_reader(estate), estate.domain_controller or ""
    backs = [_back_end(server, reader, controller, parameters) for server in estate.exchange(Role.MAILBOX)]
    fronts = [_front_end(server, reader, controller, parameters) for server in estate.exchange(Role.CLIENT_ACCESS)]
    failover = _failover(reader, controller)
    answers = yield all_of([*backs, *fronts, failover])
    found, front = [ask.collect(answers) for ask in backs], [ask.collect(answers) for ask in fronts]
    copies, servers = failover.collect(answers)

    with_file = [_file(estate.server(back.server), back) for back in found]
    with_other = [_other_file(estate.server(each.server), each) for each in front]
    answers = yield all_of([*with_file, *with_other])
    return OwaEnablementFacts(
        lync=lync,
        back_ends=tuple(ask.collect(answers) for ask in with_file),
        front_ends=tuple(ask.collect(answers) for ask in with_other),
        databases=copies,
        mailbox_servers=servers,
    )


def _back_end(server: Server, reader: Target | None, controller: str, given: OwaEnablementParameters) -> Ask[BackEnd]:
    directories = _directories(server, reader, controller, back_end=True)
    if not server.offers(Shell.WINDOWS):
        return Ask(
            directories.queries,
            lambda answers: BackEnd(
                server=server.name,
                clock=NO_WINDOWS,
                store=NO_WINDOWS,
                workers=NO_WINDOWS,
                directories=directories.collect(answers),
                path=NO_WINDOWS,
                file=NO_WINDOWS,
            ),
        )
    target = server.target(Shell.WINDOWS)
    clock, store, folder = windows.clock(target), windows.certificates(target, "My"), windows.exchange_folder(target)
    processes = workers.owa_workers(target)

    def collect(answers: Answers) -> BackEnd:
        return BackEnd(
            server=server.name,
            clock=answers[clock],
            store=answers[store],
            workers=answers[processes],
            directories=directories.collect(answers),
            path=_path(given, answers[folder], _BACK_END_FILE),
        )

    return Ask((clock, store, folder, processes, *directories.queries), collect)


def _front_end(server: Server, reader: Target | None, controller: str, given: OwaEnablementParameters) -> Ask[FrontEnd]:
    directories = _directories(server, reader, controller, back_end=False)
    folder = windows.exchange_folder(server.target(Shell.WINDOWS)) if server.offers(Shell.WINDOWS) else None

    def collect(answers: Answers) -> FrontEnd:
        found = NO_WINDOWS if folder is None else answers[folder]
        path = _path(given, found, _FRONT_END_FILE)
        return FrontEnd(server=server.name, directories=directories.collect(answers), path=path)

    return Ask((*_given(folder), *directories.queries), collect)


def _directories(
    server: Server, reader: Target | None, controller: str, *, back_end: bool
) -> Ask[tuple[VirtualDirectory, ...] | Unread]:
    if reader is None:
        return Ask((), lambda answers: NO_EXCHANGE)
    query = owa.virtual_directories(reader, server.name, controller, back_end=back_end)
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
