"""Every known way that the integration fails: its cause is named, nothing else is blamed, and what may be is mended.

The organisations are the lab's, without its wire (:mod:`memory_lab`); whether people have presence is the lab's own
word. Users have tried to sign in before anybody looks, so that what is broken shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from broken_world import (
    LOOKED_AT,
    ONLY_WHEN_APPLIED,
    Broken,
    Found,
    above_information,
    broken,
    fitting,
    look,
    mixes,
    unexplained,
)
from memory_lab import MemoryLab
from rehearsal.faults import FAULTS
from rehearsal.faults.fault import Fault, Repair
from rehearsal.faults.healthy import people_at_work
from rehearsal.presence import presence
from rehearsal.topologies import TOPOLOGIES
from runbook.catalogue.checks import check_named
from runbook.change import Outcome
from runbook.ledger.events import Mode

SEED, MIXES, BATCH = 20131, 300, 10
MENDED_MIXES, MENDED_BATCH = 24, 4
VISIBLE = [fault for fault in FAULTS.values() if fault.id not in ONLY_WHEN_APPLIED]
MENDED = [fault for fault in VISIBLE if fault.repair is not Repair.MANUAL]

HARMLESS = {
    "backend-vdir-type-ocs",
    "cert-expiring",
    "cert-san-missing",
    "clock-skew",
    "dag-member-unconfigured",
    "dial-plan-would-duplicate",
    "events-lost",
    "exchange-not-in-dial-plan",
    "logs-folder-missing",
    "lync-root-store-misplaced-ca",
    "no-event-112",
    "not-delegated",
    "pool-not-treated-as-authenticated",
    "pool-requires-replication",
    "provider-duplicate-proxy",
    "replica-stale",
    "server-in-maintenance",
    "topology-pending-changes",
    "topology-port-in-use",
    "webconfig-duplicate-keys",
}
"""With these alone everybody has presence still: they come true later, or elsewhere, or only hide what is wrong."""


def named(fault: Fault) -> str:
    return fault.id


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_healthy_organisation_gives_nothing_to_find(topology: str, tmp_path: Path) -> None:
    lab, _ = broken(tmp_path, topology, ())
    assert above_information(look(lab)) == []
    seen = lab.presence()
    assert seen.working == seen.expected > 100


@pytest.mark.parametrize("fault", FAULTS.values(), ids=named)
def test_a_fault_fits_a_topology(fault: Fault) -> None:
    assert fitting()[fault.id]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=named)
def test_the_lab_and_the_catalogue_mean_the_same_by_an_id(fault: Fault) -> None:
    check = check_named(fault.id)
    assert (check.repair, check.severity != "info") == (fault.repair.value, True)
    assert set(fault.requirements) <= set(check.requirements)


@pytest.mark.parametrize("fault", VISIBLE, ids=named)
def test_one_fault_is_named_where_it_is_and_nothing_else(fault: Fault, tmp_path: Path) -> None:
    for topology in _some(fitting()[fault.id]):
        lab, placed = broken(tmp_path / topology, topology, [fault])
        _assert_found(look(lab, placed), placed, f"{fault.id} in {topology}")


@pytest.mark.parametrize("fault", MENDED, ids=named)
def test_what_may_be_mended_is_and_people_have_presence_again(fault: Fault, tmp_path: Path) -> None:
    lab, placed = broken(tmp_path, fitting()[fault.id][0], [fault])
    owner = placed[0].owner[0]
    assert _apply(lab, owner, _consents(placed)) in (Outcome.VERIFIED, Outcome.NOT_NEEDED)
    _assert_whole_again(lab, fault.id)
    others = {server.lower() for server in lab.world.owa} - {placed[0].where.server.lower()}
    if placed[0].where.server:
        touched = {entry.host.lower() for entry in lab.world.journal.entries() if entry.user != "SYSTEM"}
        assert not touched & others, "only the server that the fault is at was touched"


def test_a_recycle_that_iis_refuses_is_told_once_it_was_tried(tmp_path: Path) -> None:
    lab, placed = broken(tmp_path, "split-2013", [FAULTS["recycle-fails"]])
    run = lab.open("owa_enablement", Mode.APPLY)
    run.check()
    run.apply(confirmed_by="the test")
    found = [("owa_enablement", finding) for finding in run.verify().findings]
    assert run.finish() is Outcome.FAILED
    assert placed[0].is_named(found)


@pytest.mark.parametrize("batch", range(MIXES // BATCH))
def test_of_several_faults_each_is_named_and_none_invented(batch: int, tmp_path: Path) -> None:
    for number, (topology, faults) in list(enumerate(mixes(SEED, MIXES)))[batch * BATCH : (batch + 1) * BATCH]:
        lab, placed = broken(tmp_path / str(number), topology, faults)
        said = f"mix {number} of seed {SEED}: {topology}: {', '.join(fault.id for fault in faults)}"
        _assert_found(look(lab, placed), placed, said)


@pytest.mark.parametrize("batch", range(MENDED_MIXES // MENDED_BATCH))
def test_several_faults_that_may_be_mended_are_by_the_sections_in_their_order(batch: int, tmp_path: Path) -> None:
    drawn = list(mixes(SEED, MENDED_MIXES, lambda fault: fault in MENDED))
    for topology, faults in drawn[batch * MENDED_BATCH : (batch + 1) * MENDED_BATCH]:
        said = f"of seed {SEED}: {topology}: {', '.join(fault.id for fault in faults)}"
        lab, placed = broken(tmp_path / str(drawn.index((topology, faults))), topology, faults)
        for section in LOOKED_AT:
            _apply(lab, section, _consents(each for each in placed if each.owner[0] == section))
        _assert_whole_again(lab, said)


def test_presence_is_gone_where_a_fault_says_so_and_only_there(tmp_path: Path) -> None:
    """The world itself decides, and not every fault keeps anybody from presence."""
    harmless = set()
    for fault in FAULTS.values():
        lab, _ = broken(tmp_path / fault.id, fitting()[fault.id][0], [fault])
        seen = presence(lab.world)
        if seen.working == seen.expected and not seen.excluded:
            harmless.add(fault.id)
    assert harmless == HARMLESS


def _some(topologies: tuple[str, ...]) -> tuple[str, ...]:
    """The first that it fits and the last: mostly an edition of its own."""
    return tuple(dict.fromkeys((topologies[0], topologies[-1])))


def _assert_found(found: Found, placed: tuple[Broken, ...], said: str) -> None:
    missed = [each.fault.id for each in placed if not each.is_named(found)]
    assert (missed, list(unexplained(placed, found))) == ([], []), said
    for _, finding in found:
        assert set(finding.requirements) <= set(check_named(finding.id).requirements), finding.id


def _assert_whole_again(lab: MemoryLab, said: str) -> None:
    """By the world's own word: everybody has presence, and nothing is left to find."""
    people_at_work(lab.world)
    seen = lab.presence()
    assert (seen.working, dict(list(seen.reasons.items())[:1])) == (seen.expected, {}), said
    left = set(above_information(look(lab)))
    assert left <= {"verification: im-sign-in-failed"}, f"{said}: a log keeps what failed before, and nothing else"


def _consents(broken: Iterable[Broken]) -> dict[str, bool]:
    """The switches that agree to mending these; lists of names stand in the rehearsal's parameters."""
    named = {check_named(each.fault.id).consent for each in broken}
    return {name: True for name in sorted(named) if name.startswith(("allow_", "start_", "recreate_"))}


def _apply(lab: MemoryLab, section: str, consents: dict[str, bool]) -> Outcome:
    run = lab.open(section, Mode.APPLY, **consents)
    run.check()
    run.apply(confirmed_by="the test")
    run.verify()
    return run.finish()
