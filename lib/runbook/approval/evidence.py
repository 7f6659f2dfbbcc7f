"""Does the approval in a record fit what the run did? Looks at the record's own files, and at nothing else. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from runbook.approval.differences import command_of, recovery
from runbook.approval.planfile import NotAPlan, PlanFile
from runbook.approval.planfile import parsed as parsed_plan
from runbook.approval.statement import Approval, moment
from runbook.approval.statement import parsed as parsed_approval
from runbook.change import Json, canonical, machine_form
from runbook.ledger import Recording
from runbook.ledger.events import ApprovalJudged, EarlierRun, Intent, PlanMade, Relation, RunStarted, Verdict
from runbook.signing.statement import NotAStatement

APPROVAL_FILE = "approval.json"
PLAN_FILE = "approved-plan.json"
"""The plan file as it was approved; ``plan.json`` of a record is what the run itself planned."""

Found = tuple[str, str]
"""A file of the record, and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a record holds of an approval: the files' bytes, and who signed the record; ``notebook_cells`` as run."""

    approval: bytes | None
    plan: bytes | None
    signer: str
    notebook_cells: str


def problems(recording: Recording, held: Evidence) -> Iterator[Found]:
    """Whatever in the record contradicts that an approved plan, and nothing else, was applied."""
    started = recording.entries[0].event
    if not isinstance(started, RunStarted):
        return
    judged = [(entry.time, entry.event) for entry in recording.entries if isinstance(entry.event, ApprovalJudged)]
    approved = [(time, event) for time, event in judged if event.verdict is Verdict.APPROVED]
    yield from _unapproved(recording, started)
    if not approved:
        for name, data in ((APPROVAL_FILE, held.approval), (PLAN_FILE, held.plan)):
            if data is not None:
                yield name, "it is here, and the run went by no approval"
        return
    if held.approval is None:
        yield APPROVAL_FILE, "it is missing, and the ledger says that the run went by one"
        return
    try:
        approval = parsed_approval(held.approval)
    except NotAStatement as error:
        yield APPROVAL_FILE, str(error)
        return
    for time, event in approved:
        yield from _of_event(approval, event, time)
    yield from _of_approver(approval, started, recording.entries[0].actor, held.signer)
    yield from _of_plan(recording, started, approval, held)


def _unapproved(recording: Recording, started: RunStarted) -> Iterator[Found]:
    """In an estate that asks for it, every command that was sent stands after an approval of its plan."""
    if started.approval != "required":
        return
    approved: set[str] = set()
    for entry in recording.entries:
        if isinstance(entry.event, ApprovalJudged) and entry.event.verdict is Verdict.APPROVED:
            approved.add(entry.event.plan)
        elif isinstance(entry.event, Intent) and entry.event.plan not in approved:
            yield f"events.jsonl:{entry.seq}", "a change was sent whose plan nobody had approved, as the estate asks"


def _of_event(approval: Approval, event: ApprovalJudged, time: datetime) -> Iterator[Found]:
    told = {
        "approver": approval.fingerprint,
        "account": approval.account,
        "ticket": approval.ticket,
        "approved": moment(approval.approved),
        "expires": moment(approval.expires),
    }
    for name, value in told.items():
        if getattr(event, name) != value:
            yield APPROVAL_FILE, f"its {name} isn't what the ledger says"
    if time >= approval.expires:
        yield APPROVAL_FILE, f"it had expired on {moment(approval.expires)} when the plan was applied"


def _of_approver(approval: Approval, started: RunStarted, operator: str, signer: str) -> Iterator[Found]:
    if approval.fingerprint not in started.approvers:
        yield APPROVAL_FILE, "who signed it was no approver of the estate"
    if approval.fingerprint == signer:
        yield APPROVAL_FILE, "it is signed with the key that the record is signed with: nobody approves their own run"
    elif approval.account.lower() == operator.lower():
        yield APPROVAL_FILE, "it was given by the account that made the run"


def _of_plan(recording: Recording, started: RunStarted, approval: Approval, held: Evidence) -> Iterator[Found]:
    if started.redacted:
        if held.plan is not None:
            yield PLAN_FILE, "it is here, and names people in a record that leaves them out"
        return
    if held.plan is None:
        yield PLAN_FILE, "it is missing: it is what the approval is about"
        return
    if hashlib.sha256(held.plan).hexdigest() != approval.plan_sha256:
        yield PLAN_FILE, "it isn't the plan that the approval is about"
        return
    try:
        plan = parsed_plan(held.plan)
    except NotAPlan as error:
        yield PLAN_FILE, str(error)
        return
    yield from ((PLAN_FILE, what) for what in _at_odds(recording, started, plan, held.notebook_cells))


def _at_odds(recording: Recording, started: RunStarted, plan: PlanFile, notebook_cells: str) -> Iterator[str]:
    code = started.code_digests if isinstance(started.code_digests, dict) else {}
    given = started.parameters if isinstance(started.parameters, dict) else {}
    pairs = {
        "section": (plan.section, started.section),
        "estate": (plan.estate["name"], started.estate),
        "estate file": (plan.estate["sha256"], started.estate_digest),
        "environment": (plan.environment, started.environment),
        "list of approvers": (tuple(plan.estate["approvers"]), started.approvers),
        "library": (plan.code["library"], code.get("library")),
        "notebook": (plan.code["notebook_cells"], notebook_cells or code.get("notebook_cells")),
    }
    for name, (approved, run) in pairs.items():
        if approved != run:
            yield f"the {name} isn't that of the run"
    for name, value in plan.parameters.items():
        if given.get(name) != value:
            yield f"the parameter {name} isn't that of the run"
    approved = {canonical(dict(each["machine"])) for each in plan.changes}
    goes_on = any(isinstance(e, EarlierRun) and e.relation is Relation.RESUMES for e in recording.events)
    allowed = recovery(plan) if goes_on else frozenset()
    for number, machine in _sent(recording).items():
        if canonical(machine) not in approved and command_of(machine) not in allowed:
            yield f"it has no change like the one that was sent in line {number} of the ledger"


def _sent(recording: Recording) -> Mapping[int, dict[str, Json]]:
    """The machine form of each change that was sent, by the line of its intent."""
    plans = {event.digest: event.plan for event in recording.events if isinstance(event, PlanMade)}
    found: dict[int, dict[str, Json]] = {}
    for entry in recording.entries:
        event = entry.event
        if isinstance(event, Intent) and not event.reverses:
            found[entry.seq] = machine_form(plans[event.plan].changes[event.change])
    return found
