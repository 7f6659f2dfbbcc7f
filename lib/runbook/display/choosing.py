"""The part of a form that asks the servers what may be chosen: in a thread of its own, with progress and Cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from runbook.display.controls import button, row
from runbook.display.style import message
from runbook.engine.choices import read_choices
from runbook.errors import Cancelled, RunbookError
from runbook.estate import Estate
from runbook.facts.query import Query
from runbook.sections.choices import Told

Read = Callable[..., Told]


class Choosing:
    """``told`` is called with what the servers told, from the thread that asked them."""

    def __init__(
        self, section: str, estate: Callable[[], Estate], told: Callable[[Told], None], read: Read = read_choices
    ) -> None:
        self._section = section
        self._estate = estate
        self._told = told
        self._read = read
        self._last: Told | None = None
        self._stop = threading.Event()
        self.thread: threading.Thread | None = None
        self._ask = button("Ask the servers what may be chosen", self.start)
        self._ask.tooltip = "Reads names, policies and certificates. Changes nothing."
        self._cancel = button("Cancel", self._stop.set)
        self._bar = widgets.IntProgress(description="Asking the servers", style={"description_width": "initial"})
        self._said = widgets.HTML()
        self.widget = widgets.VBox([row(self._ask, self._bar, self._cancel), self._said])
        self._busy(False)

    def start(self) -> None:
        """Ask, in a thread; the form stays usable meanwhile."""
        if self.thread is not None and self.thread.is_alive():
            return
        self._stop.clear()
        self._busy(True)
        self._said.value = message("", "Connecting…", "quiet", role="status")
        self.thread = threading.Thread(target=self._run, name="choices", daemon=True)
        self.thread.start()

    def judge_again(self) -> None:
        """What was told is judged by what the form says now."""
        if self._last is not None:
            self._told(self._last)

    def _run(self) -> None:
        try:
            told = self._read(self._section, self._estate(), progress=self._progress, cancelled=self._stop.is_set)
        except Cancelled:
            self._end(message("", "Cancelled: the choices are as they were.", "quiet", role="status"))
        except RunbookError as error:
            self._end(message("✖", f"The servers couldn't be asked. {error}", "wrong", role="alert"))
        except Exception as error:  # a form that stays busy for ever would be worse than any message
            self._end(message("✖", f"Asking failed: {type(error).__name__}: {error}", "wrong", role="alert"))
        else:
            self._last = told
            self._told(told)
            self._end(_said(told))

    def _progress(self, done: int, of: int, query: Query[Any]) -> None:
        self._bar.max, self._bar.value = of, done
        self._said.value = message("", f"{done + 1} of {of}: {query.name} from {query.target.server}", "quiet")

    def _end(self, said: str) -> None:
        self._busy(False)
        self._said.value = said

    def _busy(self, busy: bool) -> None:
        self._ask.disabled = busy
        self._bar.layout.display = self._cancel.layout.display = "flex" if busy else "none"
        self._bar.value = 0


def _said(told: Told) -> str:
    if told.unread:
        lines = "\n".join(("Not everything could be read:", *told.unread))
        return message("▲", lines, "wrong", role="alert")
    return message("✔", "The servers have answered: what may be chosen stands below each field.", "fine", role="status")
