"""What the report of a run tells, taken from its ledger and from nothing else. Pure.

The ledger is the truth: what isn't in it isn't told, and a run whose ledger has no end is told as cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runbook.approval.told import sentence
from runbook.change import Change, Finding, Json, Outcome, Severity
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
from runbook.ledger.plans import planned_changes
from runbook.powershell import abridged
from runbook.render.differences import Difference, differences, text
from runbook.report import audit
from runbook.report.audit import ToldAudit

CUT_OFF = "The run was cut off before it ended."
_GRAVE = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_DONE = (Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChange:
    """One change of the plan: what differs, how it was done, what came of it and how it is taken back."""

    number: int
    title: str
    property: str
    where: str
    requirements: tuple[str, ...]
    differences: tuple[Difference, ...]
    commands: tuple[str, ...]
    reverse: tuple[str, ...]
    irreversible: str
    disturbs: str
    consent: str
    by_hand: bool
    outcome: Outcome
    said: tuple[str, ...]
    began: datetime | None


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
        return tuple(change for change in self.changes if change.began is not None and change.outcome in _DONE)

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
        notes=tuple(event.text for event in events if isinstance(event, Note)),
        parameters=tuple(_parameters(started.parameters)),
        confirmed=tuple(_confirmed(events)),
        servers=tuple(event for event in events if isinstance(event, ServerReached)),
        found=found,
        left=left if verified else found,
        because=next((e.plan.because for e in events if isinstance(e, PlanMade) and not e.plan.changes), ""),
        changes=tuple(_changes(recording)),
        course=tuple(_course(recording)),
        facts=tuple(_facts(recording)),
        audit=_audit(recording),
    )


def _identity(first: Entry, started: RunStarted, events: tuple[Event, ...]) -> Iterator[tuple[str, str]]:
    given = started.parameters if isinstance(started.parameters, dict) else {}
    reached = dict.fromkeys(event.target.server for event in events if isinstance(event, ServerReached))
    yield "Scope", ", ".join(sorted(reached)) or "no server was reached"
    yield "Operator", started.operator or first.actor
    yield "From", f"{first.actor} on {first.host}" if started.operator else first.host
    yield "Change ticket", str(given.get("change_ticket") or "none given")
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


def _changes(recording: Recording) -> Iterator[ToldChange]:
    became: dict[tuple[str, int], OutcomeRecorded] = {}
    said: dict[tuple[str, int], list[str]] = {}
    began: dict[tuple[str, int], datetime] = {}
    for entry in recording.entries:
        event = entry.event
        if isinstance(event, Intent) and not event.reverses:
            began.setdefault((event.plan, event.change), entry.time)
        elif isinstance(event, OutcomeRecorded):
            became[event.plan, event.change] = event
            heard = filter(None, (event.detail, *event.errors, *event.warnings, *event.output))
            said.setdefault((event.plan, event.change), []).extend(heard)
    doubt = recording.in_doubt
    for number, each in enumerate(planned_changes(recording), 1):
        key = (each.plan, each.place)
        outcome = became[key].outcome if key in became else Outcome.PLANNED
        if doubt is not None and (doubt.plan, doubt.change) == key:
            outcome = Outcome.UNKNOWN
            said.setdefault(key, []).append("It was about to be sent when the run was cut off.")
        words = tuple(dict.fromkeys(said.get(key, ())))
        yield _told(number, each.change, outcome=outcome, said=words, began=began.get(key))


def _told(
    number: int, change: Change, *, outcome: Outcome, said: tuple[str, ...], began: datetime | None
) -> ToldChange:
    steps = (*(step.pipeline for step in change.preparation), change.command)
    after = (step.pipeline for step in (*change.conclusion, *change.cleanup))
    return ToldChange(
        number=number,
        title=" · ".join(filter(None, (change.object, change.property))),
        property=change.property,
        where=str(change.target),
        requirements=change.requirements,
        differences=differences(change.before, change.after),
        commands=tuple(map(abridged, (*steps, *after))),
        reverse=tuple(map(abridged, change.reverse)),
        irreversible=change.irreversible,
        disturbs=change.disturbs,
        consent=change.consent,
        by_hand=change.run_locally,
        outcome=outcome,
        said=said,
        began=began,
    )


def _course(recording: Recording) -> Iterator[Moment]:
    for entry in recording.entries:
        if what := _said_of(entry):
            yield Moment(time=entry.time, what=what)


def _said_of(entry: Entry) -> str:
    """The events that a reader follows a run by; the facts are counted elsewhere."""
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
        case Intent(change=change, reverses=reverses):
            return f"change {change + 1} {'taken back' if reverses else 'sent'}"
        case StepTaken(change=change, what=what):
            return f"change {change + 1}: {what}"
        case GateAsked(stage=stage, after=after, stops=stops):
            return f"{stage} looked at {'after' if after else 'before'} its changes{f': {stops}' if stops else ''}"
        case Awaited(pending=pending, seconds=seconds, over=True):
            return f"waited {seconds} s{f', still {pending}' if pending else ' until it had arrived'}"
        case OutcomeRecorded(change=change, outcome=outcome):
            return f"change {change + 1}: {outcome.value}"
        case FailureAnswered(change=change, answer=answer, by=by, reason=reason):
            return f"change {change + 1}: {answer.value}, decided by {by}{f': {reason}' if reason else ''}"
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
    numbers = {(each.plan, each.place): number for number, each in enumerate(planned_changes(recording), 1)}
    return audit.told(looks[-1], numbers) if looks else None


def _facts(recording: Recording) -> Iterator[tuple[str, int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for event in recording.events:
        if isinstance(event, FactRead):
            asked, missing = counts.get(event.target.server, (0, 0))
            counts[event.target.server] = (asked + 1, missing + bool(event.unread))
    for server, (asked, missing) in sorted(counts.items()):
        yield server, asked, missing
