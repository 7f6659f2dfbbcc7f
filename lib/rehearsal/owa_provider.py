"""The instant messaging provider of Outlook Web App: what it needs of its computer to start, and what it logs.

Ids and severities: real-world.md B3, from public analyses of Exchange 15.0.1497. The words of the events are *assumed*
but for 83, 84 and 103. So is the order in which things are looked at: registry, DLL, keys, certificate, endpoint. It
stops at the first that is wrong, so one event is logged. 85 and 86 (several provider classes, none usable) are about
DLLs that nobody has. That other versions than 2013 log the same ids is *assumed*. Managed availability's texts speak
of web.config in every version (documented for 2016, where the file isn't what counts).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from rehearsal.app_settings import ASSEMBLY, Settings
from rehearsal.host import CertificateEntry, WindowsHost
from rehearsal.owa_editions import OWA_2013, OwaEdition

INSTANT_MESSAGING_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging"
IMPLEMENTATION_VALUE = "ImplementationDLLPath"
PROVIDER_FILE = OWA_2013.provider_file
_PORTS = (5075, 5076, 5077)
_SOON = timedelta(days=30)
_START = "InstantMessageOCSProvider.InitializeEndpointManager. "

INITIALISED, EXPIRES_SOON = 112, 106
LEVELS = {EXPIRES_SOON: 3, INITIALISED: 4}
"""The others are errors, level 2."""
WORDS = {
    75: "A connection by mutual TLS with the Lync Server pool failed: {detail}",
    78: "The connection with the Lync Server pool failed: {detail}",
    83: _START + "No registry setting for IM Provider.",
    84: _START + "IM provider not found. {detail}",
    87: _START + "The IM provider could not be loaded: {detail}",
    88: _START + "The endpoint could not be created: {detail}",
    102: "IM Certificate with thumbprint {detail} has expired.",
    103: "IM Certificate with thumbprint {detail} could not be found.",
    104: "IM Certificate with thumbprint {detail} is not valid yet.",
    105: "IM Certificate with thumbprint {detail} has no private key.",
    EXPIRES_SOON: "IM Certificate with thumbprint {detail} expires within 30 days.",
    INITIALISED: "The Instant Messaging Endpoint Manager was successfully initialized.",
}
NO_SERVER_NAME = "Instant Messaging Server name is null or empty on web.config."
NO_THUMBPRINT = "Instant Messaging Certificate Thumbprint is null or empty on web.config."
"""What managed availability is told, where no event is (health set OWA.Protocol.Dep, Microsoft's documentation)."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that keeps the provider from starting.

    ``event`` is what it logs, with ``detail``, or 0 where it logs nothing; ``alert`` is what managed availability is
    told; ``reason`` is the lab's own word.
    """

    event: int
    detail: str
    reason: str
    alert: str = ""


def obstacles(host: WindowsHost, settings: Settings, edition: OwaEdition = OWA_2013) -> Iterator[Obstacle]:
    """All that keeps the provider from starting with these settings on this computer now, in the order it looks."""
    if not edition.integrates:
        yield Obstacle(0, "", f"Outlook Web App of Exchange 2010 RTM isn't integrated ({edition.pool_setting})")
        return
    yield from _provider(host, settings, edition)
    checks = [_pool(settings, edition), _named_certificate(host, settings, edition)]
    for check in reversed(checks) if edition.certificate_first else checks:
        yield from check
    if free_port(host, settings) is None:
        yield Obstacle(87, "no port is free", "the ports that instant messaging listens on are all taken (L40)")


def find_certificate(host: WindowsHost, thumbprint: str) -> CertificateEntry | None:
    """As Outlook Web App looks it up: in LocalMachine\\My, whatever the case, with blanks taken out and no more."""
    wanted = thumbprint.replace(" ", "").upper()
    return next((one for one in host.certificates["My"] if one.thumbprint == wanted), None)


def unusable(entry: CertificateEntry, now: datetime, thumbprint: str) -> Iterator[Obstacle]:
    """Why the provider can't present a certificate that is there; ``thumbprint`` as whoever names it wrote it.

    A key that is there and can't be read shows only when the endpoint is created (B4).
    """
    where, certificate = f"the certificate {thumbprint}", x509.load_der_x509_certificate(entry.der)
    if now > certificate.not_valid_after_utc:
        yield Obstacle(102, thumbprint, f"{where} is not valid at {now:%Y-%m-%d} any more")
    if now < certificate.not_valid_before_utc:
        yield Obstacle(104, thumbprint, f"{where} is not valid at {now:%Y-%m-%d} yet")
    if not entry.has_private_key:
        yield Obstacle(105, thumbprint, f"{where} has no private key")
    elif not entry.key_readable:
        yield Obstacle(88, "Keyset does not exist", f"{where} has no private key that can be read")


def expires_soon(entry: CertificateEntry, now: datetime) -> bool:
    return x509.load_der_x509_certificate(entry.der).not_valid_after_utc - now < _SOON


def free_port(host: WindowsHost, settings: Settings) -> int | None:
    """Where the endpoint would listen: 5075 to 5077 in turn, or IMPortNumber alone (B3)."""
    taken = {listener.port for listener in host.listeners}
    wanted = (settings.port,) if settings.port else _PORTS
    return next((port for port in wanted if port not in taken), None)


def _pool(settings: Settings, edition: OwaEdition) -> Iterator[Obstacle]:
    if not settings.server_name:
        reason = f"Outlook Web App: {edition.place} names no Lync pool ({edition.pool_setting})"
        yield Obstacle(0, "", reason, NO_SERVER_NAME)


def _named_certificate(host: WindowsHost, settings: Settings, edition: OwaEdition) -> Iterator[Obstacle]:
    if settings.thumbprint:
        yield from _certificate(host, settings.thumbprint)
    else:
        reason = f"Outlook Web App: {edition.place} names no certificate ({edition.certificate_setting})"
        yield Obstacle(0, "", reason, NO_THUMBPRINT)


def _provider(host: WindowsHost, settings: Settings, edition: OwaEdition) -> Iterator[Obstacle]:
    path = str(host.registry.value(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE) or "")
    if not path:
        yield Obstacle(83, "", "the registry names no instant messaging provider (UCMA, L05, L06)")
        return
    file = host.files.get(path)
    if file is None or file.is_directory:
        yield Obstacle(84, path, f"{path} is not the file of the instant messaging provider (UCMA, L07)")
    elif file.path.name.lower() != edition.provider_file.lower():
        yield Obstacle(87, path, f"{path} is another file than that of the instant messaging provider (UCMA, L07)")
    elif not str(file.version.get("FileVersion", "")).startswith(edition.provider_version):
        yield Obstacle(87, path, f"{path} is not of UCMA 4.0 (L05, L08)")
    elif edition.redirects and not settings.redirected:
        yield Obstacle(87, ASSEMBLY, f"Outlook Web App: web.config doesn't redirect {ASSEMBLY} to version 15 (B6)")


def _certificate(host: WindowsHost, thumbprint: str) -> Iterator[Obstacle]:
    entry = find_certificate(host, thumbprint)
    if entry is None:
        reason = f"Outlook Web App: the certificate {thumbprint} isn't in LocalMachine\\My (L58)"
        yield Obstacle(103, thumbprint, reason)
    else:
        yield from unusable(entry, host.clock(), thumbprint)
