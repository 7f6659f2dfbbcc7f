"""What Exchange's endpoint writes into the administrator audit log of the cmdlets that were run over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from rehearsal.admin_audit_log import AuditEntry
from rehearsal.cmdlet import Call
from rehearsal.coercion import ListChange
from rehearsal.objects import text_of
from rehearsal.values import ErrorRecord

if TYPE_CHECKING:
    from rehearsal.world import World


def audited(call: Call, failure: ErrorRecord | None) -> None:
    """Log a cmdlet of Exchange's that changed something, or that failed; nothing for -WhatIf, nothing for others."""
    declaration = call.declaration
    error = failure or (call.reported[0] if call.reported else None)
    if declaration.module != "Exchange" or not declaration.should_process or call.preferences.what_if:
        return
    if not call.processed and error is None:
        return
    world = cast("World", call.world)
    server = world.exchange.find_server(call.host.name)
    build = server.build if server else (0, 0, 0, 0)
    world.exchange.audit.record(
        AuditEntry(
            cmdlet=declaration.name,
            object=", ".join(call.processed),
            parameters=tuple(_written(call.parameters)),
            caller=caller_path(call),
            server=f"{call.host.short_name} ({build[0]}.{build[1]:02}.{build[2]:04}.{build[3]:03})",
            time=world.clock.now(),
            error=error.message if error else "",
        )
    )


def caller_path(call: Call) -> str:
    """Who is connected, as Exchange writes it down: ``litwareinc.com/Users/exchange-admin``."""
    name = call.identity.username.rpartition("\\")[2].partition("@")[0]
    return f"{cast('World', call.world).exchange.domain}/Users/{name}"


def _written(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _text(value)) for name, value in parameters.items()]


def _text(value: Any) -> str:
    """A value as the log keeps it; a list's items stand one after the other (assumed)."""
    if isinstance(value, ListChange):
        return ";".join(text_of(item) for item in (*(value.replace or ()), *value.add, *value.remove))
    return ";".join(text_of(item) for item in value) if isinstance(value, (list, tuple)) else text_of(value)
