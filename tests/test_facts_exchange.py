"""Facts of Exchange: what is asked of the no-language endpoint, and how its answers are read."""

from __future__ import annotations

import pytest

from runbook.command import Shell, Target
from runbook.errors import PipelineFailed
from runbook.facts import exchange
from runbook.facts.exchange import DialPlan, ExchangeServer
from runbook.powershell import render
from server_answers import enum, parsed, thing

HERE = Target("atl-mbx-001.litwareinc.com", Shell.EXCHANGE)
DC = "atl-dc-001.litwareinc.com"


def test_the_domain_controller_is_pinned_where_one_is_named() -> None:
    assert render(exchange.servers(HERE, DC).pipeline).startswith(f"Get-ExchangeServer -DomainController {DC} |")
    assert render(exchange.servers(HERE).pipeline).startswith("Get-ExchangeServer |")
    for query in (exchange.um_service(HERE, "ATL-MBX-001", DC), exchange.um_call_router(HERE, "a.b", DC)):
        assert f"-DomainController {DC}" in render(query.pipeline)


@pytest.mark.parametrize(
    ("version", "edition"),
    [
        ("Version 14.3 (Build 123.4)", "2010"),
        ("Version 15.0 (Build 1497.2)", "2013"),
        ("Version 15.1 (Build 2375.7)", "2016"),
        ("Version 15.2 (Build 1118.40)", "2019"),
        ("15.0.1497.2", "2013"),
        ("something", ""),
    ],
)
def test_the_edition_of_a_version(version: str, edition: str) -> None:
    assert ExchangeServer(name="a", fqdn="a.b", version=version, roles=()).edition == edition


def test_servers() -> None:
    found = parsed(
        exchange.servers(HERE),
        thing(
            Name="ATL-MBX-001",
            Fqdn="ATL-MBX-001.litwareinc.com",
            AdminDisplayVersion=thing("Version 15.0 (Build 1497.2)"),
            ServerRole=enum("Mailbox, ClientAccess", 16386),
        ),
    )
    assert found[0].roles == ("Mailbox", "ClientAccess")
    assert (found[0].is_mailbox, found[0].routes_um_calls, found[0].has_um) == (True, True, True)


def test_a_2013_mailbox_server_has_no_call_router_and_2019_no_um_at_all() -> None:
    old = ExchangeServer(name="a", fqdn="a.b", version="Version 15.0 (Build 1.2)", roles=("Mailbox",))
    new = ExchangeServer(name="a", fqdn="a.b", version="Version 15.2 (Build 1.2)", roles=("Mailbox",))
    assert not old.routes_um_calls
    assert not new.has_um


def test_dial_plans_and_their_servers() -> None:
    found = parsed(
        exchange.dial_plans(HERE),
        thing(Name="Sip", URIType=enum("SipName", 2), UMServers=(thing("ATL-MBX-001"), "ATL-MBX-002")),
        thing(Name="Tel", URIType=enum("TelExtn", 0), UMServers=None),
    )
    assert found == (
        DialPlan(name="Sip", uri_type="SipName", um_servers=("ATL-MBX-001", "ATL-MBX-002")),
        DialPlan(name="Tel", uri_type="TelExtn"),
    )
    assert [plan.is_sip for plan in found] == [True, False]


def test_membership_keeps_order_and_takes_one_object_only() -> None:
    query = exchange.um_service(HERE, "ATL-MBX-001")
    assert parsed(query, thing(Name="ATL-MBX-001", DialPlans=(thing("B"), thing("A")))) == ("B", "A")
    assert parsed(query, thing(Name="ATL-MBX-001", DialPlans=())) == ()
    two = [thing(Name=name, DialPlans=()) for name in ("a", "b")]
    with pytest.raises(ValueError, match="expected one UM service"):
        parsed(query, *two)


def test_an_error_is_never_taken_for_no_dial_plans() -> None:
    with pytest.raises(PipelineFailed, match="ManagementObjectNotFoundException"):
        parsed(exchange.um_service(HERE, "x"), errors=["[Server=x],Exchange.ManagementObjectNotFoundException"])


def test_an_answer_of_another_kind_is_a_fault() -> None:
    with pytest.raises(ValueError, match="has no DialPlans"):
        parsed(exchange.um_call_router(HERE, "x"), thing(Name="x"))
