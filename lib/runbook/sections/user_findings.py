"""What is said of the people: one finding a reason, with a count and the first names (L71-L76).

The record's facts hold every one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runbook.change import Finding, Repair, Severity
from runbook.facts.recipients import LyncUser, Mailbox
from runbook.sections.users import Readiness, Reason, Users

MOST_NAMES = 10

_THINGS = {
    "mailboxes": "mailboxes",
    "access": "OWA settings of mailboxes",
    "lync": "Lync users",
    "remote": "mailboxes in Exchange Online",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How a reason is told; ``head`` stands before the count."""

    requirements: tuple[str, ...]
    severity: Severity
    head: str
    why: str
    remedy: str


_WORDS = {
    Reason.NOT_IN_LYNC: _Words(
        requirements=("L73",),
        severity=Severity.INFO,
        head="Not enabled for Lync",
        why="Only who is enabled for Lync Server has anything to show in OWA.",
        remedy="Nothing need be done, unless somebody among them should have IM: Enable-CsUser does that.",
    ),
    Reason.MAILBOX_VERSION: _Words(
        requirements=("L72",),
        severity=Severity.WARNING,
        head="Enabled for Lync, but with a mailbox on an edition that isn't integrated here",
        why="The OWA of another edition serves these mailboxes, and this integration isn't for it.",
        remedy="Move the mailboxes, or bring their servers into the estate.",
    ),
    Reason.NO_SIP_ADDRESS: _Words(
        requirements=("L74",),
        severity=Severity.WARNING,
        head="Enabled for Lync, but without a SIP proxy address",
        why="OWA takes the SIP address to sign in with from the mailbox.",
        remedy="Add the user's SIP address to the mailbox as a proxy address, with the prefix sip:.",
    ),
    Reason.INVALID_SIP_ADDRESS: _Words(
        requirements=("L74",),
        severity=Severity.WARNING,
        head="Enabled for Lync, but with a SIP proxy address that isn't a valid one",
        why="OWA takes the SIP address to sign in with from the mailbox, and Lync refuses one of another form.",
        remedy="Correct the address; it has the form sip:user@domain.",
    ),
    Reason.SIP_DOMAIN: _Words(
        requirements=("L74",),
        severity=Severity.WARNING,
        head="Enabled for Lync, but with a SIP proxy address in a domain that Lync doesn't serve",
        why="Lync routes no sign-in for a domain that isn't among its SIP domains.",
        remedy="Correct the address, or add the SIP domain to the topology.",
    ),
    Reason.OTHER_SIP_ADDRESS: _Words(
        requirements=("L74",),
        severity=Severity.WARNING,
        head="With a SIP proxy address that isn't the one that Lync has",
        why="OWA signs in with the mailbox's SIP address, and Lync doesn't know it for this user.",
        remedy="Make the mailbox's SIP proxy address the same as the user's SipAddress in Lync.",
    ),
    Reason.NO_CLIENT_ACCESS: _Words(
        requirements=("L71",),
        severity=Severity.WARNING,
        head="Enabled for Lync, but their OWA settings weren't in Exchange's answer",
        why="Whether OWA is on for them, and under which policy, can't be told.",
        remedy="Run this section again: the mailboxes may have been made or moved while they were read.",
    ),
    Reason.OWA_OFF: _Words(
        requirements=("L71",),
        severity=Severity.INFO,
        head="Enabled for Lync, but OWA is switched off for the mailbox",
        why="Who may not use OWA has no IM in it.",
        remedy="Nothing need be done, unless somebody among them should use OWA: Set-CASMailbox -OWAEnabled does that.",
    ),
    Reason.POLICY_UNKNOWN: _Words(
        requirements=("L71",),
        severity=Severity.WARNING,
        head="Under an OWA mailbox policy that doesn't exist",
        why="What such a mailbox may do in OWA can't be told.",
        remedy="Give these mailboxes a policy that exists, with Set-CASMailbox -OwaMailboxPolicy.",
    ),
    Reason.POLICY_LEFT_OFF: _Words(
        requirements=("L71",),
        severity=Severity.INFO,
        head="Enabled for Lync, but under a policy that is left off on purpose",
        why="The parameter left_off names the policy, and that is respected.",
        remedy="Nothing need be done.",
    ),
    Reason.POLICY_OFF: _Words(
        requirements=("L68", "L71"),
        severity=Severity.WARNING,
        head="Enabled for Lync, but under a policy that doesn't have IM of the type Ocs on",
        why="A policy's values override those of the virtual directory for everybody under it.",
        remedy=(
            "Name the policy in notebook 40-mailbox-policies (policies, or all_policies), or in left_off where it is"
            " meant to stay off."
        ),
    ),
}


def report(readiness: Readiness) -> Iterator[Finding]:
    """Who is ready, then one finding for each reason there is."""
    total = readiness.lync_users
    count = (
        f"Ready for IM in OWA: {len(readiness.ready)} of {total} Lync user{'' if total == 1 else 's'} with a mailbox"
    )
    yield _finding(
        "users-ready",
        requirements=("L71", "L72", "L73", "L74"),
        severity=Severity.INFO,
        what=f"{count}{_listed(readiness.ready)}.",
        why="Their mailbox is on an integrated edition, they are enabled for Lync and have a valid SIP proxy address.",
        remedy="Nothing need be done.",
    )
    if readiness.by_directory:
        yield _finding(
            "users-by-directory",
            requirements=("L45", "L71"),
            severity=Severity.INFO,
            what=f"Without an OWA mailbox policy: {_count(readiness.by_directory)}.",
            why="For a mailbox without a policy the virtual directory decides whether there is IM.",
            remedy="Nothing need be done here: notebook 30-owa-enablement switches the virtual directories on.",
        )
    if readiness.online:
        yield _finding(
            "users-online",
            requirements=("L72", "Y01"),
            severity=Severity.INFO,
            what=f"Enabled for Lync, with the mailbox in Exchange Online: {_accounts(readiness.online)}.",
            why="OWA of Exchange Online opens these mailboxes; what is set up here on premises doesn't count for them.",
            remedy="Nothing need be done here: notebook 50-online-hybrid integrates Exchange Online.",
        )
    if readiness.homeless:
        yield _finding(
            Reason.NO_MAILBOX.value,
            requirements=("L72",),
            severity=Severity.WARNING,
            what=f"Enabled for Lync, but without a mailbox here: {_accounts(readiness.homeless)}.",
            why="OWA of this organisation opens mailboxes of this organisation only.",
            remedy="Nothing need be done for whom the mailbox is elsewhere; otherwise give the user one.",
        )
    for reason, words in _WORDS.items():
        if people := readiness.held.get(reason):
            yield _finding(
                reason.value,
                requirements=words.requirements,
                severity=words.severity,
                what=f"{words.head}: {_count(people)}.",
                why=words.why,
                remedy=words.remedy,
            )


def report_unread(users: Users) -> Iterator[Finding]:
    """Who gets it can't be told. Policies can be changed all the same, so this isn't a fact that a plan stands on."""
    for name, fact in users.unread.items():
        thing = _THINGS.get(name, name.replace("_", " "))
        yield Finding(
            id="users-unread",
            requirements=("L72", "L73", "L74"),
            severity=Severity.WARNING,
            object=thing,
            what=f"The {thing} couldn't be read: {fact.why.rstrip('.')}.",
            why="Who gets instant messaging in OWA, and who doesn't, can't be told without it.",
            remedy="Mend what stands in the way of reading it, then check again.",
            unknown=True,
        )


def _finding(
    id: str, *, requirements: tuple[str, ...], severity: Severity, what: str, why: str, remedy: str
) -> Finding:
    return Finding(
        id=id,
        requirements=requirements,
        severity=severity,
        object="users",
        what=what,
        why=why,
        remedy=remedy,
        repair=Repair.NONE if severity is Severity.INFO else Repair.MANUAL,
    )


def _accounts(users: Sequence[LyncUser]) -> str:
    names = [user.user or user.bare_sip_address for user in users]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{len(names)} ({', '.join(names[:MOST_NAMES])}{more})"


def _count(people: Sequence[Mailbox]) -> str:
    return f"{len(people)} user{'' if len(people) == 1 else 's'}{_listed(people)}"


def _listed(people: Sequence[Mailbox]) -> str:
    if not people:
        return ""
    names = ", ".join(mailbox.user or mailbox.identity for mailbox in people[:MOST_NAMES])
    rest = len(people) - MOST_NAMES
    return f" ({names}{f' and {rest} more' if rest > 0 else ''})"
