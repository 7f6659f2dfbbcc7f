"""One simulated Windows computer: what the Windows cmdlets read and change.

The world builds hosts from a topology and attaches ``on_change`` once they stand, so that its journal holds
what was done to them and not how they were made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from hashlib import sha1
from threading import Lock
from typing import TYPE_CHECKING, Any

from rehearsal.filesystem import FileSystem
from rehearsal.hive import Registry

if TYPE_CHECKING:
    from rehearsal.iis import WebServer


@dataclass(slots=True)
class Service:
    """A Windows service; ``status`` and ``start_type`` are names of ServiceControllerStatus and ServiceStartMode."""

    name: str
    display_name: str
    status: str = "Running"
    start_type: str = "Automatic"
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEntry:
    """A certificate in a store. The key may be there and yet not be readable for the account that needs it.

    ``services`` are the services of Exchange that it is assigned to, by the names of AllowedServices (``IIS``, ``UM``).
    """

    der: bytes
    has_private_key: bool = False
    key_readable: bool = True
    friendly_name: str = ""
    services: tuple[str, ...] = ()

    @property
    def thumbprint(self) -> str:
        return sha1(self.der).hexdigest().upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEntry:
    """An event. ``level`` 1 critical, 2 error, 3 warning, 4 information; ``data`` are the EventData strings."""

    record_id: int
    time: datetime
    provider: str
    event_id: int
    level: int
    message: str
    data: tuple[str, ...] = ()
    task: str = ""


@dataclass(slots=True)
class EventLog:
    """A log keeps its newest ``capacity`` events and then forgets the oldest, as a circular log does."""

    name: str
    capacity: int = 10_000
    events: deque[EventEntry] = field(default_factory=deque)
    next_record: int = 1


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP socket."""

    port: int
    process_id: int = 4
    address: str = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Process:
    """A process; ``created`` is aware, UTC."""

    process_id: int
    name: str
    command_line: str
    created: datetime


_EVENT_LOGS = ("Application", "System", "Security", "Setup")
_STORES = ("My", "Root", "CA", "Trust", "TrustedPeople", "TrustedPublisher", "Disallowed", "AuthRoot")


class WindowsHost:
    """The state of one computer.

    ``name`` is its FQDN, ``clock`` gives the world's time (aware, UTC), ``software`` what is installed, by product
    (``exchange``, ``lync``, ``skype-for-business``, ``powershell``, …) with the version in the product's own
    spelling. ``features`` are Windows roles that bring a PowerShell module of their own (``WebAdministration``).
    ``on_change(object, property, before, after)`` hears of every mutation once it is set.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], datetime],
        *,
        software: Mapping[str, str] | None = None,
        features: frozenset[str] = frozenset(),
        timezone: tzinfo = UTC,
        os_caption: str = "Microsoft Windows Server 2012 R2 Standard",
        os_version: str = "6.3.9600",
        booted: datetime | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.software: dict[str, str] = {"powershell": "4.0", **(software or {})}
        self.features = features
        self.timezone = timezone
        self.os_caption = os_caption
        self.os_version = os_version
        self.booted = booted or clock()
        self.on_change: Callable[[str, str, object, object], None] | None = None
        self.files = FileSystem(lambda: self.clock(), self.report)
        self.registry = Registry(self.report)
        self.services: dict[str, Service] = {}
        self.certificates: dict[str, list[CertificateEntry]] = {store: [] for store in _STORES}
        self.event_logs: dict[str, EventLog] = {log.lower(): EventLog(log) for log in _EVENT_LOGS}
        self.listeners: list[Listener] = []
        self.processes: list[Process] = []
        self.native: dict[str, NativeProgram] = {}
        self.web: WebServer | None = None
        self._lock = Lock()
        self.files.make_directory(r"C:\Windows\System32")
        self.files.make_directory(r"C:\Windows\Temp")
        self.files.make_directory(r"C:\Program Files")

    @property
    def short_name(self) -> str:
        """The NetBIOS name."""
        return self.name.partition(".")[0].upper()[:15]

    @property
    def powershell_version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.software["powershell"].split("."))

    def report(self, target: str, name: str, before: object, after: object) -> None:
        if self.on_change is not None and before != after:
            self.on_change(target, name, before, after)

    def add_service(self, service: Service) -> None:
        self.services[service.name.lower()] = service

    def service(self, name: str) -> Service | None:
        return self.services.get(name.lower())

    def set_service_status(self, name: str, status: str) -> None:
        service = self.services[name.lower()]
        before, service.status = service.status, status
        self.report(f"service {service.name}", "Status", before, status)

    def add_certificate(self, store: str, entry: CertificateEntry) -> None:
        self.certificates.setdefault(store, []).append(entry)
        self.report(f"Cert:\\LocalMachine\\{store}\\{entry.thumbprint}", "Exists", False, True)

    def remove_certificate(self, store: str, thumbprint: str) -> None:
        entries = self.certificates.get(store, [])
        self.certificates[store] = [entry for entry in entries if entry.thumbprint != thumbprint.upper()]
        if len(self.certificates[store]) != len(entries):
            self.report(f"Cert:\\LocalMachine\\{store}\\{thumbprint.upper()}", "Exists", True, False)

    def event_log(self, name: str) -> EventLog:
        """The log, created where it doesn't exist (a product's set-up registers its log)."""
        return self.event_logs.setdefault(name.lower(), EventLog(name))

    def write_event(
        self,
        log: str,
        provider: str,
        event_id: int,
        message: str,
        *,
        level: int = 4,
        data: tuple[str, ...] = (),
        task: str = "",
        time: datetime | None = None,
    ) -> EventEntry:
        """Append to a log; the record id is the log's next one. An event is an effect, so it isn't journalled."""
        target = self.event_log(log)
        with self._lock:
            entry = EventEntry(
                record_id=target.next_record,
                time=time or self.clock(),
                provider=provider,
                event_id=event_id,
                level=level,
                message=message,
                data=data or (message,),
                task=task,
            )
            target.next_record += 1
            target.events.append(entry)
            while len(target.events) > target.capacity:
                target.events.popleft()
        return entry

    def snapshot(self) -> dict[str, Any]:
        """The host as JSON values, for the control address: no file content, only sizes."""
        return {
            "name": self.name,
            "software": dict(self.software),
            "services": {service.name: service.status for service in self.services.values()},
            "files": {str(file.path): len(file.content) for file in self.files if file.content is not None},
            "registry": {
                key.path: {value.name: _plain(value.value) for value in key.values.values()}
                for key in self.registry
                if key.values
            },
            "certificates": {
                store: [entry.thumbprint for entry in entries]
                for store, entries in self.certificates.items()
                if entries
            },
            "application_pools": {
                pool.name: {"state": pool.state, "worker": pool.worker} for pool in self.web.pools.values()
            }
            if self.web
            else {},
            "listeners": [listener.port for listener in self.listeners],
            "events": {log.name: log.next_record - 1 for log in self.event_logs.values()},
        }


NativeProgram = Callable[[WindowsHost, tuple[str, ...]], tuple[list[str], int]]
"""A program: takes the host and its arguments, gives its lines of stdout and its exit code."""


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
