"""The hybrid over the wire: simulated organisations with Exchange Online, from broken to presence, and their corners.

What the lab's world says of presence is what counts; it goes by the Edge's own copy of the configuration.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsing import Rehearsal, rehearsing
from runbook.change import Outcome
from runbook.ledger import read_events
from runbook.ledger.events import Awaited, Mode, ServerReached
from runbook.powershell import render
from runbook.summary import SectionSummary

EDGE = "atl-edge-001.litwareinc.com"
PROXY = {
    "hybrid-worldwide": "exap.um.outlook.com",
    "hybrid-21vianet": "exap.um.partner.outlook.cn",
    "hybrid-gcchigh": "exap.um.office365.us",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's clock moves with every command, so looking often is waiting."""
    monkeypatch.setattr("runbook.engine.waiting.FIRST_SECONDS", 0.05)
    monkeypatch.setattr("runbook.engine.waiting.MOST_SECONDS", 0.05)


def ids(summary: SectionSummary) -> set[str]:
    return {finding.id for finding in summary.findings}


def outcomes(summary: SectionSummary) -> set[Outcome]:
    return {outcome for _, outcome, _ in summary.changes}


def working(rehearsal: Rehearsal) -> int:
    return int(rehearsal.lab.ask("presence")["working"])


def providers(rehearsal: Rehearsal) -> dict[str, Any]:
    return {each["identity"]: each for each in rehearsal.state()["federation"]["hosting_providers"]}


def events(rehearsal: Rehearsal) -> Any:
    return read_events(rehearsal.records / str(rehearsal.count)).events


@pytest.mark.parametrize("topology", PROXY)
def test_from_broken_to_presence_and_a_second_pass_with_nothing_to_do(topology: str, tmp_path: Path) -> None:
    with rehearsing(topology, tmp_path) as rehearsal:
        assert working(rehearsal) == 0
        done = rehearsal.run("online_hybrid", Mode.APPLY)
        assert (done.outcome, outcomes(done)) == (Outcome.VERIFIED, {Outcome.VERIFIED})
        assert {"federation-disabled", "provider-missing", "external-access-denied"} <= ids(done)
        assert working(rehearsal) > 100
        assert providers(rehearsal)["Exchange Online"]["proxy_fqdn"] == PROXY[topology]
        looks = [event for event in events(rehearsal) if isinstance(event, Awaited)]
        assert (EDGE in looks[0].pending, looks[-1].pending) == (True, ""), "replication was waited for"
        reached = {str(event.target) for event in events(rehearsal) if isinstance(event, ServerReached)}
        assert f"{EDGE} (edge)" in reached
        again = rehearsal.run("online_hybrid", Mode.APPLY)
        assert (again.outcome, again.changes) == (Outcome.NOT_NEEDED, ())
        assert {"edge-confirmed", "provider-right", "replicas-current"} <= ids(again)


def test_without_consent_nothing_of_it_is_opened(tmp_path: Path) -> None:
    with rehearsing("hybrid-worldwide", tmp_path) as rehearsal:
        done = rehearsal.run("online_hybrid", Mode.APPLY, allow_federation=False, widen_access_policies=(), left_off=())
        assert done.outcome is Outcome.INCOMPLETE
        assert [change.object for change, _, _ in done.changes] == ["HostingProvider:Exchange Online"]
        federation = rehearsal.state()["federation"]
        assert federation["access_edge"]["allow_federated_users"] is False
        admitted = {each["identity"] for each in federation["external_access"] if each["enable_outside_access"]}
        assert admitted == {"Site:Redmond"}


def test_a_provider_of_another_cloud_is_made_again_and_its_undo_brings_it_back(tmp_path: Path) -> None:
    with rehearsing("hybrid-gcchigh", tmp_path, ["wrong-proxy"]) as rehearsal:
        before = providers(rehearsal)["Exchange Online"]
        held = rehearsal.run("online_hybrid", Mode.APPLY, recreate_provider=False)
        assert "provider-wrong-proxy" in ids(held)
        assert providers(rehearsal)["Exchange Online"] == before
        done = rehearsal.run("online_hybrid", Mode.APPLY)
        assert (done.outcome, outcomes(done)) == (Outcome.VERIFIED, {Outcome.VERIFIED})
        assert providers(rehearsal)["Exchange Online"]["proxy_fqdn"] == "exap.um.office365.us"
        remove = next(change for change, _, _ in done.changes if change.property == "ProxyFqdn")
        (back,) = map(render, remove.reverse)
        assert f"-ProxyFqdn {before['proxy_fqdn']}" in back
        assert working(rehearsal) > 100


@pytest.mark.parametrize(
    ("state", "found", "provider"),
    [
        ("duplicate-proxy", "provider-duplicate-proxy", None),
        ("default-routing", "edge-default-routing", None),
        ("hosts-users", "provider-hosts-ocs", True),
    ],
)
def test_what_is_a_persons_to_decide_is_named_and_left_alone(
    state: str, found: str, provider: bool | None, tmp_path: Path
) -> None:
    with rehearsing("hybrid-worldwide", tmp_path, [state]) as rehearsal:
        done = rehearsal.run("online_hybrid", Mode.APPLY)
        assert done.outcome is Outcome.INCOMPLETE
        assert found in ids(done)
        assert outcomes(done) == {Outcome.VERIFIED}, "whatever was planned beside it went well"
        left = providers(rehearsal).get("Exchange Online")
        assert (left and left["hosts_ocs_users"]) == provider


@pytest.mark.parametrize("depends", ["hosted-elsewhere", "hosted-voice-mail"])
def test_a_provider_on_which_something_depends_is_not_made_again(depends: str, tmp_path: Path) -> None:
    with rehearsing("hybrid-worldwide", tmp_path, ["wrong-proxy", depends]) as rehearsal:
        before = providers(rehearsal)["Exchange Online"]
        done = rehearsal.run("online_hybrid", Mode.APPLY)
        assert "provider-wrong-proxy" in ids(done)
        assert done.outcome is Outcome.INCOMPLETE
        assert providers(rehearsal)["Exchange Online"] == before


def test_a_replica_that_stands_still_is_named_after_the_deadline_and_started_with_consent(tmp_path: Path) -> None:
    with rehearsing("hybrid-worldwide", tmp_path, ["stuck-replica"]) as rehearsal:
        done = rehearsal.run("online_hybrid", Mode.APPLY, replication_deadline_seconds=0)
        assert done.outcome is Outcome.INCOMPLETE
        stale = rehearsal.run("online_hybrid", Mode.CHECK)
        assert {"replica-stale", "edge-stale"} <= ids(stale)
        (edge,) = [finding for finding in stale.findings if finding.id == "edge-stale"]
        assert (edge.server, edge.caused_by) == (EDGE, ("replica-stale",))
        assert working(rehearsal) == 0
        started = rehearsal.run("online_hybrid", Mode.APPLY, start_replication=True)
        assert (started.outcome, outcomes(started)) == (Outcome.VERIFIED, {Outcome.VERIFIED})
        assert working(rehearsal) > 100


def test_without_delegation_the_role_based_endpoint_does_it(tmp_path: Path) -> None:
    with rehearsing("hybrid-21vianet", tmp_path, ["no-delegation"]) as rehearsal:
        done = rehearsal.run("online_hybrid", Mode.APPLY)
        assert (done.outcome, outcomes(done)) == (Outcome.VERIFIED, {Outcome.VERIFIED})


PASTED = f"""ATL-EDGE-001

Identity                  : Exchange Online
ProxyFqdn                 : {PROXY["hybrid-worldwide"]}
VerificationLevel         : UseSourceVerification
Enabled                   : True
EnabledSharedAddressSpace : True
HostsOCSUsers             : False
IsLocal                   : False

Identity            : Global
AllowFederatedUsers : True
AllowOutsideUsers   : True
RoutingMethod       : UseDnsSrvRouting
"""


def test_an_edge_behind_a_firewall_is_unknown_until_its_store_is_pasted(tmp_path: Path) -> None:
    with rehearsing("hybrid-worldwide", tmp_path, ["edge-blocked"]) as rehearsal:
        done = rehearsal.run("online_hybrid", Mode.APPLY)
        assert (done.outcome, outcomes(done)) == (Outcome.UNKNOWN, {Outcome.VERIFIED})
        assert "edge-unconfirmed" in ids(done)
        pasted = rehearsal.run("online_hybrid", Mode.CHECK, edge_evidence=(PASTED,))
        assert pasted.outcome is Outcome.NOT_NEEDED
        assert "edge-confirmed" in ids(pasted)
        old = rehearsal.run("online_hybrid", Mode.CHECK, edge_evidence=(PASTED.replace("True", "False", 1),))
        assert (old.outcome, "edge-stale" in ids(old)) == (Outcome.UNKNOWN, True)
