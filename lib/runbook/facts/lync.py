"""What is asked of a Lync or Skype for Business shell: topology, trusted applications, certificates, known servers.

Topology is read as published (the Central Management store). No cmdlet tells whether it was *enabled* since:
what does is the Front End's event log, which names each server that Lync took into its known servers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from runbook.command import Cmdlet, Pipeline, Target, cmdlet
from runbook.facts.answer import as_text, checked, flag, number, one, text, texts
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

LIST_AT_START, ADDED, REMOVED = 14492, 14493, 14495
"""Known-servers events of LS Protocol Stack: the whole list at start, one server added, one removed."""

EXCHANGE_FOUND = 44024
"""LS Exchange Unified Messaging Routing: the Exchange servers that host a SipName dial plan."""

_LOG = "Lync Server"
_FILTER = "*[System[" + " or ".join(f"EventID={number}" for number in (14492, 14493, 14495, 44024)) + "]]"
_NO_EVENTS = ("NoMatchingEventsFound",)
_URL = re.compile(r"\w+://\S+")
_FQDN = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9](?![\w-])", re.IGNORECASE
)
_SERVER_VERSION = re.compile(r"\((\d+)\.(\d+)\.[\d.]+\)")
_EDITIONS = {"4": "2010", "5": "2013", "6": "2015", "7": "2019"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site. ``site_id`` is what ``-Site`` takes; ``identity`` (``Site:Redmond``) is what objects show (L32, L33)."""

    identity: str
    display_name: str
    site_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Any pool of the topology, with the services that run on it (``Registrar:fqdn`` …) and its computers."""

    fqdn: str
    services: tuple[str, ...]
    computers: tuple[str, ...]
    site: str

    @property
    def is_registrar(self) -> bool:
        return any(service.lower().startswith("registrar:") for service in self.services)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedPool:
    """A trusted application pool. ``registrar`` is the bare FQDN; ``site`` the site's identity; both may be empty."""

    fqdn: str
    registrar: str
    site: str
    requires_replication: bool
    treat_as_authenticated: bool
    throttle_as_server: bool
    outbound_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedApplication:
    """A trusted application, by the identity that Lync shows; ``application_id`` lacks its ``urn:application:``."""

    identity: str
    pool: str
    application_id: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedComputer:
    """A computer of a trusted application pool; a pool made without one has itself as its computer."""

    fqdn: str
    pool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServerEvent:
    """One event about known servers, with the host names that its text mentions (the wording isn't documented).

    ``at`` is aware, in UTC, by its server's clock.
    """

    id: int
    record: int
    names: tuple[str, ...]
    at: datetime | None = None


def sites(target: Target) -> Query[tuple[Site, ...]]:
    """Every site (L34, which asks for two of these properties)."""
    return Query("sites", target, _get("Get-CsSite", "Identity", "DisplayName", "SiteId"), _parse_sites)


def pools(target: Target) -> Query[tuple[Pool, ...]]:
    """Every pool of the topology, Edge and trusted application pools included."""
    return Query("pools", target, _get("Get-CsPool", "Fqdn", "Services", "Computers", "Site"), _parse_pools)


def trusted_pools(target: Target) -> Query[tuple[TrustedPool, ...]]:
    """Every trusted application pool, published or enabled."""
    wanted = ("PoolFqdn", "Registrar", "SiteId", "RequiresReplication", "TreatAsAuthenticated")
    ask = _get("Get-CsTrustedApplicationPool", *wanted, "ThrottleAsServer", "OutboundOnly")
    return Query("trusted-pools", target, ask, _parse_trusted_pools)


def trusted_applications(target: Target) -> Query[tuple[TrustedApplication, ...]]:
    """Every trusted application of every pool."""
    ask = _get("Get-CsTrustedApplication", "Identity", "TrustedApplicationPoolFqdn", "ApplicationId", "Port")
    return Query("trusted-applications", target, ask, _parse_applications)


def trusted_computers(target: Target) -> Query[tuple[TrustedComputer, ...]]:
    """Every computer of every trusted application pool."""
    return Query(
        "trusted-computers", target, _get("Get-CsTrustedApplicationComputer", "Fqdn", "Pool"), _parse_computers
    )


def default_certificate(target: Target) -> Query[str | None]:
    """The thumbprint of the certificate that a Front End shows for SIP; ``None`` where none is assigned."""
    ask = Pipeline.of(cmdlet("Get-CsCertificate", Type="Default"), _select("Use", "Thumbprint"))
    return Query("lync-certificate", target, ask, _parse_certificate)


def server_version(target: Target) -> Query[str]:
    """What ``Get-CsServerVersion`` says, whole; see :func:`edition`."""
    return Query("lync-version", target, Pipeline.of(cmdlet("Get-CsServerVersion")), _parse_version)


def known_server_events(target: Target) -> Query[tuple[KnownServerEvent, ...]]:
    """A Front End's events about known servers, oldest first; empty where the log holds none (it may have wrapped)."""
    ask = cmdlet("Get-WinEvent", LogName=_LOG, FilterXPath=_FILTER)
    return Query(
        "known-servers", target, Pipeline.of(ask, _select("Id", "RecordId", "TimeCreated", "Message")), _parse_events
    )


def edition(version: str) -> str:
    """``2010``, ``2013``, ``2015`` or ``2019`` from a server version; empty where it tells nothing."""
    found = _SERVER_VERSION.search(version)
    return _EDITIONS.get(found[1], "") if found else ""


def host_names(message: str) -> tuple[str, ...]:
    """The host names in an event's text, lower case, as often as they stand there; help pages' aren't hosts."""
    return tuple(name.lower() for name in _FQDN.findall(_URL.sub(" ", message)))


def _get(name: str, *wanted: str) -> Pipeline:
    return Pipeline.of(cmdlet(name), _select(*wanted))


def _select(*names: str) -> Cmdlet:
    return cmdlet("Select-Object", Property=names)


def _bare(identity: str) -> str:
    """``Registrar:pool.example`` → ``pool.example``."""
    return identity.rpartition(":")[2]


def _parse_sites(result: Result) -> tuple[Site, ...]:
    return tuple(
        Site(identity=text(item, "Identity"), display_name=text(item, "DisplayName"), site_id=text(item, "SiteId"))
        for item in checked(result).objects
    )


def _parse_pools(result: Result) -> tuple[Pool, ...]:
    return tuple(
        Pool(
            fqdn=text(item, "Fqdn"),
            services=texts(item, "Services"),
            computers=texts(item, "Computers"),
            site=text(item, "Site"),
        )
        for item in checked(result).objects
    )


def _parse_trusted_pools(result: Result) -> tuple[TrustedPool, ...]:
    return tuple(map(_trusted_pool, checked(result).objects))


def _trusted_pool(item: ServerObject) -> TrustedPool:
    return TrustedPool(
        fqdn=text(item, "PoolFqdn"),
        registrar=_bare(text(item, "Registrar")),
        site=text(item, "SiteId"),
        requires_replication=flag(item, "RequiresReplication"),
        treat_as_authenticated=flag(item, "TreatAsAuthenticated"),
        throttle_as_server=flag(item, "ThrottleAsServer"),
        outbound_only=flag(item, "OutboundOnly"),
    )


def _parse_applications(result: Result) -> tuple[TrustedApplication, ...]:
    return tuple(
        TrustedApplication(
            identity=text(item, "Identity"),
            pool=text(item, "TrustedApplicationPoolFqdn"),
            application_id=_bare(text(item, "ApplicationId")),
            port=number(item, "Port"),
        )
        for item in checked(result).objects
    )


def _parse_computers(result: Result) -> tuple[TrustedComputer, ...]:
    return tuple(
        TrustedComputer(fqdn=text(item, "Fqdn"), pool=_bare(text(item, "Pool"))) for item in checked(result).objects
    )


def _parse_certificate(result: Result) -> str | None:
    found = checked(result).objects
    return text(one(found, "default certificate"), "Thumbprint").upper() or None if found else None


def _parse_version(result: Result) -> str:
    for value in checked(result).output:
        if words := as_text(value):
            return words
    raise ValueError("the server didn't tell its version")


def _parse_events(result: Result) -> tuple[KnownServerEvent, ...]:
    found = checked(result, absent=_NO_EVENTS).objects
    return tuple(sorted(map(_known_server_event, found), key=lambda event: event.record))


def _known_server_event(item: ServerObject) -> KnownServerEvent:
    at = item.get("TimeCreated")
    return KnownServerEvent(
        id=number(item, "Id"),
        record=number(item, "RecordId"),
        names=host_names(text(item, "Message")),
        at=at if isinstance(at, datetime) else None,
    )
