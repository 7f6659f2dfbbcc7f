"""The lab's world without its wire: sessions that run the library's pipelines on the lab's own cmdlet engine.

What is left out is HTTP, authentication and CLIXML, which have tests of their own; what stays is every cmdlet, the
world behind it, and the library from its sessions up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from pydantic import SecretStr

from rehearsal.estate_file import write_estate
from rehearsal.presence import PresenceReport, presence, sign_in, users
from rehearsal.values import CommandCall, EnumValue, ErrorRecord, Identity, Integer, ListValue, TerminatingError, Thing
from rehearsal.world import World
from runbook.cli.headless import section_parameters
from runbook.cli.rehearse import parameter_file
from runbook.command import Cmdlet, Pipeline, Shell, Switch, Target, Value
from runbook.credentials import Broker, Credential
from runbook.engine import opening
from runbook.engine.run import Run
from runbook.errors import ConnectionFailed, WriteRefused
from runbook.estate import Estate, Server, load_estate
from runbook.fleet import Fleet
from runbook.ledger.events import Mode
from runbook.readlist import why_not_read
from runbook.result import Result, ServerError, ServerObject, ServerValue, State

_SEGMENT = {Shell.EXCHANGE: "/PowerShell/", Shell.LYNC_REMOTE: "/OcsPowershell"}


class AnyAccount:
    """Knows every account, by a password that nobody asks for."""

    def resolve(self, reference: str) -> Credential:
        return Credential(reference.removeprefix("cred:"), SecretStr("nobody-asks-for-it"))


class MemorySession:
    """One shell of one simulated server (:class:`runbook.result.Session`)."""

    def __init__(self, world: World, server: Server, shell: Shell, *, writes: bool) -> None:
        self.world = world
        self._writes = writes
        self.target = Target(server.name, shell)
        endpoint = server.endpoint(shell)
        account = world.accounts[endpoint.credential.removeprefix("cred:")]
        exchange = shell is Shell.EXCHANGE
        configuration = "Microsoft.Exchange" if exchange else "Microsoft.PowerShell"
        identity = Identity(username=account, delegated=endpoint.authentication == "credssp")
        path = _SEGMENT.get(shell, "/wsman")
        try:
            self._shell = world.open_shell(server.name, path, configuration, identity)
        except TerminatingError as refusal:
            raise ConnectionFailed(server.name, refusal.record.message, "") from None
        if shell in (Shell.LYNC, Shell.EDGE):
            self._shell.run([_call(Cmdlet("Import-Module", (("Name", server.lync_module),)))], None, _Streams())

    def run(self, pipeline: Pipeline) -> Result:
        if not self._writes and (why := why_not_read(pipeline, self.target.shell)):
            raise WriteRefused(f"{self.target}: {why}.")
        streams = _Streams()
        state, errors = State.COMPLETED, streams.errors
        try:
            self._shell.run([_call(each) for each in pipeline.cmdlets], None, streams)
        except TerminatingError as error:
            state = State.FAILED
            errors.append(_error(error.record, terminating=True))
        return Result(
            target=self.target,
            pipeline=pipeline,
            state=state,
            output=tuple(streams.values),
            errors=tuple(errors),
            warnings=tuple(streams.warnings),
        )

    def close(self) -> None: ...


@dataclass
class _Streams:
    values: list[ServerValue] = field(default_factory=list)
    errors: list[ServerError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stopping: Event = field(default_factory=Event)

    def output(self, value: Any) -> None:
        self.values.append(server_value(value))

    def error(self, record: ErrorRecord) -> None:
        self.errors.append(_error(record, terminating=False))

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def verbose(self, message: str) -> None: ...

    def debug(self, message: str) -> None: ...

    def information(self, message: Any, source: str, tags: Sequence[str] = ()) -> None: ...

    def progress(self, activity: str, status: str, percent: int, *, completed: bool = False) -> None: ...

    def prompt(self, caption: str, message: str, choices: Sequence[str]) -> int:
        raise AssertionError(f"a cmdlet asked a runbook: {message}")


def server_value(value: Any) -> ServerValue:
    """What the wire would make of a value of the lab's."""
    if isinstance(value, Integer):
        return value.value
    if isinstance(value, EnumValue):
        return ServerObject(type_names=value.type_names, text=value.name, value=value.number)
    if isinstance(value, ListValue):
        return tuple(map(server_value, value.items))
    if isinstance(value, (list, tuple)):
        return tuple(map(server_value, value))
    if isinstance(value, dict):
        return ServerObject(properties={str(key): server_value(each) for key, each in value.items()})
    if isinstance(value, Thing):
        properties = {name: server_value(each) for name, each in {**value.properties, **value.extended}.items()}
        base = server_value(value.base)
        named = base is None or isinstance(base, str)
        return ServerObject(value.type_names, value.text if named else None, properties, base)
    return value  # type: ignore[no-any-return]


def _error(record: ErrorRecord, *, terminating: bool) -> ServerError:
    return ServerError(
        message=record.message,
        error_id=record.error_id,
        category=record.category,
        reason=record.reason,
        target=record.target_name,
        terminating=terminating,
    )


def _call(each: Cmdlet) -> CommandCall:
    named = tuple((name, _sent(value)) for name, value in each.parameters)
    return CommandCall(each.name, False, (*named, *((None, argument) for argument in each.arguments)))


def _sent(value: Value) -> Any:
    if isinstance(value, Switch):
        return value.value
    return list(value) if isinstance(value, tuple) else value


@dataclass
class MemoryLab:
    """A world, the estate file that describes it, and runs against it."""

    world: World
    estate: Estate
    folder: Path
    count: int = 0

    @classmethod
    def of(cls, world: World, folder: Path) -> MemoryLab:
        urls = {
            name: {scheme: f"{scheme}://127.0.0.1:{port}" for scheme in ("http", "https")}
            for port, name in enumerate(world.machines, start=1)
        }
        return cls(world, load_estate(write_estate(world, urls, b"", folder, "litware")), folder)

    def fleet(self, writes: bool) -> Fleet:
        def opened(server: Server, shell: Shell, credentials: Broker, **_: Any) -> MemorySession:
            return MemorySession(self.world, server, shell, writes=writes)

        return Fleet(self.estate, AnyAccount(), writes=writes, opener=opened)

    def open(self, section: str, mode: Mode = Mode.PLAN, **changed: object) -> Run:
        file = parameter_file(self.world.topology, section)
        parameters = section_parameters(section, file).model_copy(update=changed)
        self.count += 1
        run = opening.open_run(
            section, parameters, self.estate, mode=mode, folder=self.folder / str(self.count), broker=AnyAccount()
        )
        run._connect = self.fleet  # the one seam that isn't a parameter: what opens sessions
        return run

    def presence(self) -> PresenceReport:
        return presence(self.world)

    def sign_in(self) -> None:
        """One user who is expected to have presence, on each server."""
        chosen: dict[str, str] = {}
        for each in users(self.world):
            if each["expected"] and each["server"]:
                chosen.setdefault(str(each["server"]), str(each["user"]))
        for user in chosen.values():
            self.world.clock.tick()
            sign_in(self.world, user)
