"""What a statement says of a run, taken from its ledger and from nothing else. Pure.

docs/records.md names the field that answers each control of NIST SP 800-53.
"""

from __future__ import annotations

from runbook.approval import told as approval
from runbook.change import Change, Finding, Json
from runbook.ledger import Recording
from runbook.ledger.codec import to_json
from runbook.ledger.events import (
    AuditLogCompared,
    EarlierRun,
    FindingRecorded,
    Note,
    OutcomeRecorded,
    Phase,
    PlanConfirmed,
    RunEnded,
    RunStarted,
    ServerReached,
)
from runbook.ledger.plans import Place, planned_changes
from runbook.ledger.tickets import tickets
from runbook.record.observed import powershell

CLOCK = "the clock of the computer that ran it; no trusted time is claimed"


def predicate(recording: Recording) -> dict[str, Json]:
    """Who did what, where, when, on whose word, with what outcome. ``ValueError`` where the run didn't end."""
    first, last = recording.entries[0], recording.entries[-1]
    started, ended = first.event, last.event
    if not isinstance(started, RunStarted) or not isinstance(ended, RunEnded):
        raise ValueError("the run hasn't ended")
    given = started.parameters if isinstance(started.parameters, dict) else {}
    asked = tickets(recording.events)
    return {
        "environment": started.environment,
        "estate": {
            "name": started.estate,
            "organisation": started.organisation,
            "file_sha256": started.estate_digest,
            "certificate_authority_sha256": list(started.certificate_authority),
        },
        "section": started.section,
        "mode": started.mode.value,
        "run": first.run,
        "outcome": ended.outcome.value,
        "reason": ended.reason,
        "who": {"account": first.actor, "operator": started.operator},
        "from": {"host": first.host},
        "when": {
            "started": _moment(first.time.isoformat(timespec="milliseconds")),
            "ended": _moment(last.time.isoformat(timespec="milliseconds")),
            "utc_offset": started.utc_offset,
            "clock": CLOCK,
        },
        "change_ticket": asked.that_count,
        "change_ticket_in_parameters": asked.named,
        "operator_note": str(given.get("operator_note") or ""),
        "earlier_runs": [to_json(event) for event in recording.events if isinstance(event, EarlierRun)],
        "notes": [event.text for event in recording.events if isinstance(event, Note)],
        "parameters": started.parameters,
        "versions": started.versions,
        "code_sha256": started.code_digests,
        "redacted": started.redacted,
        "servers": [_server(event) for event in recording.events if isinstance(event, ServerReached)],
        "findings": [_finding(e.phase, e.finding) for e in recording.events if isinstance(e, FindingRecorded)],
        "approval": approval.predicate(recording.events),
        "confirmations": [to_json(event) for event in recording.events if isinstance(event, PlanConfirmed)],
        "changes": _changes(recording),
        "exchange_audit_log": _audit_log(recording),
        "ledger": {"events": last.seq, "head": last.digest, "follows": first.previous},
    }


def _server(event: ServerReached) -> Json:
    return {
        "server": event.target.server,
        "shell": event.target.shell.value,
        "url": event.url,
        "authentication": event.authentication,
        "credential": event.credential,
        "certificate_sha256": event.certificate_sha256,
    }


def _finding(phase: Phase, finding: Finding) -> Json:
    said = to_json(finding)
    return {"phase": phase.value, **said} if isinstance(said, dict) else said


def _changes(recording: Recording) -> list[Json]:
    """The changes that count and all that were sent, each with all that became of it in every plan, in order."""
    became: list[tuple[Place, Json]] = []
    for entry in recording.entries:
        event = entry.event
        if isinstance(event, OutcomeRecorded):
            said = to_json(event)
            assert isinstance(said, dict)
            told = {name: said[name] for name in ("outcome", "detail", "served_by", "errors", "warnings", "output")}
            became.append(((event.plan, event.change), {"event": entry.seq, **told}))
    return [
        _change(each.change, [told for name, told in became if name in each.names])
        for each in planned_changes(recording, with_failed=True)
    ]


def _change(change: Change, outcomes: list[Json]) -> Json:
    return {
        "server": change.target.server,
        "shell": change.target.shell.value,
        "object": change.object,
        "property": change.property,
        "before": change.before,
        "after": change.after,
        "powershell": powershell(change.command),
        "reverse": [powershell(pipeline) for pipeline in change.reverse],
        "irreversible": change.irreversible,
        "requirements": list(change.requirements),
        "consent": change.consent,
        "outcomes": outcomes,
    }


def _audit_log(recording: Recording) -> Json:
    """As Exchange's log stood when it was looked at last; ``None`` where nothing was sent to Exchange."""
    looks = [event for event in recording.events if isinstance(event, AuditLogCompared)]
    return to_json(looks[-1]) if looks else None


def _moment(iso: str) -> str:
    return iso.replace("+00:00", "Z")
