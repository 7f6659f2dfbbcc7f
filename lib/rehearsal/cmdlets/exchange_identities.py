"""Which objects an identity parameter takes from the pipeline: a mailbox's doesn't take a database.

So ``Get-MailboxDatabase | Get-Mailbox`` binds -Database, and ``Get-ExchangeServer | Get-OwaVirtualDirectory`` -Server,
as on a real server, where each identity type converts from the objects that it identifies (from memory of the product).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rehearsal.coercion import ConversionError, register_kind
from rehearsal.objects import text_of, type_name
from rehearsal.values import ListValue, Thing

_SERVERS = ("ExchangeServer", "MailboxServer")
_DATABASES = ("MailboxDatabase",)


def _identity_of(kind: str, *others: str) -> Callable[[Any], str | None]:
    def convert(value: Any) -> str | None:
        if isinstance(value, (list, tuple, ListValue)):
            raise ConversionError("Specified method is not supported.", collection=True)
        if isinstance(value, Thing) and any(name.rpartition(".")[2] in others for name in value.type_names):
            raise ValueError(
                f'Cannot convert the "{text_of(value)}" value of type "{type_name(value)}" to type "{kind}".'
            )
        return None if value is None else text_of(value)

    return convert


register_kind("MailboxIdParameter", _identity_of("MailboxIdParameter", *_SERVERS, *_DATABASES))
for _kind in ("DatabaseIdParameter", "DatabaseCopyIdParameter", "VirtualDirectoryIdParameter"):
    register_kind(_kind, _identity_of(_kind, *_SERVERS))
register_kind("ServerIdParameter", _identity_of("ServerIdParameter", *_DATABASES))
