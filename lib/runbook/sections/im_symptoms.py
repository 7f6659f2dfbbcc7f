"""What is found of IM beside OWA's events: failed sign-ins in its log, monitors that are raised, what people saw.

(L76, L83, L85; ``real-world`` B3). All of it is a symptom; each finding says what it means and where its cause is
found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from runbook.change import Finding, Repair, Severity
from runbook.facts.health import Monitor
from runbook.facts.im_log import EXPIRES_SOON, SignInError
from runbook.facts.query import Unread
from runbook.sections import symptoms
from runbook.sections.im_failures import Failure
from runbook.sections.known_servers import Log
from runbook.sections.unread import unread
from runbook.sections.verification_facts import ImTraces


def check(traces: ImTraces, lync_changed: datetime | None) -> Iterator[Finding]:
    """One back end. ``lync_changed`` is when Lync's known servers last changed: what failed before it may be over."""
    if isinstance(traces.sign_ins, Unread):
        yield unread("IM log", traces.sign_ins, server=traces.server, requirements=("L83",))
    elif traces.started is not None:
        since = [error for error in traces.sign_ins if error.at >= _whole_seconds(traces.started)]
        yield from _sign_ins(traces.server, since, lync_changed)
    if isinstance(traces.alarms, Unread):
        yield unread("IM monitors", traces.alarms, server=traces.server, requirements=("L81",))
    else:
        yield from _alarms(traces, traces.alarms)


def last_change(logs: Sequence[Log]) -> datetime | None:
    """When the Front Ends last took a server into their lists, or out of them; ``None`` where nobody knows."""
    times = [event.at for log in logs for event in log if event.at is not None]
    return max(times, default=None)


def explain(shown: Sequence[str]) -> Iterator[Finding]:
    """What each text means that somebody saw."""
    for text in dict.fromkeys(shown):
        meanings = symptoms.recognise(text)
        if not meanings:
            yield Finding(
                id="shown-unknown",
                requirements=("L76", "L85"),
                severity=Severity.INFO,
                object=text,
                what=f"What this means isn't known here: {text.rstrip('.')}.",
                why="Only texts and codes that are known to come from this integration are explained.",
                remedy="Trace SIPStack on Lync Server and look at what it says of OWA's server.",
                repair=Repair.NONE,
            )
        for symptom in meanings:
            yield Finding(
                id="shown-explained",
                requirements=symptom.failure.requirements,
                severity=Severity.INFO,
                object=f"{symptom.name}: {text}",
                what=f"{symptom.failure.cause}{_host(text, symptom.failure)}",
                why=f"That is what {symptom.name} means. {_behind(symptom.failure)}",
                remedy=_remedy(symptom.failure),
                repair=Repair.NONE,
            )


def _sign_ins(server: str, failed: Sequence[SignInError], lync_changed: datetime | None) -> Iterator[Finding]:
    counted = Counter((error.code, error.subcode) for error in failed)
    for (code, subcode), times in counted.items():
        symptom = symptoms.by_code(code, subcode) or symptoms.unknown_code(code, subcode)
        last = max(error.at for error in failed if (error.code, error.subcode) == (code, subcode))
        over = lync_changed is not None and last < lync_changed
        yield Finding(
            id="im-sign-in-failed",
            requirements=tuple(dict.fromkeys((*symptom.failure.requirements, "L83"))),
            severity=Severity.INFO if over else Severity.WARNING,
            server=server,
            object=symptom.name,
            what=(
                f"Since OWA's worker started its log tells of {'a sign-in' if times == 1 else f'{times} sign-ins'}"
                f" that failed with {symptom.name}, last at {last:%Y-%m-%d %H:%M:%S} UTC. {symptom.failure.cause}"
            ),
            why=(
                "Lync's known servers have changed since, so it may be over."
                if over
                else f"Whoever it was had no presence; what was mended since isn't told. {_behind(symptom.failure)}"
            ),
            remedy=_remedy(symptom.failure),
            repair=Repair.NONE if over else Repair.MANUAL,
        )


def _alarms(traces: ImTraces, alarms: tuple[Monitor, ...]) -> Iterator[Finding]:
    """What the monitor alone tells. Events speak louder: of a start since then, or of what was in its way."""
    events = () if isinstance(traces.events, Unread) else traces.events
    told = tuple(event for event in events if event.id != EXPIRES_SOON)
    for monitor in alarms:
        meanings = symptoms.recognise(monitor.error) or symptoms.recognise(monitor.name)
        for symptom in meanings[:1]:
            words = f" It says: {monitor.error.rstrip('.')}." if monitor.error else ""
            yield Finding(
                id="im-monitor-raised",
                requirements=tuple(dict.fromkeys((*symptom.failure.requirements, "L81"))),
                severity=Severity.INFO if told else Severity.ERROR,
                server=traces.server,
                object=symptom.name,
                what=f"Exchange's monitor {monitor.name} is raised: OWA's IM provider couldn't be initialised.{words}",
                why=(
                    "OWA's events tell what stood in its way, or that the provider has started since."
                    if told
                    else f"Of a missing setting OWA tells this monitor and logs no event. {_behind(symptom.failure)}"
                ),
                remedy=_remedy(symptom.failure),
                repair=Repair.NONE if told else Repair.MANUAL,
            )


def _host(text: str, failure: Failure) -> str:
    """The host that Lync calls unknown, where the text names it."""
    host = symptoms.peer(text) if failure is symptoms.UNKNOWN_PEER else ""
    return f" Here that is {host}." if host else ""


def _behind(failure: Failure) -> str:
    return f"What can be behind it: {', '.join(failure.checks)}."


def _remedy(failure: Failure) -> str:
    return f"{failure.remedy} Notebook {failure.notebook} shows which it is."


def _whole_seconds(at: datetime) -> datetime:
    """A log's times may be coarser than a process's start."""
    return at.replace(microsecond=0)
