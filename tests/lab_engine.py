"""A simulated Windows computer and what came out of one pipeline, for tests of the lab's cmdlet engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from rehearsal.host import WindowsHost
from rehearsal.shells import Shell, open_shell
from rehearsal.values import CommandCall, ErrorRecord, Identity, TerminatingError

NOW = datetime(2013, 5, 2, 9, 30, tzinfo=UTC)
DLL = r"C:\Program Files\Microsoft UCMA 4.0\Runtime\SSP\Microsoft.Rtc.Internal.Ucweb.dll"


@dataclass
class Recorded:
    """Streams that keep everything; a client without a host, so a prompt ends the pipeline."""

    objects: list[Any] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    verboses: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    failure: ErrorRecord | None = None
    stopping: Event = field(default_factory=Event)
    stop_after: int | None = None

    def output(self, value: Any) -> None:
        self.objects.append(value)
        if len(self.objects) == self.stop_after:
            self.stopping.set()

    def error(self, record: ErrorRecord) -> None:
        self.errors.append(record)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def verbose(self, message: str) -> None:
        self.verboses.append(message)

    def debug(self, message: str) -> None: ...

    def information(self, message: Any, source: str, tags: Sequence[str] = ()) -> None: ...

    def progress(self, activity: str, status: str, percent: int, *, completed: bool = False) -> None: ...

    def prompt(self, caption: str, message: str, choices: Sequence[str]) -> int:
        self.prompts.append(message)
        if self.answers:
            return self.answers.pop(0)
        raise TerminatingError(ErrorRecord(message="no host", error_id="HostFunctionNotImplemented"))

    @property
    def error_ids(self) -> list[str]:
        """The ids of all errors, the one that ended the pipeline last."""
        return [record.error_id for record in [*self.errors, *([self.failure] if self.failure else [])]]


def command(name: str, *positional: Any, ends_statement: bool = False, **parameters: Any) -> CommandCall:
    """A command as a client sends it; keyword arguments are its named parameters."""
    given = [(None, value) for value in positional] + list(parameters.items())
    return CommandCall(name, False, tuple(given), ends_statement)


def run(
    shell: Shell, *commands: CommandCall, pipeline_input: Iterable[Any] | None = None, streams: Recorded | None = None
) -> Recorded:
    """What one pipeline gave; a terminating error is in ``failure``."""
    recorded = streams or Recorded()
    try:
        shell.run(commands, pipeline_input, recorded)
    except TerminatingError as error:
        recorded.failure = error.record
    return recorded


def windows_host(**options: Any) -> WindowsHost:
    """A mailbox server with a UCMA value, a DLL, services, listeners, events and processes."""
    host = WindowsHost("atl-mbx-001.litwareinc.com", lambda: NOW, **options)
    host.registry.set(
        r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging", "ImplementationDLLPath", DLL
    )
    host.files.put(DLL, b"MZ", version={"FileVersion": "5.0.8308.0", "ProductVersion": "5.0.8308.0"})
    return host


def windows_shell(host: WindowsHost | None = None, path: str = "/wsman", *, delegated: bool = False) -> Shell:
    configuration = "Microsoft.Exchange" if path.lower().startswith("/powershell") else "Microsoft.PowerShell"
    return open_shell(host or windows_host(), None, path, configuration, Identity("LITWARE\\admin", delegated))


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
