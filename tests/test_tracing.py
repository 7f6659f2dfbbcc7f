"""SIPStack tracing (L85): started and stopped with consent, and what it tells of OWA's servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab_shells import front_end
from memory_lab import MemoryLab
from rehearsal.topologies import build_world
from runbook.change import Outcome, Repair
from runbook.command import Shell, Target
from runbook.engine.run import Run
from runbook.facts import tracing
from runbook.facts.tracing import Traced, Tracing
from runbook.ledger.events import Mode
from runbook.powershell import render
from server_answers import parsed

FRONT = Target("atl-fe-001.litwareinc.com", Shell.LYNC)
POOL, OWA = "atl-cs-001.litwareinc.com", "atl-owa-001.litwareinc.com"
PROCEDURE = ("trusted_pool", "owa_enablement", "mailbox_policies")


@pytest.fixture
def lab(tmp_path: Path) -> MemoryLab:
    return MemoryLab.of(build_world("split-2013"), tmp_path)


def carried_out(lab: MemoryLab, section: str, **changed: object) -> Run:
    run = lab.open(section, Mode.APPLY, **changed)
    run.check()
    run.apply(confirmed_by="the test")
    run.verify()
    run.finish()
    return run


def found(run: Run) -> dict[str, str]:
    return {finding.id: finding.object for finding in run.decision.findings}


def test_a_host_that_lync_does_not_know_is_named_by_the_trace(lab: MemoryLab) -> None:
    for section in PROCEDURE:
        carried_out(lab, section)
    shell = front_end(lab.world)
    assert not shell.run("Remove-CsTrustedApplicationPool", Identity=OWA, Force=True).errors
    assert not shell.run("Enable-CsTopology").errors
    started = carried_out(lab, "tracing", allow_tracing=True)
    assert [result.outcome for result in started.results] == [Outcome.VERIFIED]
    lab.sign_in()
    stopped = carried_out(lab, "tracing", allow_tracing=True, tracing="stop")
    assert [result.outcome for result in stopped.results] == [Outcome.VERIFIED]
    assert found(stopped)["trace-unknown-peer"] == OWA


def test_nothing_is_traced_where_all_is_well(lab: MemoryLab) -> None:
    for section in PROCEDURE:
        carried_out(lab, section)
    carried_out(lab, "tracing", allow_tracing=True)
    lab.sign_in()
    stopped = carried_out(lab, "tracing", allow_tracing=True, tracing="stop")
    assert set(found(stopped)) == {"trace-not-running"}


def test_without_consent_nothing_starts_and_the_parameter_is_named(lab: MemoryLab) -> None:
    run = carried_out(lab, "tracing")
    assert not run.plan.changes
    (state,) = run.decision.findings
    assert (state.id, state.repair) == ("trace-not-running", Repair.CONSENT)
    assert "allow_tracing" in state.remedy
    assert not lab.world.logging.started


def test_a_scenario_that_is_not_there_is_made_by_hand(lab: MemoryLab) -> None:
    run = carried_out(lab, "tracing", allow_tracing=True, scenario="OwaIm")
    (missing,) = run.decision.findings
    assert missing.id == "trace-scenario-missing"
    assert "-Level Debug -Flags All" in missing.remedy
    assert not run.plan.changes


def test_stopping_what_was_started_is_its_way_back(lab: MemoryLab) -> None:
    run = lab.open("tracing", allow_tracing=True, minutes=90)
    run.check()
    run.finish()
    (change,) = run.plan.changes
    assert render(change.command) == f"Start-CsClsLogging -Scenario AlwaysOn -Pools {POOL} -Duration '0.01:30'"
    assert [render(way) for way in change.reverse] == [f"Stop-CsClsLogging -Scenario AlwaysOn -Pools {POOL}"]
    assert change.consent == "allow_tracing"


def test_what_runs_is_read_from_the_text_of_the_cmdlet() -> None:
    said = (
        "Success Code - 0, Successful on 2 agents\r\nTracing Status:\r\n"
        "pool.a.com (FE1 v5.0.8308.0) (AlwaysOn=Yes)\r\n"
        "pool.a.com (FE2 v5.0.8308.0) (AlwaysOn=No,Scenario=OwaIm,Started=05/02/2013,By=a,Duration=0.00:30)\r\n"
        "Failed on 1 agents\r\nAgent - fe3.a.com, Reason - no such host is known"
    )
    one, two, three = parsed(tracing.tracing(FRONT, POOL), said)
    assert one == Tracing(computer="FE1", scenarios=("AlwaysOn",))
    assert two.runs("owaim")
    assert not two.runs("AlwaysOn")
    assert three == Tracing(computer="fe3.a.com", fault="no such host is known")
    with pytest.raises(ValueError, match="named no computer"):
        parsed(tracing.tracing(FRONT, POOL), "")


def test_a_trace_gives_hosts_and_status_codes_and_no_person() -> None:
    said = (
        "Text: The peer is not a configured server on this network interface\r\n"
        'Transport: TLS\r\nData: fqdn="X.a.com"\r\n'
        "Start-Line: SIP/2.0 504 Server time-out\r\nFrom: <sip:anna@a.com>\r\nStart-Line: SIP/2.0 200 OK\r\n"
    )
    assert parsed(tracing.traced(FRONT, POOL), said) == Traced(
        unknown_peers=("x.a.com",), refusals=((504, 1),), empty=False
    )
    assert parsed(tracing.traced(FRONT, POOL)) == Traced()
