"""Every error the library raises on purpose.

::

    RunbookError
    ├── InputError            a parameter, estate file or command line is wrong; nothing was contacted
    │   └── NotRenderable     a value can't be written as PowerShell text (control character, lone surrogate)
    ├── Refused               the runbook itself won't do it; nothing was sent
    │   └── WriteRefused      a pipeline that isn't on the read list, in a session opened for reading
    ├── ConnectionFailed      the server wasn't reached, or isn't the one named; no command left
    ├── PipelineFailed        the server ran the pipeline and reported errors
    ├── OutcomeUnknown        a pipeline left and nobody can say whether it ran
    │   └── Interrupted       … because somebody pressed Ctrl-C
    ├── Cancelled             somebody asked a step that only reads to stop; nothing was changed by it
    └── Blocked               findings stand in the way; raised last, when all of them have been shown

Every message is written for the administrator: what, where, and what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with one input.

    ``line`` is 1-based, or ``None`` where the input has no lines (an environment variable, an option).
    """

    file: str
    key: str
    value: str
    problem: str
    remedy: str
    line: int | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        shown = f" = {self.value}" if self.value else ""
        return f"{where}: {self.key}{shown}: {self.problem} {self.remedy}".rstrip()


class RunbookError(Exception):
    """The root of the tree above."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook's cell: the message, which is written for its reader, and no stack."""
        return [f"{type(self).__name__}: {self}"]


class InputError(RunbookError):
    """Bad input; carries every fault that was found, not just the first."""

    def __init__(self, faults: tuple[Fault, ...] | str) -> None:
        self.faults: tuple[Fault, ...] = () if isinstance(faults, str) else faults
        super().__init__(faults if isinstance(faults, str) else "\n".join(map(str, faults)))


class NotRenderable(InputError):
    """A value that PowerShell text can't carry safely."""


class Refused(RunbookError):
    """The runbook declines; nothing was sent."""


class WriteRefused(Refused):
    """A pipeline that isn't known to only read, in a session that may only read (invariant 4)."""


class ConnectionFailed(RunbookError):
    """No usable session: not reached, not trusted, not authenticated, or not the server named."""

    def __init__(self, server: str, reason: str, remedy: str = "") -> None:
        self.server, self.reason, self.remedy = server, reason, remedy
        super().__init__(f"{server}: {reason}{f' {remedy}' if remedy else ''}")


class PipelineFailed(RunbookError):
    """The server ran the pipeline and reported errors: what it said is in ``messages``."""

    def __init__(self, server: str, command: str, messages: tuple[str, ...]) -> None:
        self.server, self.command, self.messages = server, command, messages
        super().__init__(f"{server}: {command}\n" + "\n".join(messages))


class OutcomeUnknown(RunbookError):
    """A pipeline left for the server and its answer never arrived whole.

    It may or may not have run: only facts read afresh can tell (invariant 5).
    """

    def __init__(self, server: str, command: str, reason: str) -> None:
        self.server, self.command, self.reason = server, command, reason
        super().__init__(f"{server}: {command}\n{reason}")


class Interrupted(OutcomeUnknown):
    """Somebody pressed Ctrl-C while a mutating pipeline ran: settle what became of it, and send nothing more."""


class Cancelled(RunbookError):
    """Somebody asked a step that only reads to stop."""


class Blocked(RunbookError):
    """The section can't be called done; every reason has been shown already."""
