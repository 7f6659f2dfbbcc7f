"""Overrides for several servers: what is planned comes right on each, keeps what others wrote, and is undone whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from override_simulation import Organisation
from runbook.change import Decision
from runbook.facts.exchange import ExchangeServer
from runbook.facts.overrides import COMPONENT, SECTION, SettingOverride
from runbook.parameters import load_parameters
from runbook.sections import SECTIONS
from runbook.sections.owa_enablement_facts import OwaEnablementFacts
from runbook.sections.ways import Way
from section_cases import certificates, estate, facts, merged

OWA = SECTIONS["owa_enablement"]
FIRST, SECOND = "atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com"
POOL, FAR = "atl-cs-001.litwareinc.com", "dub-cs-001.litwareinc.com"
THUMBPRINT, OTHER = certificates()["owa"].thumbprint, "F" * 40
BUILD = (15, 1, 2507, 6)
BOTH = (f"IMServerName={POOL}", f"IMCertificateThumbprint={THUMBPRINT}")


def document(**more: Any) -> Mapping[str, Any]:
    """Two servers of Exchange 2016 with Skype for Business Server 2015."""
    changes: dict[str, Any] = {}
    for number in (4, 5):
        changes |= {
            f"estate/servers/{number}/product": "skype-for-business",
            f"estate/servers/{number}/version": "2015",
        }
    for number in (2, 3):
        changes[f"estate/servers/{number}/version"] = "2016"
        changes[f"facts/lync/exchange/servers/{number}/version"] = "Version 15.1 (Build 2507.6)"
    return merged("owa_enablement", {**changes, **more})


def organisation(*overrides: SettingOverride, given: Mapping[str, Any]) -> Organisation:
    """Servers that have read what there is."""
    base: OwaEnablementFacts = facts(OwaEnablementFacts, given["facts"])
    backs = tuple(
        replace(back, way=Way.OVERRIDE, build=BUILD, file=None, on_iis=(THUMBPRINT,)) for back in base.back_ends
    )
    found = Organisation(replace(base, back_ends=backs), list(overrides))
    found.read = {back.server: tuple(overrides) for back in backs}
    return found


def decide(there: Organisation, given: Mapping[str, Any], **parameters: Any) -> Decision:
    loaded = load_parameters(OWA.parameters, {**given["parameters"], **parameters})
    return OWA.decide(loaded, estate(given["estate"]), there.facts())


def override(name: str = "IM", parameters: tuple[str, ...] = BOTH, **more: Any) -> SettingOverride:
    return SettingOverride(
        **{"name": name, "component": COMPONENT, "section": SECTION, "parameters": parameters, **more}
    )


def found(decision: Decision, server: str = FIRST) -> list[str]:
    return [one.id for one in decision.findings if one.severity != "info" and one.server == server]


ABOUT = st.sampled_from(
    [
        BOTH,
        (BOTH[0],),
        (BOTH[1], "Kept=1"),
        (BOTH[0], f"IMCertificateThumbprint={OTHER}"),
        ("IMServerName=elsewhere.litwareinc.com", "Kept=2"),
        ("Kept=3",),
    ]
)
SCOPE = st.sampled_from(
    [{}, {"servers": ("ATL-MBX-001",)}, {"servers": ("ATL-*",)}, {"servers": (FIRST,)}, {"min_version": "15.2.0.0"}]
)
NAMES = ("IM Override ATL-MBX-001", "IM Override", "Somebody's", "im override atl-mbx-002")


@st.composite
def overrides(draw: st.DrawFn) -> list[SettingOverride]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    sections = st.sampled_from([SECTION, SECTION, "Other"])
    return [override(name, draw(ABOUT), **{**draw(SCOPE), "section": draw(sections)}) for name in names]


@settings(deadline=None)
@given(overrides(), st.sampled_from(["server", "version"]))
def test_once_carried_out_nothing_is_asked_for_and_the_way_back_restores(
    there: list[SettingOverride], scope: str
) -> None:
    words = document()
    world = organisation(*there, given=words)
    before = [world.settings(back) for back in world.found.back_ends]
    plan = decide(world, words, override_scope=scope).plan
    world.apply(plan)
    after = decide(world, words, override_scope=scope)
    assert after.plan.changes == ()
    assert not [finding.id for finding in after.findings if finding.severity == "error"]
    assert _others_kept(there) <= _others_kept(world.overrides)
    assert len({one.name.lower() for one in world.overrides}) == len(world.overrides)

    world.undo(plan)
    assert world.without_times() == there
    assert [world.settings(back) for back in world.found.back_ends] == before


def _others_kept(overrides: list[SettingOverride]) -> set[tuple[str, str]]:
    """What isn't OWA's pool or certificate, by the override that says it."""
    return {(one.name, each) for one in overrides for each in one.parameters if not each.startswith("IM")}


def test_each_server_gets_an_override_of_its_own_name() -> None:
    words = document()
    made = [
        (change.command.cmdlets[0].value("Name"), change.command.cmdlets[0].value("Server"))
        for change in decide(organisation(given=words), words).plan.changes
        if change.command.cmdlets[0].name == "New-SettingOverride"
    ]
    assert made == [("IM Override ATL-MBX-001", ("ATL-MBX-001",)), ("IM Override ATL-MBX-002", ("ATL-MBX-002",))]


def test_one_override_for_all_from_2016_on_is_made_once_and_read_by_each() -> None:
    words = document()
    changes = decide(organisation(given=words), words, override_scope="version").plan.changes
    (new,) = [one.command.cmdlets[0] for one in changes if one.command.cmdlets[0].name == "New-SettingOverride"]
    assert (new.value("Name"), new.value("MinVersion"), new.value("Server")) == ("IM Override", "15.1.225.42", None)
    refreshed = [one.stage for one in changes if one.command.cmdlets[0].name == "Get-ExchangeDiagnosticInfo"]
    assert refreshed == [FIRST, SECOND]


def test_one_override_for_all_is_refused_where_a_server_wants_another_pool() -> None:
    words = document(**{"facts/lync/topology/pools": _pools()})
    pools = [f"{SECOND}={FAR}"]
    decision = decide(organisation(given=words), words, override_scope="version", im_server_names=pools)
    assert found(decision) == ["override-shared", "override-missing"]
    assert decision.plan.changes == ()


def test_one_override_for_all_is_refused_where_it_reaches_a_server_that_nobody_knows() -> None:
    words = document()
    there = organisation(given=words)
    stranger = ExchangeServer(
        name="ATL-MBX-009", fqdn="atl-mbx-009.litwareinc.com", version="Version 15.2 (Build 1118.7)", roles=("Mailbox",)
    )
    exchange = there.found.lync.exchange
    assert isinstance(exchange.servers, tuple)
    wider = replace(exchange, servers=(*exchange.servers, stranger))
    there.found = replace(there.found, lync=replace(there.found.lync, exchange=wider))
    decision = decide(there, words, override_scope="version")
    (shared,) = [
        finding for finding in decision.findings if finding.id == "override-shared" and finding.server == FIRST
    ]
    assert "ATL-MBX-009" in shared.what
    assert decision.plan.changes == ()
    assert decide(there, words).plan.changes, "an override for this server alone reaches nobody else"


def test_an_override_that_several_servers_share_is_left_alone_where_they_want_different_pools() -> None:
    words = document(**{"facts/lync/topology/pools": _pools()})
    shared = override(parameters=("Kept=1",))
    decision = decide(organisation(shared, given=words), words, im_server_names=[f"{SECOND}={FAR}"])
    assert found(decision) == ["override-shared", "override-partial"]
    assert decision.plan.changes == ()


def test_each_server_is_given_the_pool_that_is_named_for_it() -> None:
    words = document(**{"facts/lync/topology/pools": _pools()})
    changes = decide(organisation(given=words), words, im_server_names=[f"{SECOND}={FAR}"]).plan.changes
    said = [one.command.cmdlets[0].value("Parameters") for one in changes if one.object.startswith("SettingOverride")]
    assert [parameters[0] for parameters in said if isinstance(parameters, tuple)] == [
        f"IMServerName={POOL}",
        f"IMServerName={FAR}",
    ]


def test_a_pool_that_the_topology_lacks_holds_the_roll_out() -> None:
    words = document()
    decision = decide(organisation(given=words), words, im_server_names=[f"{SECOND}=typo.litwareinc.com"])
    assert "registrar-missing" in [finding.id for finding in decision.findings]
    assert decision.plan.changes == ()


def test_a_nearer_pool_is_mentioned_and_not_taken() -> None:
    words = document(
        **{"estate/servers/2/site": "Dublin", "estate/servers/5/site": "Dublin", "estate/servers/5/pool": FAR}
    )
    decision = decide(organisation(*(override(),), given=words), words)
    (note,) = [finding for finding in decision.findings if finding.id == "pool-nearer"]
    assert (note.server, note.severity) == (FIRST, "info")
    assert FAR in note.what
    assert decision.plan.changes == ()


def test_settings_that_two_overrides_share_out_are_taken_together() -> None:
    words = document()
    decision = decide(organisation(override("One", (BOTH[0],)), override("Two", (BOTH[1],)), given=words), words)
    assert found(decision) == []
    assert decision.plan.changes == ()


@pytest.mark.parametrize(
    ("scope", "finding"),
    [(("ATL-MBX-002",), "override-missing"), ((SECOND,), "override-wrong-scope"), (("XYZ*",), "override-wrong-scope")],
)
def test_an_override_that_another_server_needs_isnt_taken_for_one_of_the_wrong_scope(
    scope: tuple[str, ...], finding: str
) -> None:
    words = document()
    assert found(decide(organisation(override(servers=scope), given=words), words)) == [finding]


def _pools() -> list[dict[str, Any]]:
    healthy = merged("trusted_pool", {})["facts"]["topology"]["pools"]
    return [*healthy, {**healthy[0], "fqdn": FAR}]
