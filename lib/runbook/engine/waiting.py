"""Wait for what comes about by itself after a change, such as replication, and tell the ledger how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from runbook.engine.control import Control, Doing
from runbook.ledger import Ledger, events
from runbook.parameters import SectionParameters
from runbook.sections.section import Wait

FIRST_SECONDS = 1.0
MOST_SECONDS = 5.0
"""Between two looks: twice as long as the time before, up to this."""


def wait_for(
    wait: Wait[Any, Any],
    parameters: SectionParameters,
    look: Callable[[], Any],
    ledger: Ledger,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    control: Control | None = None,
) -> str:
    """What is still missing at the deadline; empty as soon as nothing is. ``look`` reads it over fresh sessions.

    Whoever holds ``control`` is told how long it may still take, and may end the wait before its deadline.
    """
    began = clock()
    until = began + wait.deadline_seconds(parameters)
    pause = FIRST_SECONDS
    while True:
        pending = wait.pending(parameters, look())
        now = clock()
        over = not pending or now >= until or (control is not None and control.cancelled)
        ledger.append(events.Awaited(pending=pending, seconds=round(now - began), over=over))
        if over:
            return pending
        if control is not None:
            control.tell(Doing(what=f"waiting: {pending}", seconds_left=until - now))
        sleep(min(pause, until - now))
        pause = min(2 * pause, MOST_SECONDS)
