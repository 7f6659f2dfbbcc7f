"""Whether the users concerned may connect from outside: the policy in effect, Tag before Site before Global (Y04-Y07).

Pure. The global policy is never widened: it is everybody's who has no other. A policy that is named may be, and users
under the global one may be granted a policy that admits them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runbook.change import Change, Finding, Repair, Severity
from runbook.facts.external_access import AccessPolicy, AccessUser, bare
from runbook.facts.lync import Pool
from runbook.parameters_hybrid import OnlineHybridParameters
from runbook.sections import online_hybrid_changes as changes
from runbook.sections.organisation import Writer

_REQUIRED = ("Y04", "Y05", "Y06")
_MOST_NAMES = 10
_WHY = (
    "Who signs in to IM from Exchange Online is a remote user to Lync, and needs a policy with remote access. The"
    " Lync Server 2013 edition of the procedure says so; it holds for Skype for Business Server as well."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Policies, users and where they are homed, all of it read."""

    policies: tuple[AccessPolicy, ...]
    users: tuple[AccessUser, ...]
    pools: tuple[Pool, ...]

    def site_of(self, user: AccessUser) -> str:
        """The identity of the site (``Site:Redmond``) of the user's pool; empty where it isn't known."""
        return next((pool.site for pool in self.pools if pool.fqdn.lower() == user.pool.lower()), "")

    def policy(self, name: str) -> AccessPolicy | None:
        return next((each for each in self.policies if each.name.lower() == bare(name).lower()), None)

    def in_effect(self, user: AccessUser) -> AccessPolicy | None:
        """The user's own policy, else that of the site, else the global one."""
        own = self.policy(user.policy) if user.policy else None
        return own or self.policy(self.site_of(user)) or self.policy("Global")


def concerned(given: OnlineHybridParameters, users: Iterable[AccessUser]) -> tuple[AccessUser, ...]:
    """Those that are named, else everybody who is enabled here."""
    able = [user for user in users if user.enabled and user.is_here]
    if not given.users:
        return tuple(able)
    return tuple(user for user in able if any(user.is_called(name) for name in given.users))


def judge(given: OnlineHybridParameters, found: Access, writer: Writer) -> tuple[list[Finding], list[Change]]:
    """One finding for each policy that holds somebody back, and the changes that the parameters agree to."""
    misnamed = [*_missing_users(given, found), *_missing_policies(given, found)]
    blocked = tuple(dict.fromkeys(finding.id for finding in misnamed if finding.id == "access-policy-missing"))
    people = concerned(given, found.users)
    groups: dict[str, tuple[AccessPolicy, list[AccessUser]]] = {}
    for user in people:
        if policy := found.in_effect(user):
            groups.setdefault(policy.identity, (policy, []))[1].append(user)

    findings: list[Finding] = [*misnamed]
    planned: list[Change] = []
    admitted = 0
    for policy, under in groups.values():
        if policy.admits_outside:
            admitted += len(under)
        elif _among(policy, given.left_off):
            findings.append(_left_off(policy, under))
        else:
            change = [] if blocked else list(_mend(given, policy, under, found, writer))
            findings.append(_denied(policy, under, planned=bool(change), caused_by=blocked))
            planned += change
    if people and admitted == len(people):
        findings.append(_admitted(people))
    widened = [change for change in planned if change.property == "EnableOutsideAccess"]
    return findings, [*widened, *(change for change in planned if change not in widened)]


def _mend(
    given: OnlineHybridParameters, policy: AccessPolicy, under: Sequence[AccessUser], found: Access, writer: Writer
) -> Iterator[Change]:
    if _among(policy, given.widen_access_policies):
        yield changes.widen_policy(writer, policy)
        return
    granted = found.policy(given.grant_access_policy) if given.grant_access_policy else None
    if policy.is_global and granted is not None and (granted.admits_outside or _will_admit(given, granted, found)):
        for user in under:
            yield changes.grant_policy(writer, user, granted.name)


def _will_admit(given: OnlineHybridParameters, policy: AccessPolicy, found: Access) -> bool:
    """It is widened by this very plan: named, and somebody concerned is under it."""
    under = any(found.in_effect(user) == policy for user in concerned(given, found.users))
    return under and _among(policy, given.widen_access_policies)


def _missing_users(given: OnlineHybridParameters, found: Access) -> Iterator[Finding]:
    able = concerned(given, found.users)
    for name in given.users:
        if not any(user.is_called(name) for user in able):
            yield Finding(
                id="hybrid-user-missing",
                requirements=("Y04", "Y05"),
                severity=Severity.ERROR,
                object=f"user:{name}",
                what=f"{name} is named in users, and nobody of this user name or SIP address is enabled here.",
                why="Only who is enabled on this organisation's own Lync servers has instant messaging in OWA by them.",
                remedy="Correct the name, take it out, or enable the user with Enable-CsUser.",
            )


def _missing_policies(given: OnlineHybridParameters, found: Access) -> Iterator[Finding]:
    grant = (given.grant_access_policy,) if given.grant_access_policy else ()
    wanted = dict.fromkeys(given.widen_access_policies, "widen_access_policies")
    wanted |= dict.fromkeys(given.left_off, "left_off") | dict.fromkeys(grant, "grant_access_policy")
    there = ", ".join(policy.identity for policy in found.policies)
    for name, parameter in wanted.items():
        if found.policy(name) is None:
            yield Finding(
                id="access-policy-missing",
                requirements=("Y05", "Y07"),
                severity=Severity.ERROR,
                object=f"ExternalAccessPolicy:{name}",
                what=f"There is no external access policy {name!r}. There are: {there}.",
                why=f"The parameter {parameter} names it, so either the name or the policy is wrong.",
                remedy=f"Correct the name in {parameter}, or take it out.",
            )


def _denied(policy: AccessPolicy, under: Sequence[AccessUser], *, planned: bool, caused_by: tuple[str, ...]) -> Finding:
    if policy.is_global:
        remedy = "Grant these users a policy that admits them (parameter grant_access_policy). The global policy isn't"
        remedy += " widened by this runbook."
    else:
        remedy = f"Set-CsExternalAccessPolicy -Identity {policy.identity} -EnableOutsideAccess $True (parameter"
        remedy += " widen_access_policies), or grant these users another policy."
    return Finding(
        id="external-access-denied",
        requirements=_REQUIRED,
        severity=Severity.ERROR,
        object=f"ExternalAccessPolicy:{policy.identity}",
        what=f"{policy.identity} doesn't admit from outside, and is the policy in effect of {_people(under)}.",
        why=_WHY,
        remedy=remedy,
        caused_by=caused_by,
        repair=Repair.PLANNED if planned else Repair.CONSENT,
    )


def _left_off(policy: AccessPolicy, under: Sequence[AccessUser]) -> Finding:
    return Finding(
        id="external-access-left-off",
        requirements=_REQUIRED,
        severity=Severity.INFO,
        object=f"ExternalAccessPolicy:{policy.identity}",
        what=f"{policy.identity} admits nobody from outside on purpose; in effect for {_people(under)}.",
        why="The parameter left_off names it, and that is respected: these users have no IM in OWA of Exchange Online.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _admitted(people: Sequence[AccessUser]) -> Finding:
    return Finding(
        id="external-access-right",
        requirements=_REQUIRED,
        severity=Severity.INFO,
        object="users",
        what=f"The policy in effect admits from outside: {_people(people)}.",
        why=_WHY,
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _among(policy: AccessPolicy, names: Iterable[str]) -> bool:
    return policy.name.lower() in {bare(name).lower() for name in names}


def _people(users: Sequence[AccessUser]) -> str:
    names = ", ".join(user.name for user in users[:_MOST_NAMES])
    rest = len(users) - _MOST_NAMES
    return f"{len(users)} user{'' if len(users) == 1 else 's'} ({names}{f' and {rest} more' if rest > 0 else ''})"
