"""OWA's worker processes: which of a server's w3wp.exe they are, and since when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runbook.command import Shell, Target
from runbook.facts.workers import OWA_POOL, Worker, owa_workers
from runbook.powershell import render
from runbook.readlist import why_not_read
from runbook.result import ServerObject, ServerValue
from server_answers import parsed, thing

HERE = Target("atl-mbx-001.litwareinc.com", Shell.WINDOWS)
QUERY = owa_workers(HERE)
EARLY, LATE = datetime(2014, 3, 1, 8, tzinfo=UTC), datetime(2014, 3, 1, 9, tzinfo=UTC)


def process(number: int, started: ServerValue, line: str | None) -> ServerObject:
    return thing(ProcessId=number, CreationDate=started, CommandLine=line)


def line(pool: str) -> str:
    return rf'c:\windows\system32\inetsrv\w3wp.exe -ap "{pool}" -v "v4.0" -c "C:\x.config" -a \\.\pipe\iis -h "C:\t"'


def test_it_only_reads_and_asks_for_workers_alone() -> None:
    assert not why_not_read(QUERY.pipeline, Shell.WINDOWS)
    assert "Name=''w3wp.exe''" in render(QUERY.pipeline)


def test_workers_of_other_pools_and_those_without_pool_are_left_out_oldest_first() -> None:
    found = parsed(
        QUERY,
        process(12, LATE, line(OWA_POOL)),
        process(11, EARLY, "w3wp.exe -ap msexchangeowaapppool -v v4.0"),
        process(13, EARLY, line("MSExchangeOWACalendarAppPool")),
        process(14, EARLY, "w3wp.exe -embedding"),
    )
    assert [(worker.process_id, worker.started) for worker in found] == [(11, EARLY), (12, LATE)]


def test_no_worker_is_an_answer() -> None:
    assert parsed(QUERY) == ()


@pytest.mark.parametrize(
    ("process_", "fault"),
    [(process(9, EARLY, None), "isn't shown"), (process(9, "yesterday", line(OWA_POOL)), "start time")],
)
def test_what_cannot_be_read_is_a_fault_and_no_worker_missing(process_: ServerObject, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parsed(QUERY, process_)


def test_a_worker_has_its_pool() -> None:
    assert parsed(QUERY, process(7, EARLY, line(OWA_POOL))) == (Worker(process_id=7, started=EARLY, pool=OWA_POOL),)
