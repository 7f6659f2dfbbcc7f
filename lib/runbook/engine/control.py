"""How somebody beside a run follows it, and stops it at the next safe point.

The run tells what it is doing; whoever watches it may ask it to stop from another thread. Nothing is torn off: a
question that is under way is answered, a change that is under way is settled, and then nothing more is begun.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What a run is at now. ``total`` is 0 where nobody knows how much there is.

    ``change`` is the place in the plan, from 0, of the change that it is at; ``seconds_left`` is known where it waits
    for something up to a deadline.
    """

    what: str
    server: str = ""
    done: int = 0
    total: int = 0
    change: int | None = None
    seconds_left: float | None = None


def _nobody(_: Doing) -> None: ...


class Control:
    """Between a run and whoever watches it. ``watch`` is called from the run's threads, and must not raise."""

    def __init__(self) -> None:
        self.watch: Callable[[Doing], None] = _nobody
        self.stop = threading.Event()
        self.by = ""
        """Who asked it to stop."""

    @property
    def cancelled(self) -> bool:
        return self.stop.is_set()

    def cancel(self, by: str) -> None:
        """Ask the run to stop at the next safe point."""
        self.by = by
        self.stop.set()

    def renew(self) -> None:
        """A new step begins: whatever was asked of the one before is over."""
        self.by = ""
        self.stop.clear()

    def tell(self, doing: Doing) -> None:
        self.watch(doing)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not past the moment at which somebody asks to stop."""
        self.stop.wait(seconds)
