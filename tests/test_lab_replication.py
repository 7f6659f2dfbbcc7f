"""Replicas of the Central Management store: who lags, who stands still, and what a server's own copy says (Y29-Y32)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_shells import FRONT_END, Console, front_end
from rehearsal.clock import DEFAULT_START
from rehearsal.federation import AccessEdge, FederationSettings
from rehearsal.lync_topology import TopologyDocument
from rehearsal.replication import EDGE_LAG, FRONT_END_LAG, Replica, ReplicatedStore
from rehearsal.topologies import build_world
from rehearsal.world import World

EDGE, OWA = "atl-edge-001.litwareinc.com", "atl-owa-001.litwareinc.com"
EMPTY = TopologyDocument(sites=(), pools=(), sip_domains=())


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


def edge(world: World) -> Console:
    return Console(world, EDGE, "/wsman", "edge-admin")


def current(world: World) -> dict[str, bool]:
    heard = front_end(world).run("Get-CsManagementStoreReplicationStatus")
    return dict(zip(heard.values("ReplicaFqdn"), heard.values("UpToDate"), strict=True))


def test_a_front_end_is_up_to_date_before_the_edge(world: World) -> None:
    front_end(world).run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)
    assert not any(current(world).values())
    world.clock.tick(FRONT_END_LAG)
    assert (current(world)[FRONT_END], current(world)[EDGE]) == (True, False)
    world.clock.tick(EDGE_LAG)
    assert all(current(world).values())


@pytest.mark.parametrize(
    ("topology", "build"),
    [("hybrid-worldwide", "5.0.8308"), ("hybrid-21vianet", "6.0.9319"), ("hybrid-gcchigh", "7.0.2046")],
)
def test_a_replica_tells_the_version_of_its_product(topology: str, build: str) -> None:
    heard = front_end(build_world(topology)).run("Get-CsManagementStoreReplicationStatus")
    assert {version.rpartition(".")[0] for version in heard.values("ProductVersion")} == {build}
    assert EDGE in heard.values("ReplicaFqdn")


def test_asking_again_and_again_comes_to_an_end(world: World) -> None:
    """Every pipeline lets some of the world's time pass, so that whoever waits for replication is not left waiting."""
    front_end(world).run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)
    assert any(all(current(world).values()) for _ in range(60))


def test_a_topology_has_to_be_replicated_too_and_the_edges_own_copy_is_the_old_one_until_then(world: World) -> None:
    shell = front_end(world)
    pool = {"Registrar": "atl-cs-001.litwareinc.com", "Site": "Redmond", "RequiresReplication": False, "Force": True}
    assert shell.run("New-CsTrustedApplicationPool", OWA, **pool).failed is None
    assert not any(current(world).values())
    (before,) = edge(world).run("Get-CsTopology", AsXml=True, LocalStore=True).output
    world.clock.tick(timedelta(minutes=1))
    (after,) = edge(world).run("Get-CsTopology", AsXml=True, LocalStore=True).output
    assert (OWA in before.text, OWA in after.text) == (False, True)


def test_a_trusted_pools_computer_that_requires_replication_never_gets_any(world: World) -> None:
    shell = front_end(world)
    pool = {"Registrar": "atl-cs-001.litwareinc.com", "Site": "Redmond", "RequiresReplication": True, "Force": True}
    shell.run("New-CsTrustedApplicationPool", OWA, **pool)
    assert shell.run("Invoke-CsManagementStoreReplication", OWA).errors == []
    world.clock.tick(timedelta(hours=1))
    assert [fqdn for fqdn, up_to_date in current(world).items() if not up_to_date] == [OWA]


def test_who_is_no_replica_cannot_be_asked_about(world: World) -> None:
    shell = front_end(world)
    for name in ("Get-CsManagementStoreReplicationStatus", "Invoke-CsManagementStoreReplication"):
        assert [one.category for one in shell.run(name, "nobody.litwareinc.com").errors] == ["ObjectNotFound"]


def test_the_state_tells_who_is_up_to_date(world: World) -> None:
    assert world.snapshot()["replicas"][EDGE] == {"up_to_date": True}
    front_end(world).run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)
    assert world.snapshot()["replicas"][EDGE] == {"up_to_date": False}


def store(lag: timedelta) -> ReplicatedStore:
    begun = ReplicatedStore.begun(DEFAULT_START, FederationSettings(), EMPTY)
    begun.replicas[EDGE] = Replica(EDGE, lag, "5.0.8308.0")
    return begun


@given(st.lists(st.tuples(st.integers(1, 100), st.booleans()), min_size=1, max_size=8), st.integers(0, 200))
def test_a_copy_is_a_version_that_was_written_and_never_goes_back(writes: list[tuple[int, bool]], later: int) -> None:
    replicated, now = store(EDGE_LAG), DEFAULT_START
    versions = [replicated.current]
    for seconds, value in writes:
        now += timedelta(seconds=seconds)
        versions.append(FederationSettings(access_edge=AccessEdge(allow_federated_users=value)))
        replicated.write(versions[-1], now)
    moments: list[datetime] = [now + timedelta(seconds=second) for second in range(later + 1)]
    seen = [next(n for n, one in enumerate(versions) if one is replicated.at(EDGE, moment)) for moment in moments]
    assert seen == sorted(seen)
    up_to_date = [replicated.is_current(replicated.replicas[EDGE], moment) for moment in moments]
    assert up_to_date == [number == len(versions) - 1 for number in seen]


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_replica_that_stands_still_keeps_its_copy_until_a_full_one_is_asked_for(wait: int, asked: int) -> None:
    replicated = store(EDGE_LAG)
    replicated.replicas[EDGE].stuck_since = DEFAULT_START
    written = DEFAULT_START + timedelta(seconds=1)
    replicated.write(FederationSettings(access_edge=AccessEdge(allow_federated_users=True)), written)
    moment = written + timedelta(seconds=wait)
    assert not replicated.at(EDGE, moment).access_edge.allow_federated_users
    replicated.ask(EDGE, moment)
    then = moment + timedelta(seconds=asked)
    arrived = replicated.at(EDGE, then).access_edge.allow_federated_users
    assert arrived == (then >= moment + EDGE_LAG)
