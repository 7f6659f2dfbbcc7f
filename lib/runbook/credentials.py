"""From a reference (``cred:exchange-admin``) to an account (invariant 7).

Secrets are resolved here, in the process that opens the session, and nowhere else: from the environment, else from the
platform's keyring, else by asking. Each that was resolved is known to :mod:`runbook.secrecy` from then on.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import keyring
from keyring.errors import KeyringError
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
    """Asks whoever sits at the terminal, once for each reference; never in a kernel or a batch job."""

    def __init__(self) -> None:
        self._answers: dict[str, Credential] = {}

    def resolve(self, reference: str) -> Credential:
        variables(reference)
        if reference not in self._answers:
            if not _somebody_is_there():
                raise InputError(f"{reference} has no account, and nobody is at the terminal to ask.")
            username = input(f"User name for {reference}: ").strip()
            self._answers[reference] = _kept(username, getpass.getpass(f"Password for {reference} (not shown): "))
        return self._answers[reference]


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
    """Environment, then keyring."""
    return ChainBroker(EnvironmentBroker(environment), KeyringBroker())


def stored(reference: str) -> Credential | None:
    """The account in the keyring; ``None`` where it isn't there or there is no keyring."""
    try:
        found = keyring.get_password(SERVICE, _name(reference))
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
        keyring.set_password(SERVICE, _name(reference), f"{username}\n{password}")
    except KeyringError as error:
        raise InputError(f"The keyring doesn't take it: {type(error).__name__}. {error}") from None


def forget(reference: str) -> bool:
    """Take an account out of the keyring; false where it wasn't there."""
    try:
        keyring.delete_password(SERVICE, _name(reference))
    except KeyringError:
        return False
    return True


def _kept(username: str, password: str) -> Credential:
    secrecy.keep(password)
    return Credential(username, SecretStr(password))


def _name(reference: str) -> str:
    return reference.removeprefix("cred:")


def _somebody_is_there() -> bool:
    return "ipykernel" not in sys.modules and sys.stdin is not None and sys.stdin.isatty()


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
