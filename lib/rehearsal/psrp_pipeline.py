"""One PowerShell pipeline of a runspace pool: its thread, its input, its streams and its end."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psrpcore.types import PSRPMessageType as Kind

from rehearsal import psrp_records as records
from rehearsal.clixml import ClixmlError
from rehearsal.psrp_fragments import Outbox
from rehearsal.psrp_records import State
from rehearsal.psrp_requests import PipelineRequest
from rehearsal.remote_shell import ShellError
from rehearsal.values import CommandCall, EnumValue, ErrorRecord, ListValue, OpenShell, TerminatingError, Thing

if TYPE_CHECKING:
    from rehearsal.psrp import RunspacePoolShell

_log = logging.getLogger(__name__)

_END = object()


class PipelineStoppedError(TerminatingError):
    """Raised inside a pipeline that writes after the client asked it to stop."""

    def __init__(self) -> None:
        super().__init__(records.STOPPED)


class Pipeline:
    """A pipeline from its Command message to its last PIPELINE_STATE.

    ``state`` and ``outbox`` are guarded by the pool's lock.
    """

    def __init__(self, pool: RunspacePoolShell, identity: UUID) -> None:
        self.identity = identity
        self.outbox = Outbox()
        self.state = State.NOT_STARTED
        self.stopping = Event()
        self._pool = pool
        self._input: SimpleQueue[Any] = SimpleQueue()

    def start(self, request: PipelineRequest) -> None:
        """Run it in a thread of its own; raises :class:`ShellError` when it was started before."""
        if self.state is not State.NOT_STARTED:
            raise ShellError("The pipeline was started before.")
        self.state = State.RUNNING
        Thread(target=self._run, args=(request,), name=f"pipeline {self.identity}", daemon=True).start()

    def feed(self, value: Any) -> None:
        self._input.put(value)

    def end_input(self) -> None:
        self._input.put(_END)

    def stop(self) -> None:
        """What ctrl_c and terminate do: streams refuse to write on, and whoever waits wakes up."""
        self.stopping.set()
        self._input.put(_END)
        self._pool.wake()

    def _run(self, request: PipelineRequest) -> None:
        state, record = State.COMPLETED, None
        try:
            self._execute(request)
        except TerminatingError as fault:
            state, record = State.FAILED, fault.record
        except Exception as fault:  # a fault of the lab itself must reach the client, or it waits for ever
            _log.exception("A simulated pipeline broke")
            state, record = State.FAILED, _internal(fault)
        if self.stopping.is_set():
            state, record = State.STOPPED, records.STOPPED
        try:
            self._pool.finish(self, state, record)
        except ClixmlError as fault:  # the record's own target may have no CLIXML form
            self._pool.finish(self, state, _internal(fault))

    def _execute(self, request: PipelineRequest) -> None:
        if request.nested:
            raise TerminatingError(_NESTED)
        runspace = self._pool.acquire(self)
        if runspace is None:
            raise PipelineStoppedError
        try:
            streams = PipelineStreams(self, self._pool)
            if request.metadata:
                self._describe(runspace, request.calls, streams)
            else:
                runspace.run(request.calls, self._inputs() if request.takes_input else None, streams)
        finally:
            self._pool.release(runspace)

    def _inputs(self) -> Iterator[Any]:
        while (value := self._input.get()) is not _END:
            yield value
        if self.stopping.is_set():
            raise PipelineStoppedError

    def _describe(self, runspace: OpenShell, calls: Sequence[CommandCall], streams: PipelineStreams) -> None:
        found = _Collector(self, self._pool)
        runspace.run(calls, None, found)
        count = Thing(
            (
                "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
                "System.Management.Automation.PSCustomObject",
                "System.Object",
            ),
            None,
            {},
            {"Count": len(found.values)},
        )
        for value in (count, *map(_metadata, found.values)):
            streams.output(value)


class PipelineStreams:
    """Where a pipeline writes: every write becomes a PSRP message, in order."""

    def __init__(self, pipeline: Pipeline, pool: RunspacePoolShell) -> None:
        self.stopping = pipeline.stopping
        self._pipeline = pipeline
        self._pool = pool

    def output(self, value: Any) -> None:
        self._post(Kind.PipelineOutput, value)

    def error(self, record: ErrorRecord) -> None:
        self._post(Kind.ErrorRecord, records.error_record(record))

    def warning(self, message: str) -> None:
        self._post(Kind.WarningRecord, records.informational("WarningRecord", message))

    def verbose(self, message: str) -> None:
        self._post(Kind.VerboseRecord, records.informational("VerboseRecord", message))

    def debug(self, message: str) -> None:
        self._post(Kind.DebugRecord, records.informational("DebugRecord", message))

    def information(self, message: Any, source: str, tags: Sequence[str] = ()) -> None:
        record = records.information(message, source, tags, self._pool.user, self._pool.computer)
        self._post(Kind.InformationRecord, record)

    def progress(self, activity: str, status: str, percent: int, *, completed: bool = False) -> None:
        self._post(Kind.ProgressRecord, records.progress(activity, status, percent, completed))

    def prompt(self, caption: str, message: str, choices: Sequence[str]) -> int:
        """Refused: a client without a host can't answer. The text is the one of Windows PowerShell."""
        text = (
            "A command that prompts the user failed because the host program or the command type does not support "
            f"user interaction. The host was attempting to request confirmation with the following message: {message}"
        )
        raise TerminatingError(
            ErrorRecord(
                message=text,
                error_id="HostFunctionNotImplemented",
                category="NotImplemented",
                exception_type="System.Management.Automation.Host.HostException",
                reason="HostException",
            )
        )

    def _post(self, kind: int, value: Any) -> None:
        if self.stopping.is_set():
            raise PipelineStoppedError
        self._pool.post(kind, self._pipeline, value)


class _Collector(PipelineStreams):
    """Keeps output instead of sending it."""

    def __init__(self, pipeline: Pipeline, pool: RunspacePoolShell) -> None:
        super().__init__(pipeline, pool)
        self.values: list[Any] = []

    def output(self, value: Any) -> None:
        self.values.append(value)


def _metadata(command: Any) -> Thing:
    """CommandMetadata (MS-PSRP 2.2.3.22) of what Get-Command returned, without its parameters."""
    known = {**command.properties, **command.extended} if isinstance(command, Thing) else {"Name": str(command)}
    kind = known.get("CommandType")
    return Thing(
        ("System.Management.Automation.PSCustomObject", "System.Object"),
        None,
        {},
        {
            "Name": known.get("Name"),
            "Namespace": known.get("ModuleName", ""),
            "HelpUri": known.get("HelpUri", ""),
            "CommandType": kind if isinstance(kind, EnumValue) else _CMDLET,
            "OutputType": ListValue((), _TYPE_LIST),
            "Parameters": {},
        },
    )


_CMDLET = EnumValue(
    "Cmdlet", 8, ("System.Management.Automation.CommandTypes", "System.Enum", "System.ValueType", "System.Object")
)
_TYPE_LIST = (
    "System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Management.Automation.PSTypeName, "
    "System.Management.Automation, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "System.Object",
)
_NESTED = ErrorRecord(
    message="Nested pipelines are not supported by this runspace.",
    error_id="InvalidOperation",
    category="InvalidOperation",
    exception_type="System.Management.Automation.PSInvalidOperationException",
)


def _internal(fault: Exception) -> ErrorRecord:
    text = "the lab can't write this value" if isinstance(fault, ClixmlError) else "the lab broke"
    return ErrorRecord(message=f"{text}: {type(fault).__name__}: {fault}", error_id="RehearsalLabFault")
