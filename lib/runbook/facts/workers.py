"""The worker processes of OWA's application pool: OWA reads web.config and starts its IM provider once in each.

Start times are the server's own; compare them only with times of the same server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from runbook.command import Pipeline, Target, cmdlet
from runbook.facts.answer import checked, number, text
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

OWA_POOL = "MSExchangeOWAAppPool"
"""On a server with both roles the front end's and the back end's OWA share this pool (``real-world`` B3)."""

_POOL = re.compile(r'\s-ap\s+(?:"([^"]*)"|(\S+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One w3wp.exe; ``started`` is aware, in UTC, by its server's clock."""

    process_id: int
    started: datetime
    pool: str


def owa_workers(target: Target) -> Query[tuple[Worker, ...]]:
    """The workers of OWA's pool, oldest first; none before the first request, two for a moment during a recycle."""
    processes = cmdlet("Get-CimInstance", ClassName="Win32_Process", Filter="Name='w3wp.exe'")
    wanted = cmdlet("Select-Object", Property=("ProcessId", "CreationDate", "CommandLine"))
    return Query("owa-workers", target, Pipeline.of(processes, wanted), _parse)


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
    started = item.get("CreationDate")
    if not isinstance(started, datetime):
        raise ValueError(f"the start time of the worker process {process} came as something else")
    return Worker(process_id=process, started=started, pool=named[1] or named[2])
