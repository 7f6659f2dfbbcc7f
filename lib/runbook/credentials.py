"""From a reference (``cred:exchange-admin``) to an account (invariant 7).

Secrets are resolved here, in the process that opens the session, and nowhere else: from the environment, else from the
platform's keyring, else by asking. Each that was resolved is known to :mod:`runbook.secrecy` from then on.
"""

from __future__ import annotations

import getpass
import os
import sys
import threading
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Protocol

import keyring
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringError, NoKeyringError
from pydantic import SecretStr, TypeAdapter, ValidationError

from runbook import secrecy
from runbook.errors import InputError
from runbook.inputs.fields import CredentialReference

SERVICE = "owa-im-runbook"
"""Under which name the keyring keeps accounts."""

_REFERENCE: TypeAdapter[str] = TypeAdapter(CredentialReference)


@dataclass(frozen=True, slots=True)
class Credential:
    """An account. ``password.get_secret_value()`` is the only way to the password: repr and str hide it."""

    username: str
    password: SecretStr


class Broker(Protocol):
    """Who knows the secrets behind references."""

    def resolve(self, reference: str) -> Credential:
        """The account behind ``cred:NAME``; :class:`InputError`, without any value, where there is none."""
        ...


class EnvironmentBroker:
    """``cred:exchange-admin`` is ``$RUNBOOK_CRED_EXCHANGE_ADMIN_USERNAME`` and ``…_PASSWORD``."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    def resolve(self, reference: str) -> Credential:
        username, password = variables(reference)
        missing = [variable for variable in (username, password) if not self._environment.get(variable)]
        if missing:
            raise InputError(
                f"{reference} has no account: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set. "
                f"Set {username} and {password} in the environment of this process."
            )
        secrecy.keep(self._environment[password])
        return Credential(self._environment[username], SecretStr(self._environment[password]))


class KeyringBroker:
    """``cred:exchange-admin`` in the platform's keyring, where ``runbook credentials set`` put it.

    Nothing else is tried where there is no keyring: a file in clear is no place for a password.
    """

    def resolve(self, reference: str) -> Credential:
        variables(reference)
        found = stored(reference)
        if found is None:
            raise InputError(
                f"{reference} isn't in the keyring. Put it there: runbook credentials set {_name(reference)}."
            )
        return found


class PromptBroker:
    """Asks whoever sits at the terminal, or before the notebook; never in a batch job, a headless kernel or a thread.

    What is answered stands in the environment of this process from then on, so that nobody is asked twice, nor the
    kernels that it starts.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    def resolve(self, reference: str) -> Credential:
        name, secret = variables(reference)
        if not _somebody_is_there():
            raise InputError(f"{reference} has no account, and nobody is at the terminal to ask.")
        username = _asked(f"User name for {reference}: ")
        password = getpass.getpass(f"Password for {reference} (not shown): ")
        if not username or not password:
            raise InputError(f"{reference}: an account has a user name and a password, and one was left empty.")
        found = _kept(username, password)
        if isinstance(self._environment, MutableMapping):
            self._environment[name], self._environment[secret] = username, password
        return found


class ChainBroker:
    """The first broker that knows the account; what the last one says where none does."""

    def __init__(self, *brokers: Broker) -> None:
        self._brokers = brokers

    def resolve(self, reference: str) -> Credential:
        said: list[str] = []
        for broker in self._brokers:
            try:
                return broker.resolve(reference)
            except InputError as error:
                said.append(str(error))
        raise InputError("\n".join(dict.fromkeys(said)))


def default_broker(environment: Mapping[str, str] = os.environ) -> Broker:
    """Environment, then keyring, then, where somebody is there, a question."""
    asked = (PromptBroker(environment),) if _somebody_is_there() else ()
    return ChainBroker(EnvironmentBroker(environment), KeyringBroker(), *asked)


def stored(reference: str) -> Credential | None:
    """The account in the keyring; ``None`` where it isn't there or there is no keyring."""
    try:
        found = _keyring().get_password(SERVICE, _name(reference))
    except KeyringError:
        return None
    if found is None:
        return None
    username, _, password = found.partition("\n")
    return _kept(username, password)


def store(reference: str, username: str, password: str) -> None:
    """Put an account into the keyring; :class:`InputError` where there is none."""
    variables(reference)
    try:
        _keyring().set_password(SERVICE, _name(reference), f"{username}\n{password}")
    except KeyringError as error:
        raise InputError(f"The keyring doesn't take it: {type(error).__name__}. {error}") from None


def forget(reference: str) -> bool:
    """Take an account out of the keyring; false where it wasn't there."""
    try:
        _keyring().delete_password(SERVICE, _name(reference))
    except KeyringError:
        return False
    return True


def _kept(username: str, password: str) -> Credential:
    secrecy.keep(password)
    return Credential(username, SecretStr(password))


def _name(reference: str) -> str:
    return reference.removeprefix("cred:")


def _keyring() -> KeyringBackend:
    """The platform's keyring, or the first of several, that keeps nothing in clear; else ``NoKeyringError``."""
    chosen = keyring.get_keyring()
    several = chosen.backends if isinstance(chosen, ChainerBackend) else [chosen]
    for each in several:
        if "plaintext" not in type(each).__name__.lower():
            return each
    raise NoKeyringError("The only keyring here keeps passwords in a file in clear.")


def _somebody_is_there() -> bool:
    """At a terminal, or in front of a notebook that Jupyter opened, and in the thread that can ask."""
    if threading.current_thread() is not threading.main_thread():
        return False
    if "ipykernel" in sys.modules:
        return bool(os.environ.get("JPY_SESSION_NAME"))
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(question: str) -> str:
    """Standard output belongs to the result; a notebook's front end asks by itself."""
    if "ipykernel" in sys.modules:
        return input(question).strip()
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def variables(reference: str) -> tuple[str, str]:
    """The environment variables of a reference: user name and password."""
    try:
        stem = _REFERENCE.validate_python(reference).removeprefix("cred:").upper().replace("-", "_")
    except ValidationError:
        raise InputError(
            "This isn't a reference to a credential (its value isn't shown here). "
            "Write cred:NAME, with letters, digits and hyphens."
        ) from None
    return f"RUNBOOK_CRED_{stem}_USERNAME", f"RUNBOOK_CRED_{stem}_PASSWORD"
