"""Native programs of a simulated computer: found by full path or on the PATH, run with plain text arguments.

A host's own programs stand in ``WindowsHost.native`` under their lower-case full path; netstat.exe and hostname.exe
are on every computer. stdout comes back line by line as strings, the exit code as ``$LASTEXITCODE``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PureWindowsPath
from typing import Any

from rehearsal.host import NativeProgram, WindowsHost
from rehearsal.objects import text_of

_SYSTEM32 = PureWindowsPath(r"C:\Windows\System32")


def _hostname(host: WindowsHost, arguments: tuple[str, ...]) -> tuple[list[str], int]:
    """Documented: prints the host part of the full name; an argument is refused."""
    if arguments:
        return [
            "sethostname: Use the Network Control Panel Applet to set hostname.",
            "hostname -s is not supported.",
        ], 1
    return [host.name.partition(".")[0].upper()], 0


def _netstat(host: WindowsHost, arguments: tuple[str, ...]) -> tuple[list[str], int]:
    """Documented layout: a blank line, the title, a blank line, the header, then one line for each socket."""
    flags = "".join(argument.lstrip("-/").lower() for argument in arguments)
    with_process = "o" in flags
    lines = ["", "Active Connections", "", "  Proto  Local Address          Foreign Address        State"]
    if with_process:
        lines[-1] += "           PID"
    if "a" not in flags:
        return lines, 0
    for listener in sorted(host.listeners, key=lambda item: (":" in item.address, item.port)):
        v6 = ":" in listener.address
        local = f"[{listener.address}]:{listener.port}" if v6 else f"{listener.address}:{listener.port}"
        foreign = "[::]:0" if v6 else "0.0.0.0:0"
        line = f"  TCP    {local:<22} {foreign:<22} LISTENING"
        lines.append(f"{line}       {listener.process_id}" if with_process else line)
    return lines, 0


_EVERYWHERE: dict[str, NativeProgram] = {
    str(_SYSTEM32 / "hostname.exe").lower(): _hostname,
    str(_SYSTEM32 / "netstat.exe").lower(): _netstat,
}


def find_program(name: str, host: WindowsHost) -> str | None:
    """The full path of the program that this command name means, or ``None``."""
    programs = _EVERYWHERE | host.native
    path = PureWindowsPath(name)
    tried = [path] if path.is_absolute() else [_SYSTEM32 / path, _SYSTEM32 / f"{path}.exe"]
    if not path.is_absolute() and len(path.parts) > 1:
        return None
    return next((str(candidate) for candidate in tried if str(candidate).lower() in programs), None)


def run_program(path: str, parameters: Sequence[tuple[str | None, Any]], host: WindowsHost) -> tuple[list[str], int]:
    """Lines of stdout and exit code; a named argument goes to the program as ``-name value``."""
    arguments: list[str] = []
    for name, value in parameters:
        if name is not None:
            arguments.append(name if name.startswith("-") else f"-{name}")
        if value is not None:
            arguments.append(text_of(value))
    program = (_EVERYWHERE | host.native)[path.lower()]
    return program(host, tuple(arguments))
