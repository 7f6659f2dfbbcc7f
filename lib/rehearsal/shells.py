"""A runspace of one simulated host: the :class:`~rehearsal.values.OpenShell` that the wire drives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rehearsal.auditing import audited
from rehearsal.cmdlet import ShellState
from rehearsal.host import WindowsHost
from rehearsal.pipeline import run_commands
from rehearsal.registry import endpoint, load_cmdlets
from rehearsal.values import CommandCall, ErrorRecord, Identity, Streams, TerminatingError

CONFIGURATIONS = {
    "powershell": "Microsoft.Exchange",
    "ocspowershell": "Microsoft.PowerShell",
    "wsman": "Microsoft.PowerShell",
}


class Shell:
    """Keeps variables and imported modules from one pipeline to the next, as a runspace does."""

    def __init__(self, state: ShellState) -> None:
        self.state = state

    def run(self, commands: Sequence[CommandCall], pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        run_commands(commands, pipeline_input, self.state, streams)


def open_shell(host: WindowsHost, world: Any, path: str, configuration: str, identity: Identity) -> Shell:
    """A new runspace of a host, or :class:`TerminatingError` where it has no such session configuration.

    The default configuration's full URI, ``http://schemas.microsoft.com/powershell/NAME``, and its plain name mean
    the same.
    """
    load_cmdlets()
    name = configuration.rstrip("/").rpartition("/")[2]
    expected = CONFIGURATIONS.get(endpoint(path))
    if expected is None or name.lower() != expected.lower():
        raise TerminatingError(
            ErrorRecord(
                message=f"The WS-Management service cannot process the request. Cannot find the {name} session "
                f"configuration in the WSMan: drive on the {host.name} computer.",
                error_id="CannotUseShell,PSSessionOpenFailed",
                category="OpenError",
                exception_type="System.Management.Automation.Remoting.PSRemotingTransportException",
            )
        )
    audit = audited if endpoint(path) == "powershell" and world is not None else None
    variables = {"erroractionpreference": "Continue", "confirmpreference": "High", "pscommandpath": ""}
    return Shell(ShellState(host, world, identity, path, name, variables, ["Microsoft.PowerShell.Core"], audit))
