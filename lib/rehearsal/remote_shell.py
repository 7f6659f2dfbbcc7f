"""What :mod:`rehearsal.wsman` needs of a shell, PowerShell or cmd: the seam between SOAP and what runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class ShellError(Exception):
    """A client broke the shell's protocol; the request is answered with a fault that carries this message."""


class UnknownCommandError(ShellError):
    """The CommandId names nothing that runs in this shell."""


class ShellClosedError(ShellError):
    """The shell was deleted while a request waited in it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one Receive takes with it. ``exit_code`` is None where a command has none (PSRP)."""

    streams: Sequence[tuple[str, bytes]]
    done: bool
    exit_code: int | None = None


class RemoteShell(Protocol):
    """One shell of one client. Every method may be called from several connections at once."""

    input_streams: str
    output_streams: str

    def command(self, command_id: str, line: str, arguments: Sequence[str]) -> None:
        """Start a command; raises :class:`ShellError`."""
        ...

    def send(self, command_id: str | None, stream: str, data: bytes, end: bool) -> None:
        """Input for a command, or for the shell itself when ``command_id`` is None."""
        ...

    def receive(self, command_id: str | None, limit: int, timeout: float) -> Delivery | None:
        """Up to ``limit`` bytes of output, waiting for ``timeout`` seconds; None when nothing came."""
        ...

    def signal(self, command_id: str | None, code: str) -> None:
        """ctrl_c or terminate."""
        ...

    def running(self) -> int:
        """How many commands haven't ended."""
        ...

    def close(self) -> None:
        """Stop everything and wake whoever waits in :meth:`receive`."""
        ...
