"""HTTP listeners: one socket for each scheme of each host, a thread for each connection.

A connection carries its authentication with it. Paths are those that the organisation serves on the host;
anything else is 404, as http.sys answers it before any authentication.
"""

from __future__ import annotations

import logging
import selectors
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from rehearsal.auth import Authentication
from rehearsal.sealing import SealingError, is_sealed, protocol_of, seal, unseal
from rehearsal.values import Identity

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 4 * 1024 * 1024
"""What a request's body may hold; its envelope has a limit of its own, with a fault of its own."""

_IDLE_SECONDS = 120
_SOAP = "application/soap+xml;charset=UTF-8"

Handle = Callable[[str, str, Identity, bytes], tuple[int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a listener serves. ``paths`` maps each resource path to the authentication schemes it offers here."""

    host: str
    paths: Mapping[str, Sequence[str]]
    handle: Handle
    authentication: Callable[[], Authentication]
    tls: ssl.SSLContext | None = None
    plain_text: bool = False


class Listener(ThreadingHTTPServer):
    """One listening socket. Accepting is left to :class:`Acceptor`, which serves all of them in one thread."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32
    timeout = 0  # Acceptor calls handle_request only when a connection waits

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        self.site = site
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer would resolve the host's name here, which can take seconds and isn't used.
        self.socket.bind(self.server_address)
        # A connection that vanishes before it is accepted must not hold up the other listeners.
        self.socket.setblocking(False)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.site.host, self.server_address[1]

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.debug("A connection to %s ended in an error", self.site.host, exc_info=True)

    def close_connections(self) -> None:
        """Cut every open connection, so that clients notice and threads end."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Acceptor:
    """Accepts connections of many listeners in one thread."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        for listener in listeners:
            self._selector.register(listener, selectors.EVENT_READ, listener)
        self._thread = Thread(target=self._accept, name="lab acceptor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close all sockets; returns when no more connections are accepted."""
        self._wake.send(b".")
        self._thread.join()
        self._selector.close()
        self._wake.close()
        self._woken.close()
        for listener in self._listeners:
            listener.server_close()
            listener.close_connections()

    def _accept(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                key.data.handle_request()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener

    def setup(self) -> None:
        self._site = self.server.site
        if self._site.tls is not None:
            # The handshake happens here, in the connection's thread, where a slow client blocks nobody.
            self.request.settimeout(self.timeout)
            self.request = self._site.tls.wrap_socket(self.request, server_side=True)
        self.server.opened(self.request)
        super().setup()
        self._authentication = self._site.authentication()

    def finish(self) -> None:
        self.server.closed(self.request)
        try:
            super().finish()
        finally:
            # For TLS this is another socket than the one that the server closes.
            self.request.close()

    def do_POST(self) -> None:
        body = self._read_body()
        if body is None:
            return
        path = self.path.partition("?")[0]
        served = next((entry for entry in self._site.paths if _same_path(entry, path)), None)
        if served is None:
            self._answer(404)
            return
        outcome = self._authentication.authenticate(self.headers.get("Authorization"), self._site.paths[served])
        if outcome.identity is None:
            self._answer(401, challenges=outcome.headers)
            return
        if not body:
            # A client that encrypts authenticates with an empty request first.
            self._answer(200, challenges=outcome.headers)
            return
        self._serve(served, outcome.identity, body, outcome.headers)

    def _serve(self, path: str, identity: Identity, body: bytes, challenges: Sequence[str]) -> None:
        content_type = self.headers.get("Content-Type", "")
        context = self._authentication.context
        if not is_sealed(content_type):
            if self._site.tls is None and not self._site.plain_text:
                # AllowUnencrypted is false by default: nothing is served in clear text over http.
                self._answer(401, challenges=challenges)
                return
            status, reply = self._site.handle(self._site.host, path, identity, body)
            self._answer(status, reply, _SOAP, challenges)
            return
        try:
            protocol = protocol_of(content_type)
            if context is None:
                raise SealingError("the connection has no context to open it with")
            message = unseal(context, body)
        except SealingError as fault:
            _log.debug("A sealed request was refused: %s", fault)
            self._answer(400)
            self.close_connection = True
            return
        status, reply = self._site.handle(self._site.host, path, identity, message)
        sealed_type, sealed = seal(context, protocol, reply)
        self._answer(status, sealed, sealed_type, challenges)

    def _read_body(self) -> bytes | None:
        """The body, or None when the request was answered because of it."""
        length = self.headers.get("Content-Length", "0")
        refusal = None
        if self.headers.get("Transfer-Encoding"):
            refusal = 411
        elif not length.isdecimal():
            refusal = 400
        elif int(length) > MAX_BODY_BYTES:
            refusal = 413
        if refusal is not None:
            self.close_connection = True
            self._answer(refusal)
            return None
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return None
        return body

    def _answer(
        self, status: int, body: bytes = b"", content_type: str | None = None, challenges: Sequence[str] = ()
    ) -> None:
        self.send_response(status)
        for challenge in challenges:
            self.send_header("WWW-Authenticate", challenge)
        if content_type is not None:
            self.send_header("Content-Type", content_type)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _not_allowed(self) -> None:
        self.close_connection = True
        self.send_response(405)
        self.send_header("Allow", "POST")
        self.send_header("Connection", "close")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = _not_allowed  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)


def _same_path(served: str, asked: str) -> bool:
    return served.rstrip("/").lower() == asked.rstrip("/").lower()
