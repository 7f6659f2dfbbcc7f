"""The control address: JSON over HTTP on loopback, by which whoever started the lab looks at its world.

Every request carries ``Authorization: Bearer TOKEN``. The world's own truth is given here (presence, journal of every
mutation, state) and a test user can be signed in; nothing of it can be reached over a simulated server's endpoints.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from rehearsal.presence import presence, sign_in, users
from rehearsal.world import World

_MAXIMUM_BODY = 65_536


class RefusedError(Exception):
    """A request that is answered with an HTTP status other than 200."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class ControlServer:
    """Serves one world's control address on 127.0.0.1 with a port of the system's choice."""

    def __init__(self, world: World, token: str) -> None:
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], object]] = {
            ("GET", "/health"): lambda _: {"status": "ok", "topology": world.topology, "seed": world.seed},
            ("GET", "/presence"): lambda _: presence(world).as_json(),
            ("GET", "/journal"): lambda _: world.journal.as_json(),
            ("GET", "/state"): lambda _: world.snapshot(),
            ("GET", "/users"): lambda _: {"users": users(world)},
            ("POST", "/sign-in"): lambda body: _sign_in(world, body),
        }
        self._token = token
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="control", daemon=True)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and close the socket."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> object:
        """The JSON value for a request; raises :class:`RefusedError` with 400, 401, 404 or 405."""
        if not hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode()):
            raise RefusedError(401, "the token is missing or wrong")
        plain = path.partition("?")[0]
        route = self._routes.get((method, plain))
        if route is None:
            if any(known == plain for _, known in self._routes):
                raise RefusedError(405, f"{plain} does not take {method}")
            raise RefusedError(404, f"there is no {plain} here")
        return route(_parsed(body))


def _sign_in(world: World, body: dict[str, Any]) -> dict[str, object]:
    user = body.get("user")
    if not isinstance(user, str):
        raise RefusedError(400, 'expected {"user": "<user principal name>"}')
    world.clock.tick()
    reasons = sign_in(world, user)
    if reasons is None:
        raise RefusedError(404, f"there is no user {user}")
    return {"user": user, "presence": not reasons, "reasons": list(reasons)}


def _parsed(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError:
        raise RefusedError(400, "the body is not JSON") from None
    if not isinstance(value, dict):
        raise RefusedError(400, "the body is not a JSON object")
    return value


def _handler(control: ControlServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def _respond(self) -> None:
            status = 200
            try:
                length = int(self.headers.get("Content-Length") or 0)
                if not 0 <= length <= _MAXIMUM_BODY:
                    raise RefusedError(413, "the body is too large")
                body = self.rfile.read(length)
                value = control.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            except RefusedError as refusal:
                status, value = refusal.status, {"error": str(refusal)}
                self.close_connection = True
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: stdout belongs to the first line, stderr to real faults."""

    return Handler
