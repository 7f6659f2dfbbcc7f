"""How an Exchange server fares: services, components, database copies, monitors."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.command import Pipeline, Target, Value, cmdlet
from runbook.facts.answer import as_text, checked, text
from runbook.facts.query import Query
from runbook.facts.windows import Service
from runbook.result import Result, ServerObject

WEB_SERVICE = "W3SVC"
"""IIS, which runs only together with WAS: without it nothing can be recycled, nor judged afterwards."""

_SERVICES = ("MSExchange*", WEB_SERVICE, "WAS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A server component; ``state`` is ``Active``, ``Inactive`` or ``Draining``."""

    name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCopy:
    """A copy on this server; ``status`` is ``Mounted`` for the active one, ``Healthy`` for a good passive one."""

    name: str
    status: str

    @property
    def is_active(self) -> bool:
        return self.status.lower() == "mounted"

    @property
    def is_good(self) -> bool:
        return self.status.lower() in ("mounted", "healthy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """A monitor of managed availability; ``name`` includes its health set and what it watches.

    ``error`` is its own words, which are asked for only of single health sets.
    """

    name: str
    alert: str
    error: str = ""

    @property
    def is_healthy(self) -> bool:
        return self.alert.lower() == "healthy"

    @property
    def is_alarmed(self) -> bool:
        return self.alert.lower() in ("unhealthy", "degraded")


def services(target: Target) -> Query[tuple[Service, ...]]:
    """Exchange's services and IIS."""
    wanted = cmdlet("Select-Object", Property=("Name", "Status"))
    return Query("services", target, Pipeline.of(cmdlet("Get-Service", Name=_SERVICES), wanted), _parse_services)


def components(target: Target, server: str, controller: str = "") -> Query[tuple[Component, ...]]:
    """The component states of a server, which maintenance switches off."""
    ask = cmdlet("Get-ServerComponentState", Identity=server, **_pinned(controller))
    wanted = cmdlet("Select-Object", Property=("Component", "State"))
    return Query(f"components {server}", target, Pipeline.of(ask, wanted), _parse_components)


def copies(target: Target, server: str, controller: str = "") -> Query[tuple[DatabaseCopy, ...]]:
    """The database copies on a server, active and passive."""
    ask = cmdlet("Get-MailboxDatabaseCopyStatus", Server=server, **_pinned(controller))
    return Query(
        f"copies {server}",
        target,
        Pipeline.of(ask, cmdlet("Select-Object", Property=("Name", "Status"))),
        _parse_copies,
    )


def monitors(target: Target, server: str, health_set: str = "") -> Query[tuple[Monitor, ...]]:
    """Every monitor of a server, some hundreds, or those of one health set, and whether it raises an alert."""
    properties = ("HealthSetName", "Name", "TargetResource", "AlertValue", *(("Error",) if health_set else ()))
    wanted = cmdlet("Select-Object", Property=properties)
    chosen: dict[str, Value] = {"HealthSet": health_set} if health_set else {}
    ask = Pipeline.of(cmdlet("Get-ServerHealth", Identity=server, **chosen), wanted)
    return Query(" ".join(filter(None, ("monitors", server, health_set))), target, ask, _parse_monitors)


def _pinned(controller: str) -> dict[str, Value]:
    return {"DomainController": controller} if controller else {}


def _parse_services(result: Result) -> tuple[Service, ...]:
    found = checked(result, absent=("NoServiceFoundForGivenName",)).objects
    return tuple(Service(name=text(item, "Name"), status=text(item, "Status")) for item in found)


def _parse_components(result: Result) -> tuple[Component, ...]:
    return tuple(Component(name=text(item, "Component"), state=text(item, "State")) for item in checked(result).objects)


def _parse_copies(result: Result) -> tuple[DatabaseCopy, ...]:
    return tuple(DatabaseCopy(name=text(item, "Name"), status=text(item, "Status")) for item in checked(result).objects)


def _parse_monitors(result: Result) -> tuple[Monitor, ...]:
    found = checked(result).objects
    return tuple(map(_monitor, found))


def _monitor(item: ServerObject) -> Monitor:
    names = (text(item, name) for name in ("HealthSetName", "Name", "TargetResource"))
    said = as_text(item.get("Error"))
    return Monitor(name="/".join(filter(None, names)), alert=text(item, "AlertValue"), error=said)
