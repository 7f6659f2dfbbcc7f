"""The estate file: the servers of one organisation, what they are and how they are reached.

A file is checked whole, and every fault reported at once, before anything is contacted. What a server's
name, TLS certificate and SPN are checked against is the name that stands here, wherever its URL points.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from runbook.errors import Fault, InputError
from runbook.estate.approvers import ApprovalPolicy, Approvers, fingerprints, is_without_approvers
from runbook.estate.endpoint import DEFAULT_URLS, Authentication, Delegation, Endpoint, Endpoints, Url, url
from runbook.estate.server import Product, Role, Server, Version, either
from runbook.inputs.disclosure import shown
from runbook.inputs.fields import Flag, Fqdn, Name, WholeNumber, line, name
from runbook.inputs.validation import validate, wrong
from runbook.inputs.yamlfile import Document, KeyPath, Tree, key_text, read_yaml
from runbook.paths import from_root

__all__ = [
    "ApprovalPolicy",
    "Authentication",
    "Delegation",
    "Endpoint",
    "Endpoints",
    "Environment",
    "Estate",
    "Product",
    "Role",
    "Server",
    "Url",
    "Version",
    "find_estate",
    "load_estate",
]

ESTATE_VARIABLE = "RUNBOOK_ESTATE"
DEFAULT_ESTATE = "parameters/rehearsal/estate.yaml"


class Environment(StrEnum):
    """A rehearsal is never taken for production (invariant 10)."""

    PRODUCTION = "production"
    REHEARSAL = "rehearsal"


def _slug(value: object) -> str:
    found = name(value)
    if not all(part.isalnum() and part.isascii() for part in found.split("-")):
        raise wrong("This isn't a short name.", "Use letters and digits, with hyphens between them.")
    return found


def _beside(value: object, info: ValidationInfo) -> Path | None:
    """A path, from the folder of the estate file; the file must be there."""
    if value is None or isinstance(value, Path):
        return value
    path = Path(name(value)).expanduser()
    folder = (info.context or {}).get("folder")
    path = path if path.is_absolute() or folder is None else Path(folder) / path
    if not path.is_file():
        raise wrong("There is no such file.", "Write its path, from the folder of the estate file.")
    return path.absolute()


def _anchor(value: object, info: ValidationInfo) -> str:
    """A folder as an absolute path, or a git remote without a secret in it."""
    found = line(value)
    if not found or found.startswith("git+"):
        if urlsplit(found.removeprefix("git+")).password is not None:
            raise wrong("A password stands in the URL.", "Take it out: git asks its own credential helper.")
        return found
    path, folder = Path(found).expanduser(), (info.context or {}).get("folder")
    return str(path.absolute() if folder is None else (Path(folder) / path).absolute())


def _some(servers: tuple[Server, ...]) -> tuple[Server, ...]:
    if not servers:
        raise wrong("The estate has no server.", "Add one item for each server.")
    return servers


class Estate(BaseModel):
    """The servers of one organisation.

    ``path`` and ``digest`` (SHA-256 of the file, hex) say where it was read from; both are empty for an estate
    made in Python.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, BeforeValidator(_slug), Field(description="short name: letters, digits, hyphens.")]
    environment: Annotated[Environment, Field(description="production or rehearsal; stamped on every record.")]
    organisation: Annotated[Name, Field(description="the organisation's name, as records show it.")]
    certificate_authority: Annotated[
        Path | None,
        BeforeValidator(_beside),
        Field(
            description="PEM file of the CA that signed the servers' TLS certificates, from the estate file's folder."
        ),
    ] = None
    domain_controller: Annotated[
        Fqdn | None, Field(description="pinned for Exchange reads and writes, so that a read sees what was written.")
    ] = None
    redact_users: Annotated[
        Flag, Field(description="true: records name people by stable pseudonyms, never by name or address.")
    ] = False
    audit_log_wait_minutes: Annotated[
        WholeNumber,
        Field(
            description="how long a run that changed Exchange waits for its entries in the admin audit log, which may "
            "take 15 minutes; 0: it looks once."
        ),
    ] = 15
    anchor: Annotated[
        str,
        BeforeValidator(_anchor),
        Field(
            description="where a record's head is sent when a run ends: a folder, from the estate file's folder, or a "
            "git remote as git+https://… or git+ssh://…; empty: nowhere."
        ),
    ] = ""
    approval: Annotated[
        ApprovalPolicy,
        Field(description="required: only a plan that an approver has signed is applied. none: none is asked for."),
    ] = ApprovalPolicy.NONE
    approvers: Annotated[
        Approvers,
        Field(
            description="public keys of those who may approve plans: PEM files, from the estate file's folder, or PEM "
            "text."
        ),
    ] = ()
    servers: Annotated[
        tuple[Server, ...],
        AfterValidator(_some),
        Field(description="the servers, one item each."),
    ]
    _path: Path = PrivateAttr(default=Path())
    _digest: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _default_urls(cls, data: Any) -> Any:
        """A production estate may leave out the URLs that follow from a server's name."""
        if not isinstance(data, Mapping) or data.get("environment") != Environment.PRODUCTION:
            return data
        servers = data.get("servers")
        if not isinstance(servers, list | tuple):
            return data
        return {**data, "servers": [_with_default_urls(server) for server in servers]}

    @property
    def path(self) -> Path:
        return self._path

    @property
    def digest(self) -> str:
        return self._digest

    @property
    def approver_fingerprints(self) -> tuple[str, ...]:
        """SHA-256 of each approver's public key, in hex, in the file's order."""
        return fingerprints(self.approvers)

    def exchange(self, role: Role | None = None) -> tuple[Server, ...]:
        """The Exchange servers, of one role or all, in the file's order."""
        return tuple(
            server
            for server in self.servers
            if server.product is Product.EXCHANGE and (role is None or server.serves(role))
        )

    def lync(self, role: Role | None = None, pool: str | None = None) -> tuple[Server, ...]:
        """The Lync and Skype for Business servers, of one role and pool or all, in the file's order."""
        return tuple(
            server
            for server in self.servers
            if server.product is not Product.EXCHANGE
            and (role is None or server.serves(role))
            and (pool is None or server.pool == pool.lower())
        )

    def server(self, name: str) -> Server:
        """The server of this FQDN, in any case; :class:`InputError` with the nearest names where there is none."""
        for server in self.servers:
            if server.name == name.lower():
                return server
        names = [server.name for server in self.servers]
        near = difflib.get_close_matches(name.lower(), names, 3, 0.6)
        hint = f"Did you mean {either(near)}?" if near else f"It knows {', '.join(names)}."
        problem = f"The estate {self.name} has no server {name}."
        raise InputError((Fault(file=str(self.path), key="servers", value=name.lower(), problem=problem, remedy=hint),))


def load_estate(path: Path) -> Estate:
    """Read and check an estate file; :class:`InputError` with every fault at once."""
    document = read_yaml(path)
    faults = (*document.faults, *_given_twice(document), *_abroad(document), *_unapprovable(document))
    context = {"folder": path.absolute().parent}
    estate = validate(Estate, document.root, file=document.file, line=document.line, faults=faults, context=context)
    estate._path, estate._digest = path.absolute(), document.digest
    return estate


def find_estate(given: str = "", environment: Mapping[str, str] = os.environ) -> Path:
    """The estate file to use: ``given``, else ``$RUNBOOK_ESTATE``, else the rehearsal lab's.

    Relative paths are taken from the project's root. :class:`InputError` where there is no such file.
    """
    chosen = given or environment.get(ESTATE_VARIABLE, "")
    path = from_root(chosen or DEFAULT_ESTATE, environment)
    if path.is_file():
        return path
    if not chosen:
        raise InputError(
            f"No estate is named, and no rehearsal lab has written {DEFAULT_ESTATE}. "
            f"Start one with `runbook lab` (or `runbook rehearse` for a whole rehearsal), "
            f"or name an estate file in the parameter `estate` or in {ESTATE_VARIABLE}."
        )
    source = "estate" if given else ESTATE_VARIABLE
    remedy = "Relative paths are taken from the project's root."
    raise InputError(
        (Fault(file="parameters", key=source, value=chosen, problem=f"There is no file {path}.", remedy=remedy),)
    )


def _with_default_urls(server: Any) -> Any:
    endpoints = server.get("endpoints") if isinstance(server, Mapping) else None
    if not isinstance(endpoints, Mapping) or not isinstance(server.get("name"), str):
        return server
    filled = {
        kind: {"url": DEFAULT_URLS[kind].format(name=server["name"]), **endpoint}
        if kind in DEFAULT_URLS and isinstance(endpoint, Mapping)
        else endpoint
        for kind, endpoint in endpoints.items()
    }
    return {**server, "endpoints": filled}


def _given_twice(document: Document) -> list[Fault]:
    """Two servers of one name, or at one address: facts of one would be taken for the other's.

    Read from the raw file, so that it is reported beside whatever else is wrong with either server.
    """
    faults: list[Fault] = []
    names: dict[str, int] = {}
    addresses: dict[tuple[str, str, int], int] = {}
    for index, server in _servers(document):
        name = str(server.get("name", "")).lower()
        first = names.setdefault(name, index)
        if name and first != index:
            problem = f"Another server of this name stands in line {document.line(('servers', first, 'name'))}."
            faults.append(_fault(document, ("servers", index, "name"), problem, "Keep one of them."))
        for kind, address in _addresses(server):
            other = addresses.setdefault((address.scheme, address.host, address.port), index)
            if other != index:
                problem = f"The server in line {document.line(('servers', other))} has this address too."
                path = ("servers", index, "endpoints", kind, "url")
                faults.append(_fault(document, path, problem, "Give each server its own address."))
    return faults


def _abroad(document: Document) -> list[Fault]:
    """A rehearsal's servers listen on this computer only: a real one would be recorded as rehearsed (invariant 10)."""
    if document.root.get("environment") != Environment.REHEARSAL:
        return []
    problem = "A rehearsal's servers listen on this computer only; this is another's address."
    remedy = "Write `environment: production` for real servers, or the loopback address of the lab."
    return [
        _fault(document, ("servers", index, "endpoints", kind, "url"), problem, remedy)
        for index, server in _servers(document)
        for kind, address in _addresses(server)
        if not _is_loopback(address.host)
    ]


def _unapprovable(document: Document) -> list[Fault]:
    """Reported beside the faults of the keys themselves: it is a fault of the file, however they are written."""
    if not is_without_approvers(document.root):
        return []
    remedy = "List the public keys of those who may approve below `approvers`."
    return [_fault(document, ("approval",), "Nobody may approve: there are no approvers.", remedy)]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _servers(document: Document) -> list[tuple[int, dict[str, Tree]]]:
    servers = document.root.get("servers")
    return [(i, item) for i, item in enumerate(servers if isinstance(servers, list) else []) if isinstance(item, dict)]


def _addresses(server: dict[str, Tree]) -> list[tuple[str, Url]]:
    """The URLs of a server that can be read; the others are reported as what they are."""
    endpoints = server.get("endpoints")
    found: list[tuple[str, Url]] = []
    for kind, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
        if isinstance(endpoint, dict) and "url" in endpoint:
            with suppress(PydanticCustomError):
                found.append((kind, url(endpoint["url"])))
    return found


def _fault(document: Document, path: KeyPath, problem: str, remedy: str) -> Fault:
    node: Any = document.root
    for part in path:
        node = node[part]
    key = key_text(path, document.root)
    return Fault(
        file=document.file, line=document.line(path), key=key, value=shown(path, node), problem=problem, remedy=remedy
    )
