"""Every known way that the integration fails: its cause is named, nothing else is blamed, and what may be is mended.

The organisation is the lab's, without its wire (:mod:`memory_lab`); whether people have presence is the lab's own word.
Users sign in before anybody looks, so that what is broken shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from breaking import BREACHES, TOPOLOGY, Breach, everybody_signs_in, healthy, mixes
from memory_lab import MemoryLab
from rehearsal.world import World
from runbook.change import Finding, Severity
from runbook.cli.headless import section_parameters
from runbook.cli.rehearse import parameter_file
from runbook.engine.observe import observe
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters
from runbook.sections import SECTIONS
from runbook.sections.across import explained

LOOKED_AT = ("prerequisites", "trusted_pool", "owa_enablement", "mailbox_policies", "verification")
SEED, MIXES, BATCH = 20131, 300, 10


@cache
def parameters(section: str) -> SectionParameters:
    return section_parameters(section, parameter_file(TOPOLOGY, section))


def look(lab: MemoryLab) -> list[tuple[str, Finding]]:
    """What all sections find, each with its section; symptoms name their causes."""
    found: list[tuple[str, Finding]] = []
    for name in LOOKED_AT:
        section, given = SECTIONS[name], parameters(name)
        with lab.fleet(False) as fleet:
            facts = observe(section.observe(given, lab.estate), fleet.ask)
        found += [(name, finding) for finding in section.decide(given, lab.estate, facts).findings]
    linked = explained(finding for _, finding in found)
    return list(zip((name for name, _ in found), linked, strict=True))


def ids(found: Iterable[tuple[str, Finding]]) -> list[str]:
    """The findings above information."""
    return [f"{section}: {finding.id}" for section, finding in found if finding.severity is not Severity.INFO]


def broken(folder: Path, breaches: Iterable[Breach]) -> MemoryLab:
    world: World = healthy()
    for breach in breaches:
        breach.do(world)
    everybody_signs_in(world)
    return MemoryLab.of(world, folder)


def is_named(breach: Breach, found: Iterable[tuple[str, Finding]]) -> bool:
    return any(
        (section, finding.id) == (breach.owner, breach.id) and breach.server in ("", finding.server)
        for section, finding in found
    )


def unexplained(breaches: Iterable[Breach], found: list[tuple[str, Finding]]) -> Iterator[str]:
    """What is blamed beside the breaches and what comes of them."""
    known = {breach.id for breach in breaches}
    while more := {finding.id for _, finding in found if known & set(finding.caused_by)} - known:
        known |= more
    for section, finding in found:
        if finding.id not in known and finding.severity is not Severity.INFO:
            yield f"{section}: {finding.id} ({finding.server} {finding.object}) caused by {finding.caused_by}"


def test_a_healthy_organisation_gives_nothing_to_find(tmp_path: Path) -> None:
    lab = broken(tmp_path, ())
    assert ids(look(lab)) == []
    seen = lab.presence()
    assert seen.working == seen.expected > 100


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.id)
def test_one_fault_is_named_where_it_is_and_nothing_else(breach: Breach, tmp_path: Path) -> None:
    found = look(broken(tmp_path, [breach]))
    assert is_named(breach, found), ids(found)
    assert list(unexplained([breach], found)) == []


@pytest.mark.parametrize("breach", [one for one in BREACHES if one.mended], ids=lambda breach: breach.id)
def test_what_may_be_mended_is_and_people_have_presence_again(breach: Breach, tmp_path: Path) -> None:
    lab = broken(tmp_path, [breach])
    run = lab.open(breach.owner, Mode.APPLY)
    run.check()
    run.apply(confirmed_by="the test")
    run.verify()
    run.finish()
    everybody_signs_in(lab.world)
    seen = lab.presence()
    assert (seen.working, dict(list(seen.reasons.items())[:1])) == (seen.expected, {})
    left = set(ids(look(lab)))
    assert left <= {"verification: im-sign-in-failed"}, "a log keeps what failed before"


@pytest.mark.parametrize("batch", range(MIXES // BATCH))
def test_of_several_faults_each_is_named_and_none_invented(batch: int, tmp_path: Path) -> None:
    for number, mix in list(enumerate(mixes(SEED, MIXES)))[batch * BATCH : (batch + 1) * BATCH]:
        found = look(broken(tmp_path / str(number), mix))
        said = f"mix {number} of seed {SEED}: {', '.join(breach.id for breach in mix)}"
        missed = [breach.id for breach in mix if not is_named(breach, found)]
        assert (missed, list(unexplained(mix, found))) == ([], []), said
