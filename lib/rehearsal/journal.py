"""Every mutation of the world, in order, with who did it and what stood there before and after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from rehearsal.clock import WorldClock
from rehearsal.cmdlet import ACTING, Actor

THE_WORLD = Actor(host="", path="", user="SYSTEM", command="")
"""What happens by itself, outside any pipeline."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One mutation. ``before`` and ``after`` are JSON values, None for absent; no ``property``: the whole object."""

    sequence: int
    time: str
    host: str
    path: str
    user: str
    command: str
    object: str
    property: str
    before: Any
    after: Any


class Journal:
    """Append-only once the world has begun; entries are numbered from 1 without a gap."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._entries: list[Entry] = []
        self._lock = Lock()

    def record(self, object: str, property: str, before: Any, after: Any, *, host: str = "") -> None:
        """Note a mutation by the current actor. ``host`` names the host that changed if it isn't the connected one."""
        actor = ACTING.get() or THE_WORLD
        with self._lock:
            self._entries.append(
                Entry(
                    sequence=len(self._entries) + 1,
                    time=self._clock.now().isoformat().replace("+00:00", "Z"),
                    host=host or actor.host,
                    path=actor.path,
                    user=actor.user,
                    command=actor.command,
                    object=object,
                    property=property,
                    before=before,
                    after=after,
                )
            )

    def begin(self) -> None:
        """The world begins here: what was done to build it is forgotten."""
        with self._lock:
            self._entries.clear()

    def entries(self) -> tuple[Entry, ...]:
        """All entries so far, oldest first."""
        with self._lock:
            return tuple(self._entries)

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """The form that the control address gives out."""
        return {"entries": [asdict(entry) for entry in self.entries()]}
