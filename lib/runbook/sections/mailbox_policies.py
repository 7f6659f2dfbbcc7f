"""Section *mailbox policies*: IM of the type Ocs in the policies that are named, and in no others (L68-L76).

A policy's values override those of the virtual directory for everybody under it (``real-world`` B4). What the section
says of the people is as they will be once the plan is carried out; it changes nothing of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runbook.change import Change, Decision, Finding, Json, Plan, Repair, Severity
from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.estate import Estate
from runbook.facts.query import Unread
from runbook.facts.recipients import OCS, OwaPolicy
from runbook.parameters_users import MailboxPoliciesParameters
from runbook.sections import compatibility, user_findings, users
from runbook.sections.mailbox_policies_facts import MailboxPoliciesFacts, observe
from runbook.sections.organisation import exchange_reader
from runbook.sections.reversal import Reversal
from runbook.sections.section import Section
from runbook.sections.unread import unread
from runbook.sections.user_table import user_table
from runbook.table import Table

_DELAY = "It can take up to 60 minutes until everybody under a policy has what it says."
_OBJECT = "OwaMailboxPolicy:"
_COMMANDS = """
exchange Set-OwaMailboxPolicy Identity InstantMessagingEnabled InstantMessagingType DomainController Confirm
"""
_NOTHING = "Every policy is left off on purpose."


def decide(given: MailboxPoliciesParameters, estate: Estate, facts: MailboxPoliciesFacts) -> Decision:
    """A change for each policy in scope that lacks IM; and who has it then, and who hasn't."""
    target = exchange_reader(estate)
    if target is None or isinstance(facts.policies, Unread):
        why = facts.policies if isinstance(facts.policies, Unread) else Unread("no endpoint is named")
        finding = unread("OWA mailbox policies", why, requirements=("L68",))
        return Decision(findings=(finding,), plan=Plan(because=_unsettled((finding,))))

    misnamed = tuple(_misnamed(given, facts.policies))
    scope = tuple(policy for policy in facts.policies if _is_in_scope(given, policy))
    wanting = () if misnamed else tuple(policy for policy in scope if not policy.has_im)
    findings = (
        *misnamed,
        *(_report(policy, given, blocked=tuple(finding.id for finding in misnamed)) for policy in scope),
        *(_report_other(policy, given) for policy in facts.policies if policy not in scope),
        *_people(given, facts, wanting, users.integrated_editions(estate)),
        *compatibility.report(compatibility.counted(facts.users, estate)),
    )
    if wanting:
        pinned = estate.domain_controller or ""
        return Decision(findings=findings, plan=Plan(changes=tuple(_change(each, target, pinned) for each in wanting)))
    names = ", ".join(policy.name for policy in scope)
    because = f"IM of the type {OCS} is on in every policy that is meant: {names}. {_DELAY}" if scope else _NOTHING
    return Decision(findings=findings, plan=Plan(because=_unsettled(misnamed) if misnamed else because))


def _unsettled(findings: tuple[Finding, ...]) -> str:
    return f"Nothing is planned until this is settled: {', '.join(dict.fromkeys(finding.id for finding in findings))}."


def _is_in_scope(given: MailboxPoliciesParameters, policy: OwaPolicy) -> bool:
    named = {name.lower() for name in given.policies}
    return (given.all_policies or policy.name.lower() in named) and not _is_left_off(given, policy)


def _is_left_off(given: MailboxPoliciesParameters, policy: OwaPolicy) -> bool:
    return policy.name.lower() in {name.lower() for name in given.left_off}


def _misnamed(given: MailboxPoliciesParameters, policies: tuple[OwaPolicy, ...]) -> Iterator[Finding]:
    """Names that no policy bears. A misspelt name in ``left_off`` would switch on what was meant to stay off."""
    known = {policy.name.lower() for policy in policies}
    there = ", ".join(policy.name for policy in policies) or "no policy at all"
    for parameter, names in (("policies", () if given.all_policies else given.policies), ("left_off", given.left_off)):
        for name in names:
            if name.lower() not in known:
                yield Finding(
                    id="policy-missing" if parameter == "policies" else "left-off-missing",
                    requirements=("L68", "L69"),
                    severity=Severity.ERROR,
                    object=name,
                    what=f"There is no OWA mailbox policy {name!r}. Exchange has: {there}.",
                    why=f"The parameter {parameter} names it, so either the name or the policy is wrong.",
                    remedy=f"Correct the name in {parameter}, or take it out.",
                )


def _report(policy: OwaPolicy, given: MailboxPoliciesParameters, *, blocked: tuple[str, ...]) -> Finding:
    requirements = ("L68", "L70") if given.all_policies else ("L68", "L69")
    if policy.has_im:
        return Finding(
            id="policy-on",
            requirements=requirements,
            severity=Severity.INFO,
            object=policy.name,
            what=f"IM is on in the policy {policy.name}, with the type {OCS}.",
            why=_DELAY,
            remedy="Nothing need be done.",
            repair=Repair.NONE,
        )
    return Finding(
        id="policy-type-none" if policy.im_enabled else "policy-im-disabled",
        requirements=requirements,
        severity=Severity.ERROR,
        object=policy.name,
        what=f"IM is off in the policy {policy.name}: {_state(policy)}.",
        why="Everybody under this policy is without IM and presence in OWA, whatever the virtual directory says.",
        remedy=f"Set-OwaMailboxPolicy switches it on. {_DELAY}",
        caused_by=tuple(dict.fromkeys(blocked)),
        repair=Repair.MANUAL if blocked else Repair.PLANNED,
    )


def _report_other(policy: OwaPolicy, given: MailboxPoliciesParameters) -> Finding:
    """A policy that this run doesn't touch, and why not."""
    if not _is_left_off(given, policy):
        return Finding(
            id="policy-not-named",
            requirements=("L68",),
            severity=Severity.INFO,
            object=policy.name,
            what=f"The policy {policy.name} isn't named, so it stays as it is: {_state(policy)}.",
            why="Only the policies that the parameters name are changed.",
            remedy="Nothing need be done; name it in policies or in left_off if this isn't meant.",
            repair=Repair.NONE,
        )
    return Finding(
        id="left-off-is-on" if policy.has_im else "policy-left-off",
        requirements=("L68",),
        severity=Severity.WARNING if policy.has_im else Severity.INFO,
        object=policy.name,
        what=(
            f"The policy {policy.name} is said to be left off, but IM is on in it."
            if policy.has_im
            else f"The policy {policy.name} is left off on purpose: {_state(policy)}."
        ),
        why="The parameter left_off names it, so it isn't changed in either direction.",
        remedy=(
            "Take it out of left_off if it is meant to be on, or switch it off."
            if policy.has_im
            else "Nothing need be done."
        ),
        repair=Repair.MANUAL if policy.has_im else Repair.NONE,
    )


def _people(
    given: MailboxPoliciesParameters,
    facts: MailboxPoliciesFacts,
    wanting: tuple[OwaPolicy, ...],
    integrated: frozenset[str],
) -> Iterator[Finding]:
    yield from user_findings.report_unread(facts.users)
    policies = () if isinstance(facts.policies, Unread) else facts.policies
    planned = tuple(policy.name for policy in wanting)
    readiness = users.judge(facts.users, policies, left_off=given.left_off, planned=planned, integrated=integrated)
    if readiness is not None:
        yield from user_findings.report(readiness)


def _tables(given: MailboxPoliciesParameters, estate: Estate, facts: MailboxPoliciesFacts) -> tuple[Table, ...]:
    """Everybody as it stands now, before what is planned."""
    policies = () if isinstance(facts.policies, Unread) else facts.policies
    integrated = users.integrated_editions(estate)
    return user_table(users.judge(facts.users, policies, left_off=given.left_off, integrated=integrated))


def _state(policy: OwaPolicy) -> str:
    switch = "InstantMessagingEnabled is True" if policy.im_enabled else "InstantMessagingEnabled is False"
    is_ocs = policy.im_type.lower() == OCS.lower()
    return f"{switch}, InstantMessagingType {'is' if is_ocs else 'is not'} {OCS}"


def _change(policy: OwaPolicy, target: Target, controller: str) -> Change:
    """Both values in one command, as the procedure has it: a type without the switch does nothing."""
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}

    def command(enabled: bool, kind: str) -> Pipeline:
        values: dict[str, Value] = {"InstantMessagingEnabled": enabled, "InstantMessagingType": kind}
        return Pipeline.of(cmdlet("Set-OwaMailboxPolicy", Identity=policy.name, **values, **pinned, Confirm=Switch.OFF))

    return Change(
        target=target,
        object=f"{_OBJECT}{policy.name}",
        property="InstantMessagingEnabled, InstantMessagingType",
        before=[policy.im_enabled, policy.im_type or "None"],
        after=[True, OCS],
        command=command(True, OCS),
        reverse=(command(policy.im_enabled, policy.im_type or "None"),),
        requirements=("L68", "L69", "L70"),
        disturbs=(
            f"{_DELAY} As long as the integration doesn't work they see an error message at every OWA logon (L76)."
        ),
    )


def present(
    given: MailboxPoliciesParameters,
    estate: Estate,
    facts: MailboxPoliciesFacts,
    change: Change,
    made: Sequence[Change],
) -> Json | Unread:
    """Switch and type of the policy that a change is of, for undo."""
    if isinstance(facts.policies, Unread):
        return facts.policies
    name = change.object.removeprefix(_OBJECT).lower()
    found = next((policy for policy in facts.policies if policy.name.lower() == name), None)
    return None if found is None else [found.im_enabled, found.im_type or "None"]


SECTION = Section(
    name="mailbox_policies",
    title="Mailbox policies",
    parameters=MailboxPoliciesParameters,
    observe=observe,
    decide=decide,
    tables=_tables,
    reversal=Reversal(present=present, commands=_COMMANDS),
)
