"""What a client asks a runspace pool to run, read out of its messages (MS-PSRP 2.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.remote_shell import ShellError
from rehearsal.values import CommandCall, Integer, ListValue, Thing


@dataclass(frozen=True, slots=True)
class PipelineRequest:
    """What a client asked to run. ``metadata`` marks GET_COMMAND_METADATA, whose answer has its own shape."""

    calls: Sequence[CommandCall]
    takes_input: bool
    nested: bool
    metadata: bool


def pipeline_request(value: Any) -> PipelineRequest:
    """The commands of a CREATE_PIPELINE message (MS-PSRP 2.2.2.10)."""
    asked = members(value)
    shell = members(asked.get("PowerShell"))
    extra = items(shell.get("ExtraCmds"))
    statements = [items(members(entry).get("Cmds")) for entry in extra] if extra else [items(shell.get("Cmds"))]
    calls: list[CommandCall] = []
    for statement in statements:
        for index, entry in enumerate(statement):
            calls.append(_command_call(members(entry), ends_statement=index == len(statement) - 1))
    if not calls:
        raise ShellError("The pipeline has no command.")
    return PipelineRequest(
        calls,
        takes_input=not asked.get("NoInput", True),
        nested=bool(asked.get("IsNested")),
        metadata=False,
    )


def metadata_request(value: Any) -> PipelineRequest:
    """What answers a GET_COMMAND_METADATA message (MS-PSRP 2.2.2.14): the endpoint's own Get-Command."""
    names = items(members(value).get("Name")) or ["*"]
    call = CommandCall("Get-Command", False, (("Name", names),), ends_statement=True)
    return PipelineRequest([call], takes_input=False, nested=False, metadata=True)


def _command_call(entry: dict[str, Any], *, ends_statement: bool) -> CommandCall:
    name = entry.get("Cmd")
    if not isinstance(name, str):
        raise ShellError("A command has no name.")
    parameters = []
    for part in items(entry.get("Args")):
        argument = members(part)
        label = argument.get("N")
        parameters.append((label if isinstance(label, str) else None, argument.get("V")))
    return CommandCall(name, bool(entry.get("IsScript")), tuple(parameters), ends_statement)


def members(value: Any) -> dict[str, Any]:
    """The properties of a message; raises :class:`ShellError` where it is none."""
    if not isinstance(value, Thing):
        raise ShellError("A message isn't made of the properties that its type has.")
    return value.extended


def items(value: Any) -> list[Any]:
    """The entries of a list, typed or not, or of none."""
    if isinstance(value, ListValue):
        return list(value.items)
    return value if isinstance(value, list) else []


def call_id(asked: dict[str, Any]) -> int:
    """MS-PSRP writes ``ci``, Windows and pypsrp ``CI`` in some messages."""
    value = asked.get("ci", asked.get("CI"))
    if isinstance(value, Integer):
        return value.value
    if isinstance(value, int):
        return value
    raise ShellError("The message has no call id.")
