"""The lab on the wire: every host of an organisation with its HTTP and HTTPS listener.

``Lab(organisation, accounts, directory)`` is all that the rest of the lab needs of the wire.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.auth import Accounts, Authentication, credssp_tls
from rehearsal.http import Acceptor, Listener, Site
from rehearsal.tls import CertificateAuthority
from rehearsal.values import Organisation
from rehearsal.wsman import Quotas, WsmanService

_UNAVAILABLE = {errno.EADDRNOTAVAIL, errno.EACCES, errno.EINVAL}


class Lab:
    """Serves ``organisation`` on loopback.

    ``accounts`` maps user names (``DOMAIN\\name``, UPN or local) to passwords. ``directory`` receives the
    certificate authority (``ca.pem``) and private files of this run. ``plain_text`` is WinRM's AllowUnencrypted:
    Basic and unsealed messages over http, off as on a server by default.

    ``urls`` gives, after :meth:`start`, each host's base URLs (``http://127.0.10.3:40001``) by scheme.
    """

    def __init__(
        self,
        organisation: Organisation,
        accounts: Mapping[str, str],
        directory: Path,
        *,
        plain_text: bool = False,
        quotas: Quotas | None = None,
    ) -> None:
        self._organisation = organisation
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._plain_text = plain_text
        self._authority = CertificateAuthority()
        self._accounts = Accounts(accounts, _suffixes(organisation.endpoints()), self._directory)
        self._service = WsmanService(organisation, quotas)
        self._acceptor: Acceptor | None = None
        self.ca_pem = self._authority.pem
        self.urls: dict[str, dict[str, str]] = {}
        (self._directory / "ca.pem").write_bytes(self.ca_pem)

    def start(self) -> None:
        """Bind every listener and begin to serve; raises OSError when even 127.0.0.1 can't be bound."""
        credssp = credssp_tls(self._directory)

        def authentication() -> Authentication:
            return Authentication(self._accounts, credssp)

        listeners: list[Listener] = []
        try:
            for index, (host, paths) in enumerate(self._organisation.endpoints().items()):
                for scheme in ("http", "https"):
                    tls = self._authority.listener(host, self._directory) if scheme == "https" else None
                    site = Site(
                        host=host,
                        paths={path: self._schemes(host, path, scheme) for path in paths},
                        handle=self._service.handle,
                        authentication=authentication,
                        tls=tls,
                        plain_text=self._plain_text,
                    )
                    listener = _listen(index, site)
                    listeners.append(listener)
                    address, port = listener.server_address[:2]
                    self.urls.setdefault(host, {})[scheme] = f"{scheme}://{address!s}:{port}"
        except BaseException:
            for listener in listeners:
                listener.server_close()
            raise
        self._acceptor = Acceptor(listeners)
        self._acceptor.start()

    def stop(self) -> None:
        """Close every shell and every socket."""
        if self._acceptor is not None:
            self._acceptor.stop()
            self._acceptor = None
        self._service.close()

    def _schemes(self, host: str, path: str, scheme: str) -> Sequence[str]:
        offered = self._organisation.authentications(host, path)
        clear = scheme == "http" and not self._plain_text
        return [entry for entry in offered if not (clear and entry == "basic")]


def _listen(index: int, site: Site) -> Listener:
    """A listener on the host's own loopback address, or on 127.0.0.1 where the system has only that one."""
    try:
        return Listener((f"127.0.{10 + index // 250}.{1 + index % 250}", 0), site)
    except OSError as fault:
        if fault.errno not in _UNAVAILABLE:
            raise
        return Listener(("127.0.0.1", 0), site)


def _suffixes(endpoints: Mapping[str, Sequence[str]]) -> list[str]:
    """The DNS domains of the hosts, which are the UPN suffixes that accounts are known under."""
    return sorted({host.partition(".")[2].lower() for host in endpoints if "." in host})
