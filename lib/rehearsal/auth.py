"""Who is connected: Basic, NTLM, Negotiate (NTLM inside) and CredSSP, accepted by pyspnego.

An authenticated connection stays authenticated, as with WinRM: the identity belongs to the connection.
"""

from __future__ import annotations

import base64
import logging
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import spnego
import spnego.tls

from rehearsal.values import Identity

_log = logging.getLogger(__name__)

# pyspnego's NTLM acceptor finds its accounts through an environment variable, which is the process's own.
_STORE_VARIABLE = "NTLM_USER_FILE"
_store_lock = Lock()

_SCHEMES = {"negotiate": "Negotiate", "ntlm": "NTLM", "credssp": "CredSSP", "basic": 'Basic realm="WSMAN"'}


class Accounts:
    """The accounts of an organisation, each under every spelling that a client may send.

    ``passwords`` maps ``DOMAIN\\name``, a UPN or a local name to a password. A ``DOMAIN\\name`` is known as
    ``name@suffix`` too, for each of ``suffixes``. Writes a credential store, readable by its owner alone, to
    ``directory``.
    """

    def __init__(self, passwords: Mapping[str, str], suffixes: Sequence[str], directory: Path) -> None:
        self._accounts: dict[str, str] = {}
        self._passwords = dict(passwords)
        lines = []
        for account, password in passwords.items():
            if not password or any(character in password for character in ":\r\n"):
                raise ValueError(f"the password of {account} is empty or holds a colon or a line break")
            for spelling in _spellings(account, suffixes):
                if self._accounts.setdefault(spelling.lower(), account) == account:
                    domain, _, user = spelling.rpartition("\\")
                    lines.append(f"{domain}:{user}:{password}")
        self._store = directory / "ntlm-accounts"
        write_private(self._store, "\n".join(lines).encode())

    def find(self, spelling: str) -> str | None:
        """The account that ``spelling`` names, as the organisation spells it."""
        return self._accounts.get(spelling.lower())

    def check(self, spelling: str, password: str) -> str | None:
        """The account, if the password is right."""
        account = self.find(spelling)
        expected = self._passwords.get(account or "", "")
        right = secrets.compare_digest(expected.encode(), password.encode())
        return account if right and expected else None

    @contextmanager
    def published(self) -> Iterator[None]:
        """Make pyspnego see these accounts; one lab of a process at a time."""
        with _store_lock:
            before = os.environ.get(_STORE_VARIABLE)
            os.environ[_STORE_VARIABLE] = str(self._store)
            try:
                yield
            finally:
                if before is None:
                    del os.environ[_STORE_VARIABLE]
                else:
                    os.environ[_STORE_VARIABLE] = before


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read (on Windows: that inherits the directory's permissions)."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _spellings(account: str, suffixes: Sequence[str]) -> list[str]:
    domain, separator, user = account.rpartition("\\")
    if separator and domain:
        return [account, *(f"{user}@{suffix}" for suffix in suffixes)]
    user, at, suffix = account.partition("@")
    return [account, f"{suffix.partition('.')[0]}\\{user}"] if at else [account]


def credssp_tls(directory: Path) -> spnego.tls.CredSSPTLSContext:
    """The self-signed certificate and TLS settings of WinRM's CredSSP service; one for all hosts of a lab."""
    certificate, key, public = spnego.tls.generate_tls_certificate()
    context = spnego.tls.default_tls_context("accept")
    path = directory / "credssp.pem"
    write_private(path, certificate + key)
    context.context.load_cert_chain(path)
    context.public_key = public
    return context


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one request's Authorization header came to.

    With ``identity`` the request goes on and ``headers`` accompany the answer; without it the answer is 401
    with ``headers`` as WWW-Authenticate.
    """

    identity: Identity | None
    headers: tuple[str, ...] = ()


class Authentication:
    """The authentication state of one connection. ``context`` seals messages once it is established."""

    def __init__(self, accounts: Accounts, tls: spnego.tls.CredSSPTLSContext) -> None:
        self.context: Any = None
        self._accounts = accounts
        self._tls = tls
        self._pending: Any = None
        self._scheme = ""
        self._identity: Identity | None = None

    def authenticate(self, header: str | None, offered: Sequence[str]) -> Outcome:
        """Judge one request. ``offered`` are the schemes that the endpoint accepts on this connection."""
        if not header:
            # What the connection proved counts only where the endpoint accepts the way in which it did.
            known = self._identity if self._scheme in offered else None
            return Outcome(known) if known else Outcome(None, _challenges(offered))
        scheme, _, credentials = header.partition(" ")
        scheme = scheme.lower()
        try:
            token = base64.b64decode(credentials.strip(), validate=True)
        except ValueError:
            return self._refuse(offered)
        if scheme not in offered or not token:
            return self._refuse(offered)
        if scheme == "basic":
            return self._basic(token, offered)
        try:
            return self._step(scheme, token, offered)
        except Exception as fault:  # malformed tokens raise whatever parsing them raises
            _log.debug("Authentication failed: %s", fault)
            return self._refuse(offered)

    def _basic(self, token: bytes, offered: Sequence[str]) -> Outcome:
        user, _, password = token.decode("utf-8", "replace").partition(":")
        account = self._accounts.check(user, password)
        return Outcome(Identity(account, delegated=False)) if account else self._refuse(offered)

    def _step(self, scheme: str, token: bytes, offered: Sequence[str]) -> Outcome:
        if self._pending is None or self._scheme != scheme:
            self._identity = self.context = None
            self._scheme, self._pending = scheme, self._acceptor(scheme)
        with self._accounts.published():
            answer = self._pending.step(token)
        name = _SCHEMES[scheme]
        reply = (f"{name} {base64.b64encode(answer).decode()}",) if answer else ()
        if self._pending.complete:
            account = self._accounts.find(self._pending.client_principal or "")
            if account is None:
                return self._refuse(offered)
            self.context, self._pending = self._pending, None
            self._identity = Identity(account, delegated=scheme == "credssp")
            return Outcome(self._identity, reply)
        if self._pending.get_extra_info("auth_stage") == "Authentication failure":
            self._pending = None
        return Outcome(None, reply) if reply else self._refuse(offered)

    def _acceptor(self, scheme: str) -> Any:
        # pyspnego's own NTLM everywhere: the system's (SSPI, GSSAPI) doesn't know these accounts.
        options = spnego.NegotiateOptions.use_negotiate
        with self._accounts.published():
            inner = spnego.server(protocol="negotiate", options=options)
            if scheme != "credssp":
                return inner
            return spnego.server(protocol="credssp", credssp_negotiate_context=inner, credssp_tls_context=self._tls)

    def _refuse(self, offered: Sequence[str]) -> Outcome:
        self._pending = self._identity = self.context = None
        return Outcome(None, _challenges(offered))


def _challenges(offered: Sequence[str]) -> tuple[str, ...]:
    return tuple(header for scheme, header in _SCHEMES.items() if scheme in offered)
