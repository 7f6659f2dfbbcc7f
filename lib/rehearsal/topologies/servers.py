"""How the servers of the topologies are set up: what the installers of the products leave on a Windows computer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from rehearsal import exchange_services, owa_web_config
from rehearsal.appcmd import install_appcmd
from rehearsal.exchange_org import ExchangeRole, ExchangeServer
from rehearsal.host import CertificateEntry, Listener, Service, WindowsHost
from rehearsal.iis import WebServer
from rehearsal.machines import Machine, edge_endpoints, exchange_endpoints, front_end_endpoints
from rehearsal.owa_application import FRONT_END_WEB_CONFIG, WEB_CONFIG, OwaApplication
from rehearsal.owa_provider import IMPLEMENTATION_VALUE, INSTANT_MESSAGING_KEY, PROVIDER_FILE
from rehearsal.pki import CertificateFactory, IssuedCertificate
from rehearsal.world import World

LYNC_VERSION = "5.0.8308.0"
UCMA_FOLDER = r"C:\Program Files\Microsoft UCMA 4.0\Runtime\SSP"
UCMA_VERSION = "5.0.8308.0"
UCMA_PRODUCT_KEY = r"HKLM:\SOFTWARE\Microsoft\UCMA\{902F4F35-D5DC-4363-8671-D5EF0D26C21D}"
EXCHANGE_SETUP_KEY = r"HKLM:\SOFTWARE\Microsoft\ExchangeServer\v15\Setup"
EXCHANGE_FOLDER = r"C:\Program Files\Microsoft\Exchange Server\V15"

_EVERY_WINDOWS = (
    ("WinRM", "Windows Remote Management (WS-Management)"),
    ("EventLog", "Windows Event Log"),
)
_FRONT_END = (
    ("RTCSRV", "Lync Server Front-End"),
    ("REPLICA", "Lync Server Replica Replicator Agent"),
    ("RTCCLSAGT", "Lync Server Centralized Logging Service Agent"),
    ("W3SVC", "World Wide Web Publishing Service"),
)
_EDGE = (
    ("RTCSRV", "Lync Server Access Edge"),
    ("REPLICA", "Lync Server Replica Replicator Agent"),
)


@dataclass(slots=True)
class Installer:
    """Sets servers up in one world, all of which trust ``authority`` (the enterprise CA of the domain)."""

    world: World
    factory: CertificateFactory
    authority: IssuedCertificate
    auth_certificate: IssuedCertificate = field(init=False)

    def __post_init__(self) -> None:
        self.auth_certificate = self.factory.server(
            "Microsoft Exchange Server Auth Certificate", [], issuer=None, ends=timedelta(days=1500)
        )

    def exchange(self, server: ExchangeServer, *, own_certificate: IssuedCertificate) -> Machine:
        """An Exchange 2013 server; a mailbox role brings UCMA. ``own_certificate``, of the enterprise CA, is UM's.

        Setup leaves the self-signed certificate whose Subject is the short host name (recorded: CSS-Exchange exports)
        and the organisation's Auth certificate on it.
        """
        host = self._windows(server.fqdn, {"exchange": exchange_version(server)}, exchange_services.COMMON)
        default = self.factory.server(
            host.short_name, [host.short_name, server.fqdn], issuer=None, label=server.fqdn, ends=timedelta(days=1700)
        )
        self._install(host, default, "Microsoft Exchange")
        self._install(host, self.auth_certificate, "Microsoft Exchange Server Auth Certificate")
        self._install(host, own_certificate, "OWA and UM")
        host.registry.set(EXCHANGE_SETUP_KEY, "MsiInstallPath", EXCHANGE_FOLDER + "\\")
        host.files.make_directory(EXCHANGE_FOLDER)
        host.listeners += [Listener(port) for port in (25, 80, 135, 443, 445, 5985)]
        if server.is_mailbox:
            self._services(host, exchange_services.MAILBOX)
            install_ucma(host)
            host.listeners += [Listener(port) for port in (444, 475, 5062, 5063)]
        if server.is_client_access:
            self._services(host, exchange_services.CLIENT_ACCESS)
            host.listeners += [Listener(port) for port in (5060, 5061)]
        self._outlook_web_app(host, server)
        machine = Machine(
            host=host,
            product="exchange",
            version="2013",
            roles=tuple(sorted(role.value for role in server.roles)),
            endpoints=exchange_endpoints(),
        )
        self.world.add(machine)
        self.world.exchange.add_server(server, certificate=own_certificate.thumbprint)
        return machine

    def front_end(self, fqdn: str, pool: str, site: str, *, delegation: bool = True) -> Machine:
        """A Lync Server 2013 Front End with a certificate of the enterprise CA in the pool's name."""
        host = self._windows(fqdn, {"lync": LYNC_VERSION}, _FRONT_END)
        certificate = self.factory.server(pool, [pool, fqdn], issuer=self.authority, label=fqdn)
        self._install(host, certificate, "Lync Server default")
        self.world.lync_certificates[fqdn] = certificate.thumbprint
        host.event_log("Lync Server")
        host.listeners += [Listener(port) for port in (135, 443, 444, 445, 5061, 5986, 8057)]
        machine = Machine(
            host=host,
            product="lync",
            version="2013",
            roles=("front-end",),
            pool=pool,
            site=site,
            endpoints=front_end_endpoints(delegation=delegation),
        )
        self.world.add(machine)
        return machine

    def _outlook_web_app(self, host: WindowsHost, server: ExchangeServer) -> None:
        """IIS, and OWA's two files of one name: a multi-role server has both, and one pool for front and back end."""
        if server.is_client_access:
            host.files.put(FRONT_END_WEB_CONFIG, owa_web_config.front_end())
        if server.is_mailbox:
            host.files.put(WEB_CONFIG, owa_web_config.back_end())
            application = self.world.owa[server.fqdn] = OwaApplication(host)
            application.install()
        else:
            web = WebServer(host, lambda pool, process_id: None)
            web.install()
            install_appcmd(web)

    def edge(self, fqdn: str, site: str) -> Machine:
        """A Lync Server 2013 Edge Server, in no domain."""
        host = self._windows(fqdn, {"lync": LYNC_VERSION}, _EDGE)
        certificate = self.factory.server(fqdn, [fqdn], issuer=self.authority)
        self._install(host, certificate, "Edge internal")
        self.world.lync_certificates[fqdn] = certificate.thumbprint
        host.event_log("Lync Server")
        host.listeners += [Listener(port) for port in (443, 4443, 5061, 5062, 5986)]
        machine = Machine(
            host=host, product="lync", version="2013", roles=("edge",), site=site, endpoints=edge_endpoints()
        )
        self.world.add(machine)
        return machine

    def _windows(self, fqdn: str, software: dict[str, str], services: tuple[tuple[str, str], ...]) -> WindowsHost:
        host = WindowsHost(fqdn, self.world.clock.now, software=software)
        host.add_certificate("Root", CertificateEntry(der=self.authority.der, friendly_name="Enterprise root"))
        self._services(host, _EVERY_WINDOWS)
        self._services(host, services)
        return host

    @staticmethod
    def _services(host: WindowsHost, services: tuple[tuple[str, str], ...]) -> None:
        for name, display_name in services:
            host.add_service(Service(name, display_name))

    @staticmethod
    def _install(host: WindowsHost, certificate: IssuedCertificate, friendly_name: str) -> None:
        host.add_certificate(
            "My", CertificateEntry(der=certificate.der, has_private_key=True, friendly_name=friendly_name)
        )


def install_ucma(host: WindowsHost) -> None:
    """The UCMA 4.0 Runtime: the provider's DLL, its version, and the value by which OWA finds it (real-world.md B6)."""
    dll = rf"{UCMA_FOLDER}\{PROVIDER_FILE}"
    host.files.put(
        dll,
        b"MZ\x90\x00" + b"\x00" * 60,
        version={
            "FileVersion": UCMA_VERSION,
            "ProductVersion": UCMA_VERSION,
            "ProductName": "Microsoft Unified Communications Managed API",
            "CompanyName": "Microsoft Corporation",
            "OriginalFilename": PROVIDER_FILE,
        },
    )
    host.registry.set(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE, dll)
    host.registry.set(UCMA_PRODUCT_KEY, "Version", UCMA_VERSION)
    host.software["ucma"] = UCMA_VERSION


def exchange_version(server: ExchangeServer) -> str:
    """A server's build in the form ``15.0.1497.2``."""
    return ".".join(str(part) for part in server.build)


def exchange_server(name: str, domain: str, *roles: ExchangeRole) -> ExchangeServer:
    """A server by its lower-case host name; Exchange shows it in upper case."""
    return ExchangeServer(name=name.upper(), fqdn=f"{name}.{domain}", roles=frozenset(roles))
