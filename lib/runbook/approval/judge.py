"""May a run apply its plan? Compares an approval and the plan it is about with the run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runbook.approval.differences import drifted
from runbook.approval.planfile import NotAPlan, PlanFile, deciding
from runbook.approval.planfile import parsed as parsed_plan
from runbook.approval.statement import Approval, moment
from runbook.approval.statement import parsed as parsed_approval
from runbook.change import Change, Json, Plan
from runbook.estate import ApprovalPolicy, Estate
from runbook.parameters import SectionParameters
from runbook.signing.statement import NotAStatement

SKEW = timedelta(minutes=5)
"""By how much the clocks of approver and operator may differ."""
MISSING = (
    "No approval is named, and this estate applies approved plans only. Make a plan (`runbook plan`), have somebody "
    "else approve it (`runbook approve`), and name the approval in the parameter approval (--approval)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a run was given: the approval's bytes, and those of the plan file that it names."""

    approval: bytes
    plan: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """The run that wants to apply ``plan``, and who makes it.

    ``done`` are changes of the approved plan that were sent before under this approval, by this run or by the one that
    it goes on from, where it ``recovers``: what is left of the plan is approved too.
    ``ticket`` is the operator's, ``keys`` are the fingerprints of every key that the operator signs with, and ``code``
    holds the digests of library and notebook as they are now.
    """

    section: str
    estate: Estate
    parameters: SectionParameters
    plan: Plan
    code: Mapping[str, Json]
    account: str
    keys: frozenset[str]
    now: datetime
    ticket: str = ""
    done: tuple[Change, ...] = ()
    recovers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``reasons``: everything that forbids to apply. ``approval`` is what was presented, where it could be read."""

    required: bool
    reasons: tuple[str, ...] = ()
    approval: Approval | None = None

    @property
    def is_approved(self) -> bool:
        return self.approval is not None and not self.reasons


def judge(run: Applicant, presented: Presented | None) -> Judgement:
    """Every reason why the plan may not be applied. An approval that is presented has to fit, required or not."""
    required = run.estate.approval is ApprovalPolicy.REQUIRED
    if presented is None:
        return Judgement(required=required, reasons=(MISSING,) if required else ())
    try:
        approval = parsed_approval(presented.approval)
    except NotAStatement as error:
        return Judgement(required=required, reasons=(f"The approval isn't as it was signed: {error}.",))
    reasons = [*_of_approver(run, approval), *_of_time(run.now, approval), *_of_ticket(run, approval)]
    try:
        plan = parsed_plan(presented.plan)
    except NotAPlan as error:
        reasons.append(f"The plan file {approval.plan_file} was altered: {error}.")
    else:
        reasons += _of_plan(run, approval, plan)
    return Judgement(required=required, reasons=tuple(reasons), approval=approval)


def _of_approver(run: Applicant, approval: Approval) -> Iterator[str]:
    if approval.fingerprint in run.keys:
        yield "It was approved with the operator's own key: nobody approves what they apply themselves."
    elif approval.account.lower() == run.account.lower():
        yield f"It was approved by the account {run.account}, which applies it: that has to be somebody else."
    if approval.fingerprint not in run.estate.approver_fingerprints:
        yield f"The key {approval.fingerprint} that approved it isn't one of the estate's approvers."


def _of_time(now: datetime, approval: Approval) -> Iterator[str]:
    if now >= approval.expires:
        yield f"The approval expired on {moment(approval.expires)}; it is {moment(now)}."
    if approval.approved > now + SKEW:
        yield f"The approval was given on {moment(approval.approved)}, and it is only {moment(now)}: a clock is wrong."


def _of_ticket(run: Applicant, approval: Approval) -> Iterator[str]:
    if approval.ticket != run.ticket:
        given = run.ticket or "none"
        yield f"It was approved for the ticket {approval.ticket}, and the run's change_ticket is {given}."


def _of_plan(run: Applicant, approval: Approval, plan: PlanFile) -> Iterator[str]:
    if plan.sha256 != approval.plan_sha256:
        yield (
            f"The plan file {approval.plan_file} isn't the one that was approved: its SHA-256 is {plan.sha256}, "
            f"approved was {approval.plan_sha256}."
        )
        return
    if plan.section != run.section:
        yield f"The approved plan is of the section {plan.section}, this run is of {run.section}."
        return
    yield from _of_estate(run.estate, plan)
    yield from _of_parameters(deciding(run.parameters), plan.parameters)
    yield from _of_code(run.code, plan.code)
    yield from drifted(plan, run.plan, run.done, recovers=run.recovers)


def _of_estate(estate: Estate, plan: PlanFile) -> Iterator[str]:
    if (plan.estate["name"], plan.environment) != (estate.name, estate.environment.value):
        yield (
            f"The approved plan is for the estate {plan.estate['name']} ({plan.environment}), this run is for "
            f"{estate.name} ({estate.environment.value})."
        )
    elif plan.estate["sha256"] != estate.digest:
        yield (
            "The estate file was altered since the plan was made: its servers, addresses or approvers may be others. "
            f"Its SHA-256 was {plan.estate['sha256']} and is {estate.digest}."
        )
    elif plan.estate["approvers"] != list(estate.approver_fingerprints):
        yield "A file with an approver's public key was exchanged since the plan was made: the approvers are others."


def _of_parameters(now: Mapping[str, Json], planned: Mapping[str, Json]) -> Iterator[str]:
    for name in sorted(now.keys() | planned.keys()):
        if now.get(name) != planned.get(name):
            yield f"The parameter {name} was {planned.get(name)} when the plan was made, and is {now.get(name)}."


def _of_code(now: Mapping[str, Any], planned: Mapping[str, Any]) -> Iterator[str]:
    for name, called in (("library", "library"), ("notebook_cells", "section's notebook")):
        if now.get(name) != planned.get(name):
            yield (
                f"The {called} isn't the one that the plan was made with: its SHA-256 was {planned.get(name)} and is "
                f"{now.get(name)}. Make a new plan with this one."
            )
