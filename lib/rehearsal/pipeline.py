"""Runs what a client sent: statements of commands, each a pipeline through which objects stream one by one.

Every command is resolved and its arguments are bound before the first object moves, as PowerShell does. A
terminating error ends its statement; of several statements the others still run and the error goes to the error
stream, unless -ErrorAction Stop raised it (``PowerShell.BatchInvocationWorkItem``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rehearsal.binding import Binding, bind_arguments
from rehearsal.cmdlet import (
    ACTING,
    ACTION_STOPPED,
    Actor,
    Call,
    CmdletDeclaration,
    ErrorAction,
    ShellState,
    StopUpstreamError,
)
from rehearsal.native import find_program, run_program
from rehearsal.objects import enumerate_value
from rehearsal.registry import is_restricted, resolve
from rehearsal.values import CommandCall, ErrorRecord, Streams, TerminatingError

Emit = Callable[[Any], None]


class PipelineStopped(Exception):
    """The client asked for a stop; what runs unwinds quietly."""


@dataclass(slots=True)
class _Stage:
    """One command of a pipeline, bound and ready to take objects."""

    command: CommandCall
    binding: Binding
    position: int
    emit: Emit
    state: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False

    @property
    def declaration(self) -> CmdletDeclaration:
        return self.binding.declaration


class _Statement:
    """The stages of one pipeline, each emitting into the next, the last one to the client."""

    def __init__(self, commands: Sequence[CommandCall], shell: ShellState, streams: Streams) -> None:
        self._shell = shell
        self._streams = streams
        self._stages: list[_Stage] = []
        version = shell.host.powershell_version
        for position, command in enumerate(commands):
            declaration = _find(command, shell)
            binding = bind_arguments(declaration, command.parameters, powershell=version)
            self._stages.append(_Stage(command, binding, position, self._emitter(position, len(commands))))

    def run(self, pipeline_input: Iterable[Any] | None) -> None:
        first, *rest = self._stages
        for stage in rest:
            stage.binding.check_input_possible()
        if pipeline_input is None:
            name = first.binding.resolve_set(first.binding.parameters, first.binding.candidates)
            feed: Iterator[tuple[Any, dict[str, Any], str] | None] = iter([(None, first.binding.parameters, name)])
        else:
            first.binding.check_input_possible()
            feed = (self._bound(first, item) for item in pipeline_input)
        try:
            for bound in feed:
                if bound is not None:
                    self._process(first, *bound)
        except StopUpstreamError as done:
            self._stop_before(done.position)
        for stage in self._stages:
            if not stage.stopped:
                self._end(stage)

    def _emitter(self, position: int, count: int) -> Emit:
        if position == count - 1:

            def to_client(value: Any) -> None:
                self._check_stop()
                self._streams.output(value)

            return to_client

        def to_next(value: Any) -> None:
            self._check_stop()
            stage = self._stages[position + 1]
            for item in enumerate_value(value):
                bound = self._bound(stage, item)
                if bound is not None:
                    self._process(stage, *bound)

        return to_next

    def _bound(self, stage: _Stage, value: Any) -> tuple[Any, dict[str, Any], str] | None:
        found = stage.binding.bind_input(value)
        if found is None:
            action = stage.binding.preferences.error_action
            record = stage.binding.input_not_bound(value)
            if action is ErrorAction.STOP:
                raise TerminatingError(record)
            if action not in (ErrorAction.SILENTLY_CONTINUE, ErrorAction.IGNORE):
                self._streams.error(record)
            return None
        return value, found[0], found[1]

    def _process(self, stage: _Stage, value: Any, parameters: dict[str, Any], set_name: str) -> None:
        self._check_stop()
        call = self._call(stage, value, parameters, set_name)
        failure: ErrorRecord | None = None
        try:
            with self._acting(stage):
                stage.declaration.process(call)
        except TerminatingError as error:
            failure = error.record
            raise
        finally:
            if self._shell.audit is not None:
                self._shell.audit(call, failure)

    def _end(self, stage: _Stage) -> None:
        self._check_stop()
        if stage.declaration.end is None:
            return
        parameters = stage.binding.parameters
        try:
            with self._acting(stage):
                stage.declaration.end(self._call(stage, None, parameters, stage.declaration.default_set))
        except StopUpstreamError as done:
            self._stop_before(done.position)

    def _call(self, stage: _Stage, value: Any, parameters: dict[str, Any], set_name: str) -> Call:
        return Call(
            declaration=stage.declaration,
            shell=self._shell,
            parameters=parameters,
            parameter_set=set_name,
            input=value,
            state=stage.state,
            preferences=stage.binding.preferences,
            streams=self._streams,
            position=stage.position,
            _emit=stage.emit,
        )

    @contextmanager
    def _acting(self, stage: _Stage) -> Iterator[None]:
        shell = self._shell
        actor = Actor(shell.host.name, shell.path, shell.identity.username, stage.declaration.name)
        token = ACTING.set(actor)
        try:
            yield
        finally:
            ACTING.reset(token)

    def _stop_before(self, position: int) -> None:
        for stage in self._stages[:position]:
            stage.stopped = True

    def _check_stop(self) -> None:
        if self._streams.stopping.is_set():
            raise PipelineStopped


def run_commands(
    commands: Sequence[CommandCall], pipeline_input: Iterable[Any] | None, shell: ShellState, streams: Streams
) -> None:
    """Run every statement; raises :class:`TerminatingError` where the pipeline's state is to be Failed."""
    statements = list(_statements(commands))
    for number, statement in enumerate(statements):
        feed = pipeline_input if number == 0 else None
        try:
            _run_statement(statement, feed, shell, streams)
        except PipelineStopped:
            return
        except TerminatingError as error:
            if len(statements) == 1 or error.record.exception_type == ACTION_STOPPED:
                raise
            streams.error(error.record)


def _run_statement(
    commands: Sequence[CommandCall], pipeline_input: Iterable[Any] | None, shell: ShellState, streams: Streams
) -> None:
    for command in commands:
        if command.is_script:
            raise TerminatingError(_script_refused(command.name, shell))
    if not is_restricted(shell.path) and (program := find_program(commands[0].name, shell.host)):
        _run_native(program, commands, shell, streams)
        return
    _Statement(commands, shell, streams).run(pipeline_input)


def _run_native(program: str, commands: Sequence[CommandCall], shell: ShellState, streams: Streams) -> None:
    """A program stands first; its lines of output are strings that stream into what follows."""
    first, rest = commands[0], commands[1:]
    follow = _Statement(rest, shell, streams) if rest else None
    token = ACTING.set(Actor(shell.host.name, shell.path, shell.identity.username, program))
    try:
        lines, code = run_program(program, first.parameters, shell.host)
    finally:
        ACTING.reset(token)
    shell.variables["lastexitcode"] = code
    if follow is not None:
        follow.run(lines)
        return
    for line in lines:
        if streams.stopping.is_set():
            return
        streams.output(line)


def _statements(commands: Sequence[CommandCall]) -> Iterator[list[CommandCall]]:
    statement: list[CommandCall] = []
    for command in commands:
        statement.append(command)
        if command.ends_statement:
            yield statement
            statement = []
    if statement:
        yield statement


def _find(command: CommandCall, shell: ShellState) -> CmdletDeclaration:
    if found := resolve(command.name, shell):
        return found
    raise TerminatingError(
        ErrorRecord(
            message=f"The term '{command.name}' is not recognized as the name of a cmdlet, function, script file, or "
            "operable program. Check the spelling of the name, or if a path was included, verify that the path is "
            "correct and try again.",
            error_id="CommandNotFoundException",
            category="ObjectNotFound",
            exception_type="System.Management.Automation.CommandNotFoundException",
            reason="CommandNotFoundException",
            target_name=command.name,
            target_type="String",
            target=command.name,
        )
    )


def _script_refused(text: str, shell: ShellState) -> ErrorRecord:
    if is_restricted(shell.path):
        return ErrorRecord(
            message="The syntax is not supported by this runspace. This can occur if the runspace is in no-language "
            "mode.",
            error_id="ScriptsNotAllowed",
            category="ParserError",
            exception_type="System.Management.Automation.ParseException",
            reason="ParseException",
            target_name=text,
            target_type="String",
            target=text,
        )
    return ErrorRecord(
        message="The rehearsal lab runs pipelines of cmdlets and native programs; it has no PowerShell language. A "
        "real server would run this script.",
        error_id="RehearsalRunsCmdletsOnly",
        category="NotImplemented",
        exception_type="System.NotSupportedException",
        reason="NotSupportedException",
        target_name=text,
        target_type="String",
        target=text,
    )
