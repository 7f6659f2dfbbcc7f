"""The world's clock: it moves with what is done to the world and never with the time of day.

Two rehearsals with one seed then write the same events at the same times, and certificates and the age of events can
be judged by it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

DEFAULT_START = datetime(2015, 3, 2, 8, 0, 0, tzinfo=UTC)
"""A Monday morning while every product of the topologies was in support."""

STEP = timedelta(seconds=1)


class WorldClock:
    """Simulated UTC time. Safe to use from several threads."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        self._now = start
        self._lock = Lock()

    def now(self) -> datetime:
        """The present moment; reading it does not move it."""
        with self._lock:
            return self._now

    def tick(self, step: timedelta = STEP) -> datetime:
        """Let ``step`` pass and return the new time."""
        if step < timedelta(0):
            raise ValueError("time does not run backwards")
        with self._lock:
            self._now += step
            return self._now
