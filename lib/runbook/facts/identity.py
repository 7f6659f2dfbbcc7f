"""Which computer answered: a session must be with the server that the estate names."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.command import Pipeline, Shell, Target, cmdlet
from runbook.facts import wmi
from runbook.facts.answer import checked, one, text
from runbook.facts.query import Query
from runbook.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a server calls itself, and the product and version it says it runs."""

    name: str
    description: str


def identity(target: Target, *, powershell_2: bool = False) -> Query[Identity]:
    """Ask the shell who it is: Windows for its computer name, Exchange for the server object of that name.

    An Exchange session may be served by another machine than the one connected to (``real-world`` B4), so there the
    directory's answer is what counts.
    """
    if target.shell is Shell.EXCHANGE:
        ask = Pipeline.of(
            cmdlet("Get-ExchangeServer", Identity=target.server),
            cmdlet("Select-Object", Property=("Name", "AdminDisplayVersion", "ServerRole")),
        )
        return Query("identity", target, ask, _exchange)
    if target.shell is Shell.LYNC_REMOTE:
        return Query("identity", target, Pipeline.of(cmdlet("Get-CsServerVersion")), _lync)
    ask = Pipeline.of(
        wmi.instances("Win32_OperatingSystem", powershell_2=powershell_2),
        cmdlet("Select-Object", Property=("CSName", "Caption")),
    )
    return Query("identity", target, ask, _windows)


def is_named(found: Identity, server: str) -> bool:
    """The answer is that of ``server``: computers and Exchange servers go by the first label of their FQDN."""
    return not found.name or found.name.lower() == server.lower().partition(".")[0]


def _exchange(result: Result) -> Identity:
    item = one(checked(result).objects, "Exchange server")
    said = f"Exchange {text(item, 'AdminDisplayVersion')}, {text(item, 'ServerRole')}"
    return Identity(name=text(item, "Name"), description=said)


def _windows(result: Result) -> Identity:
    item = one(checked(result).objects, "operating system")
    return Identity(name=text(item, "CSName"), description=text(item, "Caption"))


def _lync(result: Result) -> Identity:
    (said,) = checked(result).output
    return Identity(name="", description=str(said))
