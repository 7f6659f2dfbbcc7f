"""A deadline of our own on everything that waits for a server.

The remoting client has none: opening a pool or ending a pipeline can wait for ever. Monotonic time, so that a clock
that is set in the middle of a run changes nothing; the clock is handed in, so that tests needn't wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil, inf

Clock = Callable[[], float]


class DeadlinePassed(Exception):
    """The time that was given for an exchange with a server is used up."""


class Deadline:
    """How long the exchange under way may still take. Reset for each one with :meth:`start`; seconds throughout."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._end = inf

    def start(self, seconds: float) -> None:
        self._end = self._clock() + seconds

    @property
    def passed(self) -> bool:
        return self._clock() >= self._end

    def remaining(self) -> float:
        """Seconds left, more than zero; raises :class:`DeadlinePassed` where none are."""
        left = self._end - self._clock()
        if left <= 0:
            raise DeadlinePassed("the time given for this exchange is used up")
        return left

    def whole_seconds(self, at_most: int) -> int:
        """What is left, rounded up to whole seconds (WS-Management's unit here) and capped."""
        left = self.remaining()
        return at_most if left >= at_most else max(1, ceil(left))
