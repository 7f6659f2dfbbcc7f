"""Mailbox databases: which servers hold a copy, and which of these may activate it by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.command import Pipeline, Target, Value, cmdlet
from runbook.facts.answer import checked, text, texts
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

BLOCKED = "Blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """``servers`` are the short names of those that hold a copy, the active one among them."""

    name: str
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxServer:
    """``activation`` is DatabaseCopyAutoActivationPolicy: ``Unrestricted``, ``IntrasiteOnly`` or ``Blocked``."""

    name: str
    activation: str
    moves_away: bool = False
    """DatabaseCopyActivationDisabledAndMoveNow: nothing is activated there while another copy is healthy."""

    @property
    def activates(self) -> bool:
        """A failover may bring a mailbox there without anybody's doing."""
        return self.activation.lower() != BLOCKED.lower() and not self.moves_away


def databases(target: Target, controller: str = "") -> Query[tuple[Database, ...]]:
    """Every mailbox database of the organisation; recovery databases serve nobody and are left out."""
    wanted = cmdlet("Select-Object", Property=("Name", "Server", "Servers", "Recovery"))
    ask = Pipeline.of(cmdlet("Get-MailboxDatabase", **_pinned(controller)), wanted)
    return Query("mailbox-databases", target, ask, _parse_databases)


def mailbox_servers(target: Target, controller: str = "") -> Query[tuple[MailboxServer, ...]]:
    """Every mailbox server of the organisation, and its activation policy."""
    names = ("Name", "DatabaseCopyAutoActivationPolicy", "DatabaseCopyActivationDisabledAndMoveNow")
    ask = Pipeline.of(cmdlet("Get-MailboxServer", **_pinned(controller)), cmdlet("Select-Object", Property=names))
    return Query("mailbox-servers", target, ask, _parse_servers)


def _pinned(controller: str) -> dict[str, Value]:
    return {"DomainController": controller} if controller else {}


def _parse_databases(result: Result) -> tuple[Database, ...]:
    return tuple(_database(item) for item in checked(result).objects if item.get("Recovery") is not True)


def _database(item: ServerObject) -> Database:
    holders = texts(item, "Servers") or texts(item, "Server")
    return Database(name=text(item, "Name"), servers=tuple(name for name in holders if name))


def _parse_servers(result: Result) -> tuple[MailboxServer, ...]:
    return tuple(
        MailboxServer(
            name=text(item, "Name"),
            activation=text(item, "DatabaseCopyAutoActivationPolicy"),
            moves_away=item.get("DatabaseCopyActivationDisabledAndMoveNow") is True,
        )
        for item in checked(result).objects
    )
