"""HTTP to one server, held to what remoting needs: no proxy, no redirect, no retry, bounded in time and size.

The URL always has the server's real name, so that TLS, SPN and Host header are all for that name;
only the socket goes to the address that the estate file gives. requests' own habits are overridden
where they'd weaken that: environment proxies, ``REQUESTS_CA_BUNDLE``, redirects (307 and 308 resend
body and authentication), certifi's list of public CAs in place of the system's.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager
from urllib3.util.connection import create_connection

from runbook.wire.deadline import Deadline

MAX_REPLY = 16 * 1024 * 1024
"""Bytes of one HTTP reply after decompression. WS-Management's own limit (MaxEnvelopeSize) is 500 KiB by default."""

CONNECT_SECONDS = 15.0

_REDIRECTS = (300, 301, 302, 303, 305, 307, 308)


class RedirectRefused(Exception):
    """The server sent the request elsewhere; what it carried stays here."""


class ReplyTooLarge(Exception):
    """A reply above :data:`MAX_REPLY`."""


def trusted(certificate_authority: Path | None) -> ssl.SSLContext:
    """TLS that trusts the estate's CA alone, or where none is named the operating system's."""
    return ssl.create_default_context(cafile=None if certificate_authority is None else str(certificate_authority))


class Wire:
    """The sockets of one session: where they go, how long they may take, and whether a command left on one.

    ``carrying`` is set by the caller while a message is on its way; ``sent`` then turns true with its first byte.
    """

    def __init__(self, address: tuple[str, int], deadline: Deadline) -> None:
        self.address = address
        self.deadline = deadline
        self.carrying = False
        self.sent = False
        self.certificate_sha256 = ""
        """Of the server's TLS certificate, in hex; empty without TLS, and before there is a connection."""
        self._socket: socket.socket | None = None

    def connect(self, connection: HTTPConnection) -> socket.socket:
        host, port = self.address
        try:
            found = create_connection((host, port), connection.timeout, socket_options=connection.socket_options)
        except socket.gaierror as error:
            raise NameResolutionError(host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"no answer from {host}:{port}") from error
        except OSError as error:
            raise NewConnectionError(connection, f"no connection to {host}:{port}: {error}") from error
        self._socket = found
        return found

    def use(self, found: Any) -> None:
        """The socket that is talked over now: under TLS not the one that was connected."""
        self._socket = found
        certificate = found.getpeercert(binary_form=True)
        self.certificate_sha256 = hashlib.sha256(certificate).hexdigest() if certificate else ""

    def leaving(self) -> None:
        if self.carrying:
            self.sent = True

    @contextlib.contextmanager
    def bounded(self) -> Iterator[None]:
        """Cut the connection when the deadline passes, however slowly the server drips its answer."""
        timer = threading.Timer(self.deadline.remaining(), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError, ValueError):
                # Not SSLSocket's own shutdown, which another thread's read would stumble over.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _connections(wire: Wire) -> dict[str, Any]:
    """Pool classes whose connections go to the wire's address and report to it."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return wire.connect(self)

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            wire.leaving()
            super().send(data)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return wire.connect(self)

        def connect(self) -> None:
            super().connect()
            wire.use(self.sock)

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            wire.leaving()
            super().send(data)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class WireAdapter(HTTPAdapter):
    """requests' way to a :class:`Wire`. Never retries (urllib3 would resend a request whose connection broke)."""

    def __init__(self, wire: Wire, tls: ssl.SSLContext | None) -> None:
        self._wire = wire
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = _connections(self._wire)
        if self._tls is not None:
            self.poolmanager.connection_pool_kw["ssl_context"] = self._tls

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        return self.poolmanager.connection_from_url(request.url)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Always required, always against this session's own trust, whatever requests would have chosen."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = conn.ca_cert_dir = None

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        left = self._wire.deadline.remaining()
        connect, read = _timeouts(options.get("timeout"))
        options |= {"timeout": (min(connect, left), min(read, left)), "proxies": None, "verify": True, "cert": None}
        response = super().send(request, *args, **options)
        if response.status_code in _REDIRECTS:
            response.close()
            raise RedirectRefused(f"the server answered with a redirect (HTTP {response.status_code})")
        response.raw.stream = _limited(response.raw.stream)  # type: ignore[method-assign]
        return response


def _timeouts(given: Any) -> tuple[float, float]:
    if isinstance(given, tuple):
        return float(given[0]), float(given[1])
    return CONNECT_SECONDS, CONNECT_SECONDS if given is None else float(given)


def _limited(stream: Any) -> Any:
    """A response's ``stream`` that stops at :data:`MAX_REPLY` bytes."""

    def limited(*args: Any, **options: Any) -> Iterator[bytes]:
        total = 0
        for chunk in stream(*args, **options):
            total += len(chunk)
            if total > MAX_REPLY:
                raise ReplyTooLarge(f"a reply is larger than {MAX_REPLY // 2**20} MiB")
            yield chunk

    return limited
