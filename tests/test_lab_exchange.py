"""The Exchange cmdlets: what they find, refuse and change, in the forms that real servers give."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cryptography import x509

from lab_shells import Console, exchange
from rehearsal.topologies import build_world
from rehearsal.world import World

READS = ("Get-ExchangeServer", "Get-UMService", "Get-UMDialPlan", "Get-Mailbox", "Get-CASMailbox")


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


@pytest.fixture
def shell(world: World) -> Console:
    return exchange(world)


def test_a_server_says_its_build_and_roles(shell: Console) -> None:
    found = shell.run("Get-ExchangeServer")
    assert found.texts("Name") == ["ATL-CAS-001", "ATL-CAS-002", "ATL-MBX-001", "ATL-MBX-002", "ATL-EX10-001"]
    assert found.texts("ServerRole") == [
        "ClientAccess",
        "ClientAccess",
        "Mailbox",
        "Mailbox",
        "Mailbox, ClientAccess, HubTransport",
    ]
    assert set(found.texts("AdminDisplayVersion")[:4]) == {"Version 15.0 (Build 1497.2)"}
    assert found.texts("AdminDisplayVersion")[4] == "Version 14.3 (Build 123.4)"
    assert found.values("IsE15OrLater") == [True, True, True, True, False]


def test_a_multi_role_server_names_both_roles() -> None:
    found = exchange(build_world("colocated-2013"), "atl-owa-001.litwareinc.com").run("Get-ExchangeServer")
    assert found.texts("ServerRole") == ["Mailbox, ClientAccess"]


@pytest.mark.parametrize("identity", ["ATL-MBX-001", "atl-mbx-001.litwareinc.com", "atl-mbx-001"])
def test_a_server_is_found_by_short_and_full_name_in_any_case(shell: Console, identity: str) -> None:
    for name in ("Get-ExchangeServer", "Get-UMService"):
        assert shell.run(name, identity).texts("Name") == ["ATL-MBX-001"]


@pytest.mark.parametrize("name", READS)
def test_identity_null_returns_everything(shell: Console, name: str) -> None:
    everything = shell.run(name).texts("Name")
    assert len(everything) > 1
    assert shell.run(name, Identity=None).texts("Name") == everything


@pytest.mark.parametrize("name", READS)
def test_an_unknown_identity_gives_exchanges_own_error(shell: Console, name: str) -> None:
    heard = shell.run(name, "nobody-there")
    assert (heard.output, heard.failed) == ([], None)
    (record,) = heard.errors
    assert record.message == (
        "The operation couldn't be performed because object 'nobody-there' couldn't be found on "
        "'atl-dc-001.litwareinc.com'."
    )
    assert (record.category, record.reason) == ("NotSpecified", "ManagementObjectNotFoundException")
    assert re.fullmatch(
        r"\[Server=ATL-MBX-001,RequestId=[0-9a-f-]{36},TimeStamp=3/2/2015 8:00:01 AM\] "
        r"\[FailureCategory=Cmdlet-ManagementObjectNotFoundException\] [0-9A-F]{8},"
        rf"Microsoft\.Exchange\.Management\.[\w.]+\.{name.replace('-', '')}",
        record.error_id,
    )


def test_an_unknown_domain_controller_is_refused_before_anything_is_read(shell: Console) -> None:
    heard = shell.run("Get-UMDialPlan", DomainController="gone.litwareinc.com")
    assert heard.failed is not None
    assert heard.failed.reason == "SuitabilityDirectoryException"
    assert shell.run("Get-UMDialPlan", DomainController="ATL-DC-001.litwareinc.com").output


def test_um_services_are_on_mailbox_servers_and_call_routers_on_client_access_servers(shell: Console) -> None:
    assert shell.run("Get-UMService").texts("Name") == ["ATL-MBX-001", "ATL-MBX-002"]
    assert shell.run("Get-UMCallRouterSettings").texts("Identity") == ["ATL-CAS-001", "ATL-CAS-002"]
    assert shell.run("Get-UMService", "ATL-CAS-001").errors
    assert shell.run("Get-UMCallRouterSettings", "ATL-MBX-001").errors


def test_dial_plans_say_their_uri_type_and_their_servers(shell: Console) -> None:
    found = shell.run("Get-UMDialPlan")
    assert dict(zip(found.texts("Name"), found.texts("URIType"), strict=True)) == {
        "LitwareSipDialPlan": "SipName",
        "LitwareTelDialPlan": "TelExtn",
    }
    assert found.texts("UMServers") == ["", "ATL-MBX-001"]


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"Add": "LitwareSipDialPlan"}, ["LitwareTelDialPlan", "LitwareSipDialPlan"]),
        ({"Add": "litwaretelDIALPLAN"}, ["LitwareTelDialPlan"]),
        (["litwaresipdialplan"], ["LitwareSipDialPlan"]),
        ({"Add": "LitwareSipDialPlan", "Remove": "LitwareTelDialPlan"}, ["LitwareSipDialPlan"]),
        (None, []),
    ],
)
def test_dial_plans_are_added_removed_or_replaced_whole(shell: Console, change: Any, after: list[str]) -> None:
    heard = shell.run("Set-UMService", "ATL-MBX-001", DialPlans=change)
    assert (heard.failed, heard.errors) == (None, [])
    (plans,) = shell.run("Get-UMService", "ATL-MBX-001").values("DialPlans")
    assert [plan.text for plan in plans.items] == after
    assert plans.type_names[0].startswith("Microsoft.Exchange.Data.MultiValuedProperty`1[[")


def test_a_dial_plan_that_does_not_exist_changes_nothing(world: World, shell: Console) -> None:
    heard = shell.run("Set-UMService", "ATL-MBX-001", DialPlans={"Add": "NoSuchPlan"}, UMStartupMode="Dual")
    assert heard.failed is not None
    assert "NoSuchPlan" in heard.failed.message
    assert world.journal.entries() == ()


def test_call_router_settings_take_their_server_from_the_pipeline(shell: Console) -> None:
    heard = shell.pipe("Get-UMCallRouterSettings", "Set-UMCallRouterSettings", {"DialPlans": ["LitwareSipDialPlan"]})
    assert (heard.failed, heard.errors) == (None, [])
    assert set(shell.run("Get-UMCallRouterSettings").texts("DialPlans")) == {"LitwareSipDialPlan"}


def test_what_if_changes_nothing(world: World, shell: Console) -> None:
    shell.run("Set-UMService", "ATL-MBX-001", DialPlans=None, WhatIf=True)
    assert world.journal.entries() == ()


def test_a_new_startup_mode_warns_that_the_service_must_restart(shell: Console) -> None:
    assert "restarts" in shell.run("Set-UMService", "ATL-MBX-001", UMStartupMode="dual").warnings[0]
    assert shell.run("Set-UMService", "ATL-MBX-001", UMStartupMode="Dual").warnings == []


def test_a_certificate_crosses_the_wire_as_raw_data_and_a_blob_alone(shell: Console) -> None:
    found = shell.run("Get-ExchangeCertificate")
    assert len(found.output) == 3
    for item in found.output:
        assert list(item.properties) == ["RawData"]
        assert list(item.extended) == ["SerializationData"]
        x509.load_der_x509_certificate(item.properties["RawData"])


def test_the_server_knows_more_of_a_certificate_for_select_object(shell: Console) -> None:
    found = shell.pipe("Get-ExchangeCertificate", "Select-Object", {"Property": ["Subject", "Services"]})
    assert dict(zip(found.texts("Subject"), found.texts("Services"), strict=True))["CN=atl-owa-001.litwareinc.com"] == (
        "UM, IIS"
    )


def test_the_certificates_of_another_server_and_one_alone_can_be_asked_for(world: World, shell: Console) -> None:
    own = {item.properties["RawData"] for item in shell.run("Get-ExchangeCertificate").output}
    other = {item.properties["RawData"] for item in shell.run("Get-ExchangeCertificate", Server="ATL-MBX-002").output}
    assert len(own & other) == 2  # the shared one and the Auth certificate
    thumbprint = world.im_certificates["atl-mbx-001.litwareinc.com"]
    assert len(shell.run("Get-ExchangeCertificate", thumbprint.lower()).output) == 1
    assert shell.run("Get-ExchangeCertificate", "0" * 40).failed is not None


def test_mailboxes_are_counted_filtered_and_cut_off_with_a_warning(world: World, shell: Console) -> None:
    assert len(shell.run("Get-Mailbox").output) == 196  # four of the users have none
    assert len(shell.run("Get-Mailbox", Server="ATL-MBX-001").output) == 100
    some = shell.run("Get-Mailbox", ResultSize=5)
    assert (len(some.output), len(some.warnings)) == (5, 1)
    person = world.exchange.people[0]
    by_filter = shell.run("Get-Mailbox", Filter=f"Alias -eq '{person.alias}'")
    assert by_filter.texts("PrimarySmtpAddress") == [person.mail]
    assert by_filter.texts("EmailAddresses") == [f"SMTP:{person.mail} {person.sip_proxy}"]
    assert shell.run("Get-Mailbox", Filter="Alias").failed is not None


def test_lync_cmdlets_are_not_on_the_exchange_endpoint(shell: Console) -> None:
    heard = shell.run("Get-CsSite")
    assert heard.failed is not None
    assert heard.failed.error_id == "CommandNotFoundException"
