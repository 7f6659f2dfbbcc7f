"""What a ledger says, as the document that ``--json`` prints and the table that people read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runbook.change import Change, Finding, Json, Outcome
from runbook.ledger import Recording, read_events
from runbook.ledger.events import (
    AuditLogCompared,
    FindingRecorded,
    Mode,
    OutcomeRecorded,
    Phase,
    PlanMade,
    RunEnded,
    RunStarted,
)
from runbook.ledger.plans import planned_changes
from runbook.powershell import render

_LOCAL = "To be run in the management shell on that server."


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSummary:
    """One run, from its ledger alone. ``changes`` holds each planned change with what became of it."""

    name: str
    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...]
    changes: tuple[tuple[Change, Outcome, str], ...]
    because: str
    """Why there is nothing to change, where there isn't."""
    record: Path
    resumable: bool = False
    """It was cut off while it could change something: another run can go on from it."""
    audit: AuditLogCompared | None = None
    """What Exchange's admin audit log had of the run, as last looked at; ``None`` where nothing was sent there."""

    def document(self) -> Json:
        """The section's part of the ``--json`` document."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "findings": [_finding(finding) for finding in self.findings],
            "changes": [_change(change, outcome) for change, outcome, _ in self.changes],
            "record": str(self.record),
        }


def summarise(folder: Path) -> SectionSummary:
    """Read the ledger in ``folder``. A run that was cut off is *unknown*, whatever it got done."""
    recording = read_events(folder)
    events = recording.events
    started = next(event for event in events if isinstance(event, RunStarted))
    ended = next((event for event in events if isinstance(event, RunEnded)), None)
    outcome = ended.outcome if ended else Outcome.UNKNOWN
    reason = ended.reason if ended else "The run was cut off before it ended."
    return SectionSummary(
        name=started.section,
        outcome=outcome,
        reason=reason,
        findings=tuple(
            event.finding for event in events if isinstance(event, FindingRecorded) and event.phase is Phase.CHECK
        ),
        changes=_changes(recording),
        because=_because(recording),
        record=folder,
        resumable=ended is None and started.mode is Mode.APPLY,
        audit=next((event for event in reversed(events) if isinstance(event, AuditLogCompared)), None),
    )


def _because(recording: Recording) -> str:
    return next((e.plan.because for e in recording.events if isinstance(e, PlanMade) and not e.plan.changes), "")


def _changes(recording: Recording) -> tuple[tuple[Change, Outcome, str], ...]:
    became: dict[tuple[str, int], tuple[Outcome, str]] = {}
    for event in recording.events:
        if isinstance(event, OutcomeRecorded):
            became[event.plan, event.change] = (event.outcome, " ".join(filter(None, (event.detail, *event.errors))))
    doubt = recording.in_doubt
    if doubt is not None:
        became[doubt.plan, doubt.change] = (Outcome.UNKNOWN, "It was about to be sent when the run was cut off.")
    return tuple(
        (each.change, *became.get((each.plan, each.place), (Outcome.PLANNED, "")))
        for each in planned_changes(recording)
    )


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.id,
        "requirements": list(finding.requirements),
        "severity": finding.severity.value,
        "server": finding.server,
        "object": finding.object,
        "what": finding.what,
        "why": finding.why,
        "remedy": finding.remedy,
        "caused_by": list(finding.caused_by),
    }


def _change(change: Change, outcome: Outcome) -> Json:
    return {
        "server": change.target.server,
        "object": change.object,
        "property": change.property,
        "before": change.before,
        "after": change.after,
        "command": render(change.command),
        "outcome": outcome.value,
    }
