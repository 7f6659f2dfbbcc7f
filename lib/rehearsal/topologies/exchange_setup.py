"""What Exchange's setup leaves on a Windows computer, by version: services, files, registry, certificates, IIS, UCMA.

Sources: real-world.md B1 and B6; CSS-Exchange exports of 2016 and 2019 servers. Windows versions and ports are from the
products' system requirements and from memory.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from rehearsal import exchange_services, owa_web_config
from rehearsal.appcmd import install_appcmd
from rehearsal.exchange_org import ExchangeServer
from rehearsal.exchange_owa import FRONT_END_SITE
from rehearsal.exchange_versions import ExchangeVersion
from rehearsal.host import Listener, WindowsHost
from rehearsal.iis import WebServer
from rehearsal.machines import Machine, exchange_endpoints
from rehearsal.owa_application import OwaApplication
from rehearsal.owa_editions import OwaEdition, owa_edition
from rehearsal.owa_provider import IMPLEMENTATION_VALUE, INSTANT_MESSAGING_KEY, PROVIDER_FILE
from rehearsal.pki import IssuedCertificate
from rehearsal.setting_overrides import IM_SECTION, IM_SERVER_NAME, IM_THUMBPRINT, OWA_COMPONENT
from rehearsal.world import World

if TYPE_CHECKING:
    from rehearsal.topologies.servers import Installer

Stored = Callable[[], tuple[str | None, str | None]]

UCMA_FOLDER = r"C:\Program Files\Microsoft UCMA 4.0\Runtime\SSP"
UCMA_VERSION = "5.0.8308.0"
UCMA_PRODUCT_KEY = r"HKLM:\SOFTWARE\Microsoft\UCMA\{902F4F35-D5DC-4363-8671-D5EF0D26C21D}"
_PROVIDER_2010_VERSION = "3.5.6907.210"
_SETUP_KEY = r"HKLM:\SOFTWARE\Microsoft\ExchangeServer\{folder}\Setup"
_WINDOWS = {
    ExchangeVersion.V2010: ("Microsoft Windows Server 2008 R2 Standard", "6.1.7601", "2.0"),
    ExchangeVersion.V2013: ("Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "4.0"),
    ExchangeVersion.V2016: ("Microsoft Windows Server 2016 Standard", "10.0.14393", "5.1"),
    ExchangeVersion.V2019: ("Microsoft Windows Server 2019 Standard", "10.0.17763", "5.1"),
    ExchangeVersion.SE: ("Microsoft Windows Server 2022 Standard", "10.0.20348", "5.1"),
}
"""Caption, version and PowerShell of the Windows that each version of Exchange stands on here."""


def set_up_exchange(installer: Installer, server: ExchangeServer, own_certificate: IssuedCertificate) -> Machine:
    """An Exchange server, joined to the world and to the organisation.

    Setup leaves the self-signed certificate whose Subject is the short host name (recorded: CSS-Exchange exports)
    and the organisation's Auth certificate on it; ``own_certificate``, of the enterprise CA, is IIS's and UM's.
    """
    world = installer.world
    world.exchange.add_server(server, certificate=own_certificate.thumbprint)
    if not server.is_legacy:
        world.exchange.overrides.refresh(server.name, world.clock.now())
    caption, windows, powershell = _WINDOWS[server.version]
    host = installer.windows(
        server.fqdn,
        {"exchange": exchange_version(server), "powershell": powershell},
        tuple(exchange_services.installed(server)),
        os_caption=caption,
        os_version=windows,
    )
    default = installer.factory.server(
        host.short_name, [host.short_name, server.fqdn], issuer=None, label=server.fqdn, ends=timedelta(days=1700)
    )
    installer.install(host, default, "Microsoft Exchange", services=("SMTP",))
    if not server.is_legacy:
        auth = installer.auth_certificate
        installer.install(host, auth, "Microsoft Exchange Server Auth Certificate", services=("SMTP",))
    services = ("UM", "IIS") if server.version.has_um else ("IIS",)
    installer.install(host, own_certificate, "OWA and UM" if server.version.has_um else "OWA", services=services)
    _lay_out(host, server)
    _outlook_web_app(world, host, server)
    machine = Machine(
        host=host,
        product="exchange",
        version=server.version.value,
        roles=_estate_roles(server),
        endpoints=exchange_endpoints(),
    )
    world.add(machine)
    return machine


def exchange_version(server: ExchangeServer) -> str:
    """A server's build in the form ``15.0.1497.2``."""
    return ".".join(str(part) for part in server.build)


def install_ucma(host: WindowsHost) -> None:
    """The UCMA 4.0 Runtime: the provider's DLL, its version, and the value by which OWA finds it (real-world.md B6)."""
    dll = rf"{UCMA_FOLDER}\{PROVIDER_FILE}"
    _put_provider(host, dll, UCMA_VERSION)
    host.registry.set(UCMA_PRODUCT_KEY, "Version", UCMA_VERSION)
    host.software["ucma"] = UCMA_VERSION


def install_provider_2010(host: WindowsHost, edition: OwaEdition) -> None:
    """CWAOWASSP.msi with UCMA 2.0: the provider in Outlook Web App's own folder (B1); its version is *assumed*."""
    dll = edition.web_config.parent / "bin" / edition.provider_file
    _put_provider(host, str(dll), _PROVIDER_2010_VERSION)


def _put_provider(host: WindowsHost, dll: str, version: str) -> None:
    host.files.put(
        dll,
        b"MZ\x90\x00" + b"\x00" * 60,
        version={
            "FileVersion": version,
            "ProductVersion": version,
            "ProductName": "Microsoft Unified Communications Managed API",
            "CompanyName": "Microsoft Corporation",
            "OriginalFilename": dll.rpartition("\\")[2],
        },
    )
    host.registry.set(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE, dll)


def _lay_out(host: WindowsHost, server: ExchangeServer) -> None:
    """The install folder with its registry value, and the ports that the roles listen on."""
    folder = str(owa_edition(server.build).folder)
    key = _SETUP_KEY.format(folder=folder.rpartition("\\")[2].lower())
    host.registry.set(key, "MsiInstallPath", folder + "\\")
    host.files.make_directory(folder)
    ports = [25, 80, 135, 443, 445, 5985]
    if server.is_mailbox and not server.is_legacy:
        ports += [444, 475]
    if server.has_um:
        ports += [5062, 5063]
    if server.is_client_access and not server.is_legacy and server.version.has_um:
        ports += [5060, 5061]
    host.listeners += [Listener(port) for port in ports]


def _estate_roles(server: ExchangeServer) -> tuple[str, ...]:
    """From 2016 on client access isn't a role, and an estate file names the other."""
    held = {"mailbox": server.is_mailbox, "client-access": server.is_client_access and not server.version.one_role}
    return tuple(sorted(role for role, has in held.items() if has))


def _outlook_web_app(world: World, host: WindowsHost, server: ExchangeServer) -> None:
    """IIS, and OWA's two files of one name: a multi-role server has both, and one pool for front and back end."""
    edition = owa_edition(server.build)
    if server.is_client_access and not server.is_legacy:
        host.files.put(edition.front_end_web_config, owa_web_config.front_end())
    if not (server.is_client_access if edition.on_client_access else server.is_mailbox):
        web = WebServer(host, lambda pool, process_id: None)
        web.install()
        install_appcmd(web)
        return
    host.files.put(edition.web_config, _web_config(server, edition))
    if edition.on_client_access:
        install_provider_2010(host, edition)
    else:
        install_ucma(host)
    application = world.owa[server.fqdn] = OwaApplication(host, edition, _stored(world, server, edition))
    application.install()


def _web_config(server: ExchangeServer, edition: OwaEdition) -> bytes:
    if not server.is_legacy:
        return owa_web_config.back_end()
    return owa_web_config.exchange_2010(with_keys=not edition.integrates)


def _stored(world: World, server: ExchangeServer, edition: OwaEdition) -> Stored | None:
    """Where Outlook Web App of the server finds pool and certificate, but for web.config."""
    if not edition.integrates:
        return None
    if server.is_legacy:
        return lambda: _in_directory(world, server)
    if server.version.stores_overrides:
        return lambda: _in_overrides(world, server)
    return None


def _in_directory(world: World, server: ExchangeServer) -> tuple[str | None, str | None]:
    settings = world.exchange.owa.directories[f"{server.name}\\owa ({FRONT_END_SITE})".lower()].settings
    return settings["InstantMessagingServerName"] or None, settings["InstantMessagingCertificateThumbprint"] or None


def _in_overrides(world: World, server: ExchangeServer) -> tuple[str | None, str | None]:
    now = world.clock.now()
    found = world.exchange.overrides.effective(server.name, server.build, OWA_COMPONENT, IM_SECTION, now)
    return found.get(IM_SERVER_NAME) or None, found.get(IM_THUMBPRINT) or None
