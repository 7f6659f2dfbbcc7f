"""Waiting for what comes about by itself: until it has, no longer than the deadline, and with every look recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.engine.waiting import MOST_SECONDS, wait_for
from runbook.estate import Estate
from runbook.facts.query import Observation
from runbook.ledger import Ledger, read_events
from runbook.ledger.events import Awaited, Mode, RunStarted
from runbook.parameters import SectionParameters
from runbook.sections.section import Wait


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger.create(tmp_path / "record")
    made.append(RunStarted(section="test", mode=Mode.APPLY, estate="litware", environment="rehearsal"))
    yield made
    made.close()


def wait(seconds: int) -> Wait[SectionParameters, str]:
    def observe(parameters: SectionParameters, estate: Estate) -> Observation[str]:
        yield []
        return ""

    return Wait(observe=observe, pending=lambda _, found: found, deadline_seconds=lambda _: seconds)


def run(ledger: Ledger, seconds: int, answers: list[str]) -> tuple[str, Time, list[Awaited]]:
    time = Time()
    said = iter(answers)
    left = wait_for(wait(seconds), SectionParameters(), lambda: next(said), ledger, clock=time.clock, sleep=time.sleep)
    looks = [event for event in read_events(ledger.path).events if isinstance(event, Awaited)]
    return left, time, looks


def test_what_has_arrived_is_not_waited_for(ledger: Ledger) -> None:
    left, time, looks = run(ledger, 300, [""])
    assert (left, time.slept) == ("", [])
    assert looks == [Awaited(pending="", seconds=0, over=True)]


def test_it_is_looked_at_until_it_has_arrived_and_each_look_is_recorded(ledger: Ledger) -> None:
    left, time, looks = run(ledger, 300, ["two replicas", "one replica", ""])
    assert left == ""
    assert time.slept == [1, 2]
    assert [(look.pending, look.over) for look in looks] == [
        ("two replicas", False),
        ("one replica", False),
        ("", True),
    ]


def test_after_the_deadline_it_says_what_is_missing(ledger: Ledger) -> None:
    left, time, looks = run(ledger, 14, ["one replica"] * 20)
    assert left == "one replica"
    assert time.now == 14
    assert max(time.slept) == MOST_SECONDS
    assert (looks[-1].seconds, looks[-1].over) == (14, True)


def test_a_deadline_of_nothing_still_looks_once(ledger: Ledger) -> None:
    assert run(ledger, 0, ["one replica"])[0] == "one replica"
