"""The facts of the section *verification*, and the rounds of queries that establish them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from runbook.command import Shell, Target
from runbook.estate import Estate, Server
from runbook.facts import health, im_log, windows, workers
from runbook.facts.health import Monitor
from runbook.facts.im_log import ImEvent, SignInError
from runbook.facts.query import Answers, Observation, Query, Unread
from runbook.facts.recipients import OwaPolicy
from runbook.facts.workers import Worker
from runbook.parameters_users import VerificationParameters
from runbook.sections import trusted_pool_facts
from runbook.sections.ask import Ask, all_of
from runbook.sections.mailbox_policies_facts import ask_people, ask_policies
from runbook.sections.organisation import NO_WINDOWS, owa_hosts, reader_of
from runbook.sections.trusted_pool_facts import TrustedPoolFacts
from runbook.sections.users import Users

IM_HEALTH_SET = "OWA.Protocol.Dep"
"""The health set with the monitor that hears when OWA's IM provider can't start (``real-world`` B1, B3)."""

NO_FOLDER = Unread("Exchange's set-up registered no folder on this server")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImTraces:
    """What OWA's newest worker on one back end left behind.

    ``events`` are those since that worker started, oldest first; empty where there is no worker.
    ``log_folder`` says whether the folder of L83 exists; ``None`` for Exchange 2010, which writes none. ``sign_ins``
    are those of the log's newest file that failed, ``alarms`` the monitors that are raised about OWA's IM.
    """

    server: str
    workers: tuple[Worker, ...] | Unread
    events: tuple[ImEvent, ...] | Unread = ()
    log_folder: bool | Unread | None = False
    oldest: datetime | Unread | None = None
    """The oldest event that the log still has."""
    sign_ins: tuple[SignInError, ...] | Unread = ()
    alarms: tuple[Monitor, ...] | Unread = ()

    @property
    def started(self) -> datetime | None:
        """When the newest worker started, by the server's clock; ``None`` where there is none, or none was read."""
        return None if isinstance(self.workers, Unread) or not self.workers else self.workers[-1].started


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFacts:
    back_ends: tuple[ImTraces, ...]
    lync: TrustedPoolFacts
    policies: tuple[OwaPolicy, ...] | Unread
    users: Users


def observe(parameters: VerificationParameters, estate: Estate) -> Observation[VerificationFacts]:
    """What Lync knows; then people, workers and Exchange's folders; then what each worker left behind."""
    lync = yield from trusted_pool_facts.observe(parameters, estate)

    servers = owa_hosts(estate, parameters.exchange_servers)
    policies, people, starts = ask_policies(estate), ask_people(estate), [_start(server) for server in servers]
    answers = yield all_of([policies, people, *starts])
    found, users = policies.collect(answers), people.collect(answers)

    traces = [
        _traces(server, reader_of(estate, server), *start.collect(answers))
        for server, start in zip(servers, starts, strict=True)
    ]
    answers = yield all_of(traces)
    back_ends = tuple(ask.collect(answers) for ask in traces)
    return VerificationFacts(back_ends=back_ends, lync=lync, policies=found, users=users)


_Start = tuple[tuple[Worker, ...] | Unread, str | Unread | None]


def _start(server: Server) -> Ask[_Start]:
    """A back end's workers, and the folder that Exchange is installed in."""
    if not server.offers(Shell.WINDOWS):
        return Ask((), lambda answers: (NO_WINDOWS, NO_WINDOWS))
    target = server.target(Shell.WINDOWS)
    old = server.has_powershell_2
    running, folder = workers.owa_workers(target, powershell_2=old), windows.exchange_folder(target, version_14=old)
    return Ask((running, folder), lambda answers: (answers[running], answers[folder]))


def _traces(
    server: Server, reader: Target | None, running: tuple[Worker, ...] | Unread, folder: str | Unread | None
) -> Ask[ImTraces]:
    """The events since the newest worker's start, the log folder and what is in it, and what the monitors say."""
    unknown = folder if isinstance(folder, Unread) else NO_FOLDER
    known = ImTraces(server=server.name, workers=running, log_folder=None if server.has_powershell_2 else unknown)
    events: Query[tuple[ImEvent, ...]] | None = None
    oldest: Query[datetime | None] | None = None
    exists: Query[bool] | None = None
    failed: Query[tuple[SignInError, ...]] | None = None
    monitors: Query[tuple[Monitor, ...]] | None = None
    if known.started is not None:
        events = im_log.im_events(server.target(Shell.WINDOWS), known.started)
        oldest = im_log.oldest_event(server.target(Shell.WINDOWS))
    if folder and not isinstance(folder, Unread) and not server.has_powershell_2:
        exists = im_log.folder_exists(server.target(Shell.WINDOWS), im_log.log_folder(folder))
        failed = im_log.sign_in_errors(server.target(Shell.WINDOWS), im_log.log_folder(folder))
    if reader is not None and not server.has_powershell_2:
        monitors = health.monitors(reader, server.name, IM_HEALTH_SET)

    def collect(answers: Answers) -> ImTraces:
        return replace(
            known,
            events=answers[events] if events is not None else (),
            oldest=answers[oldest] if oldest is not None else None,
            log_folder=answers[exists] if exists is not None else known.log_folder,
            sign_ins=answers[failed] if failed is not None else (),
            alarms=_alarms(answers[monitors]) if monitors is not None else (),
        )

    return Ask(tuple(query for query in (events, oldest, exists, failed, monitors) if query is not None), collect)


def _alarms(monitors: tuple[Monitor, ...] | Unread) -> tuple[Monitor, ...] | Unread:
    return monitors if isinstance(monitors, Unread) else tuple(one for one in monitors if one.is_alarmed)
