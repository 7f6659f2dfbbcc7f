"""From a reference (``cred:exchange-admin``) to an account (invariant 7).

Secrets are resolved here, in the process that opens the session, and nowhere else. Another broker (a keyring,
a prompt) only has to offer :meth:`Broker.resolve`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr, TypeAdapter, ValidationError

from runbook.errors import InputError
from runbook.inputs.fields import CredentialReference

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
        return Credential(self._environment[username], SecretStr(self._environment[password]))


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
