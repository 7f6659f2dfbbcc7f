"""How the servers of the topologies are set up: what the installers of the products leave on a Windows computer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from rehearsal.exchange_org import ExchangeRole, ExchangeServer
from rehearsal.exchange_versions import LATEST, Build, ExchangeVersion
from rehearsal.host import CertificateEntry, Listener, Service, WindowsHost
from rehearsal.lync_releases import LYNC_SERVER_2013, LyncRelease
from rehearsal.machines import Machine, edge_endpoints, front_end_endpoints
from rehearsal.pki import CertificateFactory, IssuedCertificate
from rehearsal.topologies.exchange_setup import set_up_exchange
from rehearsal.world import World

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
        """An Exchange server of its version; ``own_certificate``, of the enterprise CA, is IIS's and UM's."""
        return set_up_exchange(self, server, own_certificate)

    def front_end(
        self, fqdn: str, pool: str, site: str, *, delegation: bool = True, release: LyncRelease = LYNC_SERVER_2013
    ) -> Machine:
        """A Front End with a certificate of the enterprise CA in the pool's name."""
        host = self.windows(fqdn, {release.product: release.build}, _branded(_FRONT_END, release))
        certificate = self.factory.server(pool, [pool, fqdn], issuer=self.authority, label=fqdn)
        self.install(host, certificate, "Lync Server default")
        self.world.lync_certificates[fqdn] = certificate.thumbprint
        host.event_log("Lync Server")
        host.listeners += [Listener(port) for port in (135, 443, 444, 445, 5061, 5986, 8057)]
        machine = Machine(
            host=host,
            product=release.product,
            version=release.version,
            roles=("front-end",),
            pool=pool,
            site=site,
            endpoints=front_end_endpoints(delegation=delegation),
        )
        self.world.add(machine)
        return machine

    def edge(self, fqdn: str, site: str, *, release: LyncRelease = LYNC_SERVER_2013) -> Machine:
        """An Edge Server, in no domain."""
        host = self.windows(fqdn, {release.product: release.build}, _branded(_EDGE, release))
        certificate = self.factory.server(fqdn, [fqdn], issuer=self.authority)
        self.install(host, certificate, "Edge internal")
        self.world.lync_certificates[fqdn] = certificate.thumbprint
        host.event_log("Lync Server")
        host.listeners += [Listener(port) for port in (443, 4443, 5061, 5062, 5986)]
        machine = Machine(
            host=host,
            product=release.product,
            version=release.version,
            roles=("edge",),
            site=site,
            endpoints=edge_endpoints(),
        )
        self.world.add(machine)
        return machine

    def windows(
        self,
        fqdn: str,
        software: dict[str, str],
        services: tuple[tuple[str, str], ...],
        *,
        os_caption: str = "Microsoft Windows Server 2012 R2 Standard",
        os_version: str = "6.3.9600",
    ) -> WindowsHost:
        """A computer that trusts the enterprise CA, with Windows' services and those of its products."""
        host = WindowsHost(fqdn, self.world.clock.now, software=software, os_caption=os_caption, os_version=os_version)
        host.add_certificate("Root", CertificateEntry(der=self.authority.der, friendly_name="Enterprise root"))
        for name, display_name in (*_EVERY_WINDOWS, *services):
            host.add_service(Service(name, display_name))
        return host

    @staticmethod
    def install(
        host: WindowsHost, certificate: IssuedCertificate, friendly_name: str, *, services: tuple[str, ...] = ()
    ) -> None:
        """Put a certificate with its key into the store; ``services`` are those of Exchange that it is assigned to."""
        entry = CertificateEntry(
            der=certificate.der, has_private_key=True, friendly_name=friendly_name, services=services
        )
        host.add_certificate("My", entry)


def _branded(services: tuple[tuple[str, str], ...], release: LyncRelease) -> tuple[tuple[str, str], ...]:
    """The services with their display names as the release has them (from memory)."""
    return tuple((name, display.replace(LYNC_SERVER_2013.brand, release.brand)) for name, display in services)


def exchange_server(
    name: str, domain: str, *roles: ExchangeRole, build: Build = LATEST[ExchangeVersion.V2013]
) -> ExchangeServer:
    """A server by its lower-case host name; Exchange shows it in upper case."""
    return ExchangeServer(name=name.upper(), fqdn=f"{name}.{domain}", roles=frozenset(roles), build=build)
