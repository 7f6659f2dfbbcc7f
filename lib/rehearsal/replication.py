"""How what is written to the Central Management store reaches the replicas, the Edge Server's among them.

Documented: replicas are brought up to date by themselves, mostly within a minute (Y29); a status for each of them; a
full copy on request. How long each takes is *assumed*: a Front End 15 seconds, an Edge 30, both of the world's time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rehearsal.federation import FederationSettings

FRONT_END_LAG, EDGE_LAG = timedelta(seconds=15), timedelta(seconds=30)


@dataclass(slots=True)
class Replica:
    """One server's copy. ``stuck_since``: nothing written after that arrives until a copy is asked for."""

    fqdn: str
    lag: timedelta
    version: str
    stuck_since: datetime | None = None
    asked_at: datetime | None = None

    def received(self, now: datetime) -> datetime:
        """Everything written up to this moment has arrived."""
        if self.stuck_since is None:
            return now - self.lag
        if self.asked_at is not None and now >= self.asked_at + self.lag:
            return now - self.lag
        return self.stuck_since


@dataclass(slots=True)
class ReplicatedStore:
    """The settings as they were written, each with its time, and who has received them."""

    history: list[tuple[datetime, FederationSettings]]
    replicas: dict[str, Replica] = field(default_factory=dict)

    @property
    def current(self) -> FederationSettings:
        return self.history[-1][1]

    @property
    def written(self) -> datetime:
        """When anything was last written."""
        return self.history[-1][0]

    def write(self, settings: FederationSettings, now: datetime) -> None:
        self.history.append((now, settings))

    def touch(self, now: datetime) -> None:
        """Something else of the store changed (the topology), which has to be replicated as well."""
        self.write(self.current, now)

    def replica(self, fqdn: str) -> Replica | None:
        return self.replicas.get(fqdn.lower())

    def at(self, fqdn: str, now: datetime) -> FederationSettings:
        """What a server's own copy says."""
        replica = self.replica(fqdn)
        if replica is None:
            return self.current
        arrived = [settings for written, settings in self.history if written <= replica.received(now)]
        return arrived[-1] if arrived else self.history[0][1]

    def is_current(self, replica: Replica, now: datetime) -> bool:
        return self.written <= replica.received(now)

    def ask(self, fqdn: str | None, now: datetime) -> None:
        """A full copy for one replica, or for all."""
        for replica in self.replicas.values():
            if fqdn is None or replica.fqdn.lower() == fqdn.lower():
                replica.asked_at = now
