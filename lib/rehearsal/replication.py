"""How what is written to the Central Management store reaches the replicas, the Edge Server's among them.

Documented: replicas are brought up to date by themselves, mostly within a minute (Y29); a status for each of them; a
full copy on request. How long each takes is *assumed*: a Front End 15 seconds, an Edge 30, both of the world's time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from rehearsal.federation import FederationSettings
from rehearsal.lync_topology import TopologyDocument

T = TypeVar("T")
FRONT_END_LAG, EDGE_LAG = timedelta(seconds=15), timedelta(seconds=30)


@dataclass(slots=True)
class Replica:
    """One server's copy. ``stuck_since``: nothing written after that arrives until a copy is asked for.

    ``restored``: the server's own database was put back to that moment behind the replication's back, which goes on
    reporting that it is up to date; the next full copy puts it right (*assumed*).
    """

    fqdn: str
    lag: timedelta
    version: str
    stuck_since: datetime | None = None
    asked_at: datetime | None = None
    restored: datetime | None = None

    def holds(self, now: datetime) -> datetime:
        """The moment whose settings are in the server's own database."""
        if self.restored is not None and (self.asked_at is None or now < self.asked_at + self.lag):
            return self.restored
        return self.received(now)

    def received(self, now: datetime) -> datetime:
        """Everything written up to this moment has arrived."""
        if self.stuck_since is None:
            return now - self.lag
        if self.asked_at is not None and now >= self.asked_at + self.lag:
            return now - self.lag
        return self.stuck_since


@dataclass(slots=True)
class History(Generic[T]):
    """Every version of something, each with the time of its writing, oldest first; there is always one."""

    versions: list[tuple[datetime, T]]

    @property
    def current(self) -> T:
        return self.versions[-1][1]

    def at(self, moment: datetime) -> T:
        written = [version for time, version in self.versions if time <= moment]
        return written[-1] if written else self.versions[0][1]


@dataclass(slots=True)
class ReplicatedStore:
    """The settings and topologies as they were written, when anything was, and who has received it."""

    settings: History[FederationSettings]
    topology: History[TopologyDocument]
    written: datetime
    replicas: dict[str, Replica] = field(default_factory=dict)

    @classmethod
    def begun(cls, began: datetime, settings: FederationSettings, topology: TopologyDocument) -> ReplicatedStore:
        """A store with its first contents, which have long since arrived everywhere."""
        return cls(History([(began, settings)]), History([(began, topology)]), began)

    @property
    def current(self) -> FederationSettings:
        return self.settings.current

    def write(self, settings: FederationSettings, now: datetime) -> None:
        self.settings.versions.append((now, settings))
        self.written = now

    def publish(self, topology: TopologyDocument, now: datetime) -> None:
        self.topology.versions.append((now, topology))
        self.written = now

    def touch(self, now: datetime) -> None:
        """Something else of the store changed, which has to be replicated as well."""
        self.written = now

    def replica(self, fqdn: str) -> Replica | None:
        return self.replicas.get(fqdn.lower())

    def at(self, fqdn: str, now: datetime) -> FederationSettings:
        """What a server's own copy says."""
        return self.settings.at(self._received(fqdn, now))

    def topology_at(self, fqdn: str, now: datetime) -> TopologyDocument:
        """The topology in a server's own copy."""
        return self.topology.at(self._received(fqdn, now))

    def is_current(self, replica: Replica, now: datetime) -> bool:
        return self.written <= replica.received(now)

    def ask(self, fqdn: str | None, now: datetime) -> None:
        """A full copy for one replica, or for all."""
        for replica in self.replicas.values():
            if fqdn is None or replica.fqdn.lower() == fqdn.lower():
                replica.asked_at = now

    def _received(self, fqdn: str, now: datetime) -> datetime:
        replica = self.replica(fqdn)
        return now if replica is None else replica.holds(now)
