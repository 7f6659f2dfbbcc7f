"""The organisations that the lab can be. Each module here is one, with the states that it can start in."""

from __future__ import annotations

from collections.abc import Collection

from rehearsal.topologies import (
    colocated_2013,
    dag_2013,
    exchange_2010,
    exchange_2016_sfb2015,
    exchange_2019_sfb2019,
    exchange_se_sfbse,
    minimal_2013,
    mixed_2013_2016,
    split_2013,
)
from rehearsal.topologies.definition import Topology
from rehearsal.topologies.hybrid import HYBRIDS
from rehearsal.world import World

DEFAULT = split_2013.TOPOLOGY.name

TOPOLOGIES: dict[str, Topology] = {
    one.TOPOLOGY.name: one.TOPOLOGY
    for one in (
        split_2013,
        colocated_2013,
        minimal_2013,
        dag_2013,
        exchange_2010,
        exchange_2016_sfb2015,
        exchange_2019_sfb2019,
        exchange_se_sfbse,
        mixed_2013_2016,
    )
} | {one.name: one for one in HYBRIDS}


def build_world(name: str = DEFAULT, seed: int = 0, states: Collection[str] = ()) -> World:
    """A world of this topology, begun. ``states`` names start states that the topology offers.

    Raises ValueError for an unknown topology or state, with the names there are.
    """
    if name not in TOPOLOGIES:
        raise ValueError(f"there is no topology {name!r}; there are: {', '.join(TOPOLOGIES)}")
    topology = TOPOLOGIES[name]
    for state in states:
        if state not in topology.states:
            known = ", ".join(topology.states) or "none"
            raise ValueError(f"{name} has no start state {state!r}; it has: {known}")
    world = topology.build(seed, frozenset(states))
    world.begin()
    return world
