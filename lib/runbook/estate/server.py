"""A server of the estate: what it is, and which of its shells are reached where."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from runbook.command import Shell, Target
from runbook.errors import InputError
from runbook.estate.endpoint import Endpoint, Endpoints
from runbook.inputs.fields import Fqdn, Line
from runbook.inputs.validation import wrong


class Product(StrEnum):
    EXCHANGE = "exchange"
    LYNC = "lync"
    SKYPE_FOR_BUSINESS = "skype-for-business"


class Version(StrEnum):
    V2010 = "2010"
    V2013 = "2013"
    V2015 = "2015"
    V2016 = "2016"
    V2019 = "2019"
    SE = "se"


class Role(StrEnum):
    CLIENT_ACCESS = "client-access"
    MAILBOX = "mailbox"
    FRONT_END = "front-end"
    EDGE = "edge"


_VERSIONS = {
    Product.EXCHANGE: (Version.V2010, Version.V2013, Version.V2016, Version.V2019, Version.SE),
    Product.LYNC: (Version.V2013,),
    Product.SKYPE_FOR_BUSINESS: (Version.V2015, Version.V2019, Version.SE),
}
_ROLES = {
    Product.EXCHANGE: (Role.CLIENT_ACCESS, Role.MAILBOX),
    Product.LYNC: (Role.FRONT_END, Role.EDGE),
    Product.SKYPE_FOR_BUSINESS: (Role.FRONT_END, Role.EDGE),
}
_ENDPOINT = {
    Shell.EXCHANGE: "exchange",
    Shell.WINDOWS: "windows",
    Shell.LYNC: "windows",
    Shell.LYNC_REMOTE: "lync-remote",
    Shell.EDGE: "windows",
}
_ROLE_OF = {Shell.LYNC: Role.FRONT_END, Shell.EDGE: Role.EDGE}
_HOLDERS = {
    Shell.EXCHANGE: "an Exchange server",
    Shell.WINDOWS: "the server",
    Shell.LYNC: "a Front End",
    Shell.LYNC_REMOTE: "a Front End",
    Shell.EDGE: "an Edge",
}


def either(values: Sequence[str]) -> str:
    """``a, b or c``."""
    return f"{', '.join(values[:-1])} or {values[-1]}" if len(values) > 1 else values[0]


def _one_role(product: Product, version: Version | None) -> bool:
    return product is Product.EXCHANGE and version in (Version.V2016, Version.V2019, Version.SE)


class Server(BaseModel):
    """One server, by its real FQDN."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[Fqdn, Field(description="the server's real FQDN, as its certificate and SPN have it.")]
    product: Annotated[Product, Field(description="exchange, lync or skype-for-business.")]
    version: Annotated[Version, Field(description="2010, 2013, 2015, 2016, 2019 or se.")]
    roles: Annotated[
        tuple[Role, ...],
        Field(description="client-access and mailbox for Exchange; front-end or edge for Lync and Skype for Business."),
    ]
    pool: Annotated[
        Fqdn | None, Field(validate_default=True, description="FQDN of the Lync pool; needed for a Front End.")
    ] = None
    site: Annotated[Line, Field(description="the Lync site; informative.")] = ""
    endpoints: Annotated[Endpoints, Field(description="where its shells listen: exchange, windows, lync-remote.")]

    @field_validator("version")
    @classmethod
    def _version_fits(cls, value: Version, info: ValidationInfo) -> Version:
        product = info.data.get("product")
        if product is not None and value not in _VERSIONS[product]:
            raise wrong(f"There is no {product} of this version here.", f"Write {either(_VERSIONS[product])}.")
        return value

    @field_validator("roles")
    @classmethod
    def _roles_fit(cls, value: tuple[Role, ...], info: ValidationInfo) -> tuple[Role, ...]:
        product = info.data.get("product")
        if not value:
            raise wrong("The server has no role.", "Write at least one, such as [mailbox] or [front-end].")
        if len(set(value)) != len(value):
            raise wrong("A role is given twice.", "Keep one of them.")
        if product is None:
            return value
        if strange := [role for role in value if role not in _ROLES[product]]:
            raise wrong(f"{strange[0]} isn't a role of {product}.", f"Write {either(_ROLES[product])}.")
        if product is not Product.EXCHANGE and len(value) > 1:
            raise wrong("A Front End and an Edge are never one computer.", "Write one role.")
        if value == (Role.CLIENT_ACCESS,) and _one_role(product, info.data.get("version")):
            problem = "From 2016 on, client access belongs to the Mailbox role and isn't a role of its own."
            raise wrong(problem, "Write [mailbox].")
        return value

    @field_validator("pool")
    @classmethod
    def _pool_fits(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and Role.FRONT_END in info.data.get("roles", ()):
            raise wrong("A Front End without its pool.", "Add `pool:` with the FQDN of its Lync pool (L31).")
        if value is not None and info.data.get("product") is Product.EXCHANGE:
            raise wrong("An Exchange server has no Lync pool.", "Remove it; the Lync pool stands at its Front Ends.")
        return value

    @field_validator("endpoints")
    @classmethod
    def _endpoints_fit(cls, value: Endpoints, info: ValidationInfo) -> Endpoints:
        product, roles = info.data.get("product"), info.data.get("roles", ())
        if not value.given() and Role.EDGE not in roles:  # a firewall may let no WinRM through to an Edge
            raise wrong("The server has no endpoint.", "Add `windows:` at least, or remove the server.")
        if value.exchange is not None and product not in (None, Product.EXCHANGE):
            raise wrong("Only an Exchange server has an `exchange` endpoint.", "Remove it, or correct `product`.")
        if value.lync_remote is not None and (product is Product.EXCHANGE or Role.EDGE in roles):
            raise wrong(
                "Only a Front End has a `lync-remote` endpoint.", "Remove it, or correct `product` and `roles`."
            )
        return value

    @property
    def has_powershell_2(self) -> bool:
        """Exchange 2010 stands on Windows Server 2008 R2 with Windows PowerShell 2 (``pipelines.md``)."""
        return self.product is Product.EXCHANGE and self.version is Version.V2010

    def serves(self, role: Role) -> bool:
        """It has the role; an Exchange 2016 or later Mailbox server is a Client Access server as well."""
        if role is Role.CLIENT_ACCESS and Role.MAILBOX in self.roles and _one_role(self.product, self.version):
            return True
        return role in self.roles

    def offers(self, shell: Shell) -> bool:
        """The estate states an endpoint for this shell, and the product has it."""
        if shell in _ROLE_OF and _ROLE_OF[shell] not in self.roles:
            return False
        return _ENDPOINT[shell] in self.endpoints.given()

    def endpoint(self, shell: Shell) -> Endpoint:
        """Where the shell is reached (Lync's and the Edge's: over the Windows one); else :class:`InputError`."""
        if not self.offers(shell):
            raise InputError(
                f"{self.name}: the estate file offers no {shell} shell on this server. "
                f"It takes a `{_ENDPOINT[shell]}` endpoint on {_HOLDERS[shell]}."
            )
        return self.endpoints.given()[_ENDPOINT[shell]]

    def target(self, shell: Shell) -> Target:
        """Where a pipeline for this shell runs; :class:`InputError` where the server doesn't offer it."""
        self.endpoint(shell)
        return Target(self.name, shell)

    @property
    def delegates(self) -> bool:
        """A second hop works from its Windows endpoint, as topology writes need (``real-world`` B4)."""
        return self.endpoints.windows is not None and self.endpoints.windows.delegates

    @property
    def lync_module(self) -> str:
        """The PowerShell module with the Cs cmdlets: ``Lync``, or ``SkypeForBusiness`` from 2015 on."""
        return "Lync" if self.product is Product.LYNC else "SkypeForBusiness"
