"""Runs pipelines on the lab's simulated hosts without the wire, for tests of what its cmdlets do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from rehearsal.objects import member, text_of
from rehearsal.values import CommandCall, ErrorRecord, Identity, TerminatingError
from rehearsal.world import World

FRONT_END = "atl-fe-001.litwareinc.com"
MAILBOX = "atl-mbx-001.litwareinc.com"


@dataclass(slots=True)
class Heard:
    """Everything a pipeline wrote; ``failed`` is the error that ended it."""

    output: list[Any] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    failed: ErrorRecord | None = None

    def values(self, name: str) -> list[Any]:
        """A property of every object that came out."""
        return [member(item, name) for item in self.output]

    def texts(self, name: str) -> list[str]:
        return [text_of(value) for value in self.values(name)]


class _Streams:
    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.stopping = Event()

    def output(self, value: Any) -> None:
        self.heard.output.append(value)

    def error(self, record: ErrorRecord) -> None:
        self.heard.errors.append(record)

    def warning(self, message: str) -> None:
        self.heard.warnings.append(message)

    def verbose(self, message: str) -> None: ...

    def debug(self, message: str) -> None: ...

    def information(self, message: Any, source: str, tags: Sequence[str] = ()) -> None: ...

    def progress(self, activity: str, status: str, percent: int, *, completed: bool = False) -> None: ...

    def prompt(self, caption: str, message: str, choices: Sequence[str]) -> int:
        self.heard.prompts.append(message)
        raise TerminatingError(ErrorRecord(message="no host", error_id="HostFunctionNotImplemented"))


class Console:
    """One runspace of one host, with the account that the endpoint is meant for."""

    def __init__(self, world: World, host: str, path: str, account: str, *, delegated: bool = False) -> None:
        configuration = "Microsoft.Exchange" if "powershell/" in path.lower() else "Microsoft.PowerShell"
        identity = Identity(username=world.accounts.get(account, f"LITWARE\\{account}"), delegated=delegated)
        self._shell = world.open_shell(host, path, configuration, identity)

    def run(self, name: str, *arguments: Any, **parameters: Any) -> Heard:
        """One cmdlet; ``arguments`` are positional."""
        return self.pipe((name, *arguments), parameters)

    def pipe(self, *stages: Any) -> Heard:
        """Cmdlets in a row: a name or a tuple with positional arguments, each followed by its parameters or not."""
        commands: list[CommandCall] = []
        for stage in stages:
            if isinstance(stage, dict):
                last = commands.pop()
                commands.append(CommandCall(last.name, False, (*last.parameters, *stage.items())))
                continue
            name, *arguments = (stage,) if isinstance(stage, str) else stage
            commands.append(CommandCall(name, False, tuple((None, value) for value in arguments)))
        heard = Heard()
        try:
            self._shell.run(commands, None, _Streams(heard))
        except TerminatingError as error:
            heard.failed = error.record
        return heard


def exchange(world: World, host: str = MAILBOX) -> Console:
    return Console(world, host, "/PowerShell/", "exchange-admin")


def front_end(world: World, *, delegated: bool = True) -> Console:
    return Console(world, FRONT_END, "/wsman", "lync-admin", delegated=delegated)


def lync_remote(world: World) -> Console:
    return Console(world, FRONT_END, "/OcsPowershell", "lync-admin")
