"""What is asked about OWA itself: its virtual directories, and where Exchange is installed."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.facts.answer import checked, flag, one, text
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

SETUP_KEY = r"HKLM:\SOFTWARE\Microsoft\ExchangeServer\v15\Setup"
"""Where set-up of Exchange 2013 and later keeps ``MsiInstallPath`` (``real-world`` B6)."""

BACK_END_SITE = "Exchange Back End"

_ABSENT = ("PathNotFound", "ItemNotFound", "System.Management.Automation.PSArgumentException")


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDirectory:
    """``identity`` as Exchange prints and takes it: ``SERVER\\owa (Default Web Site)``; ``type`` is ``None``, ``Ocs``
    or ``Msn``."""

    identity: str
    im_enabled: bool
    im_type: str

    @property
    def is_back_end(self) -> bool:
        return self.identity.lower().endswith(f"({BACK_END_SITE.lower()})")


def install_path(target: Target) -> Query[str | None]:
    """Exchange's folder, as its set-up recorded it; ``None`` where it didn't."""
    ask = cmdlet("Get-ItemProperty", LiteralPath=SETUP_KEY, Name="MsiInstallPath")
    return Query("exchange-install-path", target, Pipeline.of(ask), _parse_path)


def virtual_directories(
    target: Target, server: str, controller: str = "", *, back_end: bool = False
) -> Query[tuple[VirtualDirectory, ...]]:
    """OWA's virtual directories on one server, from the directory alone; those of its back end only where asked for."""
    more: dict[str, Value] = {"ShowMailboxVirtualDirectories": Switch.ON} if back_end else {}
    more |= {"DomainController": controller} if controller else {}
    ask = cmdlet("Get-OwaVirtualDirectory", Server=server, ADPropertiesOnly=Switch.ON, **more)
    wanted = cmdlet("Select-Object", Property=("Identity", "InstantMessagingEnabled", "InstantMessagingType"))
    kind = "back-end-directories" if back_end else "owa-directories"
    return Query(f"{kind} {server}", target, Pipeline.of(ask, wanted), _parse_directories)


def _parse_path(result: Result) -> str | None:
    found = checked(result, absent=_ABSENT).objects
    return text(one(found, "registry key"), "MsiInstallPath") or None if found else None


def _parse_directories(result: Result) -> tuple[VirtualDirectory, ...]:
    return tuple(map(_directory, checked(result).objects))


def _directory(item: ServerObject) -> VirtualDirectory:
    identity = text(item, "Identity")
    if not identity:
        raise ValueError("a virtual directory came without Identity, and an empty one means all of them")
    return VirtualDirectory(
        identity=identity, im_enabled=flag(item, "InstantMessagingEnabled"), im_type=text(item, "InstantMessagingType")
    )
