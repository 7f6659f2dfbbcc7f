"""Section *disable IM*: IM off in OWA, for an organisation that doesn't integrate (L75-L77).

IM is on by default; without an integration everybody then sees blank presence icons and an error at each logon. It is
the opposite of the other sections, so it is run only where it is named, and refuses where an integration is in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from runbook import webconfig
from runbook.change import Change, Decision, Finding, Json, Plan, Repair, Severity
from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.estate import Estate
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Unread
from runbook.facts.recipients import OCS
from runbook.parameters_disable import DisableImParameters
from runbook.sections.disable_im_facts import DisableImFacts, FrontEndDirectories, observe
from runbook.sections.reversal import Reversal
from runbook.sections.section import Section
from runbook.sections.unread import unread

T = TypeVar("T")

_KEYS = ("IMServerName", "IMCertificateThumbprint")
_CONSENT = "disable_in_spite_of_integration"
_PROPERTY = "InstantMessagingEnabled"
_COMMANDS = f"exchange Set-OwaVirtualDirectory Identity {_PROPERTY} DomainController Confirm"


def decide(given: DisableImParameters, estate: Estate, facts: DisableImFacts) -> Decision:
    """A change for each front-end virtual directory where IM is on, unless an integration is in place."""
    lost = tuple(_unread(facts))
    if lost:
        return Decision(findings=lost, plan=Plan(because=_unsettled(lost)))
    signs = tuple(_signs(given, estate, facts))
    held = bool(signs) and _some_on(facts) and not given.disable_in_spite_of_integration
    findings: list[Finding] = [_integration(signs, held=held)] if signs else []
    planned: list[Change] = []
    for front in facts.front_ends:
        directories = _rows(front.directories)
        on = [directory for directory in directories if directory.im_enabled]
        findings += [_on(front, directory, held=held) for directory in on]
        if directories and not on:
            findings.append(_off(front, directories))
        if not held and front.manager is not None:
            planned += [_change(directory, front.manager, estate, consent=bool(signs)) for directory in on]
    findings += _policies(facts)
    because = "" if planned else _unsettled(tuple(findings)) if held else _nothing(facts)
    return Decision(findings=tuple(findings), plan=Plan(changes=tuple(planned), because=because))


def _unread(facts: DisableImFacts) -> Iterator[Finding]:
    if not facts.front_ends:
        why = Unread("the estate names no Client Access server in scope")
        yield unread("OWA virtual directories", why, requirements=("L75", "L77"))
    for front in facts.front_ends:
        if isinstance(front.directories, Unread):
            thing = f"OWA virtual directories of {front.server}"
            yield unread(thing, front.directories, server=front.server, requirements=("L75", "L77"))
    for thing, fact in (
        ("OWA mailbox policies", facts.policies),
        ("trusted application pools", facts.trusted_pools),
        ("trusted application computers", facts.computers),
        ("setting overrides", facts.overrides),
    ):
        if isinstance(fact, Unread):
            yield unread(thing, fact, requirements=("L75", "L77"))
    for file in facts.files:
        if isinstance(file.content, Unread):
            yield unread(f"web.config of {file.server}", file.content, server=file.server, requirements=("L75", "L77"))


def _signs(given: DisableImParameters, estate: Estate, facts: DisableImFacts) -> Iterator[str]:
    """What speaks of an integration, in words. Whoever switches IM off then takes it from people who have it."""
    for front in facts.front_ends:
        for directory in _rows(front.directories):
            if directory.im_type.lower() == OCS.lower():
                yield f"InstantMessagingType of {directory.identity} is {directory.im_type}"
    for policy in _rows(facts.policies):
        if policy.has_im:
            yield f"the mailbox policy {policy.name} has IM of the type {OCS}"
    for file in facts.files:
        content = file.content
        settings = webconfig.read(content) if isinstance(content, bytes) else None
        if settings and (keys := [key for key in _KEYS if settings.value(key)]):
            yield f"web.config of {file.server} holds {' and '.join(keys)}"
    for override in _rows(facts.overrides):
        if override.is_im:
            yield f"the setting override {override.name} holds IM settings of OWA"
    names = {server.name for server in estate.exchange()} | {given.owa_pool_fqdn} - {""}
    found = [pool.fqdn for pool in _rows(facts.trusted_pools)]
    found += [computer.fqdn for computer in _rows(facts.computers)]
    for fqdn in dict.fromkeys(name.lower() for name in found):
        if fqdn in names:
            yield f"{fqdn} stands among Lync's trusted application pools"


def _integration(signs: tuple[str, ...], *, held: bool) -> Finding:
    remedy = f"If it is meant to end, set the parameter {_CONSENT}; if not, this isn't the notebook to run."
    return Finding(
        id="integration-in-place",
        requirements=("L75", "L76", "L77"),
        severity=Severity.ERROR if held else Severity.WARNING,
        object="integration",
        what=f"An integration with Lync seems to be in place: {'; '.join(signs)}.",
        why="The procedure switches IM off only where there is none; its users would lose IM and presence in OWA.",
        remedy=remedy if held else "Tell the users, and take the other parts of the integration away as well.",
        repair=Repair.CONSENT if held else Repair.MANUAL,
    )


def _on(front: FrontEndDirectories, directory: VirtualDirectory, *, held: bool) -> Finding:
    return Finding(
        id="vdir-im-on",
        requirements=("L75", "L76", "L77"),
        severity=Severity.WARNING,
        server=front.server,
        object=directory.identity,
        what="IM is switched on in this virtual directory.",
        why="That is its default. Without an integration users see blank presence icons and an error at every logon.",
        remedy=f"Set-OwaVirtualDirectory -{_PROPERTY} $False by the identity of this one.",
        repair=Repair.CONSENT if held else Repair.PLANNED,
    )


def _off(front: FrontEndDirectories, directories: tuple[VirtualDirectory, ...]) -> Finding:
    names = ", ".join(directory.identity for directory in directories)
    return Finding(
        id="vdir-im-off",
        requirements=("L75", "L77"),
        severity=Severity.INFO,
        server=front.server,
        object=names,
        what=f"IM is off in {names}.",
        why="The property was read from the directory.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _policies(facts: DisableImFacts) -> Iterator[Finding]:
    """A policy's values override those of the virtual directory (``real-world`` B4)."""
    on = [policy.name for policy in _rows(facts.policies) if policy.im_enabled]
    if on:
        yield Finding(
            id="policy-keeps-im-on",
            requirements=("L75", "L76"),
            severity=Severity.WARNING,
            object="OWA mailbox policies",
            what=f"IM is on in the mailbox polic{'ies' if len(on) > 1 else 'y'} {', '.join(on)}.",
            why="A policy overrides the virtual directory for everybody under it: they would still see the error.",
            remedy="Where mailboxes are under it: Set-OwaMailboxPolicy -InstantMessagingEnabled $False for the policy.",
        )


def _change(directory: VirtualDirectory, target: Target, estate: Estate, *, consent: bool) -> Change:
    pinned: dict[str, Value] = {"DomainController": estate.domain_controller} if estate.domain_controller else {}

    def command(value: bool) -> Pipeline:
        values: dict[str, Value] = {_PROPERTY: value, **pinned, "Confirm": Switch.OFF}
        return Pipeline.of(cmdlet("Set-OwaVirtualDirectory", Identity=directory.identity, **values))

    return Change(
        target=target,
        object=directory.identity,
        property=_PROPERTY,
        before=True,
        after=False,
        command=command(False),
        reverse=(command(True),),
        requirements=("L75", "L76", "L77"),
        disturbs="Nobody has instant messaging and presence in OWA through this directory any more." if consent else "",
        consent=_CONSENT if consent else "",
    )


def _some_on(facts: DisableImFacts) -> bool:
    return any(directory.im_enabled for front in facts.front_ends for directory in _rows(front.directories))


def _nothing(facts: DisableImFacts) -> str:
    count = sum(len(_rows(front.directories)) for front in facts.front_ends)
    return f"IM is off in every OWA virtual directory in scope ({count})."


def _unsettled(findings: tuple[Finding, ...]) -> str:
    ids = dict.fromkeys(finding.id for finding in findings if finding.blocks)
    return f"Nothing is planned until this is settled: {', '.join(ids)}."


def _rows(fact: tuple[T, ...] | Unread) -> tuple[T, ...]:
    return () if isinstance(fact, Unread) else fact


def present(
    given: DisableImParameters, estate: Estate, facts: DisableImFacts, change: Change, made: Sequence[Change]
) -> Json | Unread:
    """Whether IM is on in the directory that a change is of, for undo."""
    for front in facts.front_ends:
        for directory in _rows(front.directories):
            if directory.identity.lower() == change.object.lower():
                return directory.im_enabled
    return next((each.directories for each in facts.front_ends if isinstance(each.directories, Unread)), None)


SECTION = Section(
    name="disable_im",
    title="Disable IM",
    parameters=DisableImParameters,
    observe=observe,
    decide=decide,
    reversal=Reversal(present=present, commands=_COMMANDS),
    in_procedure=False,
)
