"""What a server reaches, which TLS versions it speaks and who listens on it (``real-world`` B3). All only read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runbook.command import Cmdlet, Pipeline, Target, cmdlet
from runbook.facts.answer import as_text, checked, flag, number, text
from runbook.facts.query import Query
from runbook.facts.windows import NETSTAT
from runbook.result import Result, ServerObject

SIP_TLS = 5061
"""The port on which a Lync pool expects OWA."""

VERSIONS = ("TLS 1.0", "TLS 1.1", "TLS 1.2")
_SCHANNEL = r"HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
_PROTOCOL = re.compile(r"\\Protocols\\([^\\]+)\\(Client|Server)\Z", re.IGNORECASE)
_UNKNOWN_CMDLET = ("CommandNotFoundException",)
_NO_KEYS = ("PathNotFound", "ItemNotFound", "System.Management.Automation.PSArgumentException")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whether a name resolves there, and whether something answers on the port."""

    resolves: bool
    connects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The versions that SCHANNEL's settings leave switched on; what isn't set there is on."""

    client: tuple[str, ...] = VERSIONS
    server: tuple[str, ...] = VERSIONS


ALL_VERSIONS = Tls()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A TCP port that is listened on, and by which process."""

    port: int
    process: int


def reach(target: Target, name: str, port: int = SIP_TLS) -> Query[Reach | None]:
    """``None`` where Windows has no such cmdlet (before Windows Server 2012 R2)."""
    ask = cmdlet("Test-NetConnection", ComputerName=name, Port=port)
    wanted = cmdlet("Select-Object", Property=("NameResolutionSucceeded", "TcpTestSucceeded"))
    return Query(f"reach {name}:{port}", target, Pipeline.of(ask, wanted), _parse_reach)


def tls(target: Target) -> Query[Tls]:
    """Every key below Protocols, one for each version and side that somebody set."""
    ask = cmdlet("Get-ItemProperty", Path=rf"{_SCHANNEL}\*\*")
    wanted = cmdlet("Select-Object", Property=("PSPath", "Enabled"))
    return Query("tls-versions", target, Pipeline.of(ask, wanted), _parse_tls)


def listening(target: Target, *, powershell_2: bool = False) -> Query[tuple[Listening, ...]]:
    """Every TCP port that is listened on; netstat.exe tells where the cmdlet isn't known yet."""
    if powershell_2:
        return Query("listening", target, Pipeline.of(Cmdlet(NETSTAT, arguments=("-ano",))), _parse_netstat)
    wanted = cmdlet("Select-Object", Property=("LocalPort", "OwningProcess"))
    ask = Pipeline.of(cmdlet("Get-NetTCPConnection", State="Listen"), wanted)
    return Query("listening", target, ask, _parse_listening)


def _parse_reach(result: Result) -> Reach | None:
    found = checked(result, absent=_UNKNOWN_CMDLET).objects
    if not found:
        return None
    return Reach(resolves=flag(found[0], "NameResolutionSucceeded"), connects=flag(found[0], "TcpTestSucceeded"))


def _parse_tls(result: Result) -> Tls:
    off: dict[str, set[str]] = {"client": set(), "server": set()}
    for item in checked(result, absent=_NO_KEYS).objects:
        place = _PROTOCOL.search(text(item, "PSPath"))
        if place and as_text(item.get("Enabled")) == "0":
            off[place[2].lower()].add(place[1].upper())
    return Tls(
        client=tuple(name for name in VERSIONS if name not in off["client"]),
        server=tuple(name for name in VERSIONS if name not in off["server"]),
    )


def _parse_listening(result: Result) -> tuple[Listening, ...]:
    return tuple(map(_listening, checked(result).objects))


def _parse_netstat(result: Result) -> tuple[Listening, ...]:
    """A listener has nobody at the other end; the word for its state is in the server's language."""
    lines = (str(value).split() for value in checked(result).output if isinstance(value, str))
    return tuple(
        Listening(port=int(words[1].rpartition(":")[2]), process=int(words[-1]))
        for words in lines
        if len(words) >= 5 and words[0] == "TCP" and words[2].endswith(":0")
    )


def _listening(item: ServerObject) -> Listening:
    return Listening(port=number(item, "LocalPort"), process=number(item, "OwningProcess"))
