"""The organisations that the lab can be: how each starts, for whom, and what its start states change."""

from __future__ import annotations

from typing import Any

import pytest

from lab_shells import Console, exchange
from rehearsal.exchange_owa import ENABLED
from rehearsal.known_servers import Origin
from rehearsal.machines import Machine
from rehearsal.presence import presence
from rehearsal.topologies import TOPOLOGIES, build_world
from rehearsal.world import World

ON: dict[str, Any] = {"InstantMessagingEnabled": True, "InstantMessagingType": "OCS"}
EXPECTED = {
    "split-2013": 164,
    "colocated-2013": 168,
    "minimal-2013": 168,
    "dag-2013": 164,
    "exchange-2010": 168,
    "exchange-2016-sfb2015": 168,
    "exchange-2019-sfb2019": 168,
    "exchange-se-sfbse": 168,
    "mixed-2013-2016": 168,
    "hybrid-worldwide": 172,
    "hybrid-21vianet": 172,
    "hybrid-gcchigh": 172,
}


def back_ends(world: World) -> list[Machine]:
    return [one for one in world.machines.values() if "mailbox" in one.roles]


def shell_of(world: World) -> Console:
    return exchange(world, back_ends(world)[0].name)


def directory_reasons(world: World) -> set[str]:
    reasons = {reason for why in presence(world).reasons.values() for reason in why}
    return {reason for reason in reasons if "instant messaging is" in reason}


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
@pytest.mark.parametrize("seed", [0, 1])
def test_it_works_for_nobody_at_the_start_and_the_same_number_is_expected_with_any_seed(
    topology: str, seed: int
) -> None:
    report = presence(build_world(topology, seed))
    assert (report.working, report.expected, report.users) == (0, EXPECTED[topology], 200)
    assert report.expected + len(report.excluded) == report.users


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
def test_every_expected_user_has_a_mailbox_on_a_server_of_the_estate(topology: str) -> None:
    world = build_world(topology)
    online = {person.upn for person in world.exchange.people if person.online}
    served = {world.exchange.mailbox_server_of(upn) for upn in presence(world).reasons if upn not in online}
    assert served == {machine.name for machine in back_ends(world)}


def test_users_of_every_kind_are_there() -> None:
    world = build_world("split-2013")
    kinds = [reason.partition(" (L")[0] for why in presence(world).excluded.values() for reason in why]
    for kind in (
        "the user has no mailbox",
        "the mailbox is not on Exchange 2013",
        "the user is not enabled for Lync Server",
        "the mailbox has no SIP proxy address",
        "Outlook Web App is switched off for the mailbox",
        "the mailbox policy Kiosk is without instant messaging on purpose",
    ):
        assert kinds.count(kind) >= 4, kind
    assert sum("is in no SIP domain" in kind for kind in kinds) == 4


def test_an_old_mailbox_says_so_in_its_version() -> None:
    world = build_world("split-2013")
    mailboxes = exchange(world).run("Get-Mailbox", Server="ATL-EX10-001")
    assert set(mailboxes.texts("ExchangeVersion")) == {"0.10 (14.0.100.0)"}
    assert set(mailboxes.texts("AdminDisplayVersion")) == {"Version 14.3 (Build 123.4)"}
    assert len(mailboxes.output) == 4
    current = exchange(world).run("Get-Mailbox", Server="ATL-MBX-001")
    assert set(current.texts("ExchangeVersion")) == {"0.20 (15.0.0.0)"}


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
def test_the_directory_is_right_once_directories_and_the_wanted_policies_are_set(topology: str) -> None:
    world = build_world(topology)
    shell = shell_of(world)
    assert directory_reasons(world)
    for machine in back_ends(world):  # an endpoint sets the directories of its own version
        exchange(world, machine.name).pipe("Get-OwaVirtualDirectory", "Set-OwaVirtualDirectory", ON)
    assert {reason.split(" on ")[-1] for reason in directory_reasons(world)} == {
        "the mailbox policy Default (L69)",
        "the mailbox policy Executives (L69)",
    }
    for policy in ("Default", "Executives"):
        shell.run("Set-OwaMailboxPolicy", policy, **ON)
    assert directory_reasons(world) == set()


def test_a_policy_overrides_the_virtual_directory_both_ways() -> None:
    world = build_world("split-2013")
    shell = shell_of(world)
    owa = world.exchange.owa
    by_policy = {policy: upn for upn, one in owa.mailboxes.items() for policy in [one.policy] if one.owa_enabled}
    server = "atl-mbx-001.litwareinc.com"
    shell.pipe("Get-OwaVirtualDirectory", "Set-OwaVirtualDirectory", ON)
    assert owa.why_not(by_policy[None], server) == ()
    assert owa.why_not(by_policy["Default"], server) != ()
    shell.run("Set-OwaMailboxPolicy", "Default", **ON)
    shell.pipe("Get-OwaVirtualDirectory", "Set-OwaVirtualDirectory", {"InstantMessagingEnabled": False})
    assert owa.why_not(by_policy[None], server) != ()
    assert owa.why_not(by_policy["Default"], server) == ()


def test_users_of_2013_are_not_kept_from_it_by_the_directory_of_2010() -> None:
    world = build_world("split-2013")
    shell = shell_of(world)
    for server in ("ATL-CAS-001", "ATL-CAS-002"):
        shell.pipe("Get-OwaVirtualDirectory", {"Server": server}, "Set-OwaVirtualDirectory", ON)
    assert not any("EX10" in reason or "virtual directory" in reason for reason in directory_reasons(world))


def test_minimal_needs_a_trusted_pool_in_the_servers_own_name() -> None:
    world = build_world("minimal-2013")
    assert [(one.product, one.roles) for one in world.machines.values()] == [
        ("lync", ("front-end",)),
        ("exchange", ("client-access", "mailbox")),
    ]
    shell = shell_of(world)
    assert shell.run("Get-UMDialPlan").texts("URIType") == ["TelExtn"]
    assert {row.origin for row in world.known} == {Origin.LYNC}
    (certificate,) = set(world.im_certificates.values())
    (machine,) = back_ends(world)
    assert certificate in {entry.thumbprint for entry in machine.host.certificates["My"]}


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
def test_a_policy_that_is_off_by_nobodys_decision_is_no_reason_not_to_expect_presence(topology: str) -> None:
    world = build_world(topology, states=["policy-off"])
    report = presence(world)
    assert report.expected == EXPECTED[topology]
    off = [reason for reason in directory_reasons(world) if "not enabled" in reason]
    assert off == ["Outlook Web App: instant messaging is not enabled on the mailbox policy Default (L69)"]


def test_the_start_states_of_directories_touch_only_their_side() -> None:
    owa = build_world("dag-2013", states=["directories-off", "back-ends-on"]).exchange.owa
    assert {one.settings[ENABLED] for one in owa.directories.values() if not one.is_back_end} == {False}
    assert {one.settings["InstantMessagingType"] for one in owa.directories.values() if one.is_back_end} == {"Ocs"}


def test_a_database_can_have_failed_over_at_the_start() -> None:
    world = build_world("dag-2013", states=["failed-over"])
    serving = {world.exchange.mailbox_server_of(one.upn) for one in world.exchange.people if one.database == "DB-002"}
    assert serving == {"atl-mbx-003.litwareinc.com"}


def test_before_and_after_differ_by_what_was_set_and_by_nothing_else() -> None:
    world = build_world("split-2013")
    before = world.snapshot()["exchange"]
    exchange(world).run("Set-OwaVirtualDirectory", "ATL-CAS-001\\owa (Default Web Site)", InstantMessagingType="Ocs")
    after = world.snapshot()["exchange"]
    assert [name for name in after if after[name] != before[name]] == ["virtual_directories"]
    changed = {
        (identity, name)
        for identity, settings in after["virtual_directories"].items()
        for name, value in settings.items()
        if before["virtual_directories"][identity][name] != value
    }
    assert changed == {("ATL-CAS-001\\owa (Default Web Site)", "InstantMessagingType")}
