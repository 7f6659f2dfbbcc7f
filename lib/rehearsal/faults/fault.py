"""What a fault is: one thing that is wrong in an organisation that works otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rehearsal.owa_editions import OWA_2013, OWA_2016
from rehearsal.presence import presence
from rehearsal.world import World


class Repair(StrEnum):
    """Who may mend it: a tool by itself, one that was told to by name, or a person only."""

    AUTOMATIC = "automatic"
    CONSENT = "consent"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a fault is: a server by FQDN, an object by name, a user by UPN; empty for what the fault hasn't."""

    server: str = ""
    object: str = ""
    user: str = ""


Choice = Callable[[World], Sequence[str]]
"""The servers, objects or users of a world that a fault can be at; the first is taken where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``do`` brings it about; ``requirements`` are the ids of what the procedures say of it (requirements.md).

    ``servers``, ``objects`` and ``users`` are missing where the fault isn't at one. ``needs`` says what else a world
    must have for the fault to be possible in it.
    """

    id: str
    meaning: str
    requirements: tuple[str, ...]
    repair: Repair
    do: Callable[[World, Where], None]
    servers: Choice | None = None
    objects: Choice | None = None
    users: Choice | None = None
    needs: Callable[[World], bool] | None = None
    after_work: bool = False
    """It comes about after people have signed in, and not before."""

    def fits(self, world: World) -> bool:
        """Whether it can be in this world."""
        choices = (self.servers, self.objects, self.users)
        return (self.needs is None or self.needs(world)) and all(choice(world) for choice in choices if choice)

    def place(self, world: World, wanted: Where) -> Where:
        """Where it comes about, with the first of each kind for what isn't said. The world is one that it fits.

        ValueError, whose arguments are all that is wrong, as pairs of key and complaint.
        """
        faults: list[tuple[str, str]] = []
        chosen: dict[str, str] = {}
        for key, choice in (("server", self.servers), ("object", self.objects), ("user", self.users)):
            value = getattr(wanted, key)
            if choice is None:
                if value:
                    faults.append((key, f"{value!r} is for nothing: {self.id} isn't at one {key}; leave it out"))
                continue
            there = choice(world)
            found = _named(value, there)
            if found is None:
                faults.append((key, f"{value!r} can't have {self.id}; it can be {_listed(there)}"))
            chosen[key] = found or ""
        if faults:
            raise ValueError(*faults)
        return Where(**chosen)


def _named(value: str, there: Sequence[str]) -> str | None:
    """The one that is meant, by its whole name or by a server's short one; the first where nothing is said."""
    if not value:
        return there[0]
    wanted = value.lower()
    return next((one for one in there if wanted in (one.lower(), one.partition(".")[0].lower())), None)


_LISTED = 12


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def owa_servers(world: World) -> tuple[str, ...]:
    """The servers that Outlook Web App signs in to Lync from."""
    return tuple(world.owa)


def back_ends(world: World) -> tuple[str, ...]:
    """Those of Exchange 2013 or later."""
    return tuple(name for name, one in world.owa.items() if not one.edition.on_client_access)


def by_web_config(world: World) -> tuple[str, ...]:
    """Those that take pool and certificate from web.config."""
    return tuple(name for name, one in world.owa.items() if one.edition is OWA_2013)


def by_override(world: World) -> tuple[str, ...]:
    """Those that take pool and certificate from setting overrides."""
    return tuple(name for name, one in world.owa.items() if one.edition is OWA_2016)


def client_access(world: World) -> tuple[str, ...]:
    """The servers whose front-end virtual directory users come over."""
    short = {one.server.lower() for one in world.exchange.owa.directories.values() if not one.is_back_end}
    return tuple(one.name for one in world.machines.values() if one.host.short_name.lower() in short)


def lync_front_ends(world: World) -> tuple[str, ...]:
    """The Front Ends."""
    return tuple(one.name for one in world.front_ends())


def edges(world: World) -> tuple[str, ...]:
    """The Edge Servers."""
    return tuple(one.name for one in world.machines.values() if "edge" in one.roles)


def working_people(world: World) -> tuple[str, ...]:
    """The users with a mailbox here who have presence now."""
    report = presence(world)
    return tuple(
        one.upn
        for one in world.exchange.people
        if not one.online and one.upn not in report.excluded and one.upn not in report.reasons
    )
