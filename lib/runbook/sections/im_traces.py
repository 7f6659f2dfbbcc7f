"""Did OWA's IM provider start on a back end? Judged by the newest worker's events and by the log folder (L81-L84).

The provider starts at the first IM sign-in on a worker, so a worker that nobody has signed in to yet tells nothing:
that is *unknown*, never a failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runbook.change import Finding, Repair, Severity
from runbook.facts.im_log import EXPIRES_SOON, INITIALISED, ImEvent
from runbook.facts.query import Unread
from runbook.sections.im_failures import FAILURES, OWA
from runbook.sections.unread import unread
from runbook.sections.verification_facts import ImTraces

NO_SIGN_IN = "no-event-112"
MONITOR_RAISED = "im-monitor-raised"
"""What :mod:`runbook.sections.im_symptoms` finds where OWA told Exchange's monitor instead of its event log."""

_MOST_SAID = 200


def check(traces: ImTraces, test_user: str | None) -> Iterator[Finding]:
    """One back end. ``test_user`` is somebody ready whose mailbox it serves; empty for nobody, ``None`` for unknown."""
    if isinstance(traces.workers, Unread):
        yield unread("OWA workers", traces.workers, server=traces.server, requirements=("L81",))
        return
    if isinstance(traces.events, Unread):
        yield unread("IM events", traces.events, server=traces.server, requirements=("L81",))
        return
    events = list(_events(traces.server, traces.events))
    yield from events
    initialised = any(event.id == INITIALISED for event in traces.events)
    failed = tuple(finding.id for finding in events if finding.severity is Severity.ERROR)
    if not initialised and traces.alarms and not isinstance(traces.alarms, Unread):
        failed = (*failed, MONITOR_RAISED)
    told = any(finding.severity is Severity.ERROR for finding in events)
    if not initialised and not told and _is_lost(traces):
        yield _lost(traces)
    elif not initialised and not failed:
        yield _no_sign_in(traces, test_user)
    elif initialised and not failed:
        yield _initialised(traces.server)
    yield from _folder(traces, initialised=initialised, causes=failed)


def _events(server: str, events: tuple[ImEvent, ...]) -> Iterator[Finding]:
    """One finding for each kind of trouble; what came before the last start of the provider is over."""
    started = max((event.record for event in events if event.id == INITIALISED), default=-1)
    for number, failure in FAILURES.items():
        found = [event for event in events if event.id == number]
        if not found:
            continue
        over = number == EXPIRES_SOON or found[-1].record < started
        times = f"{len(found)} times" if len(found) > 1 else "once"
        yield Finding(
            id="im-event",
            requirements=(*failure.requirements, "L81"),
            severity=Severity.WARNING if over else Severity.ERROR,
            server=server,
            object=f"event {number}",
            what=f"OWA logged event {number} {times} since its worker started. {failure.cause}{_said(found[-1])}",
            why=(
                "IM works until then."
                if number == EXPIRES_SOON
                else "The provider has started since, so it may be over."
                if over
                else "OWA starts its IM provider once in a worker's life: a repair counts from the next recycle on."
            ),
            remedy=f"{failure.remedy} Notebook {failure.notebook} {_does(failure.notebook)}.",
        )


def _does(notebook: str) -> str:
    return "writes it and recycles OWA's pool" if notebook == OWA else "shows what is wrong"


def _said(event: ImEvent) -> str:
    """The event's own words, which aren't documented: on one line, and not too many of them."""
    words = re.sub(r"\s+", " ", event.message).strip().rstrip(".")
    if not words:
        return ""
    return f" It said: {words[:_MOST_SAID]}{'…' if len(words) > _MOST_SAID else ''}."


def _is_lost(traces: ImTraces) -> bool:
    """The log no longer reaches back to the start of the worker."""
    started = traces.started
    return started is not None and isinstance(traces.oldest, datetime) and traces.oldest > started


def _lost(traces: ImTraces) -> Finding:
    assert isinstance(traces.oldest, datetime)
    return Finding(
        id="events-lost",
        requirements=("L81",),
        severity=Severity.WARNING,
        server=traces.server,
        object="Application log",
        what=(
            f"Unknown: the log's oldest event is of {traces.oldest:%Y-%m-%d %H:%M} UTC, and OWA's worker started"
            f" before that, at {traces.started:%Y-%m-%d %H:%M} UTC."
        ),
        why="Whether IM started, and what stood in its way, was logged once in that worker's life and is overwritten.",
        remedy="Make the log larger, recycle OWA's pool in a maintenance window, sign in once and look again.",
        unknown=True,
    )


def _initialised(server: str) -> Finding:
    return Finding(
        id="im-initialised",
        requirements=("L81", "L82"),
        severity=Severity.INFO,
        server=server,
        object=f"event {INITIALISED}",
        what=f"Event {INITIALISED} is newer than the start of OWA's worker.",
        why="The Instant Messaging Endpoint Manager of this worker was initialised.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _no_sign_in(traces: ImTraces, test_user: str | None) -> Finding:
    worker = "since OWA's worker started" if traces.workers else "yet: OWA has no worker process"
    nobody = test_user == ""
    whom = f", such as {test_user}" if test_user else ""
    sign_in = f"Sign in to OWA as a test user whose mailbox this server serves{whom}, then run this section again."
    return Finding(
        id="nobody-to-sign-in" if nobody else NO_SIGN_IN,
        requirements=("L78", "L81"),
        severity=Severity.WARNING,
        server=traces.server,
        object=f"event {INITIALISED}",
        what=(
            "This server serves nobody who is ready for IM, so nobody can have signed in here."
            if nobody
            else f"Unknown: nobody seems to have signed in to IM {worker}."
        ),
        why=f"OWA starts its IM provider at the first sign-in on a worker, and only then logs event {INITIALISED}.",
        remedy=(
            "Run this section again once a database with such a mailbox is active here."
            if nobody
            else f"{sign_in} If it still says so then, keys may be missing in web.config, which isn't always logged:"
            f" notebook {OWA} checks them."
        ),
        unknown=not nobody,
    )


@dataclass(frozen=True, slots=True)
class _Folder:
    """What the log folder tells, beside the events."""

    id: str
    severity: Severity
    why: str
    remedy: str


_THERE = _Folder("log-folder", Severity.INFO, "OWA writes its IM log files there.", "Nothing need be done.")
_NOT_YET = _Folder(
    "log-folder-not-yet",
    Severity.INFO,
    "OWA makes it when its IM provider starts, which nobody has caused yet.",
    "Sign in a test user first.",
)
_FAILED = _Folder(
    "logs-folder-missing",
    Severity.ERROR,
    "Without it, the procedure says, the integration has failed.",
    "Mend what the events name.",
)
_ELSEWHERE = _Folder(
    "logs-folder-missing",
    Severity.WARNING,
    f"The procedure takes that for a failure, yet event {INITIALISED} says that the provider started.",
    "Look whether LyncIMSyncLogFilePath in web.config names another folder.",
)


def _folder(traces: ImTraces, *, initialised: bool, causes: tuple[str, ...]) -> Iterator[Finding]:
    """L84: no folder after a sign-in means that the integration has failed."""
    if traces.log_folder is None:
        return
    if isinstance(traces.log_folder, Unread):
        yield unread("IM log folder", traces.log_folder, server=traces.server, requirements=("L83", "L84"))
        return
    there = traces.log_folder
    tells = _THERE if there else _FAILED if causes else _ELSEWHERE if initialised else _NOT_YET
    yield Finding(
        id=tells.id,
        requirements=("L83", "L84"),
        severity=tells.severity,
        server=traces.server,
        object="log folder",
        what=f"The folder Logging\\OWA\\InstantMessaging {'exists' if there else 'does not exist'}.",
        why=tells.why,
        remedy=tells.remedy,
        caused_by=causes if tells is _FAILED else (),
        repair=Repair.NONE if tells.severity is Severity.INFO else Repair.MANUAL,
    )
