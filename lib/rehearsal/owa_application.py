"""Outlook Web App on a server: what its worker read at its start, and the instant messaging provider in it.

The settings are those that its edition goes by, as they were when the worker started: web.config's in 2013, the virtual
directory's in 2010, and in 2016 and later those of the setting overrides that had reached the server. The provider
initialises at the first instant messaging sign-in on that worker, once, and logs how that went (real-world.md B1, B3).
That a start that failed isn't tried again in that worker is *assumed*: every remedy of B3 ends with a recycle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rehearsal import owa_provider
from rehearsal.app_settings import Settings, read
from rehearsal.appcmd import install_appcmd
from rehearsal.host import CertificateEntry, Listener, WindowsHost
from rehearsal.iis import OWA_POOL, WebServer
from rehearsal.owa_editions import OWA_2013, OwaEdition
from rehearsal.owa_provider import EXPIRES_SOON, INITIALISED, LEVELS, WORDS, Obstacle

EXCHANGE_FOLDER = OWA_2013.folder
WEB_CONFIG = OWA_2013.web_config
FRONT_END_WEB_CONFIG = OWA_2013.front_end_web_config
LOG_FOLDER = OWA_2013.log_folder
"""Where they are from Exchange 2013 on."""

PROVIDER, LOG = "MSExchange OWA", "Application"
_TASK = "InstantMessage"
_ERROR = 2
_LOG_HEAD = (
    "#Software: Microsoft Exchange Server\r\n#Log-type: OWA Instant Messaging Log\r\n#Fields: date-time,message\r\n"
)


@dataclass(frozen=True, slots=True)
class SignInFailure:
    """Lync refuses a sign-in, or can't be reached. Codes as in B3's table; ``event`` 0 is none; ``reason`` ours."""

    reason: str
    code: int
    subcode: int = 0
    event: int = 0


@dataclass(slots=True)
class OwaApplication:
    """Outlook Web App of one server. ``settings`` is ``None`` while its web.config can't be read.

    ``stored`` gives pool and thumbprint where they don't stand in web.config, as the server sees them at that moment.
    """

    host: WindowsHost
    edition: OwaEdition = OWA_2013
    stored: Callable[[], tuple[str | None, str | None]] | None = None
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
        install_appcmd(self.web)
        self.host.files.make_directory(self.edition.log_folder.parent)
        self.host.files.watch(self.edition.web_config, self._saved)

    @property
    def is_running(self) -> bool:
        """Whether the provider has started in this worker."""
        return self.initialised and not self.obstacles

    def why_not(self) -> tuple[str, ...]:
        """What on this computer keeps instant messaging from a user who signs in now; changes nothing."""
        return tuple(one.reason for one in self._now())

    def certificate(self) -> CertificateEntry | None:
        """The certificate that the worker's settings name, where it is there."""
        return owa_provider.find_certificate(self.host, self._thumbprint())

    def alert(self) -> str | None:
        """What managed availability has heard from the provider in this worker; ``None`` for nothing bad."""
        return next((one.alert for one in self.obstacles if one.alert), None)

    def sign_in(self) -> None:
        """A user signs in to instant messaging: the first one on a worker has the provider initialise."""
        pool = self.web.pool(OWA_POOL)
        if self.initialised or pool is None or not pool.started or self.settings is None:
            return
        found = tuple(owa_provider.obstacles(self.host, self.settings, self.edition))
        self.obstacles, self.initialised = found, True
        if found:
            if found[0].event:
                self._write(found[0].event, found[0].detail)
            return
        entry, port = self.certificate(), owa_provider.free_port(self.host, self.settings)
        if port is not None:
            self.host.listeners.append(Listener(port, pool.worker))
        if entry is not None and owa_provider.expires_soon(entry, self.host.clock()):
            self._write(EXPIRES_SOON, self._thumbprint())
        self._write(INITIALISED, "")
        self._log(f"InstantMessageOCSProvider: the endpoint manager started, process {pool.worker}.")

    def signed_in(self, mail: str, sip_address: str, failure: SignInFailure | None) -> None:
        """Log how Lync answered a sign-in through the provider that runs in this worker; the line is B3's."""
        if failure is None:
            return
        pool = (self.settings and self.settings.server_name) or ""
        self._log(
            f"InstantMessageOCSProvider.SignInCallback failed. Context User={mail}, Sip address={sip_address}, "
            f"Lyncserver={pool}, Exception: Code: {failure.code}, SubCode: {failure.subcode}"
        )
        if failure.event:
            self._write(failure.event, pool)

    def _saved(self) -> None:
        """web.config was written, or came, or went: the application starts anew with what there is now."""
        self.web.restart(OWA_POOL)

    def _started(self, pool: str, process_id: int) -> None:
        if pool == OWA_POOL:
            self.settings = self._read()
            self.initialised, self.obstacles = False, ()

    def _read(self) -> Settings | None:
        """What a worker that starts now goes by; ``None`` where web.config isn't taken, whatever is read from it."""
        file = self.host.files.get(self.edition.web_config)
        settings = read(file.content) if file is not None and file.content is not None else None
        if settings is None or self.stored is None:
            return settings
        server_name, thumbprint = self.stored()
        return replace(settings, server_name=server_name, thumbprint=thumbprint, port=None)

    def _now(self) -> tuple[Obstacle, ...]:
        pool = self.web.pool(OWA_POOL)
        if pool is None or not pool.started:
            return (Obstacle(0, "", f"Outlook Web App: the application pool {OWA_POOL} is stopped (HTTP 503)"),)
        if self.settings is None:
            return (Obstacle(0, "", "Outlook Web App: web.config can't be read, and every request fails (HTTP 500)"),)
        if self.initialised:
            return self.obstacles
        return tuple(owa_provider.obstacles(self.host, self.settings, self.edition))

    def _thumbprint(self) -> str:
        return (self.settings and self.settings.thumbprint) or ""

    def _write(self, event: int, detail: str) -> None:
        message = WORDS[event].format(detail=detail)
        level = LEVELS.get(event, _ERROR)
        self.host.write_event(LOG, PROVIDER, event, message, level=level, data=(detail,), task=_TASK)

    def _log(self, line: str) -> None:
        """Append to the day's file; its name and head are *assumed*."""
        if not self.edition.writes_log:
            return
        now = self.host.clock()
        path = self.edition.log_folder / f"OWA_InstantMessaging_{now:%Y%m%d}-1.LOG"
        there = self.host.files.get(path)
        before = there.content if there and there.content else _LOG_HEAD.encode()
        text = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z,{line}\r\n"
        self.host.files.make_directory(self.edition.log_folder)
        self.host.files.write(path, before + text.encode())
