"""OWA's virtual directories: IM on, of type OCS, on front ends; back ends are left alone (L45-L51)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from runbook.change import Change, Finding, Repair, Severity
from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Unread
from runbook.sections.owa_enablement_facts import BackEnd, FrontEnd

OCS = "OCS"
ENABLED, TYPE = "InstantMessagingEnabled", "InstantMessagingType"


def of_front_end(front: FrontEnd) -> tuple[VirtualDirectory, ...]:
    """Those of the front end; a back end's is never among them, whatever the server answers."""
    found = () if isinstance(front.directories, Unread) else front.directories
    return tuple(directory for directory in found if not directory.is_back_end)


def check(front: FrontEnd) -> Iterator[Finding]:
    if isinstance(front.directories, Unread):
        return
    if not of_front_end(front):
        yield Finding(
            id="vdir-missing",
            requirements=("L45",),
            severity=Severity.ERROR,
            server=front.server,
            object="OWA virtual directory",
            what="The directory knows no OWA virtual directory of a front end on this server.",
            why="Without one nobody reaches OWA through this server, and there is nothing to switch IM on in.",
            remedy="Create it with New-OwaVirtualDirectory, or leave the server out of front_end_servers.",
        )
    for directory in of_front_end(front):
        if not directory.im_enabled:
            yield _error(
                front,
                directory,
                "vdir-im-disabled",
                ("L45", "L48", "L49"),
                "IM is switched off in this virtual directory.",
                "OWA offers it neither to users without a mailbox policy nor, where a policy allows it, through here.",
            )
        if not _is_ocs(directory):
            none = directory.im_type.lower() in ("none", "")
            yield _error(
                front,
                directory,
                "vdir-type-none" if none else "vdir-type-other",
                ("L48", "L50", "L51"),
                f"{TYPE} names no provider." if none else f"{TYPE} is {directory.im_type}, not {OCS}.",
                "That is how set-up leaves it: IM is on then, and nothing provides it."
                if none
                else "OWA takes another provider than the one for Lync.",
            )


def check_back_end(back: BackEnd) -> Iterator[Finding]:
    """Enabled, with the type None, is how a back end's directory is and stays (L46, L47)."""
    for directory in () if isinstance(back.directories, Unread) else back.directories:
        if directory.is_back_end and _is_ocs(directory):
            yield Finding(
                id="backend-vdir-type-ocs",
                requirements=("L46", "L47"),
                severity=Severity.WARNING,
                server=back.server,
                object=directory.identity,
                what=f"{TYPE} of the back end's virtual directory is {OCS}.",
                why="The procedure recommends against it: front ends decide, and back ends need nothing set.",
                remedy=f"Set {TYPE} back to its default there. Leave {ENABLED} as it is: True is its default.",
                repair=Repair.PLANNED,
            )


def back_end_changes(back: BackEnd, target: Target, controller: str) -> Iterator[Change]:
    """The type back to None; IM is never switched off there, since True is what the installation leaves (L49)."""
    for directory in () if isinstance(back.directories, Unread) else back.directories:
        if directory.is_back_end and _is_ocs(directory):
            change = _change(back, directory, target, controller, TYPE, OCS, "None")
            yield replace(change, requirements=("L46", "L47"))


def report_ready(front: FrontEnd) -> Finding:
    """A front end on which nothing is left to do, for the record."""
    names = ", ".join(directory.identity for directory in of_front_end(front))
    return Finding(
        id="front-end-ready",
        requirements=("L45", "L48"),
        severity=Severity.INFO,
        server=front.server,
        object=names,
        what=f"IM is on, of type {OCS}, in {names}.",
        why="Both properties were read from the directory.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def changes(front: FrontEnd, target: Target, controller: str) -> Iterator[Change]:
    """The type first, so that IM is never on without its provider because of this runbook."""
    for directory in of_front_end(front):
        if not _is_ocs(directory):
            yield _change(front, directory, target, controller, TYPE, directory.im_type or "None", OCS)
        if not directory.im_enabled:
            yield _change(front, directory, target, controller, ENABLED, False, True)


def _change(
    front: FrontEnd | BackEnd,
    directory: VirtualDirectory,
    target: Target,
    controller: str,
    name: str,
    before: str | bool,
    after: str | bool,
) -> Change:
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}

    def command(value: str | bool) -> Pipeline:
        parameters: dict[str, Value] = {name: value, **pinned, "Confirm": Switch.OFF}
        return Pipeline.of(cmdlet("Set-OwaVirtualDirectory", Identity=directory.identity, **parameters))

    return Change(
        target=target,
        object=directory.identity,
        property=name,
        before=before,
        after=after,
        command=command(after),
        reverse=(command(before),),
        requirements=("L45", "L48", "L50") if name == TYPE else ("L45", "L48"),
        stage=front.server,
    )


def _is_ocs(directory: VirtualDirectory) -> bool:
    return directory.im_type.upper() == OCS


def _error(
    front: FrontEnd, directory: VirtualDirectory, id: str, requirements: tuple[str, ...], what: str, why: str
) -> Finding:
    return Finding(
        id=id,
        requirements=requirements,
        severity=Severity.ERROR,
        server=front.server,
        object=directory.identity,
        what=what,
        why=why,
        remedy=f"Set {ENABLED} to True and {TYPE} to {OCS} by the identity of this one.",
        repair=Repair.PLANNED,
    )
