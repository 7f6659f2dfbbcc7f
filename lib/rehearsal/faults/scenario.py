"""Scenario files: a topology and the faults that it starts with.

    topology: split-2013
    seed: 0                                 # may be left out
    faults:
      - id: cert-expired
        server: atl-mbx-001                 # where a fault can be at several; the first of them otherwise
      - id: user-no-sip
        user: ana.mensah@litwareinc.com

The file is judged whole: every complaint names the line's key, what stands there and what could stand there instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rehearsal.faults import FAULTS
from rehearsal.faults.fault import Fault, Where
from rehearsal.faults.healthy import healthy_world, people_at_work
from rehearsal.topologies import TOPOLOGIES
from rehearsal.world import World

_KEYS = ("topology", "seed", "faults")
_FAULT_KEYS = ("id", "server", "object", "user")
_ORDER = {id: number for number, id in enumerate(FAULTS)}


class ScenarioError(ValueError):
    """A scenario that can't be: ``complaints`` are all that is wrong, one line each."""

    def __init__(self, complaints: Sequence[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(complaints))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One fault of a scenario, and where."""

    id: str
    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``faults`` in the order in which the file has them; they are brought about in the order of the catalogue."""

    topology: str
    seed: int = 0
    faults: tuple[Wanted, ...] = ()


def build_scenario(scenario: Scenario, name: str = "scenario") -> World:
    """The organisation with these faults, after a morning in which people tried to sign in.

    Raises :class:`ScenarioError` where a fault doesn't fit the organisation or can't be where it is wanted; ``name`` is
    the file's, for its words.
    """
    world = healthy_world(scenario.topology, scenario.seed)
    chosen: list[tuple[Fault, Where]] = []
    complaints: list[str] = []
    for number, wanted in enumerate(scenario.faults):
        fault, key = FAULTS[wanted.id], f"{name}: faults[{number}]"
        if not fault.fits(world):
            complaints.append(f"{key}.id: {fault.id!r} can't be in {scenario.topology}; choose another topology")
            continue
        try:
            chosen.append((fault, fault.place(world, wanted.where)))
        except ValueError as refusal:
            complaints += [f"{key}.{place}: {why}" for place, why in refusal.args]
    if complaints:
        raise ScenarioError(complaints)
    bring_about(world, chosen)
    world.journal.begin()
    return world


def bring_about(world: World, faults: Iterable[tuple[Fault, Where]]) -> None:
    """Break a healthy world in the order of the catalogue, with people at work in between."""
    ordered = sorted(faults, key=lambda each: _ORDER[each[0].id])
    for fault, where in ordered:
        if not fault.after_work:
            fault.do(world, where)
    people_at_work(world)
    for fault, where in ordered:
        if fault.after_work:
            fault.do(world, where)


def read_scenario(path: Path) -> Scenario:
    """Raises :class:`ScenarioError` with everything that is wrong in the file, OSError where it can't be read."""
    name = path.name
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as fault:
        first = str(fault).strip().replace("\n", " ")
        raise ScenarioError([f"{name}: this isn't YAML: {first}"]) from None
    if not isinstance(document, dict):
        raise ScenarioError([f"{name}: expected the keys {', '.join(_KEYS)}"])
    complaints = [f"{name}: {complaint}" for complaint in _complaints(document)]
    if complaints:
        raise ScenarioError(complaints)
    faults = tuple(
        Wanted(id=each["id"], where=Where(**{key: str(each[key]) for key in each if key != "id"}))
        for each in document.get("faults") or ()
    )
    return Scenario(topology=document["topology"], seed=document.get("seed", 0), faults=faults)


def _complaints(document: Mapping[Any, Any]) -> Iterator[str]:
    yield from (
        f"{key}: is no key of a scenario; there are: {', '.join(_KEYS)}" for key in document if key not in _KEYS
    )
    topology = document.get("topology")
    if topology not in TOPOLOGIES:
        said = "missing" if topology is None else f"there is no topology {topology!r}"
        yield f"topology: {said}; there are: {', '.join(TOPOLOGIES)}"
    seed = document.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        yield f"seed: {seed!r} is no whole number"
    faults = document.get("faults")
    if faults is None:
        return
    if not isinstance(faults, list):
        yield "faults: expected a list, each with an id, such as '- id: cert-expired'"
        return
    for number, each in enumerate(faults):
        yield from (f"faults[{number}]{complaint}" for complaint in _of_fault(each))
    yield from _twice(faults)


def _of_fault(each: object) -> Iterator[str]:
    if not isinstance(each, dict):
        yield f": {each!r} is no fault; write '- id: {each}'" if isinstance(each, str) else f": {each!r} is no fault"
        return
    for key, value in each.items():
        if key not in _FAULT_KEYS:
            yield f".{key}: is no key of a fault; there are: {', '.join(_FAULT_KEYS)}"
        elif not isinstance(value, str):
            yield f".{key}: {value!r} is no text"
    id = each.get("id")
    if id is None:
        yield ".id: missing"
    elif isinstance(id, str) and id not in FAULTS:
        near = difflib.get_close_matches(id, FAULTS, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "--list-faults prints all there are"
        yield f".id: there is no fault {id!r}; {hint}"


def _twice(faults: Sequence[object]) -> Iterator[str]:
    """The same fault at the same place can't come about a second time."""
    seen: set[tuple[object, ...]] = set()
    for number, each in enumerate(faults):
        if isinstance(each, dict):
            key = tuple(each.get(name) for name in _FAULT_KEYS)
            if key in seen:
                yield f"faults[{number}]: stands there twice; leave one out"
            seen.add(key)
