"""Facts about people: whole lists, and answers read as they come over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.command import Shell, Target
from runbook.errors import PipelineFailed
from runbook.facts import recipients
from runbook.facts.query import Query
from runbook.facts.recipients import ClientAccess, LyncUser, OwaPolicy
from runbook.powershell import render
from server_answers import enum, parsed, thing

EXCHANGE = Target("atl-mbx-001.litwareinc.com", Shell.EXCHANGE)
LYNC = Target("atl-fe-001.litwareinc.com", Shell.LYNC)
DC = "atl-dc-001.litwareinc.com"


def mailbox(**changed: Any) -> Any:
    values: dict[str, Any] = {
        "Identity": thing("litwareinc.com/Users/Ken Myer"),
        "UserPrincipalName": "kenmyer@litwareinc.com",
        "EmailAddresses": ("SMTP:KenMyer@litwareinc.com", "smtp:ken@litwareinc.com", thing("SIP:Ken@LitwareInc.com")),
        "ServerName": "atl-mbx-001",
        "RecipientTypeDetails": enum("UserMailbox", 1),
        "AdminDisplayVersion": thing("Version 15.0 (Build 1497.2)"),
        "ExchangeVersion": thing("0.20 (15.0.0.0)"),
    }
    (found,) = parsed(recipients.mailboxes(EXCHANGE), thing(**values | changed))
    return found


@pytest.mark.parametrize(
    "query", [recipients.mailboxes(EXCHANGE), recipients.client_access(EXCHANGE), recipients.lync_users(LYNC)]
)
def test_nobody_is_left_out_of_a_list(query: Query[Any]) -> None:
    assert "-ResultSize Unlimited" in render(query.pipeline)


@pytest.mark.parametrize("ask", [recipients.owa_policies, recipients.mailboxes, recipients.client_access])
def test_the_domain_controller_is_pinned_where_one_is_named(ask: Any) -> None:
    assert f"-DomainController {DC}" in render(ask(EXCHANGE, DC).pipeline)
    assert "-DomainController" not in render(ask(EXCHANGE).pipeline)


def test_a_mailbox_and_its_addresses_by_prefix_in_any_case() -> None:
    found = mailbox()
    assert found.smtp_addresses == ("kenmyer@litwareinc.com", "ken@litwareinc.com")
    assert found.sip_addresses == ("ken@litwareinc.com",)
    assert (found.identity, found.server, found.is_person) == ("litwareinc.com/Users/Ken Myer", "atl-mbx-001", True)


@pytest.mark.parametrize(
    ("kind", "person"),
    [("UserMailbox", True), ("LinkedMailbox", True), ("LegacyMailbox", True)]
    + [(kind, False) for kind in ("RoomMailbox", "EquipmentMailbox", "SharedMailbox", "DiscoveryMailbox")],
)
def test_who_is_a_person(kind: str, person: bool) -> None:
    assert mailbox(RecipientTypeDetails=enum(kind, 0)).is_person is person


@pytest.mark.parametrize(
    ("server", "made", "edition"),
    [
        ("Version 15.0 (Build 1497.2)", "0.10 (14.0.100.0)", "2013"),
        ("Version 14.3 (Build 123.4)", "0.20 (15.0.0.0)", "2010"),
        ("Version 14.0 (Build 639.21)", "0.10 (14.0.100.0)", ""),
        ("Version 15.1 (Build 2375.7)", "0.20 (15.0.0.0)", "2016"),
        (None, "0.20 (15.0.0.0)", "2013"),
        (None, "0.10 (14.0.100.0)", "2010"),
        (None, None, "2010"),
    ],
)
def test_the_servers_version_goes_before_the_objects(server: str | None, made: str | None, edition: str) -> None:
    assert mailbox(AdminDisplayVersion=server, ExchangeVersion=made).edition == edition


@pytest.mark.parametrize(("policy", "read"), [(None, ""), (thing("Default"), "Default")])
def test_a_mailbox_without_policy_follows_the_virtual_directory(policy: Any, read: str) -> None:
    said = thing(Identity="x", OWAEnabled=True, OwaMailboxPolicy=policy)
    assert parsed(recipients.client_access(EXCHANGE), said) == (
        ClientAccess(identity="x", owa_enabled=True, policy=read),
    )


@pytest.mark.parametrize(
    ("enabled", "kind", "has_im"),
    [(True, "Ocs", True), (True, "OCS", True), (True, "None", False), (False, "Ocs", False)],
)
def test_a_policy_has_im_by_switch_and_type_together(enabled: bool, kind: str, has_im: bool) -> None:
    said = thing(
        Name="Default",
        Identity=thing("Default"),
        IsDefault=True,
        InstantMessagingEnabled=enabled,
        InstantMessagingType=enum(kind, 1),
    )
    (found,) = parsed(recipients.owa_policies(EXCHANGE), said)
    assert found == OwaPolicy(name="Default", identity="Default", is_default=True, im_enabled=enabled, im_type=kind)
    assert found.has_im is has_im


def test_a_lync_user_and_the_address_without_its_prefix() -> None:
    said = thing(
        Identity="CN=Ken", UserPrincipalName="k@a.b", SipAddress="SIP:Ken@A.B", Enabled=True, RegistrarPool="p"
    )
    (found,) = parsed(recipients.lync_users(LYNC), said)
    assert found == LyncUser(identity="CN=Ken", user="k@a.b", sip_address="SIP:Ken@A.B", enabled=True, pool="p")
    assert found.bare_sip_address == "ken@a.b"


def test_a_user_without_address_or_pool_is_read_too() -> None:
    said = thing(Identity="CN=Ken", UserPrincipalName=None, SipAddress=None, Enabled=False, RegistrarPool=None)
    (found,) = parsed(recipients.lync_users(LYNC), said)
    assert (found.bare_sip_address, found.enabled) == ("", False)


@pytest.mark.parametrize(
    "said", [thing(Identity="LitwareInc.com", Name=None), thing(Identity="x", Name="litwareinc.com")]
)
def test_sip_domains_by_name_else_identity(said: Any) -> None:
    assert parsed(recipients.sip_domains(LYNC), said) == ("litwareinc.com",)


def test_an_error_is_never_taken_for_nobody() -> None:
    with pytest.raises(PipelineFailed):
        parsed(recipients.mailboxes(EXCHANGE), errors=["[Server=x],Microsoft.Exchange.Failure"])
    with pytest.raises(ValueError, match="OWAEnabled should be True or False"):
        parsed(recipients.client_access(EXCHANGE), thing(Identity="x", OWAEnabled=None, OwaMailboxPolicy=None))
