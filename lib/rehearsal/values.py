"""PowerShell values as the simulated servers hold them, and the seam between the wire and the shells.

:mod:`rehearsal.psrp` turns these into CLIXML and back; :mod:`rehearsal.pipeline` and the cmdlets make them.
Plain Python values stand for the plain .NET ones: ``str``, ``bool``, ``float`` (Double), ``None``, ``bytes``
(Byte[]), an aware ``datetime`` (DateTime, UTC), ``timedelta``, ``UUID``, ``Decimal``. ``int`` is Int32 unless it is
wrapped in :class:`Integer`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer of a .NET type other than Int32, whose name is ``kind``: ``Byte``, ``UInt16``, ``Int64`` …"""

    value: int
    kind: str


@dataclass(frozen=True, slots=True)
class SecureText:
    """A SecureString that a client sent; never written to a journal or a log."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnumValue:
    """An enum: its number, its name (ToString), its type chain, most derived first, and the type of its number."""

    name: str
    number: int
    type_names: tuple[str, ...]
    kind: str = "Int32"


@dataclass(frozen=True, slots=True)
class ListValue:
    """A typed collection, MultiValuedProperty included; a plain ``list`` is Object[]."""

    items: tuple[Any, ...]
    type_names: tuple[str, ...]


@dataclass(slots=True)
class Thing:
    """An object: type chain, ToString, adapted properties (``<Props>``) and extended ones (``<MS>``).

    ``live`` is the simulated object behind it, for a cmdlet further down the same pipeline; it never
    crosses the wire. ``base`` is the plain value of a plain value that carries extended properties, as the bytes
    of Get-Content do (``<Obj><BA>…</BA><MS>…</MS></Obj>``, without a type chain where that is the value's own).
    """

    type_names: tuple[str, ...]
    text: str | None
    properties: dict[str, Any]
    extended: dict[str, Any] = field(default_factory=dict)
    live: Any = None
    base: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """An ErrorRecord: FullyQualifiedErrorId is ``error_id``; category is CategoryInfo's category name."""

    message: str
    error_id: str
    category: str = "NotSpecified"
    exception_type: str = "System.Management.Automation.RuntimeException"
    activity: str = ""
    reason: str = ""
    target_name: str = ""
    target_type: str = ""
    target: Any = None


class TerminatingError(Exception):
    """Ends the pipeline; its record goes to the client with PipelineState Failed."""

    def __init__(self, record: ErrorRecord) -> None:
        self.record = record
        super().__init__(record.message)


@dataclass(frozen=True, slots=True)
class CommandCall:
    """One command as a client sent it. ``parameters`` keep their order; a positional one has the name ``None``.

    ``ends_statement`` is true on the last command of each statement of a multi-statement pipeline.
    A script block arrives with ``is_script``.
    """

    name: str
    is_script: bool
    parameters: tuple[tuple[str | None, Any], ...] = ()
    ends_statement: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is connected, and whether the credentials were delegated (CredSSP), so that a second hop works."""

    username: str
    delegated: bool


class Streams(Protocol):
    """Where a running pipeline writes. ``stopping`` is set when the client signals ctrl_c or terminate."""

    stopping: Event

    def output(self, value: Any) -> None: ...
    def error(self, record: ErrorRecord) -> None: ...
    def warning(self, message: str) -> None: ...
    def verbose(self, message: str) -> None: ...
    def debug(self, message: str) -> None: ...
    def information(self, message: Any, source: str, tags: Sequence[str] = ()) -> None: ...
    def progress(self, activity: str, status: str, percent: int, *, completed: bool = False) -> None: ...
    def prompt(self, caption: str, message: str, choices: Sequence[str]) -> int:
        """A host prompt. A client without a host can't answer: raises the TerminatingError a real server gives."""
        ...


class OpenShell(Protocol):
    """One runspace of one simulated host; keeps its variables and imported modules between pipelines."""

    def run(self, commands: Sequence[CommandCall], pipeline_input: Iterable[Any] | None, streams: Streams) -> None: ...


class Organisation(Protocol):
    """What the wire needs of the simulated organisation."""

    def endpoints(self) -> Mapping[str, Sequence[str]]:
        """Host name → the resource paths it serves, of ``/PowerShell/``, ``/OcsPowershell`` and ``/wsman``."""
        ...

    def authentications(self, host: str, path: str) -> Sequence[str]:
        """What that endpoint accepts, of ``basic``, ``ntlm``, ``negotiate``, ``credssp``."""
        ...

    def open_shell(self, host: str, path: str, configuration: str, identity: Identity) -> OpenShell:
        """A new runspace, or :class:`TerminatingError` where the configuration doesn't exist or access is denied."""
        ...
