"""Mailbox databases: where their copies are, which copy is active, and which servers could take it over.

Servers are named by their NetBIOS names, as Exchange's own objects name them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

BLOCKED = "Blocked"
"""The DatabaseCopyAutoActivationPolicy under which no copy on the server is activated by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCopy:
    """A copy of a database. ``status`` is what a passive copy reports; the active one reports Mounted."""

    server: str
    preference: int
    status: str = "Healthy"
    activation_suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """``active`` is the server that holds the active copy; ``group`` the availability group, None for a lone server."""

    name: str
    active: str
    copies: tuple[DatabaseCopy, ...]
    group: str | None = None
    mounted: bool = True

    def copy_on(self, server: str) -> DatabaseCopy | None:
        return next((copy for copy in self.copies if copy.server.lower() == server.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityGroup:
    """A database availability group with its members."""

    name: str
    members: tuple[str, ...]
    witness_server: str = ""
    witness_directory: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(slots=True)
class MailboxStores:
    """All databases and availability groups, by lower-case name, and each server's automatic activation policy."""

    databases: dict[str, Database] = field(default_factory=dict)
    groups: dict[str, AvailabilityGroup] = field(default_factory=dict)
    activation_policies: dict[str, str] = field(default_factory=dict)

    def add(self, database: Database) -> None:
        self.databases[database.name.lower()] = database

    def group_of(self, server: str) -> AvailabilityGroup | None:
        """The availability group that a server is in."""
        wanted = server.lower()
        return next((one for one in self.groups.values() if wanted in map(str.lower, one.members)), None)

    def activation_policy(self, server: str) -> str:
        return self.activation_policies.get(server.lower(), "Unrestricted")

    def on(self, server: str) -> Iterator[Database]:
        """The databases with a copy on a server."""
        return (one for one in self.databases.values() if one.copy_on(server))

    def able_to_serve(self, database: Database) -> Iterator[str]:
        """The servers that serve the database or could come to: its active copy's, and those not kept from it."""
        for copy in sorted(database.copies, key=lambda one: one.preference):
            kept_from_it = copy.activation_suspended or self.activation_policy(copy.server) == BLOCKED
            if copy.server == database.active or not kept_from_it:
                yield copy.server


def moved(database: Database, server: str) -> Database:
    """The database with its active copy on another server; ValueError where that has no copy."""
    copy = database.copy_on(server)
    if copy is None:
        raise ValueError(f"{server} has no copy of {database.name}")
    return replace(database, active=copy.server)
