"""OWA of Exchange 2010: pool and certificate in the virtual directory of a client access server (``real-world`` B1).

From Service Pack 1 on; :mod:`runbook.sections.editions` names a server before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runbook.change import Change, Finding, Json, Repair, Severity
from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Unread
from runbook.sections.owa_enablement_facts import BackEnd

CERTIFICATE, POOL = "InstantMessagingCertificateThumbprint", "InstantMessagingServerName"
TYPE, ENABLED = "InstantMessagingType", "InstantMessagingEnabled"
_REQUIREMENTS = {TYPE: ("L48", "L50"), ENABLED: ("L48", "L49"), CERTIFICATE: ("L56", "L58"), POOL: ("L57", "L60")}


def directories(back: BackEnd) -> tuple[VirtualDirectory, ...]:
    return () if isinstance(back.directories, Unread) else back.directories


def check(back: BackEnd, wanted: Mapping[str, str]) -> Iterator[Finding]:
    """What the virtual directories lack; ``wanted`` are certificate and pool by property."""
    if not directories(back) and not isinstance(back.directories, Unread):
        yield _finding(
            back,
            "OWA virtual directory",
            "vdir-missing",
            ("L45",),
            "The directory knows no OWA virtual directory on this server.",
            "Without one nobody reaches OWA through this server.",
            Repair.MANUAL,
        )
    for directory in directories(back):
        lacks = [name for name in (CERTIFICATE, POOL) if _said(directory)[name].lower() != wanted[name].lower()]
        if lacks:
            yield _finding(
                back,
                directory.identity,
                "vdir-im-settings",
                ("L56", "L57", "L58", "L60"),
                f"{' and '.join(lacks)} {'are' if len(lacks) > 1 else 'is'} not what OWA needs here.",
                "OWA of Exchange 2010 takes the certificate and the Lync pool from its virtual directory.",
            )
        if directory.im_type.upper() != "OCS":
            yield _finding(
                back,
                directory.identity,
                "vdir-type-none",
                ("L48", "L50", "L51"),
                f"{TYPE} is {directory.im_type or 'empty'}.",
                "The type says which provider OWA talks to.",
            )
        if not directory.im_enabled:
            yield _finding(
                back,
                directory.identity,
                "vdir-im-disabled",
                ("L45", "L48", "L49"),
                "IM is switched off in this virtual directory.",
                "OWA offers it to nobody who comes in through here.",
            )


def changed_since(back: BackEnd) -> bool:
    """The newest worker started before a virtual directory was last changed."""
    if isinstance(back.workers, Unread) or not back.workers:
        return False
    newest = max(worker.started for worker in back.workers)
    return any(directory.changed is not None and newest < directory.changed for directory in directories(back))


def changes(back: BackEnd, wanted: Mapping[str, str], target: Target, controller: str) -> Iterator[Change]:
    """Each property that differs; certificate and pool first, so that IM is never on without them."""
    for directory in directories(back):
        said = _said(directory)
        for name in (CERTIFICATE, POOL):
            if said[name].lower() != wanted[name].lower():
                yield _change(back, directory, target, controller, name, (said[name] or None, wanted[name]))
        if directory.im_type.upper() != "OCS":
            yield _change(back, directory, target, controller, TYPE, (directory.im_type or "None", "OCS"))
        if not directory.im_enabled:
            yield _change(back, directory, target, controller, ENABLED, (False, True))


def value(directory: VirtualDirectory, property: str) -> Json:
    """One of the properties that this runbook sets, as a plan shows it."""
    values: dict[str, Json] = {
        TYPE: directory.im_type or "None",
        ENABLED: directory.im_enabled,
        CERTIFICATE: directory.certificate or None,
        POOL: directory.pool or None,
    }
    return values[property]


def _said(directory: VirtualDirectory) -> Mapping[str, str]:
    return {CERTIFICATE: directory.certificate, POOL: directory.pool}


def _change(
    back: BackEnd,
    directory: VirtualDirectory,
    target: Target,
    controller: str,
    name: str,
    values: tuple[str | bool | None, str | bool],
) -> Change:
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}

    def command(value: str | bool | None) -> Pipeline:
        given: dict[str, Value] = {name: value, **pinned, "Confirm": Switch.OFF}
        return Pipeline.of(cmdlet("Set-OwaVirtualDirectory", Identity=directory.identity, **given))

    before: Json = values[0]
    return Change(
        target=target,
        object=directory.identity,
        property=name,
        before=before,
        after=values[1],
        command=command(values[1]),
        reverse=(command(values[0]),),
        requirements=_REQUIREMENTS[name],
        stage=back.server,
    )


def _finding(
    back: BackEnd,
    object: str,
    id: str,
    requirements: tuple[str, ...],
    what: str,
    why: str,
    repair: Repair = Repair.PLANNED,
) -> Finding:
    return Finding(
        id=id,
        requirements=requirements,
        severity=Severity.ERROR,
        server=back.server,
        object=object,
        what=what,
        why=why,
        remedy=f"Set {CERTIFICATE}, {POOL}, {TYPE} and {ENABLED} by the identity of this directory.",
        repair=repair,
    )
