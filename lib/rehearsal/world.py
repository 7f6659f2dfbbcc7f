"""The simulated organisation: its servers, its Exchange organisation and its Lync topology, with cause and effect.

Cmdlets read what they like, but change the directory and the topology only through :meth:`World.publish`,
:meth:`World.enable_topology`, :meth:`World.set_um` and :meth:`World.put`, which journal the change and let its effects
follow: the known servers and their events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, TypeVar

from rehearsal.centralized_logging import CentralizedLogging
from rehearsal.clock import WorldClock
from rehearsal.exchange_databases import moved
from rehearsal.exchange_health import Alert
from rehearsal.exchange_org import ExchangeOrganisation, ExchangeServer, UmSettings
from rehearsal.federation import FederationSettings
from rehearsal.identifiers import derived_guid
from rehearsal.journal import Journal
from rehearsal.known_servers import LOG, KnownServer, LoggedEvent, change_events, known_servers, start_events
from rehearsal.lync_topology import CentralManagementStore, TopologyDocument
from rehearsal.machines import Machine
from rehearsal.owa_application import OwaApplication
from rehearsal.people import Person
from rehearsal.record_diff import record_differences, record_values
from rehearsal.replication import EDGE_LAG, FRONT_END_LAG, Replica, ReplicatedStore
from rehearsal.setting_overrides import SettingOverride
from rehearsal.shells import open_shell
from rehearsal.topology_diff import differences
from rehearsal.values import CommandCall, ErrorRecord, Identity, OpenShell, Streams, TerminatingError

K = TypeVar("K")
R = TypeVar("R")


class World:
    """Everything there is.

    ``lock`` guards the directory and the topology; cmdlets hold it while they change them. ``epoch`` is when the world
    began. ``accounts`` names the credentials that exist, with their user names. ``lync_certificates`` says which
    certificate (thumbprint) a Lync server presents, ``im_certificates`` which one OWA on a back end is meant to
    present, ``owa`` is Outlook Web App on each back end; all are keyed by FQDN. ``blocked`` are servers with a TCP port
    that a firewall keeps them from, ``quiet`` servers whose users are all away, both by lower-case FQDN.
    """

    def __init__(
        self,
        *,
        topology: str,
        seed: int,
        clock: WorldClock,
        exchange: ExchangeOrganisation,
        lync: CentralManagementStore,
        accounts: Mapping[str, str],
        netbios_domain: str,
    ) -> None:
        self.topology = topology
        self.seed = seed
        self.clock = clock
        self.epoch = clock.now()
        self.exchange = exchange
        self.lync = lync
        self.accounts = dict(accounts)
        self.netbios_domain = netbios_domain
        self.journal = Journal(clock)
        self.machines: dict[str, Machine] = {}
        self.lync_certificates: dict[str, str] = {}
        self.im_certificates: dict[str, str] = {}
        self.owa: dict[str, OwaApplication] = {}
        self.known: tuple[KnownServer, ...] = ()
        self.federation = ReplicatedStore.begun(self.epoch - timedelta(days=30), FederationSettings(), lync.published)
        self.cloud = "worldwide"
        self.blocked: set[tuple[str, int]] = set()
        self.quiet: set[str] = set()
        self.logging = CentralizedLogging(self.journal)
        self.lock = RLock()

    def guid(self, *names: str) -> str:
        """The GUID of an object of this world."""
        return str(derived_guid(self.seed, *names))

    def add(self, machine: Machine) -> None:
        """Join a server; nothing is journalled before :meth:`begin`."""
        self.machines[machine.name.lower()] = machine

    def machine(self, name: str) -> Machine | None:
        """By FQDN or NetBIOS name."""
        wanted = name.lower()
        found = self.machines.get(wanted)
        return found or next((one for one in self.machines.values() if one.host.short_name.lower() == wanted), None)

    def front_ends(self, pool: str | None = None) -> tuple[Machine, ...]:
        """All Front Ends, or those of a pool."""
        return tuple(
            one
            for one in self.machines.values()
            if "front-end" in one.roles and (pool is None or (one.pool or "").lower() == pool.lower())
        )

    def begin(self) -> None:
        """The world is built: start the Lync services, and journal every mutation from here on."""
        self.replicate()
        self.known = self._table()
        self._log(start_events(self.known))
        for machine in self.machines.values():
            machine.host.on_change = self._listener(machine.name)

    # What cmdlets change

    def publish(self, document: TopologyDocument) -> None:
        """Put a changed topology document into the Central Management store; nothing acts on it yet."""
        with self.lock:
            for change in differences(self.lync.published, document):
                self.journal.record(f"published {change.object}", change.property, change.before, change.after)
            self.lync.publish(document)
            self.federation.publish(document, self.clock.now())

    def enable_topology(self) -> None:
        """Enable all that is published, whoever published it; Front Ends then know the new peers."""
        with self.lock:
            for change in differences(self.lync.enabled, self.lync.published):
                self.journal.record(f"enabled {change.object}", change.property, change.before, change.after)
            self.lync.enable()
            self._follow()

    def replicate(self) -> None:
        """Give every Front End and Edge Server its replica of the Central Management store."""
        lags = {"front-end": FRONT_END_LAG, "edge": EDGE_LAG}
        for machine in self.machines.values():
            lag = next((lags[role] for role in machine.roles if role in lags), None)
            if lag is not None and self.federation.replica(machine.name) is None:
                self.federation.replicas[machine.name.lower()] = Replica(machine.name, lag, machine.build)

    def set_federation(self, settings: FederationSettings) -> None:
        """Write federation and access policies to the Central Management store; replicas follow in their time."""
        with self.lock:
            before = self.federation.current
            for label, old, new in _federation_pairs(before, settings):
                for change in record_differences(label, old, new):
                    self.journal.record(change.object, change.property, change.before, change.after)
            self.federation.write(settings, self.clock.now())

    def ask_replication(self, fqdn: str | None) -> None:
        """Somebody asks for a full copy for one replica, or for all."""
        with self.lock:
            self.journal.record(f"replication {fqdn or 'of all'}", "asked", None, self.clock.now().isoformat())
            self.federation.ask(fqdn, self.clock.now())

    def grant_external_access(self, person: Person, policy: str | None) -> None:
        """Give a user an external access policy of their own, or take it away."""
        with self.lock:
            self.journal.record(f"user {person.upn}", "ExternalAccessPolicy", person.external_access, policy)
            people = self.exchange.people
            self.exchange.people = tuple(
                replace(one, external_access=policy) if one.upn == person.upn else one for one in people
            )

    def set_um(self, kind: str, settings: UmSettings) -> None:
        """Replace a server's UM settings: ``kind`` is um-service, call-router or, for Exchange 2010, um-server."""
        exchange = self.exchange
        tables = {
            "um-service": exchange.um_services,
            "call-router": exchange.call_routers,
            "um-server": exchange.um_servers,
        }
        with self.lock:
            table = tables[kind]
            self.put(f"{kind} {settings.server}", table, settings.server.lower(), settings)
            self._follow()

    def put(self, label: str, table: MutableMapping[K, R], key: K, record: R) -> None:
        """Put a record of the directory into its table, and journal each property that differs; ``label`` names it."""
        with self.lock:
            for change in record_differences(label, table.get(key), record):
                self.journal.record(change.object, change.property, change.before, change.after)
            table[key] = record

    def put_override(self, override: SettingOverride) -> None:
        """Put a setting override into the directory; servers that were due have read the others before."""
        book = self.exchange.overrides
        with self.lock:
            book.settle(self.clock.now())
            self.put(f"setting override {override.name}", book.overrides, override.name.lower(), override)

    def remove_override(self, override: SettingOverride) -> None:
        """Take a setting override out of the directory."""
        book = self.exchange.overrides
        with self.lock:
            book.settle(self.clock.now())
            del book.overrides[override.name.lower()]
            self.journal.record(f"setting override {override.name}", "", record_values(override), None)

    def refresh_overrides(self, server: ExchangeServer) -> None:
        """A server reads the setting overrides anew; journalled only where it then sees others than before."""
        book, now = self.exchange.overrides, self.clock.now()
        with self.lock:
            before = [one.name for one in book.reading(server.name, now).overrides]
            changed = book.reading(server.name, now).overrides != tuple(book.overrides.values())
            book.refresh(server.name, now)
            if changed:
                after = [one.name for one in book.overrides.values()]
                self.journal.record("variant configuration", "Overrides", before, after, host=server.fqdn)

    def activate(self, database: str, server: str) -> None:
        """Move a database's active copy to another server that has one, as a failover does."""
        stores = self.exchange.stores
        found = moved(stores.databases[database.lower()], server)
        self.put(f"database {found.name}", stores.databases, database.lower(), found)

    def alert(self, server: str, monitor: str, message: str | None) -> None:
        """A monitor of managed availability raises an alert on a server (NetBIOS name), or clears it with None."""
        key = (server.lower(), monitor.lower())
        with self.lock:
            if message is None:
                self.exchange.health.alerts.pop(key, None)
            else:
                self.exchange.health.alerts[key] = Alert(message, self.clock.now())

    # What the wire asks (rehearsal.values.Organisation)

    def endpoints(self) -> Mapping[str, Sequence[str]]:
        return {one.name: [end.path for end in one.endpoints] for one in self.machines.values() if one.endpoints}

    def authentications(self, host: str, path: str) -> Sequence[str]:
        machine = self.machine(host)
        endpoint = machine.endpoint(path) if machine else None
        return endpoint.accepts if endpoint else ()

    def open_shell(self, host: str, path: str, configuration: str, identity: Identity) -> OpenShell:
        """A runspace; access is denied to an account that isn't an administrator there."""
        machine = self.machine(host)
        endpoint = machine.endpoint(path) if machine else None
        if machine is None or endpoint is None:
            raise TerminatingError(_denied(f"{host} has no endpoint {path}."))
        if self._plain_account(identity.username) not in {
            self._plain_account(self.accounts[name]) for name in endpoint.accounts
        }:
            raise TerminatingError(_denied("Access is denied."))
        shell = open_shell(machine.host, self, endpoint.path, configuration, identity)
        return _TimedShell(shell, self.clock)

    # For the control address

    def snapshot(self) -> dict[str, Any]:
        """The world as JSON values."""
        with self.lock:
            return {
                "topology": self.topology,
                "seed": self.seed,
                "time": self.clock.now().isoformat(),
                "servers": {one.name: one.host.snapshot() for one in self.machines.values()},
                "exchange": {
                    "dial_plans": [asdict(plan) for plan in self.exchange.dial_plans.values()],
                    "um_services": [asdict(one) for one in self.exchange.um_services.values()],
                    "call_routers": [asdict(one) for one in self.exchange.call_routers.values()],
                    "um_servers": [asdict(one) for one in self.exchange.um_servers.values()],
                    **_overrides(self.exchange),
                    **_outlook_web_app(self.exchange),
                },
                "federation": asdict(self.federation.current),
                "replicas": _replicas(self.federation, self.clock.now()),
                "lync": {
                    "published": asdict(self.lync.published),
                    "enabled": asdict(self.lync.enabled),
                    "pending": self.lync.published != self.lync.enabled,
                    "known_servers": [asdict(row) for row in self.known],
                },
            }

    def _plain_account(self, name: str) -> str:
        """``LITWARE\\admin``, ``admin@litwareinc.com`` and ``admin`` are one account."""
        lowered = name.lower().removeprefix(f"{self.netbios_domain}\\".lower())
        return lowered.removesuffix(f"@{self.exchange.domain}".lower())

    def _table(self) -> tuple[KnownServer, ...]:
        discovered = [server.fqdn for server in self.exchange.servers_in_sip_dial_plans()]
        return known_servers(self.lync.enabled, discovered)

    def _follow(self) -> None:
        before, self.known = self.known, self._table()
        self._log(change_events(before, self.known))

    def _log(self, events: Iterable[LoggedEvent]) -> None:
        for event in events:
            for machine in self.front_ends():
                machine.host.write_event(LOG, event.provider, event.event_id, event.message)

    def _listener(self, host: str) -> Any:
        def listen(object: str, property: str, before: object, after: object) -> None:
            self.journal.record(object, property, _plain(before), _plain(after), host=host)

        return listen


class _TimedShell:
    """A shell each of whose pipelines lets a little of the world's time pass."""

    def __init__(self, shell: OpenShell, clock: WorldClock) -> None:
        self._shell = shell
        self._clock = clock

    def run(self, commands: Sequence[CommandCall], pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        self._clock.tick()
        self._shell.run(commands, pipeline_input, streams)


def _federation_pairs(
    before: FederationSettings, after: FederationSettings
) -> Iterator[tuple[str, object | None, object | None]]:
    """What of the two belongs together, with what the journal calls it."""
    yield "access edge", before.access_edge, after.access_edge
    for label, name in (("hosting provider", "hosting_providers"), ("external access policy", "external_access")):
        old, new = ({one.identity: one for one in getattr(each, name)} for each in (before, after))
        for identity in dict.fromkeys((*old, *new)):
            yield f"{label} {identity}", old.get(identity), new.get(identity)


def _replicas(store: ReplicatedStore, now: datetime) -> dict[str, Any]:
    """Which servers have received everything, as JSON values."""
    return {one.fqdn: {"up_to_date": store.is_current(one, now)} for one in store.replicas.values()}


def _outlook_web_app(exchange: ExchangeOrganisation) -> dict[str, Any]:
    """Virtual directories, policies, mailboxes, databases and health as JSON values."""
    owa, stores, health = exchange.owa, exchange.stores, exchange.health
    return {
        "virtual_directories": {one.identity: dict(one.settings) for one in owa.directories.values()},
        "mailbox_policies": {one.name: record_values(one) for one in owa.policies.values()},
        "mailboxes": {upn: asdict(one) for upn, one in owa.mailboxes.items()},
        "databases": [asdict(one) for one in stores.databases.values()],
        "availability_groups": [asdict(one) for one in stores.groups.values()],
        "activation_policies": dict(stores.activation_policies),
        "component_states": ["/".join((*key, one.state)) for key, one in health.states.items()],
        "alerts": {"/".join(key): one.message for key, one in health.alerts.items()},
    }


def _overrides(exchange: ExchangeOrganisation) -> dict[str, Any]:
    """The setting overrides in the directory, and the names of those that each server has read, as JSON values."""
    book = exchange.overrides
    return {
        "setting_overrides": [record_values(one) for one in book.overrides.values()],
        "overrides_read": {name: [one.name for one in read.overrides] for name, read in book.readings.items()},
    }


def _denied(message: str) -> ErrorRecord:
    return ErrorRecord(
        message=message,
        error_id="AccessDenied",
        category="PermissionDenied",
        exception_type="System.Management.Automation.Remoting.PSRemotingTransportException",
    )


def _plain(value: Any) -> Any:
    """A JSON value."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
