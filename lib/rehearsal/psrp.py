"""A PowerShell runspace pool behind a WS-Management shell (MS-PSRP 3.2).

psrpcore's ServerRunspacePool keeps the protocol's state: negotiation, the session key, what the pool was
asked for. Messages are joined, checked and written here, because psrpcore reads only one spelling of the call
id (pypsrp sends the other), has no call to fail a pipeline and serialises slowly; see :mod:`rehearsal.clixml`.
Each pipeline runs in a thread of its own, one at a time per runspace.
"""

from __future__ import annotations

import base64
import time
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from threading import Condition, RLock
from typing import Any
from uuid import UUID

from psrpcore import PSRPPayload, ServerRunspacePool, StreamType
from psrpcore.types import PSRPMessageType as Kind

from rehearsal import clixml
from rehearsal.psrp_fragments import MAX_OBJECT_BYTES, Assembler, Message, Outbox, pack_fragment, pack_message
from rehearsal.psrp_pipeline import Pipeline
from rehearsal.psrp_records import State, availability, pipeline_state
from rehearsal.psrp_requests import call_id, members, metadata_request, pipeline_request
from rehearsal.remote_shell import Delivery, ShellClosedError, ShellError, UnknownCommandError
from rehearsal.soap import UntrustedXmlError, parse_untrusted
from rehearsal.values import ErrorRecord, OpenShell

_HANDSHAKE = frozenset({Kind.SessionCapability, Kind.InitRunspacePool, Kind.PublicKey})


class RunspacePoolShell:
    """One runspace pool. ``open_runspace`` makes a runspace; the first is opened at once, so that a refusal
    (:class:`rehearsal.values.TerminatingError`) can still answer Create."""

    input_streams = "stdin pr"
    output_streams = "stdout"

    def __init__(self, open_runspace: Callable[[], OpenShell], user: str, computer: str) -> None:
        self.user = user
        self.computer = computer
        self._open_runspace = open_runspace
        self._idle = [open_runspace()]
        self._opened = 1
        self._maximum = 1
        self._pool = ServerRunspacePool()
        self._assembler = Assembler()
        self._outbox = Outbox()
        self._pipelines: dict[str, Pipeline] = {}
        self._object_id = 0
        self._closed = False
        self._changed = Condition(RLock())

    # Requests, as wsman hands them on

    def start(self, creation: str) -> None:
        """The fragments of Create's creationXml."""
        self._receive(_base64(creation), None)

    def command(self, command_id: str, line: str, arguments: Sequence[str]) -> None:
        with self._changed:
            if command_id in self._pipelines:
                raise ShellError(f"A command with the id {command_id} exists.")
            try:
                identity = UUID(command_id)
            except ValueError as fault:
                raise ShellError(f"The CommandId {command_id} is no GUID.") from fault
            # Registered before its first fragment is read: the message inside may be complete.
            self._pipelines[command_id] = pipeline = Pipeline(self, identity)
        try:
            self._receive(b"".join(_base64(part) for part in arguments), command_id)
        except ShellError:
            pipeline.stop()
            with self._changed:
                self._pipelines.pop(command_id, None)
            raise

    def send(self, command_id: str | None, stream: str, data: bytes, end: bool) -> None:
        if stream not in self.input_streams.split():
            raise ShellError(f"This shell has no input stream named {stream}.")
        if command_id is not None:
            self._pipeline(command_id)
        self._receive(data, command_id)

    def receive(self, command_id: str | None, limit: int, timeout: float) -> Delivery | None:
        deadline = time.monotonic() + timeout
        with self._changed:
            pipeline = None if command_id is None else self._pipeline(command_id)
            outbox = self._outbox if pipeline is None else pipeline.outbox
            while not outbox and not self._closed and not (pipeline and pipeline.state > State.STOPPING):
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._changed.wait(remaining):
                    return None
            if self._closed:
                raise ShellClosedError
            data = outbox.take(limit)
            done = pipeline is not None and not outbox and pipeline.state > State.STOPPING
            return Delivery([("stdout", data)] if data else [], done)

    def signal(self, command_id: str | None, code: str) -> None:
        if command_id is None:
            raise ShellError("A signal needs a CommandId.")
        self._pipeline(command_id).stop()
        if code.lower().endswith("/terminate"):
            with self._changed:
                self._pipelines.pop(command_id, None)

    def running(self) -> int:
        with self._changed:
            return sum(pipeline.state <= State.STOPPING for pipeline in self._pipelines.values())

    def close(self) -> None:
        with self._changed:
            self._closed = True
            pipelines = list(self._pipelines.values())
            self._changed.notify_all()
        for pipeline in pipelines:
            pipeline.stop()

    # What pipelines need of their pool

    def post(self, kind: int, pipeline: Pipeline | None, value: Any) -> None:
        """Queue a message for the client. Object ids are taken under the lock, so that they arrive in order."""
        body = clixml.write(value, self._encrypt)
        with self._changed:
            target = None if pipeline is None else pipeline.identity
            self._put(pack_message(kind, self._pool.runspace_pool_id, target, body), pipeline)

    def finish(self, pipeline: Pipeline, state: State, record: ErrorRecord | None) -> None:
        """Queue the pipeline's last message and let its waiting Receive go."""
        with self._changed:
            self.post(Kind.PipelineState, pipeline, pipeline_state(state, record))
            pipeline.state = state

    def acquire(self, pipeline: Pipeline) -> OpenShell | None:
        """A runspace for a pipeline, opened when the pool may grow; None when it was stopped while it waited."""
        with self._changed:
            while not self._idle:
                if pipeline.stopping.is_set() or self._closed:
                    return None
                if self._opened < self._maximum:
                    self._idle.append(self._open_runspace())
                    self._opened += 1
                else:
                    self._changed.wait()
            return self._idle.pop()

    def release(self, runspace: OpenShell) -> None:
        with self._changed:
            self._idle.append(runspace)
            self._changed.notify_all()

    def wake(self) -> None:
        """Let a pipeline that waits for a runspace see that it was stopped."""
        with self._changed:
            self._changed.notify_all()

    # Messages

    def _receive(self, data: bytes, command_id: str | None) -> None:
        with self._changed:
            if self._closed:
                raise ShellClosedError
            pipeline = None if command_id is None else self._pipeline(command_id)
            for message in self._assembler.feed(data):
                self._handle(message, pipeline)

    def _handle(self, message: Message, pipeline: Pipeline | None) -> None:
        try:
            kind = Kind(message.kind)
        except ValueError as fault:
            raise ShellError(f"The message type 0x{message.kind:08X} is unknown.") from fault
        value = self._read(message)
        if kind in _HANDSHAKE:
            self._negotiate(message)
        elif kind in _TO_POOL:
            _TO_POOL[kind](self, value)
        elif kind in _TO_PIPELINE and pipeline is not None:
            _TO_PIPELINE[kind](self, pipeline, value)
        else:
            raise ShellError(f"A {kind.name} message is not expected here.")

    def _read(self, message: Message) -> Any:
        if not message.body:
            return None
        try:
            return clixml.read(parse_untrusted(message.body, MAX_OBJECT_BYTES), self._decrypt)
        except (UntrustedXmlError, clixml.ClixmlError) as fault:
            raise ShellError(f"The message's content can't be read: {fault}") from fault

    def _negotiate(self, message: Message) -> None:
        fragment = pack_fragment(message.object_id, 0, message.raw, True)
        self._pool.receive_data(PSRPPayload(fragment, StreamType.default, None))
        try:
            while self._pool.next_event() is not None:
                pass
        except Exception as fault:  # psrpcore raises whatever a wrong value makes Python raise
            raise ShellError(f"The negotiation failed: {fault}") from fault
        self._maximum = max(self._pool.max_runspaces, 1)
        replies = Assembler()
        while (payload := self._pool.data_to_send()) is not None:
            for reply in replies.feed(payload.data):
                self._put(reply.raw, None)

    def _resize(self, value: Any) -> None:
        wanted = members(value)
        maximum = wanted.get("MaxRunspaces")
        accepted = True
        if isinstance(maximum, int):
            accepted = maximum >= 1
            self._maximum = maximum if accepted else self._maximum
        self.post(Kind.RunspaceAvailability, None, availability(call_id(wanted), accepted))
        self._changed.notify_all()

    def _count(self, value: Any) -> None:
        free = self._maximum - (self._opened - len(self._idle))
        self.post(Kind.RunspaceAvailability, None, availability(call_id(members(value)), max(free, 0)))

    def _reset(self, value: Any) -> None:
        # Only a pool with nothing running can be reset; its runspace starts afresh.
        idle = len(self._idle) == self._opened
        if idle:
            self._idle, self._opened = [self._open_runspace()], 1
        self.post(Kind.RunspaceAvailability, None, availability(call_id(members(value)), idle))

    def _host_response(self, value: Any) -> None:
        raise ShellError("No host call is waiting for a response.")

    def _create(self, pipeline: Pipeline, value: Any) -> None:
        pipeline.start(pipeline_request(value))

    def _metadata(self, pipeline: Pipeline, value: Any) -> None:
        pipeline.start(metadata_request(value))

    def _input(self, pipeline: Pipeline, value: Any) -> None:
        pipeline.feed(value)

    def _end_input(self, pipeline: Pipeline, value: Any) -> None:
        pipeline.end_input()

    def _put(self, message: bytes, pipeline: Pipeline | None) -> None:
        self._object_id += 1
        (self._outbox if pipeline is None else pipeline.outbox).put(self._object_id, message)
        self._changed.notify_all()

    def _pipeline(self, command_id: str) -> Pipeline:
        with self._changed:
            pipeline = self._pipelines.get(command_id)
        if pipeline is None:
            raise UnknownCommandError(command_id)
        return pipeline

    # psrpcore makes the session key and keeps it to itself.

    def _encrypt(self, text: str) -> str:
        return self._pool._cipher.encrypt(text)

    def _decrypt(self, text: str) -> str:
        return self._pool._cipher.decrypt(text)


_TO_POOL: dict[int, Callable[[RunspacePoolShell, Any], None]] = {
    Kind.SetMaxRunspaces: RunspacePoolShell._resize,
    Kind.SetMinRunspaces: RunspacePoolShell._resize,
    Kind.GetAvailableRunspaces: RunspacePoolShell._count,
    Kind.ResetRunspaceState: RunspacePoolShell._reset,
    Kind.RunspacePoolHostResponse: RunspacePoolShell._host_response,
    Kind.PipelineHostResponse: RunspacePoolShell._host_response,
}
_TO_PIPELINE: dict[int, Callable[[RunspacePoolShell, Pipeline, Any], None]] = {
    Kind.CreatePipeline: RunspacePoolShell._create,
    Kind.GetCommandMetadata: RunspacePoolShell._metadata,
    Kind.PipelineInput: RunspacePoolShell._input,
    Kind.EndOfPipelineInput: RunspacePoolShell._end_input,
}


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (Base64Error, ValueError) as fault:
        raise ShellError(f"The content is no base64: {fault}") from fault
