"""A server of the organisation: its Windows host, what product it runs and over which endpoints it is managed."""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.host import WindowsHost

EXCHANGE_PATH = "/PowerShell/"
LYNC_REMOTE_PATH = "/OcsPowershell"
WINDOWS_PATH = "/wsman"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One remoting endpoint.

    ``kind`` is its name in an estate file (``exchange``, ``windows``, ``lync-remote``); ``accepts`` what the server
    offers, ``authentication`` what the estate file says to use; ``scheme`` http or https; ``accounts`` the names of
    the credentials that are let in, the first of which the estate file names.
    """

    kind: str
    path: str
    scheme: str
    accepts: tuple[str, ...]
    authentication: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``product`` is exchange, lync or skype-for-business; the other fields are as an estate file has them."""

    host: WindowsHost
    product: str
    version: str
    roles: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    pool: str | None = None
    site: str | None = None

    @property
    def name(self) -> str:
        return self.host.name

    @property
    def build(self) -> str:
        """The version of its product's binaries."""
        return self.host.software[self.product]

    def endpoint(self, path: str) -> Endpoint | None:
        """By resource path, whatever its case and with or without the last slash."""
        wanted = path.rstrip("/").lower()
        return next((one for one in self.endpoints if one.path.rstrip("/").lower() == wanted), None)


def exchange_endpoints() -> tuple[Endpoint, ...]:
    """An Exchange server's: the management shell's, and Windows' own with no listener but the http one."""
    return (
        Endpoint(
            kind="exchange",
            path=EXCHANGE_PATH,
            scheme="http",
            accepts=("negotiate",),
            authentication="negotiate",
            accounts=("exchange-admin",),
        ),
        Endpoint(
            kind="windows",
            path=WINDOWS_PATH,
            scheme="http",
            accepts=("negotiate",),
            authentication="negotiate",
            accounts=("windows-admin",),
        ),
    )


def front_end_endpoints(*, delegation: bool) -> tuple[Endpoint, ...]:
    """A Front End's. With ``delegation`` its WinRM service accepts CredSSP, which is off by default."""
    accepts = ("negotiate", "credssp") if delegation else ("negotiate",)
    return (
        Endpoint(
            kind="windows",
            path=WINDOWS_PATH,
            scheme="https",
            accepts=accepts,
            authentication="credssp" if delegation else "negotiate",
            accounts=("lync-admin", "windows-admin"),
        ),
        Endpoint(
            kind="lync-remote",
            path=LYNC_REMOTE_PATH,
            scheme="https",
            accepts=("negotiate",),
            authentication="negotiate",
            accounts=("lync-admin",),
        ),
    )


def edge_endpoints() -> tuple[Endpoint, ...]:
    """An Edge Server's: Windows' own, over https because it is in no domain."""
    return (
        Endpoint(
            kind="windows",
            path=WINDOWS_PATH,
            scheme="https",
            accepts=("negotiate",),
            authentication="negotiate",
            accounts=("edge-admin",),
        ),
    )
