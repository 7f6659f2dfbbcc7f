"""What holds of every plan of the hybrid: applied, nothing is left to do; undone, all is as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_simulation import run
from runbook.change import Decision, Repair
from runbook.command import Shell
from runbook.facts.hybrid import AccessEdge, HostingProvider
from runbook.parameters_hybrid import Cloud, OnlineHybridParameters
from runbook.powershell import render
from runbook.sections import SECTIONS
from runbook.sections.online_hybrid_facts import OnlineHybridFacts
from runbook.sections.online_hybrid_provider import PROXY_FQDN
from section_cases import estate, facts, merged

SECTION = SECTIONS["online_hybrid"]
HEALTHY = merged("online_hybrid", {})
BASE: OnlineHybridFacts = facts(OnlineHybridFacts, HEALTHY["facts"])
ESTATE = estate(HEALTHY["estate"])
NAME = "Exchange Online"
PROXIES = (*PROXY_FQDN.values(), "EXAP.um.outlook.com", "proxy.fabrikam.com")

flags = st.booleans()
mostly = st.sampled_from([True, True, True, False])


@st.composite
def parameters(draw: st.DrawFn) -> OnlineHybridParameters:
    policies = st.lists(st.sampled_from(["Tag:Remote", "Site:Dublin"]), unique=True)
    users = ["anna@litwareinc.com", "ben@litwareinc.com", "carla@litwareinc.com"]
    return OnlineHybridParameters.model_validate(
        {
            "cloud": draw(st.sampled_from([cloud.value for cloud in PROXY_FQDN])),
            "users": draw(st.lists(st.sampled_from(users), unique=True)),
            "left_off": draw(st.sampled_from([[], ["Global"]])),
            "widen_access_policies": draw(policies),
            "grant_access_policy": draw(st.sampled_from(["", "Remote"])),
            **{name: draw(mostly) for name in ("allow_federation", "allow_outside_users", "recreate_provider")},
            "start_replication": draw(flags),
        }
    )


@st.composite
def organisations(draw: st.DrawFn) -> OnlineHybridFacts:
    """A provider or none, right or wrong in any of its values; policies, switches and replicas of any state."""
    central: Any = BASE.central
    other = central.hosting_providers[1]
    provider = HostingProvider(
        identity=draw(st.sampled_from([NAME, "exchange online", "ExO"])),
        proxy_fqdn=draw(st.sampled_from(PROXIES)),
        enabled=draw(flags),
        shares_address_space=draw(flags),
        hosts_users=not draw(mostly),
        is_local=draw(flags),
        verification_level=draw(st.sampled_from(["UseSourceVerification", "AlwaysVerifiable"])),
        autodiscover_url=draw(st.sampled_from(["", "https://a.example.com/"])),
        sip_client_port=draw(st.sampled_from([None, 443])),
    )
    routing = draw(st.sampled_from(["UseDnsSrvRouting"] * 4 + ["UseDefaultRouting"]))
    found = replace(
        central,
        hosting_providers=(provider, other) if draw(mostly) else (other,),
        access_edge=AccessEdge(allows_federation=draw(flags), allows_outside_users=draw(flags), routing=routing),
        access_policies=tuple(replace(each, admits_outside=draw(flags)) for each in central.access_policies),
        replicas=tuple(replace(each, up_to_date=draw(mostly)) for each in central.replicas),
    )
    edges = tuple(
        replace(edge, hosting_providers=found.hosting_providers, access_edge=found.access_edge) for edge in BASE.edges
    )
    return OnlineHybridFacts(central=found, edges=edges)


def decide(wanted: OnlineHybridParameters, found: OnlineHybridFacts) -> Decision:
    decision: Decision = SECTION.decide(wanted, ESTATE, found)
    return decision


def apply(decision: Decision, found: OnlineHybridFacts) -> OnlineHybridFacts:
    for change in decision.plan.changes:
        found = run(found, change.command)
    return found


anything = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@anything
@given(parameters(), organisations())
def test_after_its_plan_nothing_is_left_to_do(wanted: OnlineHybridParameters, found: OnlineHybridFacts) -> None:
    decision = decide(wanted, found)
    after = decide(wanted, apply(decision, found))
    assert after.plan.changes == ()
    mended = {(finding.id, finding.object) for finding in decision.findings if finding.repair is Repair.PLANNED}
    assert not mended & {(finding.id, finding.object) for finding in after.findings}


@anything
@given(parameters(), organisations())
def test_undone_backwards_all_is_as_it_was(wanted: OnlineHybridParameters, found: OnlineHybridFacts) -> None:
    changes = decide(wanted, found).plan.changes
    after = apply(decide(wanted, found), found)
    for change in reversed(changes):
        for pipeline in change.reverse:
            after = run(after, pipeline)
    for name in ("access_edge", "access_policies", "users"):
        assert getattr(after.central, name) == getattr(found.central, name)
    assert set(_rows(after.central.hosting_providers)) == set(_rows(found.central.hosting_providers))


@anything
@given(parameters(), organisations())
def test_what_a_finding_says_of_its_repair_is_so(wanted: OnlineHybridParameters, found: OnlineHybridFacts) -> None:
    decision = decide(wanted, found)
    assert bool(decision.plan.changes) == any(finding.repair is Repair.PLANNED for finding in decision.findings)
    assert {finding.id for finding in decision.findings} >= {
        cause for finding in decision.findings for cause in finding.caused_by
    }


@anything
@given(parameters(), organisations())
def test_no_plan_touches_an_edge_the_global_policy_or_a_provider_that_hosts_somebody(
    wanted: OnlineHybridParameters, found: OnlineHybridFacts
) -> None:
    hosting = {each.identity for each in _rows(found.central.hosting_providers) if each.hosts_users}
    for change in decide(wanted, found).plan.changes:
        command = change.command.cmdlets[0]
        assert change.target.shell is not Shell.EDGE
        if command.name == "Set-CsExternalAccessPolicy":
            assert str(command.value("Identity")).lower() != "global"
        if command.name == "Remove-CsHostingProvider":
            assert command.value("Identity") not in hosting


@anything
@given(parameters(), organisations())
def test_every_command_can_be_shown_and_prompts_for_nothing(
    wanted: OnlineHybridParameters, found: OnlineHybridFacts
) -> None:
    for change in decide(wanted, found).plan.changes:
        for pipeline in (change.command, *change.reverse):
            assert render(pipeline).endswith(("-Confirm:$False", "-Force"))


@pytest.mark.parametrize(
    ("cloud", "proxy"),
    [
        (Cloud.WORLDWIDE, "exap.um.outlook.com"),
        (Cloud.CHINA, "exap.um.partner.outlook.cn"),
        (Cloud.GCC_HIGH, "exap.um.office365.us"),
    ],
)
@given(spelling=st.data())
def test_each_clouds_name_is_right_in_any_letters(cloud: Cloud, proxy: str, spelling: st.DataObject) -> None:
    """Y16, Y17, Y18, A3."""
    upper = spelling.draw(st.lists(flags, min_size=len(proxy), max_size=len(proxy)))
    written = "".join(letter.upper() if up else letter for letter, up in zip(proxy, upper, strict=True))
    central: Any = BASE.central
    provider = replace(central.hosting_providers[0], proxy_fqdn=written)
    found = replace(BASE, central=replace(central, hosting_providers=(provider,)))
    ids = {other: _ids(other, found) for other in PROXY_FQDN}
    assert "provider-right" in ids[cloud]
    assert all("provider-wrong-proxy" in ids[other] for other in PROXY_FQDN if other is not cloud)


def test_a_provider_that_is_made_again_is_announced_with_the_outage() -> None:
    central: Any = BASE.central
    provider = replace(central.hosting_providers[0], proxy_fqdn="exap.um.office365.us", sip_client_port=5061)
    found = replace(BASE, central=replace(central, hosting_providers=(provider,)))
    wanted = OnlineHybridParameters.model_validate({"cloud": "worldwide", "recreate_provider": True})
    remove, create = decide(wanted, found).plan.changes
    assert (remove.consent, create.consent) == ("recreate_provider", "")
    assert "has reached the Edge" in remove.disturbs
    assert isinstance(remove.before, dict)
    assert (remove.before["ProxyFqdn"], remove.after) == ("exap.um.office365.us", None)
    (back,) = remove.reverse
    assert "-ProxyFqdn exap.um.office365.us" in render(back)
    assert "-SipClientPort 5061" in render(back)


def test_without_delegation_the_role_based_endpoint_takes_the_changes_else_a_person() -> None:
    document = merged("online_hybrid", {"estate/servers/0/endpoints/windows/authentication": "negotiate"})["estate"]
    central: Any = BASE.central
    found = replace(BASE, central=replace(central, hosting_providers=()))
    wanted = OnlineHybridParameters.model_validate({"cloud": "worldwide"})
    (by_role,) = SECTION.decide(wanted, estate(document), found).plan.changes
    assert (by_role.target.shell, by_role.run_locally) == (Shell.LYNC_REMOTE, False)
    del document["servers"][0]["endpoints"]["lync-remote"]
    (by_hand,) = SECTION.decide(wanted, estate(document), found).plan.changes
    assert (by_hand.target.shell, by_hand.run_locally) == (Shell.LYNC, True)


def _ids(cloud: Cloud, found: OnlineHybridFacts) -> set[str]:
    wanted = OnlineHybridParameters.model_validate({"cloud": cloud.value})
    return {finding.id for finding in decide(wanted, found).findings}


def _rows(found: Any) -> Any:
    assert isinstance(found, tuple)
    return found
