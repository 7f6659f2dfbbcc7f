"""OWA enablement by edition: what an override or a virtual directory lacks, and what the plan does about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.change import Change, Decision
from runbook.facts.overrides import COMPONENT, SECTION, SettingOverride
from runbook.facts.owa import VirtualDirectory
from runbook.facts.workers import OWA_POOL, Worker
from runbook.parameters import load_parameters
from runbook.sections import SECTIONS
from runbook.sections.compatibility import Group, features
from runbook.sections.owa_enablement_facts import BackEnd, OwaEnablementFacts
from runbook.sections.ways import Way
from section_cases import certificates, estate, facts, merged

OWA = SECTIONS["owa_enablement"]
SERVER, POOL = "atl-mbx-001.litwareinc.com", "atl-cs-001.litwareinc.com"
THUMBPRINT, OTHER = certificates()["owa"].thumbprint, "F" * 40
BUILD = (15, 1, 2507, 6)
SKYPE = {
    f"estate/servers/{number}/{key}": value
    for number in (4, 5)
    for key, value in (("product", "skype-for-business"), ("version", "2015"))
}
MODERN = merged(
    "owa_enablement",
    {
        **SKYPE,
        "estate/servers/2/version": "2016",
        "facts/lync/exchange/servers/2/version": "Version 15.1 (Build 2507.6)",
    },
)
RIGHT = {"IMServerName": POOL, "IMCertificateThumbprint": THUMBPRINT}
CHANGED, STARTED = datetime(2014, 7, 20, 20, tzinfo=UTC), datetime(2014, 7, 20, 20, 5, tzinfo=UTC)


def override(**more: Any) -> SettingOverride:
    given: dict[str, Any] = {
        "name": "IM Override ATL-MBX-001",
        "component": COMPONENT,
        "section": SECTION,
        "parameters": tuple(f"{name}={value}" for name, value in RIGHT.items()),
        "servers": ("ATL-MBX-001",),
        "changed": CHANGED,
    }
    return SettingOverride(**{**given, **more})


def decide(*overrides: SettingOverride, settings: dict[str, str] | None = None, **back: Any) -> Decision:
    """OWA enablement of a server of Exchange 2016 beside one of 2013 that is right."""
    base: OwaEnablementFacts = facts(OwaEnablementFacts, MODERN["facts"])
    first = replace(
        base.back_ends[0],
        way=Way.OVERRIDE,
        build=BUILD,
        settings=RIGHT if settings is None else settings,
        on_iis=(THUMBPRINT,),
    )
    found = replace(base, back_ends=(replace(first, **back), *base.back_ends[1:]), overrides=overrides)
    return OWA.decide(load_parameters(OWA.parameters, MODERN["parameters"]), estate(MODERN["estate"]), found)


def troubles(decision: Decision) -> list[str]:
    return [finding.id for finding in decision.findings if finding.severity != "info" and finding.server == SERVER]


def commands(changes: tuple[Change, ...]) -> list[str]:
    return [change.command.cmdlets[0].name.rpartition("\\")[2] for change in changes]


def test_a_server_of_2016_with_its_override_needs_nothing_though_its_web_config_is_another() -> None:
    decision = decide(override())
    assert troubles(decision) == []
    assert decision.plan.changes == ()
    assert "webconfig-ignored" in [finding.id for finding in decision.findings]


@pytest.mark.parametrize(
    ("there", "found", "sent"),
    [
        ([], "override-missing", ["New-SettingOverride", "Get-ExchangeDiagnosticInfo", "Appcmd.exe"]),
        (
            [override(section="Other")],
            "override-missing",
            ["New-SettingOverride", "Get-ExchangeDiagnosticInfo", "Appcmd.exe"],
        ),
        (
            [override(parameters=(f"IMServerName={POOL}", "Kept=1"))],
            "override-partial",
            ["Set-SettingOverride", "Get-ExchangeDiagnosticInfo", "Appcmd.exe"],
        ),
        (
            [override(parameters=(f"IMServerName={POOL}", f"IMCertificateThumbprint={OTHER}"))],
            "override-stale-thumbprint",
            ["Set-SettingOverride", "Get-ExchangeDiagnosticInfo", "Appcmd.exe"],
        ),
        (
            [override(parameters=("IMServerName=other.litwareinc.com", f"IMCertificateThumbprint={THUMBPRINT}"))],
            "override-wrong-pool",
            ["Set-SettingOverride", "Get-ExchangeDiagnosticInfo", "Appcmd.exe"],
        ),
        (
            [override(servers=(SERVER,))],
            "override-wrong-scope",
            ["Set-SettingOverride", "Get-ExchangeDiagnosticInfo", "Appcmd.exe"],
        ),
        (
            [override(name="IM", min_version="15.2.0.0", servers=())],
            "override-wrong-scope",
            ["New-SettingOverride", "Get-ExchangeDiagnosticInfo", "Appcmd.exe"],
        ),
    ],
)
def test_what_the_override_lacks_is_named_and_planned(
    there: list[SettingOverride], found: str, sent: list[str]
) -> None:
    decision = decide(*there)
    assert troubles(decision) == [found]
    assert commands(decision.plan.changes) == sent
    assert {change.stage for change in decision.plan.changes} == {SERVER}


def test_a_server_that_has_not_read_the_override_is_refreshed_and_recycled_and_nothing_is_written() -> None:
    decision = decide(override(), settings={})
    assert troubles(decision) == ["override-not-refreshed"]
    assert commands(decision.plan.changes) == ["Get-ExchangeDiagnosticInfo", "Appcmd.exe"]


def test_a_worker_older_than_the_override_is_recycled() -> None:
    old = Worker(process_id=1, started=datetime(2014, 7, 20, 19, tzinfo=UTC), pool=OWA_POOL)
    decision = decide(override(), workers=(old,))
    assert troubles(decision) == ["app-pool-stale"]
    assert commands(decision.plan.changes) == ["Appcmd.exe"]


def test_other_parameters_of_an_override_are_kept() -> None:
    decision = decide(override(parameters=("Kept=1", f"imservername={POOL}")))
    (parameters,) = (
        change.command.cmdlets[0].value("Parameters")
        for change in decision.plan.changes
        if change.property == "Parameters"
    )
    assert parameters == ("Kept=1", f"IMServerName={POOL}", f"IMCertificateThumbprint={THUMBPRINT}")


def test_a_new_override_is_for_this_server_alone_by_its_short_name() -> None:
    first = decide().plan.changes[0].command.cmdlets[0]
    assert first.value("Server") == ("ATL-MBX-001",)
    assert first.value("Name") == "IM Override ATL-MBX-001"


def test_the_certificate_has_to_be_that_of_iis() -> None:
    decision = decide(override(), on_iis=(OTHER,))
    assert troubles(decision) == ["cert-not-on-iis"]
    assert decision.plan.changes == ()


@given(
    st.lists(st.sampled_from(["", POOL, "other.litwareinc.com"]), max_size=1), st.sampled_from(["", THUMBPRINT, OTHER])
)
def test_once_carried_out_nothing_is_asked_for_and_the_way_back_restores(pools: list[str], thumbprint: str) -> None:
    values = {"IMServerName": pools[0] if pools else "", "IMCertificateThumbprint": thumbprint}
    parameters = tuple(f"{name}={value}" for name, value in values.items() if value)
    before = override(parameters=(*parameters, "Kept=1"))
    for change in decide(before).plan.changes:
        if change.property == "Parameters":
            after = replace(before, parameters=change.command.cmdlets[0].value("Parameters"))
            assert decide(after).plan.changes == ()
            assert change.reverse[0].cmdlets[0].value("Parameters") == before.parameters


def directory(**more: Any) -> VirtualDirectory:
    given: dict[str, Any] = {
        "identity": "ATL-CAS-001\\owa (Default Web Site)",
        "im_enabled": True,
        "im_type": "Ocs",
        "certificate": THUMBPRINT,
        "pool": POOL,
        "changed": CHANGED,
    }
    return VirtualDirectory(**{**given, **more})


@pytest.mark.parametrize(
    ("lacks", "found", "properties"),
    [
        ({}, [], []),
        ({"certificate": ""}, ["vdir-im-settings"], ["InstantMessagingCertificateThumbprint", "worker"]),
        ({"pool": "x"}, ["vdir-im-settings"], ["InstantMessagingServerName", "worker"]),
        ({"im_type": "None"}, ["vdir-type-none"], ["InstantMessagingType", "worker"]),
        ({"im_enabled": False}, ["vdir-im-disabled"], ["InstantMessagingEnabled", "worker"]),
        ({"changed": datetime(2014, 7, 21, tzinfo=UTC)}, ["app-pool-stale"], ["worker"]),
    ],
)
def test_exchange_2010_goes_by_its_virtual_directory(
    lacks: dict[str, Any], found: list[str], properties: list[str]
) -> None:
    old = merged("owa_enablement", {"facts/lync/exchange/servers/2/version": "Version 14.3 (Build 123.4)"})
    old["estate"]["servers"][2] |= {"version": "2010", "roles": ["client-access", "mailbox"]}
    base: OwaEnablementFacts = facts(OwaEnablementFacts, old["facts"])
    back: BackEnd = replace(
        base.back_ends[0], way=Way.DIRECTORY, build=(14, 3, 123, 4), directories=(directory(**lacks),)
    )
    decision = OWA.decide(
        load_parameters(OWA.parameters, old["parameters"]),
        estate(old["estate"]),
        replace(base, back_ends=(back, base.back_ends[1])),
    )
    assert troubles(decision) == found
    assert [change.property for change in decision.plan.changes] == properties


def test_what_users_of_each_edition_go_without() -> None:
    assert features(Group("2013", "2013")).lacks == ()
    assert "the unified contact store" in features(Group("2010", "2013")).lacks
    assert features(Group("2016", "2015")).lacks == ()
    assert features(Group("2016", "2013")).has == ()
