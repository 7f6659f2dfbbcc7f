"""Files of a Windows server: bytes, attributes, access rights (``pipelines.md``). Every question only reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from runbook.command import Cmdlet, Pipeline, Switch, Target, cmdlet
from runbook.facts.answer import checked, flag, one, text
from runbook.facts.query import Query
from runbook.result import Result, ServerObject, ServerValue

READ_ONLY = "ReadOnly"

_ATTRIBUTES = (READ_ONLY, "Hidden", "System", "Directory", "Archive")
"""In the order in which Windows names them, those of higher value follow."""

_ABSENT = ("PathNotFound", "ItemNotFound", "GetAcl_PathNotFound")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDetails:
    """A file that exists. ``last_write`` is aware, in UTC, by its server's clock."""

    attributes: tuple[str, ...]
    last_write: datetime
    is_folder: bool = False

    @property
    def is_read_only(self) -> bool:
        return any(name.lower() == READ_ONLY.lower() for name in self.attributes)


def content(target: Target, path: str) -> Query[bytes | None]:
    """The bytes of a file; ``None`` where there is none."""
    return Query(f"content {path}", target, reading(path), _parse_content)


def details(target: Target, path: str) -> Query[FileDetails | None]:
    """Attributes and last write of a file; ``None`` where there is none."""
    wanted = cmdlet("Select-Object", Property=("Attributes", "LastWriteTimeUtc", "PSIsContainer"))
    return Query(f"details {path}", target, Pipeline.of(_item(path), wanted), _parse_details)


def security(target: Target, path: str) -> Query[str | None]:
    """Owner, group and access rights of a file, in SDDL; ``None`` where there is none."""
    ask = Pipeline.of(cmdlet("Get-Acl", LiteralPath=path), cmdlet("Select-Object", Property="Sddl"))
    return Query(f"security {path}", target, ask, _parse_security)


def reading(path: str) -> Pipeline:
    """Gives back the bytes of a file, as one array."""
    return Pipeline.of(cmdlet("Get-Content", LiteralPath=path, Encoding="Byte", Raw=Switch.ON))


def security_text(path: str) -> Pipeline:
    """Gives back the SDDL alone, as text."""
    return Pipeline.of(cmdlet("Get-Acl", LiteralPath=path), cmdlet("Select-Object", ExpandProperty="Sddl"))


def attributes_text(path: str) -> Pipeline:
    """Gives back the attributes alone, as text such as ``Hidden, Archive``."""
    return Pipeline.of(_item(path), cmdlet("Select-Object", ExpandProperty="Attributes"))


def once_written(attributes: Iterable[str]) -> str:
    """The attributes that a file has after it was written to: Windows marks it for archiving."""
    kept = [name for name in attributes if name.lower() not in ("normal", "archive")]
    known = [name for name in _ATTRIBUTES if name == "Archive" or name in kept]
    return ", ".join([*known, *(name for name in kept if name not in _ATTRIBUTES)])


def _item(path: str) -> Cmdlet:
    return cmdlet("Get-Item", LiteralPath=path, Force=Switch.ON)


def _parse_content(result: Result) -> bytes | None:
    found = checked(result, absent=_ABSENT)
    if found.errors:
        return None
    return b"".join(map(_bytes, found.output))


def _bytes(item: ServerValue) -> bytes:
    """A byte[] comes as one value with note properties, or byte by byte."""
    value = item.value if isinstance(item, ServerObject) else item
    if isinstance(value, bytes):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255:
        return bytes([value])
    raise ValueError(f"the server sent {type(value).__name__} for the bytes of a file")


def _parse_details(result: Result) -> FileDetails | None:
    found = checked(result, absent=_ABSENT).objects
    if not found:
        return None
    item = one(found, "file")
    written = item.get("LastWriteTimeUtc")
    if not isinstance(written, datetime):
        raise ValueError("the time of the last write came as something else")
    names = tuple(name.strip() for name in text(item, "Attributes").split(",") if name.strip())
    return FileDetails(attributes=names, last_write=written, is_folder=flag(item, "PSIsContainer"))


def _parse_security(result: Result) -> str | None:
    found = checked(result, absent=_ABSENT).objects
    if not found:
        return None
    sddl = text(one(found, "security descriptor"), "Sddl")
    if not sddl:
        raise ValueError("the security descriptor came without Sddl")
    return sddl
