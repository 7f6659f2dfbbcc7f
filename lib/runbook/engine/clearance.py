"""Is a run cleared to apply its plan? Reads what the run was given, has it judged, and keeps the evidence.

It is asked right before the first intent, however the run was started: from a notebook somebody steps through, from
papermill or from the command line.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from runbook.approval.evidence import APPROVAL_FILE, PLAN_FILE
from runbook.approval.judge import Applicant, Judgement, Presented, judge
from runbook.approval.planfile import content
from runbook.approval.statement import moment
from runbook.approval.statement import parsed as parsed_approval
from runbook.change import Change, Plan
from runbook.engine import provenance
from runbook.errors import InputError
from runbook.estate import ApprovalPolicy, Environment, Estate
from runbook.ledger import Ledger, events, origin
from runbook.ledger.events import Mode, Verdict
from runbook.parameters import SectionParameters
from runbook.paths import from_root
from runbook.signing.keys import operator_fingerprints
from runbook.signing.statement import NotAStatement


def check_given(parameters: SectionParameters, estate: Estate, *, mode: Mode, interactive: bool) -> None:
    """What a run that applies needs before anything is contacted: :class:`InputError` with every fault.

    That is a ticket where nobody sits before a run in production, and an approval that can be read where one is named.
    """
    if mode is not Mode.APPLY:
        return
    faults = []
    if estate.environment is Environment.PRODUCTION and not interactive and not parameters.change_ticket:
        faults.append(
            f"{estate.name} is marked production, and this run would change it without anybody watching: it needs a "
            "change ticket. Name it in the parameter change_ticket."
        )
    if parameters.approval:
        try:
            content(from_root(parameters.approval))
        except InputError as error:
            faults.append(f"The approval: {error}")
    if faults:
        raise InputError("\n".join(faults))


def clear(
    section: str,
    estate: Estate,
    parameters: SectionParameters,
    plan: Plan,
    *,
    done: tuple[Change, ...],
    recovers: bool,
    ticket: str,
    ledger: Ledger,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """Why ``plan`` may not be applied; empty where it may. What was judged, and by what, goes to the record.

    ``done`` are the changes of the approved plan that were sent already, also by the run that this one goes on from
    where it ``recovers``; ``ticket`` is what the operator typed, where somebody was asked for it.
    """
    presented: Presented | None = None
    try:
        presented = _presented(parameters.approval, environment)
    except InputError as error:
        judgement = Judgement(required=estate.approval is ApprovalPolicy.REQUIRED, reasons=(str(error),))
    else:
        judgement = judge(
            Applicant(
                section=section,
                estate=estate,
                parameters=parameters,
                plan=plan,
                done=done,
                recovers=recovers,
                ticket=ticket or parameters.change_ticket,
                code=provenance.code_digests(section, environment),
                account=origin.actor(),
                keys=operator_fingerprints(environment) if presented else frozenset(),
                now=datetime.now(UTC),
            ),
            presented,
        )
    if judgement.is_approved and presented is not None:
        judgement = _kept(judgement, presented, ledger)
    ledger.append(_event(plan, judgement))
    return " ".join(judgement.reasons)


def _presented(given: str, environment: Mapping[str, str]) -> Presented | None:
    """The approval that a run names, and the plan file beside it; an altered approval goes without its plan."""
    if not given:
        return None
    path = from_root(given, environment)
    approval = content(path)
    try:
        name = parsed_approval(approval).plan_file
    except NotAStatement:
        return Presented(approval=approval, plan=b"")
    return Presented(approval=approval, plan=content(path.parent / name))


def _kept(judgement: Judgement, presented: Presented, ledger: Ledger) -> Judgement:
    """Approval and plan in the record's folder, before anything is sent. A plan names people: not where they're out."""
    files = {APPROVAL_FILE: presented.approval, PLAN_FILE: presented.plan}
    if ledger.redactor is not None:
        del files[PLAN_FILE]
    for name, data in files.items():
        path = ledger.path.parent / name
        if path.exists():
            if path.read_bytes() != data:
                return Judgement(required=judgement.required, reasons=(f"{name} was replaced during this run.",))
            continue
        _write(path, data)
        ledger.append(events.Exported(file=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)))
    return judgement


def _event(plan: Plan, judgement: Judgement) -> events.ApprovalJudged:
    found = judgement.approval
    if judgement.is_approved:
        verdict = Verdict.APPROVED
    else:
        verdict = Verdict.REFUSED if judgement.reasons else Verdict.NOT_APPROVED
    return events.ApprovalJudged(
        plan=plan.digest,
        verdict=verdict,
        required=judgement.required,
        reasons=judgement.reasons,
        approver=found.fingerprint if found else "",
        account=found.account if found else "",
        ticket=found.ticket if found else "",
        approved=moment(found.approved) if found else "",
        expires=moment(found.expires) if found else "",
    )


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
