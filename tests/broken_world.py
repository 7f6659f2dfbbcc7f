"""Organisations of the lab with faults in them, without its wire, and what the sections find there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from memory_lab import MemoryLab
from rehearsal.faults import FAULTS
from rehearsal.faults.fault import Fault, Where
from rehearsal.faults.healthy import healthy_world
from rehearsal.faults.scenario import bring_about
from rehearsal.topologies import TOPOLOGIES
from rehearsal.world import World
from runbook.catalogue.checks import check_named
from runbook.change import Finding, Severity
from runbook.cli.headless import section_parameters
from runbook.cli.rehearse import parameter_file
from runbook.engine.observe import observe
from runbook.parameters import SectionParameters
from runbook.sections import SECTIONS
from runbook.sections.across import explained

LOOKED_AT = tuple(name for name, section in SECTIONS.items() if section.in_procedure)
Found = list[tuple[str, Finding]]
"""What was found, each with the section that found it."""

_AREAS = {
    "provider": ("ucma-",),
    "topology": (
        "pool-",
        "application-",
        "topology-",
        "duplicate-",
        "dial-plan-",
        "exchange-not-in",
        "edge-federation-route",
    ),
    "certificate": ("cert-",),
    "settings": ("webconfig-", "override-", "app-pool-", "dag-member"),
    "directory": ("vdir-",),
    "policy": ("policy-",),
    "user": ("user-", "sip-domain-"),
    "hosting provider": ("provider-", "edge-default-routing"),
    "replication": ("replica-", "edge-stale"),
    "traces": ("events-lost", "no-event-112", "logs-folder-missing"),
}
"""Of two faults in one area one would undo or hide the other."""

_HIDDEN_BY = {
    "logs-folder-missing": ("log-folder-not-yet",),
    "events-lost": ("app-pool-stopped",),
    "webconfig-thumbprint-stale": ("cert-missing-on-server",),
    "override-stale-thumbprint": ("cert-missing-on-server",),
}
"""What can't be told before another finding is mended: nobody has made the folder yet, no worker has any events, and
without the certificate nobody knows which thumbprint is right. Nor is a server judged that isn't supported."""

ONLY_WHEN_APPLIED = ("recycle-fails",)
"""Nobody can tell before a recycle is tried."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One fault, where it is; ``server`` is the one that has to be named."""

    fault: Fault
    where: Where

    @property
    def owner(self) -> tuple[str, ...]:
        """The sections that report it."""
        return check_named(self.fault.id).sections

    def is_named(self, found: Found) -> bool:
        """By its section, at its server and its object, or else by what says that it can't show yet."""
        return any(section in self.owner and self._fits(finding) for section, finding in found) or any(
            self._is_hidden_by(finding) for _, finding in found
        )

    def _is_hidden_by(self, finding: Finding) -> bool:
        if finding.server not in ("", self.where.server) and self.where.server:
            return False
        unsupported = finding.id == "lync2013-with-exchange2016" and "owa_enablement" in self.owner
        return unsupported or finding.id in _HIDDEN_BY.get(self.fault.id, ())

    def _fits(self, finding: Finding) -> bool:
        said = f"{finding.server} {finding.object} {finding.what}".lower()
        wanted = (self.where.server, self.where.object.rpartition(":")[2], self.where.user)
        return finding.id == self.fault.id and all(each.lower() in said for each in wanted)


def healthy(topology: str) -> World:
    return healthy_world(topology)


def broken(folder: Path, topology: str, faults: Iterable[Fault]) -> tuple[MemoryLab, tuple[Broken, ...]]:
    """The organisation with these faults, each at the first place that it can be at."""
    world = healthy_world(topology)
    placed = [(fault, fault.place(world, Where())) for fault in faults]
    bring_about(world, placed)
    world.journal.begin()
    return MemoryLab.of(world, folder), tuple(Broken(fault, where) for fault, where in placed)


@cache
def fitting() -> Mapping[str, tuple[str, ...]]:
    """Fault → the topologies that it can be in."""
    worlds = {name: healthy_world(name) for name in TOPOLOGIES}
    return {fault.id: tuple(name for name, world in worlds.items() if fault.fits(world)) for fault in FAULTS.values()}


@cache
def parameters(topology: str, section: str) -> SectionParameters:
    return section_parameters(section, parameter_file(topology, section))


def look(lab: MemoryLab, broken: Sequence[Broken] = ()) -> Found:
    """What all sections find; symptoms name their causes. Past records tell of servers before their update."""
    past = {each.where.server: "Version 15.0" for each in broken if each.fault.id == "webconfig-overwritten-by-cu"}
    found: Found = []
    for name in LOOKED_AT:
        section, given = SECTIONS[name], parameters(lab.world.topology, name)
        with lab.fleet(False) as fleet:
            facts = observe(section.observe(given, lab.estate), fleet.ask)
        if section.recall is not None:
            facts = section.recall(facts, past)
        found += [(name, finding) for finding in section.decide(given, lab.estate, facts).findings]
    linked = explained(finding for _, finding in found)
    return list(zip((name for name, _ in found), linked, strict=True))


def above_information(found: Found) -> list[str]:
    return [f"{section}: {finding.id}" for section, finding in found if finding.severity is not Severity.INFO]


def unexplained(broken: Iterable[Broken], found: Found) -> Iterator[str]:
    """What is blamed beside the faults and what comes of them."""
    known = {each.fault.id for each in broken}
    while more := {finding.id for _, finding in found if known & set(finding.caused_by)} - known:
        known |= more
    for section, finding in found:
        if finding.id not in known and finding.severity is not Severity.INFO:
            yield f"{section}: {finding.id} ({finding.server} {finding.object}) caused by {finding.caused_by}"


def mixes(
    seed: int, count: int, wanted: Callable[[Fault], bool] = lambda fault: True
) -> Iterator[tuple[str, tuple[Fault, ...]]]:
    """Topologies with two to five ``wanted`` faults of different areas, the same for one seed."""
    chance = random.Random(f"mixes|{seed}")
    for _ in range(count):
        topology = chance.choice(sorted(TOPOLOGIES))
        areas: dict[str, list[Fault]] = {}
        for id, topologies in fitting().items():
            if topology in topologies and id not in ONLY_WHEN_APPLIED and wanted(FAULTS[id]):
                areas.setdefault(_area(id), []).append(FAULTS[id])
        chosen = chance.sample(sorted(areas), min(len(areas), chance.randint(2, 5)))
        yield topology, tuple(chance.choice(areas[area]) for area in chosen)


def _area(id: str) -> str:
    return next((area for area, starts in _AREAS.items() if id.startswith(starts)), id)
