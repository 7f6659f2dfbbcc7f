"""OWA's virtual directories, as the directory knows them (L45-L51)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.facts.answer import as_text, checked, flag, text
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

_PROPERTIES = (
    "Identity",
    "InstantMessagingEnabled",
    "InstantMessagingType",
    "InstantMessagingCertificateThumbprint",
    "InstantMessagingServerName",
    "WhenChangedUTC",
)
BACK_END_SITE = "Exchange Back End"


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDirectory:
    """``identity`` as Exchange prints and takes it: ``SERVER\\owa (Default Web Site)``; ``type`` is ``None``, ``Ocs``
    or ``Msn``. ``certificate`` and ``pool`` count on Exchange 2010 from Service Pack 1 on (``real-world`` B1), where
    ``changed`` is when the directory last saw a change.
    """

    identity: str
    im_enabled: bool
    im_type: str
    certificate: str = ""
    pool: str = ""
    changed: datetime | None = None

    @property
    def is_back_end(self) -> bool:
        return self.identity.lower().endswith(f"({BACK_END_SITE.lower()})")


def virtual_directories(
    target: Target, server: str, controller: str = "", *, back_end: bool = False
) -> Query[tuple[VirtualDirectory, ...]]:
    """OWA's virtual directories on one server, from the directory alone; those of its back end only where asked for."""
    more: dict[str, Value] = {"ShowMailboxVirtualDirectories": Switch.ON} if back_end else {}
    more |= {"DomainController": controller} if controller else {}
    ask = cmdlet("Get-OwaVirtualDirectory", Server=server, ADPropertiesOnly=Switch.ON, **more)
    wanted = cmdlet("Select-Object", Property=_PROPERTIES)
    kind = "back-end-directories" if back_end else "owa-directories"
    return Query(f"{kind} {server}", target, Pipeline.of(ask, wanted), _parse_directories)


def _parse_directories(result: Result) -> tuple[VirtualDirectory, ...]:
    return tuple(map(_directory, checked(result).objects))


def _directory(item: ServerObject) -> VirtualDirectory:
    identity = text(item, "Identity")
    if not identity:
        raise ValueError("a virtual directory came without Identity, and an empty one means all of them")
    changed = item.get("WhenChangedUTC")
    return VirtualDirectory(
        identity=identity,
        im_enabled=flag(item, "InstantMessagingEnabled"),
        im_type=text(item, "InstantMessagingType"),
        certificate=as_text(item.get("InstantMessagingCertificateThumbprint")),
        pool=as_text(item.get("InstantMessagingServerName")),
        changed=changed if isinstance(changed, datetime) else None,
    )
