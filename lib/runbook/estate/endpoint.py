"""Endpoints of a server: where one of its shells listens, and how to authenticate there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo, field_validator

from runbook.inputs.characters import invisible, named
from runbook.inputs.fields import CredentialReference, text
from runbook.inputs.validation import wrong

_PATH = re.compile(r"/[A-Za-z0-9/._~-]*\Z")
_HOST = re.compile(r"[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9])?\Z")


class Authentication(StrEnum):
    KERBEROS = "kerberos"
    NEGOTIATE = "negotiate"
    NTLM = "ntlm"
    CREDSSP = "credssp"
    BASIC = "basic"


class Delegation(StrEnum):
    """Whether the server may pass the account on to a second one (second hop)."""

    NONE = "none"
    KERBEROS = "kerberos"


@dataclass(frozen=True, slots=True)
class Url:
    """An address without user, query or fragment; ``port`` is always known."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def url(value: object) -> Url:
    """``http(s)://host[:port]/path``."""
    if isinstance(value, Url):
        return value
    found = text(value)
    example = "Write it as http://server.example.com:5985/wsman."
    if bad := next(invisible(found), (found.find(" ") + 1, " ") if " " in found else None):
        raise wrong(f"It holds {named(bad[1])} at position {bad[0]}.", "Type it by hand instead of pasting it.")
    try:
        parts = urlsplit(found)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong("This isn't a URL: its host or port can't be read.", example) from None
    if parts.scheme not in ("http", "https"):
        raise wrong("This isn't a URL of http or https.", example)
    if parts.username is not None or parts.password is not None:
        remedy = "Remove everything up to the @ and name the account in `credential`."
        raise wrong("A user name or password stands in the URL.", remedy)
    if not _HOST.match(host) or port == 0:
        raise wrong("The URL names no host or port.", example)
    if parts.query or parts.fragment or "?" in found or "#" in found:
        raise wrong("A query or fragment stands in the URL.", "End it with the path.")
    if not _PATH.match(parts.path):
        raise wrong("The URL has no path.", "Add it: /PowerShell/, /wsman or /OcsPowershell.")
    return Url(parts.scheme, host.lower(), port or (443 if parts.scheme == "https" else 80), parts.path)


class Endpoint(BaseModel):
    """One endpoint. Where the URL's host isn't the server's name, TLS and the SPN are still checked for that name."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[Url, PlainValidator(url), Field(description="where it listens, as http(s)://host:port/path.")]
    authentication: Annotated[
        Authentication, Field(description="kerberos, negotiate, ntlm, credssp or basic (basic over https only).")
    ]
    credential: Annotated[CredentialReference, Field(description="the account, as cred:NAME; never the secret itself.")]
    delegation: Annotated[
        Delegation, Field(description="kerberos where the account is delegated, so that a second hop works.")
    ] = Delegation.NONE

    @field_validator("authentication")
    @classmethod
    def _encrypted(cls, value: Authentication, info: ValidationInfo) -> Authentication:
        address = info.data.get("url")
        if value is Authentication.BASIC and address is not None and address.scheme == "http":
            remedy = "Use https, or negotiate or kerberos, which encrypt what they carry."
            raise wrong("Basic authentication over http sends the password in the clear.", remedy)
        return value

    @field_validator("delegation")
    @classmethod
    def _delegated(cls, value: Delegation, info: ValidationInfo) -> Delegation:
        authentication = info.data.get("authentication")
        if value is Delegation.KERBEROS and authentication not in (None, Authentication.KERBEROS):
            remedy = "Write `authentication: kerberos`, or remove `delegation`; credssp delegates by itself."
            raise wrong(f"Kerberos delegation needs Kerberos; this endpoint uses {authentication}.", remedy)
        return value

    @property
    def scheme(self) -> str:
        return self.url.scheme

    @property
    def host(self) -> str:
        return self.url.host

    @property
    def port(self) -> int:
        return self.url.port

    @property
    def path(self) -> str:
        return self.url.path

    @property
    def delegates(self) -> bool:
        """A second hop works: the server can act as the account towards others (``real-world`` B4)."""
        return self.authentication is Authentication.CREDSSP or self.delegation is Delegation.KERBEROS


class Endpoints(BaseModel):
    """The endpoints of one server, by the shell they open."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)

    exchange: Annotated[Endpoint | None, Field(description="/PowerShell/ of an Exchange server.")] = None
    windows: Annotated[Endpoint | None, Field(description="/wsman, the ordinary endpoint of Windows.")] = None
    lync_remote: Annotated[
        Endpoint | None, Field(alias="lync-remote", description="/OcsPowershell of a Front End.")
    ] = None

    @field_validator("exchange")
    @classmethod
    def _not_offered(cls, value: Endpoint | None) -> Endpoint | None:
        if value is not None and value.authentication is Authentication.CREDSSP:
            remedy = "Write kerberos, the default of an Exchange endpoint (B4), or negotiate."
            raise wrong("An Exchange endpoint doesn't take CredSSP.", remedy)
        return value

    def given(self) -> dict[str, Endpoint]:
        """Those that are stated, by the key they have in the file."""
        every: dict[str, Any] = {"exchange": self.exchange, "windows": self.windows, "lync-remote": self.lync_remote}
        return {kind: found for kind, found in every.items() if found is not None}


DEFAULT_URLS = {
    "exchange": "http://{name}/PowerShell/",
    "windows": "http://{name}:5985/wsman",
    "lync-remote": "https://{name}/OcsPowershell",
}
"""What a production estate may leave out, from the server's real name (``real-world`` B4)."""
