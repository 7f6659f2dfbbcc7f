"""The worker processes of OWA's application pool: OWA reads web.config and starts its IM provider once in each.

Start times are the server's own; compare them only with times of the same server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from runbook.command import Cmdlet, Pipeline, Target, cmdlet
from runbook.facts import wmi
from runbook.facts.answer import checked, number, text
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

OWA_POOL = "MSExchangeOWAAppPool"
"""On a server with both roles the front end's and the back end's OWA share this pool (``real-world`` B3)."""

APPCMD = r"C:\Windows\System32\Inetsrv\Appcmd.exe"
"""As the procedure spells it (L66)."""

_STATE = re.compile(r'APPPOOL "[^"]*" \(.*state:(\w+)\)', re.IGNORECASE)
_WMI_TIME = re.compile(r"(\d{14})\.(\d{6})([+-]\d{3})\Z")
_POOL = re.compile(r'\s-ap\s+(?:"([^"]*)"|(\S+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One w3wp.exe; ``started`` is aware, in UTC, by its server's clock."""

    process_id: int
    started: datetime
    pool: str


def owa_workers(target: Target, *, powershell_2: bool = False) -> Query[tuple[Worker, ...]]:
    """The workers of OWA's pool, oldest first; none before the first request, two for a moment during a recycle.

    ``powershell_2`` as in :mod:`runbook.facts.wmi`.
    """
    processes = wmi.instances("Win32_Process", filter="Name='w3wp.exe'", powershell_2=powershell_2)
    wanted = cmdlet("Select-Object", Property=("ProcessId", "CreationDate", "CommandLine"))
    return Query("owa-workers", target, Pipeline.of(processes, wanted), _parse)


def pool_state(target: Target) -> Query[str]:
    """The state of OWA's application pool as IIS names it: ``Started`` or ``Stopped`` (L65)."""
    ask = Cmdlet(APPCMD, arguments=("list", "apppool", OWA_POOL))
    return Query("owa-pool-state", target, Pipeline.of(ask), _parse_state)


def _parse_state(result: Result) -> str:
    said = " ".join(value for value in checked(result).output if isinstance(value, str))
    found = _STATE.search(said)
    if found is None:
        raise ValueError(f"appcmd.exe said nothing of {OWA_POOL}: {said[:100] or 'nothing at all'}")
    return found[1]


def _parse(result: Result) -> tuple[Worker, ...]:
    found = map(_worker, checked(result).objects)
    ours = (worker for worker in found if worker is not None and worker.pool.lower() == OWA_POOL.lower())
    return tuple(sorted(ours, key=lambda worker: (worker.started, worker.process_id)))


def _worker(item: ServerObject) -> Worker | None:
    """``None`` for a process whose command line names no pool; an unreadable command line is a fault."""
    line = text(item, "CommandLine")
    process = number(item, "ProcessId")
    if not line:
        raise ValueError(f"the command line of the worker process {process} isn't shown to this account")
    named = _POOL.search(line)
    if named is None:
        return None
    return Worker(process_id=process, started=_started(item, process), pool=named[1] or named[2])


def _started(item: ServerObject, process: int) -> datetime:
    """``Get-WmiObject`` gives a time as WMI writes it (``20130203081500.000000+060``), with the offset in minutes."""
    started = item.get("CreationDate")
    if isinstance(started, datetime):
        return started
    if isinstance(started, str) and (found := _WMI_TIME.match(started)):
        zone = timezone(timedelta(minutes=int(found[3])))
        at = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=zone)
        return (at + timedelta(microseconds=int(found[2]))).astimezone(UTC)
    raise ValueError(f"the start time of the worker process {process} came as something else")
