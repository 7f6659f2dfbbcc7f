"""May the roll-out begin with a server, and has it left the server as well as it found it?

Before and after each server the same is looked at: services, component states, database copies, monitors. What was bad
before doesn't hinder; what is worse than before stops everything that would follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from runbook.command import Shell
from runbook.estate import Estate, Role
from runbook.facts import health, windows
from runbook.facts.health import WEB_SERVICE, Component, DatabaseCopy, Monitor
from runbook.facts.query import Observation, Unread
from runbook.facts.windows import Service
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections.organisation import NO_OWN_EXCHANGE, NO_WINDOWS, reader_of
from runbook.sections.section import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHealth:
    """How one server fares; ``copies`` is empty for a server that holds no mailboxes."""

    clock: datetime | Unread
    services: tuple[Service, ...] | Unread
    components: tuple[Component, ...] | Unread
    copies: tuple[DatabaseCopy, ...] | Unread
    monitors: tuple[Monitor, ...] | Unread


def observe(parameters: OwaEnablementParameters, estate: Estate, stage: str) -> Observation[ServerHealth]:
    server, controller = estate.server(stage), estate.domain_controller or ""
    reader, old = reader_of(estate, server), server.has_powershell_2
    here = server.target(Shell.WINDOWS) if server.offers(Shell.WINDOWS) else None
    on_windows = None if here is None else (windows.clock(here), health.services(here))
    on_exchange = (
        None
        if reader is None or old
        else (health.components(reader, server.name, controller), health.monitors(reader, server.name))
    )
    copies = (
        None if reader is None or not server.serves(Role.MAILBOX) else health.copies(reader, server.name, controller)
    )
    # Exchange 2010 has neither component states nor managed availability.
    without: tuple[()] | Unread = () if old else NO_OWN_EXCHANGE
    answers = yield [*(on_windows or ()), *(on_exchange or ()), *((copies,) if copies else ())]
    return ServerHealth(
        clock=NO_WINDOWS if on_windows is None else answers[on_windows[0]],
        services=NO_WINDOWS if on_windows is None else answers[on_windows[1]],
        components=without if on_exchange is None else answers[on_exchange[0]],
        monitors=without if on_exchange is None else answers[on_exchange[1]],
        copies=answers[copies] if copies else (),
    )


def refuses(parameters: OwaEnablementParameters, now: ServerHealth) -> str:
    """Why this server's turn can't come now; empty where it can."""
    if unread := _unread(now):
        return unread
    if (window := parameters.window) and isinstance(now.clock, datetime) and not window[0] <= now.clock <= window[1]:
        return (
            f"It is outside the maintenance window ({parameters.maintenance_start} to {parameters.maintenance_end});"
            f" the server's clock says {now.clock:%Y-%m-%d %H:%M} UTC."
        )
    if WEB_SERVICE.lower() not in {name.lower() for name in _running(now)}:
        return f"IIS isn't running there ({WEB_SERVICE}): nobody could say whether OWA works afterwards."
    return ""


def worse(parameters: OwaEnablementParameters, before: ServerHealth, now: ServerHealth) -> str:
    """In what the server is worse off than before; empty where in nothing."""
    return _unread(now) or " ".join(_worse(before, now))


def _worse(before: ServerHealth, now: ServerHealth) -> Iterator[str]:
    if stopped := sorted(_running(before) - _running(now)):
        yield f"Services no longer run: {_listed(stopped)}."
    if inactive := sorted(_active(before) - _active(now)):
        yield f"Components are no longer active: {_listed(inactive)}."
    if moved := sorted(_copies(before, active=True) - _copies(now, active=True)):
        yield f"Databases are no longer mounted here: {_listed(moved)}."
    elif failing := sorted(_copies(before, active=False) - _copies(now, active=False)):
        yield f"Database copies are no longer healthy: {_listed(failing)}."
    if alarmed := sorted(_monitors(now, alarmed=True) & _monitors(before, alarmed=False)):
        yield f"Monitors that were healthy raise an alert: {_listed(alarmed)}."


def _unread(found: ServerHealth) -> str:
    missing = {field.name: getattr(found, field.name) for field in fields(found)}
    said = [f"Its {name} couldn't be read: {fact.why}" for name, fact in missing.items() if isinstance(fact, Unread)]
    return " ".join(f"{each.rstrip('.')}." for each in said)


def _running(found: ServerHealth) -> set[str]:
    services = () if isinstance(found.services, Unread) else found.services
    return {service.name for service in services if service.is_running}


def _active(found: ServerHealth) -> set[str]:
    components = () if isinstance(found.components, Unread) else found.components
    return {component.name for component in components if component.state.lower() == "active"}


def _copies(found: ServerHealth, *, active: bool) -> set[str]:
    copies = () if isinstance(found.copies, Unread) else found.copies
    return {copy.name for copy in copies if (copy.is_active if active else copy.is_good)}


def _monitors(found: ServerHealth, *, alarmed: bool) -> set[str]:
    monitors = () if isinstance(found.monitors, Unread) else found.monitors
    return {monitor.name for monitor in monitors if (monitor.is_alarmed if alarmed else monitor.is_healthy)}


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


GATE = Gate(observe=observe, refuses=refuses, worse=worse, settle_seconds=lambda parameters: parameters.settle_seconds)
