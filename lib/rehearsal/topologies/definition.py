"""What a topology is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rehearsal.world import World


@dataclass(frozen=True, slots=True)
class Topology:
    """``states`` maps the name of a start state to what it means; ``build`` takes a seed and the states wanted."""

    name: str
    description: str
    states: Mapping[str, str]
    build: Callable[[int, frozenset[str]], World]
