"""Outlook Web App on a back end: what its worker read at its start, and the instant messaging provider in it.

The settings are those of web.config when the worker started. The provider initialises at the first instant messaging
sign-in on that worker, once, and logs how that went (real-world.md B1 and B3, from public analyses of Exchange
15.0.1497; ids and severities from there, the words of the events are *assumed*).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PureWindowsPath

from cryptography import x509

from rehearsal.host import CertificateEntry, WindowsHost
from rehearsal.iis import OWA_POOL, WebServer
from rehearsal.owa_web_config import Settings, read

INSTANT_MESSAGING_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging"
IMPLEMENTATION_VALUE = "ImplementationDLLPath"
PROVIDER_FILE = "Microsoft.Rtc.Internal.Ucweb.dll"
EXCHANGE_FOLDER = PureWindowsPath(r"C:\Program Files\Microsoft\Exchange Server\V15")
WEB_CONFIG = EXCHANGE_FOLDER / "ClientAccess" / "Owa" / "web.config"
FRONT_END_WEB_CONFIG = EXCHANGE_FOLDER / "FrontEnd" / "HttpProxy" / "owa" / "web.config"
LOG_FOLDER = EXCHANGE_FOLDER / "Logging" / "OWA" / "InstantMessaging"

PROVIDER, LOG = "MSExchange OWA", "Application"
_TASK = "InstantMessage"
_LEVEL = {106: 3, 112: 4}
_ERROR = 2
_SOON = timedelta(days=30)
_LISTENER_PORTS = (5075, 5076, 5077)

_WORDS = {
    83: "The registry holds no setting for the instant messaging provider.",
    84: "The instant messaging provider was not found: {detail}",
    87: "The instant messaging provider could not be loaded: {detail}",
    102: "The instant messaging certificate with thumbprint {detail} has expired.",
    103: "The instant messaging certificate with thumbprint {detail} could not be found.",
    104: "The instant messaging certificate with thumbprint {detail} is not valid yet.",
    105: "The instant messaging certificate with thumbprint {detail} has no private key.",
    106: "The instant messaging certificate with thumbprint {detail} expires within 30 days.",
    112: "The Instant Messaging Endpoint Manager was successfully initialized.",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that keeps the provider from starting. ``event`` is what it logs, or 0 where it logs nothing."""

    event: int
    detail: str
    reason: str


@dataclass(slots=True)
class OwaApplication:
    """Outlook Web App of one back end. ``settings`` is ``None`` while its web.config can't be read."""

    host: WindowsHost
    web: WebServer = field(init=False)
    settings: Settings | None = None
    initialised: bool = False
    """Whether the provider has tried to start in this worker; it tries once."""
    obstacles: tuple[Obstacle, ...] = ()

    def __post_init__(self) -> None:
        self.web = WebServer(self.host, self._started)

    def install(self) -> None:
        """Start IIS; the files of Outlook Web App are on the host already."""
        self.web.install()

    def file_changed(self, path: str) -> None:
        """A file was written, moved or removed: its web.config restarts the application."""
        pool = self.web.pool(OWA_POOL)
        if pool is not None and pool.started and PureWindowsPath(path) == WEB_CONFIG:
            self.web.recycle(OWA_POOL)

    def why_not(self) -> tuple[str, ...]:
        """What on this computer keeps instant messaging from a user who signs in now; changes nothing."""
        return tuple(one.reason for one in self._now())

    def certificate(self) -> CertificateEntry | None:
        """The certificate that the worker's settings name, as Outlook Web App looks it up: blanks are taken out."""
        wanted = ((self.settings and self.settings.thumbprint) or "").replace(" ", "")
        return next((one for one in self.host.certificates["My"] if one.thumbprint == wanted.upper()), None)

    def sign_in(self) -> None:
        """A user signs in to instant messaging: the first one on a worker has the provider initialise."""
        pool = self.web.pool(OWA_POOL)
        if self.initialised or pool is None or not pool.started or self.settings is None:
            return
        self.obstacles, self.initialised = tuple(self._obstacles(self.settings)), True
        for one in self.obstacles:
            if one.event:
                self._write(one.event, one.detail)
        if not self.obstacles:
            if self._expires_soon():
                self._write(106, self._thumbprint())
            self._write(112, "")
            self.host.files.put(LOG_FOLDER / "OWA_IM_1.log", b"#Software: Microsoft Exchange Server\r\n")

    def _started(self, pool: str, process_id: int) -> None:
        if pool == OWA_POOL:
            file = self.host.files.get(WEB_CONFIG)
            self.settings = read(file.content) if file is not None and file.content is not None else None
            self.initialised, self.obstacles = False, ()

    def _now(self) -> tuple[Obstacle, ...]:
        pool = self.web.pool(OWA_POOL)
        if pool is None or not pool.started:
            return (Obstacle(0, "", f"Outlook Web App: the application pool {OWA_POOL} is stopped"),)
        if self.settings is None:
            return (Obstacle(0, "", "Outlook Web App: web.config can't be read, and every request fails (L54)"),)
        return self.obstacles if self.initialised else tuple(self._obstacles(self.settings))

    def _obstacles(self, settings: Settings) -> Iterator[Obstacle]:
        yield from self._provider()
        if not settings.server_name:
            yield Obstacle(0, "", "Outlook Web App: web.config names no Lync pool (IMServerName, L57)")
        if not settings.thumbprint:
            yield Obstacle(0, "", "Outlook Web App: web.config names no certificate (IMCertificateThumbprint, L56)")
            return
        yield from self._certificate()

    def _provider(self) -> Iterator[Obstacle]:
        path = str(self.host.registry.value(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE) or "")
        if not path:
            yield Obstacle(83, "", "the registry names no instant messaging provider (UCMA, L05, L06)")
            return
        file = self.host.files.get(path)
        if file is None or file.is_directory or file.path.name.lower() != PROVIDER_FILE.lower():
            yield Obstacle(84, path, f"{path} is not the file of the instant messaging provider (UCMA, L07)")
        taken = {listener.port for listener in self.host.listeners}
        if taken.issuperset(_LISTENER_PORTS):
            yield Obstacle(87, "no port is free", "the ports that instant messaging listens on are all taken (L40)")

    def _certificate(self) -> Iterator[Obstacle]:
        thumbprint, entry = self._thumbprint(), self.certificate()
        if entry is None:
            yield Obstacle(
                103, thumbprint, f"Outlook Web App: the certificate {thumbprint} isn't in LocalMachine\\My (L58)"
            )
            return
        yield from unusable(entry, self.host.clock(), thumbprint)

    def _expires_soon(self) -> bool:
        entry = self.certificate()
        return entry is not None and (
            x509.load_der_x509_certificate(entry.der).not_valid_after_utc - self.host.clock() < _SOON
        )

    def _thumbprint(self) -> str:
        return (self.settings and self.settings.thumbprint) or ""

    def _write(self, event: int, detail: str) -> None:
        message = _WORDS[event].format(detail=detail)
        level = _LEVEL.get(event, _ERROR)
        self.host.write_event(LOG, PROVIDER, event, message, level=level, data=(detail,), task=_TASK)


def unusable(entry: CertificateEntry, now: datetime, thumbprint: str) -> Iterator[Obstacle]:
    """Why the provider can't present a certificate that is there; ``thumbprint`` as whoever names it wrote it."""
    where, certificate = f"the certificate {thumbprint}", x509.load_der_x509_certificate(entry.der)
    if now > certificate.not_valid_after_utc:
        yield Obstacle(102, thumbprint, f"{where} is not valid at {now:%Y-%m-%d} any more")
    if now < certificate.not_valid_before_utc:
        yield Obstacle(104, thumbprint, f"{where} is not valid at {now:%Y-%m-%d} yet")
    if not (entry.has_private_key and entry.key_readable):
        yield Obstacle(105, thumbprint, f"{where} has no private key that can be read")
