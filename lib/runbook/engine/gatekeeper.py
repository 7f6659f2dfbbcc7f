"""Whether a roll-out may begin with a server, and whether it leaves it no worse than it was.

A section without a gate lets everything through, and so do changes that belong to no server's stage.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from runbook.engine.control import Control, Doing
from runbook.ledger import Ledger, events
from runbook.ledger.codec import to_json
from runbook.parameters import SectionParameters
from runbook.sections.section import Gate

EVERY_SECONDS = 5.0
"""Between two looks at a server that is still worse off than before."""


class Gatekeeper:
    """Asks a section's gate. ``look`` reads a server's health over fresh sessions."""

    def __init__(
        self,
        gate: Gate[Any, Any] | None,
        parameters: SectionParameters,
        look: Callable[[str], Any],
        ledger: Ledger,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        control: Control | None = None,
    ) -> None:
        self._gate = gate
        self._parameters = parameters
        self._look = look
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._control = control or Control()
        self._before: Any = None

    def enter(self, stage: str) -> str:
        """Why the stage may not begin; empty where it may."""
        if self._gate is None or not stage:
            return ""
        self._before = self._look(stage)
        why = self._gate.refuses(self._parameters, self._before)
        self._record(stage, self._before, why, after=False)
        return f"{stage}: {why}" if why else ""

    def leave(self, stage: str) -> str:
        """In what the server is worse off than before, once it had time to recover; empty where it isn't."""
        if self._gate is None or not stage:
            return ""
        until = self._clock() + self._gate.settle_seconds(self._parameters)
        while True:
            now = self._look(stage)
            why = self._gate.worse(self._parameters, self._before, now)
            left = until - self._clock()
            if not why or left <= 0 or self._control.cancelled:
                self._record(stage, now, why, after=True)
                return f"{stage} is worse off than before: {why}" if why else ""
            self._control.tell(Doing(what=f"waiting for it to recover: {why}", server=stage, seconds_left=left))
            self._sleep(EVERY_SECONDS)

    def _record(self, stage: str, health: Any, why: str, *, after: bool) -> None:
        self._ledger.append(events.GateAsked(stage=stage, after=after, health=to_json(health), stops=why))
