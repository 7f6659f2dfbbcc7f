"""One pipeline's answer, gathered message by message until its state says that it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from runbook.result import ServerError, ServerObject, ServerValue, State
from runbook.wire.messages import Kind, ProtocolFault, WireMessage
from runbook.wire.values import error_of, parse_error, parse_value, parse_warning

_ENDED = {3: State.STOPPED, 4: State.COMPLETED, 5: State.FAILED}
"""PSInvocationState (MS-PSRP 2.2.3.5), those in which nothing more comes."""

_NO_REPLY_WANTED = -100
"""The call id of a host call that returns nothing, such as writing a line."""


class Prompted(ProtocolFault):
    """The cmdlet asks the operator something and would wait for ever."""


@dataclass(slots=True)
class Answer:
    """What came so far. ``state`` is ``None`` until the pipeline ended."""

    pipeline: UUID
    output: list[ServerValue] = field(default_factory=list)
    errors: list[ServerError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    state: State | None = None

    def take(self, message: WireMessage) -> None:
        """Add one message. Raises ``ProtocolFault`` where output or state can't be read, :class:`Prompted`."""
        if message.kind == Kind.OUTPUT:
            self.output.append(parse_value(message.body))
        elif message.kind == Kind.ERROR:
            self.errors.append(parse_error(message.body, terminating=False))
        elif message.kind == Kind.WARNING:
            self.warnings.append(parse_warning(message.body))
        elif message.kind == Kind.STATE:
            self._end(parse_value(message.body))
        elif message.kind == Kind.HOST_CALL:
            call = parse_value(message.body)
            if isinstance(call, ServerObject) and call.get("ci") != _NO_REPLY_WANTED:
                raise Prompted("the cmdlet asks for a confirmation or an input, which a runbook can't give")

    @property
    def served_by(self) -> str:
        """The machine that ran it, where an object says so: Exchange may hand a session on to another server."""
        for item in self.output:
            name = item.get("PSComputerName") if isinstance(item, ServerObject) else None
            if isinstance(name, str) and name:
                return name
        return ""

    def _end(self, state: ServerValue) -> None:
        if not isinstance(state, ServerObject) or not isinstance(number := state.get("PipelineState"), int):
            raise ProtocolFault("the pipeline's state can't be read")
        self.state = _ENDED.get(number)
        record = state.get("ExceptionAsErrorRecord")
        if record is not None:
            self.errors.append(error_of(record, terminating=True))
