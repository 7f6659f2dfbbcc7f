"""The simulated organisation: the same every time, with causes that have their effects."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_shells import exchange, front_end
from rehearsal.host import CertificateEntry
from rehearsal.known_servers import LOG, Origin, known_servers, known_twice
from rehearsal.lync_topology import TrustedPool
from rehearsal.presence import presence, sign_in
from rehearsal.topologies import TOPOLOGIES, build_world
from rehearsal.world import World

OWA = "atl-owa-001.litwareinc.com"
POOL = {"Identity": OWA, "Registrar": "atl-cs-001.litwareinc.com", "Site": "Redmond", "RequiresReplication": False}
APPLICATION = {"ApplicationId": "OutlookWebApp", "TrustedApplicationPoolFqdn": OWA, "Port": 5199}


def lync_reasons(world: World) -> set[str]:
    """Why presence doesn't work, without what the Outlook Web App half lacks."""
    reasons = {reason for why in presence(world).reasons.values() for reason in why}
    return {reason for reason in reasons if not reason.startswith("Outlook Web App")}


def known(world: World, name: str) -> list[Origin]:
    return [row.origin for row in world.known if row.name == name]


def events(world: World, host: str = "atl-fe-002.litwareinc.com") -> list[tuple[int, str]]:
    machine = world.machine(host)
    assert machine is not None
    return [(entry.event_id, entry.message) for entry in machine.host.event_log(LOG).events]


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
def test_one_seed_gives_one_world_and_another_seed_another(topology: str) -> None:
    first, again, other = build_world(topology, 7), build_world(topology, 7), build_world(topology, 8)
    assert first.snapshot() == again.snapshot()
    assert first.snapshot()["servers"] != other.snapshot()["servers"]
    assert first.exchange.people == again.exchange.people != other.exchange.people


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
def test_every_start_state_that_is_listed_can_be_built(topology: str) -> None:
    for state in TOPOLOGIES[topology].states:
        build_world(topology, states=[state])


def test_an_unknown_topology_or_state_is_named_with_the_ones_there_are() -> None:
    with pytest.raises(ValueError, match=r"no topology 'split'.*split-2013"):
        build_world("split")
    with pytest.raises(ValueError, match=r"no start state 'broken'.*duplicate"):
        build_world("split-2013", states=["broken"])


def test_both_back_ends_hold_one_certificate_in_the_owa_pools_name_beside_the_default_ones() -> None:
    world = build_world("split-2013")
    shared = set()
    for name in ("atl-mbx-001", "atl-mbx-002"):
        machine = world.machine(name)
        assert machine is not None
        names = {}
        for entry in machine.host.certificates["My"]:
            subject = x509.load_der_x509_certificate(entry.der).subject
            names[subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value] = entry.der
        assert set(names) == {name.upper(), "Microsoft Exchange Server Auth Certificate", OWA}
        shared.add(names[OWA])
    assert len(shared) == 1


def test_the_start_of_split_2013_lacks_only_the_trusted_pool_on_the_lync_side() -> None:
    world = build_world("split-2013")
    report = presence(world)
    assert (report.working, report.expected, report.users) == (0, 164, 200)
    assert len(report.excluded) == 36
    assert lync_reasons(world) == {
        f"Lync does not know {OWA}, the Subject name of the certificate of {name}.litwareinc.com (L26, L30)"
        for name in ("atl-mbx-001", "atl-mbx-002")
    }


def test_colocated_servers_are_known_by_themselves() -> None:
    world = build_world("colocated-2013")
    assert known(world, "atl-owa-001.litwareinc.com") == [Origin.DISCOVERED]
    assert lync_reasons(world) == set()


def test_a_published_pool_is_known_only_once_the_topology_is_enabled() -> None:
    world = build_world("split-2013")
    shell = front_end(world)
    assert shell.run("New-CsTrustedApplicationPool", **POOL, Force=True).failed is None
    assert shell.run("New-CsTrustedApplication", **APPLICATION).failed is None
    assert known(world, OWA) == []
    assert shell.run("Enable-CsTopology").failed is None
    assert known(world, OWA) == [Origin.TRUSTED]
    assert lync_reasons(world) == set()
    assert (14493, f"A server was added to the known servers.\n\nServer FQDN: {OWA}, Version: 6") in events(world)


def test_a_pool_without_an_application_is_not_enough() -> None:
    world = build_world("split-2013")
    shell = front_end(world)
    shell.run("New-CsTrustedApplicationPool", **POOL, Force=True)
    shell.run("Enable-CsTopology")
    assert lync_reasons(world) == {f"the trusted application pool of {OWA} has no trusted application (L26, L36)"}


def test_joining_a_sip_name_dial_plan_makes_a_server_known_and_a_telephone_one_does_not() -> None:
    world = build_world("split-2013")
    name = "atl-mbx-001.litwareinc.com"
    assert known(world, name) == []  # it is in the TelExtn dial plan already
    exchange(world).run("Set-UMService", "ATL-MBX-001", DialPlans={"Add": "LitwareSipDialPlan"})
    assert known(world, name) == [Origin.DISCOVERED]
    ids = [event_id for event_id, _ in events(world)]
    assert ids == [14492, 44024, 14493, 44024]
    assert events(world)[-1][1].endswith(f"Servers:\n{name}")


@pytest.mark.parametrize(("topology", "server"), [("split-2013", "atl-mbx-001"), ("colocated-2013", "atl-owa-001")])
def test_the_duplicate_breaks_integration_and_taking_pool_and_application_away_repairs_it(
    topology: str, server: str
) -> None:
    world = build_world(topology, states=["duplicate"])
    name = f"{server}.litwareinc.com"
    twice = f"Lync knows {name} twice: discovered and from a trusted application pool (L22, L23)"
    assert twice in lync_reasons(world)
    shell = front_end(world)
    shell.run("Remove-CsTrustedApplication", f"{name}/OutlookWebApp")
    shell.run("Remove-CsTrustedApplicationPool", name)
    assert twice in lync_reasons(world)
    shell.run("Enable-CsTopology")
    assert twice not in lync_reasons(world)
    assert known(world, name) == [Origin.DISCOVERED]
    assert 14495 in [event_id for event_id, _ in events(world)]


def test_joining_the_dial_plan_can_make_the_duplicate() -> None:
    world = build_world("split-2013")
    shell = front_end(world)
    shell.run("New-CsTrustedApplicationPool", **{**POOL, "ComputerFqdn": "atl-mbx-001.litwareinc.com"})
    shell.run("Enable-CsTopology")
    exchange(world).run("Set-UMService", "ATL-MBX-001", DialPlans={"Add": "LitwareSipDialPlan"})
    assert any("twice" in reason for reason in lync_reasons(world))


def test_enabling_the_topology_enables_what_others_published() -> None:
    world = build_world("split-2013", states=["pending"])
    assert known(world, "atl-bot-001.litwareinc.com") == []
    front_end(world).run("Enable-CsTopology")
    assert known(world, "atl-bot-001.litwareinc.com") == [Origin.TRUSTED]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda host: host.registry.remove_key(r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA"), "L06"),
        (lambda host: host.files.delete(host.files.find(_dll(host))), "L07"),
        (lambda host: host.certificates["My"].pop(), r"not in LocalMachine\My"),
        (lambda host: host.certificates["Root"].clear(), "L62"),
        (lambda host: _lose_key(host.certificates["My"]), "no private key"),
    ],
)
def test_what_is_missing_on_one_back_end_stops_presence_for_its_users_alone(damage: object, reason: str) -> None:
    split = build_world("split-2013")
    machine = split.machine("atl-mbx-002")
    assert machine is not None
    assert callable(damage)
    damage(machine.host)
    for person in split.exchange.people:
        why = sign_in(split, person.upn) or ()
        if person.upn in presence(split).reasons:
            assert any(reason in one for one in why) is (person.server == "ATL-MBX-002")


def _lose_key(store: list[CertificateEntry]) -> None:
    store.append(replace(store.pop(), key_readable=False))


def _dll(host: object) -> str:
    path = host.registry.value(  # type: ignore[attr-defined]
        r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging", "ImplementationDLLPath"
    )
    assert isinstance(path, str)
    return path


def test_a_certificate_that_lync_does_not_trust_or_that_has_run_out_stops_presence() -> None:
    world = build_world("colocated-2013")
    for machine in world.front_ends():
        machine.host.certificates["Root"].clear()
    assert {reason.rpartition("(")[2] for reason in lync_reasons(world)} == {"L61)"}
    world = build_world("colocated-2013")
    world.clock.tick(world.clock.now() - world.clock.now().replace(year=2013))
    assert any("is not valid at 2017" in reason for reason in lync_reasons(world))


def test_users_who_do_not_meet_the_conditions_are_excluded_with_the_condition() -> None:
    world = build_world("split-2013")
    excluded = presence(world).excluded
    assert {why[-6:-1] for reasons in excluded.values() for why in reasons} == {
        " (L68",  # a policy without instant messaging, on purpose
        " (L72",
        " (L73",
        " (L74",
        " (L78",
    }
    upn = next(iter(excluded))
    assert sign_in(world, upn.upper()) == excluded[upn]
    assert sign_in(world, "nobody@litwareinc.com") is None


def test_every_change_is_journalled_with_who_made_it_and_what_stood_before() -> None:
    world = build_world("split-2013")
    assert world.journal.entries() == ()
    exchange(world).run("Set-UMService", "ATL-MBX-001", DialPlans={"Add": "LitwareSipDialPlan"})
    shell = front_end(world)
    shell.run("New-CsTrustedApplicationPool", **POOL, Force=True)
    shell.run("Set-CsTrustedApplicationPool", OWA, OutboundOnly=True)
    shell.run("Enable-CsTopology")
    entries = world.journal.entries()
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4]
    dial_plans, pool, outbound, enabled = entries
    assert (dial_plans.command, dial_plans.user) == ("Set-UMService", "LITWARE\\exchange-admin")
    assert (dial_plans.before, dial_plans.after) == (
        ["LitwareTelDialPlan"],
        ["LitwareTelDialPlan", "LitwareSipDialPlan"],
    )
    assert pool.object == f"published TrustedApplicationPool:{OWA}"
    assert (pool.before, pool.after["registrar"]) == (None, "atl-cs-001.litwareinc.com")
    assert (outbound.property, outbound.before, outbound.after) == ("outbound_only", False, True)
    assert (enabled.command, enabled.after["outbound_only"]) == ("Enable-CsTopology", True)


def test_reading_changes_nothing() -> None:
    world = build_world("split-2013")
    before = {**world.snapshot(), "time": None}
    shell = front_end(world)
    for name in ("Get-CsTrustedApplicationPool", "Get-CsTopology", "Get-CsUser", "Get-CsService", "Get-CsCertificate"):
        assert shell.run(name).failed is None
    exchange(world).run("Get-UMService")
    assert {**world.snapshot(), "time": None} == before
    assert world.journal.entries() == ()


def test_time_passes_with_what_is_done_and_not_otherwise() -> None:
    world, other = build_world("split-2013"), build_world("split-2013")
    start = world.clock.now()
    assert world.clock.now() == start
    for each in (world, other):
        front_end(each).run("Get-CsSite")
    assert world.clock.now() == other.clock.now() > start


_NAMES = st.sets(st.sampled_from([f"host-{number}.litwareinc.com" for number in range(6)]))


@settings(max_examples=60)
@given(trusted=_NAMES, discovered=_NAMES)
def test_a_name_is_known_twice_exactly_where_it_came_in_both_ways(trusted: set[str], discovered: set[str]) -> None:
    document = _EMPTY
    for number, name in enumerate(sorted(trusted), start=1):
        pool = TrustedPool(
            fqdn=name, site="Site:Redmond", registrar=None, service_number=number, computers=(name.upper(),)
        )
        document = document.with_pool(pool)
    assert known_twice(known_servers(document, discovered)) == trusted & discovered


_EMPTY = build_world("colocated-2013").lync.published
