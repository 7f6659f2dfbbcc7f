"""What the report of a run tells, taken from its ledger and from nothing else. Pure.

The ledger is the truth: what isn't in it isn't told, and a run whose ledger has no end is told as cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from runbook.approval.told import sentence
from runbook.change import Finding, Json, Outcome, Severity
from runbook.ledger import Entry, Recording
from runbook.ledger.events import (
    ApprovalJudged,
    AuditLogCompared,
    Awaited,
    CancelAsked,
    EarlierRun,
    Event,
    FactRead,
    FailureAnswered,
    FindingRecorded,
    GateAsked,
    Intent,
    Note,
    OutcomeRecorded,
    Phase,
    PlanConfirmed,
    PlanMade,
    RunEnded,
    RunStarted,
    ServerReached,
    StepFailed,
    StepTaken,
)
from runbook.ledger.plans import Place, planned_changes
from runbook.ledger.tickets import tickets
from runbook.render.differences import text
from runbook.report import audit
from runbook.report.audit import ToldAudit
from runbook.report.changes import ToldChange, told_changes

CUT_OFF = "The run was cut off before it ended."
_GRAVE = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the course of the run."""

    time: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run. Times are UTC; ``found`` is before the changes, ``left`` after them (else what was found)."""

    section: str
    mode: str
    environment: str
    estate: str
    organisation: str
    library: str
    run: str
    outcome: Outcome
    reason: str
    started: datetime
    ended: datetime | None
    identity: tuple[tuple[str, str], ...]
    """Which servers, who, from where, for which ticket: label and value."""
    notes: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    confirmed: tuple[str, ...]
    servers: tuple[ServerReached, ...]
    found: tuple[Finding, ...]
    left: tuple[Finding, ...]
    because: str
    changes: tuple[ToldChange, ...]
    course: tuple[Moment, ...]
    facts: tuple[tuple[str, int, int], ...]
    """Server, questions asked of it, questions without an answer."""
    audit: ToldAudit | None = None
    """Exchange's admin audit log, where something was sent to Exchange."""

    @property
    def changed(self) -> tuple[ToldChange, ...]:
        """What was, or may have been, changed."""
        return tuple(change for change in self.changes if change.may_be_made)

    @property
    def failed(self) -> tuple[ToldChange, ...]:
        """What was begun and didn't get done."""
        return tuple(change for change in self.changes if change.began is not None and not change.may_be_made)

    @property
    def to_do(self) -> tuple[Finding, ...]:
        """What is left for somebody to do, the gravest first."""
        return tuple(finding for finding in self.left if finding.severity is not Severity.INFO)

    @property
    def undo(self) -> tuple[ToldChange, ...]:
        """What was changed, the last first: the order in which it is taken back."""
        return tuple(reversed(self.changed))


def report(recording: Recording) -> Report:
    """The report of a ledger; ``StopIteration`` can't happen, since a ledger begins with its run's start."""
    events = recording.events
    started = next(event for event in events if isinstance(event, RunStarted))
    ended = next((event for event in events if isinstance(event, RunEnded)), None)
    found, left = _findings(recording, Phase.CHECK), _findings(recording, Phase.VERIFY)
    asked = tickets(events)
    verified = any(isinstance(event, PlanMade) and event.phase is Phase.VERIFY for event in events)
    return Report(
        section=started.section,
        mode=started.mode.value,
        environment=started.environment,
        estate=started.estate,
        organisation=started.organisation,
        library=started.library,
        run=recording.entries[0].run,
        outcome=ended.outcome if ended else Outcome.UNKNOWN,
        reason=ended.reason if ended else CUT_OFF,
        started=recording.entries[0].time,
        ended=recording.entries[-1].time if ended else None,
        identity=tuple(_identity(recording.entries[0], started, events)),
        notes=tuple(event.text for event in events if isinstance(event, Note) and event.text != asked.named),
        parameters=tuple(_parameters(started.parameters)),
        confirmed=tuple(_confirmed(events)),
        servers=tuple(event for event in events if isinstance(event, ServerReached)),
        found=found,
        left=left if verified else found,
        because=next((e.plan.because for e in events if isinstance(e, PlanMade) and not e.plan.changes), ""),
        changes=tuple(told_changes(recording)),
        course=tuple(_course(recording)),
        facts=tuple(_facts(recording)),
        audit=_audit(recording),
    )


def _identity(first: Entry, started: RunStarted, events: tuple[Event, ...]) -> Iterator[tuple[str, str]]:
    reached = dict.fromkeys(event.target.server for event in events if isinstance(event, ServerReached))
    yield "Scope", ", ".join(sorted(reached)) or "no server was reached"
    yield "Operator", started.operator or first.actor
    yield "From", f"{first.actor} on {first.host}" if started.operator else first.host
    yield "Change ticket", tickets(events).said
    if approval := sentence(events):
        yield "Approval", approval


def _findings(recording: Recording, phase: Phase) -> tuple[Finding, ...]:
    """Those of the last time that the facts of a phase were judged, the gravest first."""
    found: list[Finding] = []
    judged = False
    for event in recording.events:
        if isinstance(event, PlanMade) and event.phase is phase:
            judged = True
        elif isinstance(event, FindingRecorded) and event.phase is phase:
            found, judged = ([] if judged else found), False
            found.append(event.finding)
    return tuple(sorted(found, key=lambda finding: _GRAVE[finding.severity]))


def _parameters(given: Json) -> Iterator[tuple[str, str]]:
    for name, value in given.items() if isinstance(given, dict) else ():
        if value not in ("", None, [], ()):
            yield name, text(value)


def _confirmed(events: tuple[object, ...]) -> Iterator[str]:
    for event in events:
        if isinstance(event, PlanConfirmed):
            said = {"consent": ", ".join(event.consents), "ticket": event.ticket, "typed": ", ".join(event.typed)}
            more = "".join(f"; {name}: {value}" for name, value in said.items() if value)
            yield f"plan {event.digest[:12]}… by {event.by}{more}"


def _course(recording: Recording) -> Iterator[Moment]:
    numbers = _numbers(recording)
    for entry in recording.entries:
        if what := _said_of(entry, numbers):
            yield Moment(time=entry.time, what=what)


def _said_of(entry: Entry, numbers: Mapping[Place, int]) -> str:
    """The events that a reader follows a run by; the facts are counted elsewhere."""

    def named(plan: str, change: int) -> str:
        """As the table of changes numbers it; of a plan that another one took the place of, the place there."""
        number = numbers.get((plan, change))
        return f"change {number}" if number else f"change {change + 1} of plan {plan[:12]}…"

    match entry.event:
        case RunStarted(section=section, mode=mode):
            return f"{section} began, mode {mode.value}"
        case EarlierRun(relation=relation, record=record):
            return f"it {relation.value} the run whose record is {record}"
        case PlanMade(phase=phase, plan=plan, digest=digest):
            count = f"{len(plan.changes)} changes" if plan.changes else "nothing to change"
            return f"facts read to {phase.value} and judged: {count}, plan {digest[:12]}…"
        case ApprovalJudged(verdict=verdict, approver=approver):
            return f"approval: {verdict.value}{f' with the key {approver[:12]}…' if approver else ''}"
        case PlanConfirmed(by=by):
            return f"plan confirmed by {by}"
        case Intent(plan=plan_digest, change=change, reverses=reverses):
            return f"{named(plan_digest, change)} {'taken back' if reverses else 'sent'}"
        case StepTaken(plan=plan_digest, change=change, what=what):
            return f"{named(plan_digest, change)}: {what}"
        case GateAsked(stage=stage, after=after, stops=stops):
            return f"{stage} looked at {'after' if after else 'before'} its changes{f': {stops}' if stops else ''}"
        case Awaited(pending=pending, seconds=seconds, over=True):
            return f"waited {seconds} s{f', still {pending}' if pending else ' until it had arrived'}"
        case OutcomeRecorded(plan=plan_digest, change=change, outcome=outcome):
            return f"{named(plan_digest, change)}: {outcome.value}"
        case FailureAnswered(plan=plan_digest, change=change, answer=answer, by=by, reason=reason):
            return f"{named(plan_digest, change)}: {answer.value}, decided by {by}{f': {reason}' if reason else ''}"
        case CancelAsked(by=by):
            return f"cancelled by {by}: nothing more is begun"
        case StepFailed(kind=kind, said=said):
            return f"{entry.step} failed: {kind}: {said}"
        case AuditLogCompared():
            return audit.sentence(entry.event)
        case RunEnded(outcome=outcome):
            return f"ended: {outcome.value}"
        case _:
            return ""


def _audit(recording: Recording) -> ToldAudit | None:
    """As the log stood when it was looked at last."""
    looks = [event for event in recording.events if isinstance(event, AuditLogCompared)]
    return audit.told(looks[-1], _numbers(recording)) if looks else None


def _numbers(recording: Recording) -> dict[Place, int]:
    """The number that the report gives to a change, by each name that events have for it."""
    planned = planned_changes(recording, with_failed=True)
    return {name: number for number, each in enumerate(planned, 1) for name in each.names}


def _facts(recording: Recording) -> Iterator[tuple[str, int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for event in recording.events:
        if isinstance(event, FactRead):
            asked, missing = counts.get(event.target.server, (0, 0))
            counts[event.target.server] = (asked + 1, missing + bool(event.unread))
    for server, (asked, missing) in sorted(counts.items()):
        yield server, asked, missing
