"""Progress of a step that is under way, and a button that cancels it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from ipywidgets import HTML, Button, VBox

from runbook.display import controls
from runbook.display.live import framed
from runbook.engine.control import Doing
from runbook.render import View
from runbook.render.progress import duration, progress

EVERY_SECONDS = 0.2
"""Between two updates: a browser can't show more, and a server's answers shouldn't wait for it."""


class Watching:
    """Shows what a run is doing. ``told`` may be called from any thread and never raises."""

    def __init__(self, title: str, cancel: Callable[[], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.title = title
        self._cancel_run = cancel
        self._clock = clock
        self._began = clock()
        self._last = 0.0
        self._at: Doing | None = None
        self._lock = threading.Lock()
        self.bar = HTML(value=framed(self.view(Doing(what="starting"))))
        self.cancel: Button = controls.heard_while_busy(controls.button("Cancel", self._pressed))
        self.widget = VBox(children=(self.bar, controls.row(self.cancel)))

    def view(self, doing: Doing) -> View:
        """As it stands now, with how long it has taken and may still take. The bar counts changes, once there are."""
        left = f"at most {duration(doing.seconds_left)} left" if doing.seconds_left is not None else ""
        times = ", ".join(filter(None, (left, f"{duration(self._clock() - self._began)} so far")))
        at = self._at or doing
        what = doing.what if at is doing else f"{at.what} · {doing.what}"
        return progress(self.title, what, server=doing.server, done=at.done, total=at.total, left=times)

    def told(self, doing: Doing) -> None:
        with self._lock:
            now = self._clock()
            if now - self._last < EVERY_SECONDS and doing.change is None:
                return
            self._last = now
            self._at = doing if doing.change is not None else self._at
            with contextlib.suppress(Exception):  # a browser that can't be reached stops no change
                self.bar.value = framed(self.view(doing))

    def _pressed(self) -> None:
        self.cancel.disabled = True
        self.cancel.description = "Cancelling…"
        self._cancel_run()
