"""Scenario files of the lab: judged whole, brought about in a world that works otherwise, whatever their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.faults import FAULTS, catalogue
from rehearsal.faults.fault import Where
from rehearsal.faults.scenario import Scenario, ScenarioError, Wanted, build_scenario, read_scenario
from rehearsal.presence import presence
from rehearsal.topologies import TOPOLOGIES


def file(folder: Path, text: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def complaints(path: Path) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as refused:
        read_scenario(path)
    return refused.value.complaints


def test_everything_that_is_wrong_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = """\
topology: split-2014
seed: five
nope: 1
faults:
  - id: cert-expird
  - {id: user-no-sip, foo: x}
  - ucma-missing
  - {server: atl-mbx-001}
  - {id: cert-wildcard}
  - {id: cert-wildcard}
"""
    told = "\n".join(complaints(file(tmp_path, text)))
    for said in (
        "scenario.yaml: topology: there is no topology 'split-2014'; there are: split-2013",
        "seed: 'five' is no whole number",
        "nope: is no key of a scenario; there are: topology, seed, faults",
        "faults[0].id: there is no fault 'cert-expird'; did you mean cert-expired",
        "faults[1].foo: is no key of a fault; there are: id, server, object, user",
        "faults[2]: 'ucma-missing' is no fault; write '- id: ucma-missing'",
        "faults[3].id: missing",
        "faults[5]: stands there twice; leave one out",
    ):
        assert said in told


@pytest.mark.parametrize("text", ["", "- a", "topology: [", "topology: split-2013\nfaults: cert-expired"])
def test_what_is_no_scenario_at_all_is_refused(text: str, tmp_path: Path) -> None:
    assert complaints(file(tmp_path, text))


def test_a_fault_that_cannot_be_there_is_refused_with_what_could_be() -> None:
    wanted = Scenario(
        topology="split-2013",
        faults=(
            Wanted(id="provider-missing"),
            _at("cert-expired", server="atl-cas-001", user="x"),
            _at("user-no-sip", user="nobody@litwareinc.com"),
        ),
    )
    with pytest.raises(ScenarioError) as refused:
        build_scenario(wanted, "file.yaml")
    other, server, needless, user = refused.value.complaints
    assert other == "file.yaml: faults[0].id: 'provider-missing' can't be in split-2013; choose another topology"
    assert "faults[1].server: 'atl-cas-001' can't have cert-expired; it can be atl-mbx-001.litwareinc.com, " in server
    assert "faults[1].user: 'x' is for nothing" in needless
    assert "and 152 more" in user


def test_a_fault_comes_about_where_the_file_says_by_short_name_or_long(tmp_path: Path) -> None:
    for name in ("ATL-MBX-002", "atl-mbx-002.litwareinc.com"):
        text = f"topology: split-2013\nfaults: [{{id: ucma-missing, server: {name}}}]"
        world = build_scenario(read_scenario(file(tmp_path, text)))
        reasons = {why for found in presence(world).reasons.values() for why in found}
        assert reasons == {
            "atl-mbx-002.litwareinc.com: the registry names no instant messaging provider (UCMA, L05, L06)"
        }


def test_the_order_of_the_file_does_not_matter() -> None:
    """A certificate that is replaced is named in web.config anew, so what is wrong there comes after it."""
    ids = ("webconfig-wrong-pool", "cert-expired", "logs-folder-missing")
    states = []
    for order in (ids, tuple(reversed(ids))):
        world = build_scenario(Scenario(topology="split-2013", faults=tuple(Wanted(id=id) for id in order)))
        states.append((world.snapshot(), presence(world)))
    assert states[0] == states[1]


def test_a_world_begins_with_its_faults_and_nothing_in_the_journal() -> None:
    world = build_scenario(Scenario(topology="split-2013", faults=(Wanted(id="cert-expired"),)))
    assert world.journal.entries() == ()
    assert presence(world).working == 0


def test_one_seed_gives_one_world() -> None:
    same = [build_scenario(Scenario(topology="dag-2013", seed=7)).snapshot() for _ in range(2)]
    assert same[0] == same[1]
    assert build_scenario(Scenario(topology="dag-2013", seed=8)).snapshot() != same[0]


def test_the_catalogue_tells_of_every_fault_where_it_can_be() -> None:
    told = {str(one["id"]): one for one in catalogue()}
    assert list(told) == list(FAULTS)
    for one in told.values():
        assert one["topologies"]
        assert set(one["topologies"]) <= set(TOPOLOGIES)  # type: ignore[call-overload]
        assert one["meaning"]
    assert told["provider-missing"]["topologies"] == ["hybrid-worldwide", "hybrid-21vianet", "hybrid-gcchigh"]


def _at(id: str, **where: str) -> Wanted:
    return Wanted(id=id, where=Where(**where))
