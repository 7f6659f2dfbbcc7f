"""Exchange 2010's Windows PowerShell 2: the same questions in words that it knows (``pipelines.md``)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runbook.command import Shell, Target
from runbook.facts import windows
from runbook.facts.identity import identity
from runbook.facts.query import Query
from runbook.facts.workers import OWA_POOL, owa_workers
from runbook.powershell import render
from runbook.readlist import why_not_read
from server_answers import parsed, thing

HERE = Target("atl-cas-001.litwareinc.com", Shell.WINDOWS)
LISTENERS = windows.listeners(HERE, 5199, powershell_2=True)
WORKERS = owa_workers(HERE, powershell_2=True)
NEW_CMDLETS = ("Get-CimInstance", "Get-NetTCPConnection", "-Raw", "Get-FileHash")


@pytest.mark.parametrize("query", [LISTENERS, WORKERS, identity(HERE, powershell_2=True)], ids=lambda query: query.name)
def test_nothing_is_asked_that_came_later_and_everything_only_reads(query: Query[object]) -> None:
    text = render(query.pipeline)
    assert not [name for name in NEW_CMDLETS if name in text]
    assert why_not_read(query.pipeline, Shell.WINDOWS) == ""


@pytest.mark.parametrize(
    ("said", "started"),
    [
        ("20150302080000.000000+000", datetime(2015, 3, 2, 8, tzinfo=UTC)),
        ("20150302080000.250000+060", datetime(2015, 3, 2, 7, 0, 0, 250000, tzinfo=UTC)),
        ("20150302080000.000000-300", datetime(2015, 3, 2, 13, tzinfo=UTC)),
    ],
)
def test_a_time_of_wmi_says_its_distance_from_utc_in_minutes(said: str, started: datetime) -> None:
    line = f'w3wp.exe -ap "{OWA_POOL}"'
    (worker,) = parsed(WORKERS, thing(ProcessId=4, CreationDate=said, CommandLine=line))
    assert worker.started == started


@pytest.mark.parametrize("said", ["20150302080000", "20151302080000.000000+000", "20150302080000.000000+000\n"])
def test_another_form_of_time_is_a_fault(said: str) -> None:
    with pytest.raises(ValueError, match=r"start time|unconverted"):
        parsed(WORKERS, thing(ProcessId=4, CreationDate=said, CommandLine=f'w3wp.exe -ap "{OWA_POOL}"'))


def test_netstat_tells_who_listens_in_any_language() -> None:
    lines = [
        "",
        "Aktive Verbindungen",
        "  Proto  Lokale Adresse         Remoteadresse          Status           PID",
        "  TCP    0.0.0.0:5199           0.0.0.0:0              ABHÖREN          4120",
        "  TCP    [::]:5199              [::]:0                 LISTENING        4120",
        "  TCP    10.0.0.4:5199          10.0.0.9:49820         ESTABLISHED      4120",
        "  TCP    0.0.0.0:15199          0.0.0.0:0              LISTENING        4",
        "  UDP    0.0.0.0:5199           *:*                                     77",
    ]
    assert parsed(LISTENERS, *lines) == 2
    assert parsed(LISTENERS, *lines[:3]) == 0
