"""The Exchange organisation as Active Directory holds it: servers with their UM and OWA, dial plans, databases, people.

Records are frozen and replaced whole, so that whoever holds one can see what it was before a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rehearsal.admin_audit_log import AuditLog
from rehearsal.exchange_databases import MailboxStores
from rehearsal.exchange_health import HealthBook
from rehearsal.exchange_owa import (
    BACK_END_SITE,
    EXCHANGE_2010,
    EXCHANGE_2013,
    FRONT_END_SITE,
    OwaSide,
    VirtualDirectory,
)
from rehearsal.exchange_versions import LATEST, Build, ExchangeVersion, version_of
from rehearsal.owa_settings import directory_defaults
from rehearsal.people import Person
from rehearsal.setting_overrides import OverrideBook

SIP_NAME = "SipName"


class ExchangeRole(StrEnum):
    """``unified-messaging`` is a role of its own in Exchange 2010; from 2013 on it belongs to the other two."""

    CLIENT_ACCESS = "client-access"
    MAILBOX = "mailbox"
    UNIFIED_MESSAGING = "unified-messaging"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeServer:
    """``name`` is the NetBIOS name as Exchange shows it (``ATL-MBX-001``); ``build`` major, minor, build, revision.

    From 2016 on a server has both roles, and Exchange names Mailbox alone.
    """

    name: str
    fqdn: str
    roles: frozenset[ExchangeRole]
    build: Build = LATEST[ExchangeVersion.V2013]
    ad_site: str = "Atlanta"
    edition: str = "Enterprise"

    @property
    def is_mailbox(self) -> bool:
        return ExchangeRole.MAILBOX in self.roles

    @property
    def is_client_access(self) -> bool:
        return ExchangeRole.CLIENT_ACCESS in self.roles

    @property
    def version(self) -> ExchangeVersion:
        return version_of(self.build)

    @property
    def is_legacy(self) -> bool:
        """Whether it is of a version before 2013."""
        return self.version is ExchangeVersion.V2010

    @property
    def has_um(self) -> bool:
        """Whether it answers calls, by its version and role."""
        if self.is_legacy:
            return ExchangeRole.UNIFIED_MESSAGING in self.roles
        return self.version.has_um and self.is_mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """A UM dial plan; ``uri_type`` is TelExtn, E164 or SipName."""

    name: str
    uri_type: str
    voip_security: str
    digits: int = 4
    country_code: str = "1"
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UmSettings:
    """The UM service of a mailbox server, the UM call router of a client access server, or a UM server of 2010."""

    server: str
    dial_plans: tuple[str, ...] = ()
    startup_mode: str = "TCP"
    status: str = "Enabled"
    max_calls: int = 100
    ip_address_family: str = "Any"
    ip_address_family_configurable: bool = True
    irm_log_enabled: bool = True
    sip_tcp_port: int = 5060
    sip_tls_port: int = 5061
    certificate_thumbprint: str = ""


@dataclass(slots=True)
class ExchangeOrganisation:
    """All of it. Dictionaries are keyed by lower-case name; servers by NetBIOS name."""

    name: str
    domain: str
    domain_controller: str
    servers: dict[str, ExchangeServer] = field(default_factory=dict)
    dial_plans: dict[str, DialPlan] = field(default_factory=dict)
    um_services: dict[str, UmSettings] = field(default_factory=dict)
    call_routers: dict[str, UmSettings] = field(default_factory=dict)
    um_servers: dict[str, UmSettings] = field(default_factory=dict)
    people: tuple[Person, ...] = ()
    owa: OwaSide = field(default_factory=OwaSide)
    stores: MailboxStores = field(default_factory=MailboxStores)
    health: HealthBook = field(default_factory=HealthBook)
    overrides: OverrideBook = field(default_factory=OverrideBook)
    audit: AuditLog = field(default_factory=AuditLog)

    def add_server(self, server: ExchangeServer, *, certificate: str) -> None:
        """Join a server with its virtual directories and what its roles bring of UM.

        UM is in TLS mode with the certificate of that thumbprint; Exchange 2010's has a table of its own.
        """
        key = server.name.lower()
        self.servers[key] = server
        self._add_directories(server)
        settings = UmSettings(server=server.name, startup_mode="TLS", certificate_thumbprint=certificate)
        if server.has_um:
            (self.um_servers if server.is_legacy else self.um_services)[key] = settings
        if server.is_client_access and server.version.has_um and not server.is_legacy:
            self.call_routers[key] = replace(settings, ip_address_family_configurable=False)

    def mailbox_server_of(self, upn: str) -> str | None:
        """The FQDN of the server with the active copy of the database of a user's mailbox; None without a mailbox."""
        person = self.person(upn)
        database = self.stores.databases.get(person.database.lower()) if person and person.database else None
        return self.servers[database.active.lower()].fqdn if database else None

    def person(self, upn: str) -> Person | None:
        """By user principal name, whatever the case."""
        return next((one for one in self.people if one.upn.lower() == upn.lower()), None)

    def add_dial_plan(self, plan: DialPlan) -> None:
        self.dial_plans[plan.name.lower()] = plan

    def find_server(self, identity: str) -> ExchangeServer | None:
        """By NetBIOS name, FQDN, distinguished name or legacy DN, whatever the case."""
        wanted = identity.strip().lower()
        wanted = wanted.removeprefix("cn=").partition(",")[0] if wanted.startswith("cn=") else wanted
        wanted = wanted.rpartition("/cn=")[2]
        for server in self.servers.values():
            if wanted in (server.name.lower(), server.fqdn.lower()):
                return server
        return None

    def servers_in_sip_dial_plans(self) -> Iterator[ExchangeServer]:
        """The servers that host a SipName dial plan, through their UM service or their call router (L20, L43)."""
        for key in sorted(self.servers):
            tables = (self.um_services, self.call_routers, self.um_servers)
            plans = [plan for table in tables for plan in self._plans(table.get(key))]
            if any(self._is_sip_name(plan) for plan in plans):
                yield self.servers[key]

    def _add_directories(self, server: ExchangeServer) -> None:
        version = EXCHANGE_2010 if server.is_legacy else EXCHANGE_2013
        sites = [FRONT_END_SITE] if server.is_client_access else []
        if server.is_mailbox and not server.is_legacy:
            sites.append(BACK_END_SITE)
        for site in sites:
            settings = directory_defaults(server.fqdn, site)
            self.owa.add_directory(VirtualDirectory(server=server.name, site=site, settings=settings, version=version))

    @staticmethod
    def _plans(settings: UmSettings | None) -> Iterable[str]:
        return settings.dial_plans if settings else ()

    def _is_sip_name(self, plan: str) -> bool:
        found = self.dial_plans.get(plan.lower())
        return found is not None and found.uri_type == SIP_NAME
