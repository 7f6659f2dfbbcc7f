"""What a server answered, in types of our own, and the seam through which it is asked.

:mod:`runbook.remoting` fills these from the wire; everything above it sees nothing of pypsrp or psrpcore.
All of it is untrusted text until it is parsed into a fact or escaped for display (invariant 8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeAlias
from uuid import UUID

from runbook.command import Pipeline, Target

_Plain: TypeAlias = str | int | float | bool | bytes | Decimal | datetime | timedelta | UUID
ServerValue: TypeAlias = "_Plain | ServerObject | tuple[ServerValue, ...] | None"
"""A datetime is always aware and in UTC. Lists of every kind (MultiValuedProperty too) are tuples."""


@dataclass(frozen=True, slots=True)
class ServerObject(Mapping[str, ServerValue]):
    """A deserialised .NET object: type chain, ToString text and properties (adapted, then extended).

    Property names compare case-insensitively, as in PowerShell: the procedure itself writes ``SiteID``
    for a property spelled ``SiteId`` (L34). An enum is an object whose ``value`` is its number and
    ``text`` its name.
    """

    type_names: tuple[str, ...] = ()
    text: str | None = None
    properties: Mapping[str, ServerValue] = field(default_factory=dict)
    value: ServerValue = None

    def __getitem__(self, name: str) -> ServerValue:
        wanted = name.lower()
        for key, value in self.properties.items():
            if key.lower() == wanted:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.properties)

    def __len__(self) -> int:
        return len(self.properties)


class State(StrEnum):
    """How the server says the pipeline ended."""

    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """One ErrorRecord. ``error_id`` is the FullyQualifiedErrorId, ``category`` CategoryInfo's category."""

    message: str
    error_id: str = ""
    category: str = ""
    reason: str = ""
    target: str = ""
    terminating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The whole answer to one pipeline.

    ``complete`` is false where the message object ids had a gap: something the server said was lost,
    and it may have been an error (``remoting-notes``). ``served_by`` is the machine that says it ran the
    pipeline, where it says so (Exchange 2013 and 2016 proxy sessions to another server).
    """

    target: Target
    pipeline: Pipeline
    state: State
    output: tuple[ServerValue, ...] = ()
    errors: tuple[ServerError, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = True
    served_by: str = ""

    @property
    def succeeded(self) -> bool:
        """Completed, no error of either kind, nothing lost. Not yet proof of a change: read it back."""
        return self.state is State.COMPLETED and not self.errors and self.complete

    @property
    def objects(self) -> tuple[ServerObject, ...]:
        """The output without bare values."""
        return tuple(item for item in self.output if isinstance(item, ServerObject))


class Session(Protocol):
    """One shell of one server (invariant 3: the one seam to the network).

    ``run`` returns the server's whole answer, errors included. It raises ``WriteRefused`` where the
    session may only read and the pipeline isn't on the read list, ``ConnectionFailed`` where nothing
    left, ``OutcomeUnknown`` where the answer never came whole. Not thread-safe: one session, one thread.
    """

    def run(self, pipeline: Pipeline) -> Result: ...

    def close(self) -> None: ...
