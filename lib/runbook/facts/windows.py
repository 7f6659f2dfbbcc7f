"""What is asked of an ordinary Windows endpoint: clock, registry, files, services, ports, certificate stores.

Pipelines as in ``pipelines.md``; PowerShell 3 to 5.1. Every one of them only reads.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime

from runbook import certificate
from runbook.certificate import Certificate
from runbook.command import Cmdlet, Pipeline, Target, cmdlet
from runbook.facts.answer import as_text, checked, flag, one, text
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

IM_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging"
"""Where OWA looks for its IM provider (L06)."""

IM_VALUE = "ImplementationDLLPath"

UCMA_KEY = r"HKLM:\SOFTWARE\Microsoft\UCMA\{902F4F35-D5DC-4363-8671-D5EF0D26C21D}"
"""What the UCMA 4.0 Runtime's set-up leaves behind; its ``Version`` is 5.0 or later (``pipelines.md``)."""

EXCHANGE_KEY = r"HKLM:\SOFTWARE\Microsoft\ExchangeServer\v15\Setup"
EXCHANGE_2010_KEY = r"HKLM:\SOFTWARE\Microsoft\ExchangeServer\v14\Setup"
"""What Exchange's set-up leaves behind; ``MsiInstallPath`` is the folder that the procedure calls V15 (L53, L83)."""

NETSTAT = r"C:\Windows\System32\netstat.exe"

UM_SERVICE, UM_CALL_ROUTER = "MSExchangeUM", "MSExchangeUMCR"

_NO_ITEM = ("PathNotFound", "ItemNotFound", "System.Management.Automation.PSArgumentException")
_NO_SERVICE = ("NoServiceFoundForGivenName",)
_NO_CONNECTION = ("CmdletizationQuery_NotFound",)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """A path that exists, and what it is."""

    path: str
    is_folder: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Windows service; ``status`` as Windows names it (``Running``, ``Stopped``)."""

    name: str
    status: str

    @property
    def is_running(self) -> bool:
        return self.status.lower() == "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCertificate:
    """An entry of a LocalMachine store.

    ``certificate`` is ``None`` where its DER couldn't be read; ``fault`` then says why, and the thumbprint is the
    server's word. A private key that is there isn't proved to be readable by OWA's account (``real-world`` B4).
    """

    thumbprint: str
    has_private_key: bool
    certificate: Certificate | None
    fault: str = ""
    has_legacy_key: bool = True
    """.NET Framework shows a private key of a cryptographic service provider, and none of a CNG provider."""


def clock(target: Target) -> Query[datetime]:
    """The server's own time, by which dates on that server are judged."""
    return Query("clock", target, Pipeline.of(cmdlet("Get-Date")), _parse_clock)


def im_provider_path(target: Target) -> Query[str | None]:
    """``ImplementationDLLPath``; ``None`` where the key or the value doesn't exist (L06, L08)."""
    return Query("im-provider-path", target, _registry(IM_KEY, IM_VALUE), _parse_im_provider)


def ucma_version(target: Target) -> Query[str | None]:
    """The version that UCMA's set-up registered, or ``None``."""
    return Query("ucma-version", target, _registry(UCMA_KEY, "Version"), _parse_ucma)


def exchange_folder(target: Target, *, version_14: bool = False) -> Query[str | None]:
    """The folder that Exchange was installed in, or ``None`` where set-up registered none (``real-world`` B6)."""
    key = EXCHANGE_2010_KEY if version_14 else EXCHANGE_KEY
    return Query("exchange-folder", target, _registry(key, "MsiInstallPath"), _parse_exchange_folder)


def item(target: Target, path: str) -> Query[FileItem | None]:
    """Whether ``path`` exists, and as what."""
    ask = Pipeline.of(cmdlet("Get-Item", LiteralPath=path), _select("FullName", "PSIsContainer"))
    return Query(f"item {path}", target, ask, _parse_item)


def file_version(target: Target, path: str) -> Query[str]:
    """The version resource of a file that exists; empty where it has none."""
    ask = Pipeline.of(cmdlet("Get-Item", LiteralPath=path), cmdlet("Select-Object", ExpandProperty="VersionInfo"))
    return Query(f"file-version {path}", target, ask, _parse_version)


def um_services(target: Target) -> Query[tuple[Service, ...]]:
    """Those of Exchange's two UM services that are installed on this computer (L17)."""
    ask = Pipeline.of(cmdlet("Get-Service", Name=(UM_SERVICE, UM_CALL_ROUTER)), _select("Name", "Status"))
    return Query("um-services", target, ask, _parse_services)


def listeners(target: Target, port: int, *, powershell_2: bool = False) -> Query[int]:
    """How many sockets listen on a TCP port (L40); netstat.exe tells where the cmdlet isn't known yet."""
    if powershell_2:
        netstat = Cmdlet(NETSTAT, arguments=("-ano",))
        return Query(f"listeners {port}", target, Pipeline.of(netstat), functools.partial(_parse_netstat, port))
    ask = cmdlet("Get-NetTCPConnection", State="Listen", LocalPort=port)
    return Query(f"listeners {port}", target, Pipeline.of(ask, _select("LocalAddress", "LocalPort")), _parse_listeners)


def certificates(target: Target, store: str) -> Query[tuple[StoredCertificate, ...]]:
    """A LocalMachine store (``My``, ``Root`` or ``CA``): DER, since remoting drops every other property."""
    ask = cmdlet("Get-ChildItem", LiteralPath=rf"Cert:\LocalMachine\{store}")
    wanted = _select("Thumbprint", "HasPrivateKey", "PrivateKey", "NotAfter", "RawData")
    return Query(f"certificates {store}", target, Pipeline.of(ask, wanted), _parse_certificates)


def readable(store: tuple[StoredCertificate, ...]) -> tuple[Certificate, ...]:
    """The certificates of a store whose DER could be read."""
    return tuple(entry.certificate for entry in store if entry.certificate is not None)


def _select(*names: str) -> Cmdlet:
    return cmdlet("Select-Object", Property=names)


def _registry(key: str, value: str) -> Pipeline:
    return Pipeline.of(cmdlet("Get-ItemProperty", LiteralPath=key, Name=value))


def _parse_im_provider(result: Result) -> str | None:
    return _registry_text(result, IM_VALUE)


def _parse_ucma(result: Result) -> str | None:
    return _registry_text(result, "Version")


def _parse_exchange_folder(result: Result) -> str | None:
    return _registry_text(result, "MsiInstallPath")


def _registry_text(result: Result, name: str) -> str | None:
    found = checked(result, absent=_NO_ITEM).objects
    return text(one(found, "registry key"), name) if found else None


def _parse_clock(result: Result) -> datetime:
    for value in checked(result).output:
        if isinstance(value, datetime):
            return value
        if isinstance(value, ServerObject) and isinstance(value.value, datetime):
            return value.value
    raise ValueError("the server didn't tell the time")


def _parse_item(result: Result) -> FileItem | None:
    found = checked(result, absent=_NO_ITEM).objects
    if not found:
        return None
    item = one(found, "file or folder")
    return FileItem(path=text(item, "FullName"), is_folder=flag(item, "PSIsContainer"))


def _parse_version(result: Result) -> str:
    found = checked(result).objects
    return text(one(found, "version resource"), "FileVersion").strip() if found else ""


def _parse_services(result: Result) -> tuple[Service, ...]:
    found = checked(result, absent=_NO_SERVICE).objects
    return tuple(Service(name=text(item, "Name"), status=text(item, "Status")) for item in found)


def _parse_listeners(result: Result) -> int:
    return len(checked(result, absent=_NO_CONNECTION).objects)


def _parse_netstat(port: int, result: Result) -> int:
    """A listener has nobody at the other end; the word for its state is in the server's language."""
    lines = (str(value).split() for value in checked(result).output if isinstance(value, str))
    return sum(
        len(words) >= 4 and words[0] == "TCP" and words[1].endswith(f":{port}") and words[2].endswith(":0")
        for words in lines
    )


def _parse_certificates(result: Result) -> tuple[StoredCertificate, ...]:
    return tuple(map(_stored, checked(result).objects))


def _stored(item: ServerObject) -> StoredCertificate:
    raw = item.get("RawData")
    thumbprint, private = as_text(item.get("Thumbprint")).upper(), item.get("HasPrivateKey") is True
    legacy = not private or item.get("PrivateKey") is not None
    if not isinstance(raw, bytes):
        raise ValueError(f"the certificate {thumbprint or '(no thumbprint)'} came without RawData")
    try:
        parsed = certificate.parse(raw)
    except ValueError as error:
        return StoredCertificate(thumbprint=thumbprint, has_private_key=private, certificate=None, fault=str(error))
    return StoredCertificate(
        thumbprint=parsed.thumbprint, has_private_key=private, certificate=parsed, has_legacy_key=legacy
    )
