"""The start page before somebody: past records at once, a look at every section in a thread, progress and Cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from runbook.display.controls import button, row
from runbook.display.start_page import notebooks
from runbook.display.style import STYLE, message
from runbook.engine.opening import records_folder
from runbook.errors import Cancelled, RunbookError
from runbook.estate import Estate
from runbook.render import View
from runbook.standing import overview
from runbook.standing.look import Looking, look_around
from runbook.standing.page import page

Look = Callable[..., Mapping[str, str]]


class StandingNow:
    """``page`` is the handle of what stands below the controls: its links are JupyterLab's own, as no widget's are."""

    def __init__(self, estate: Estate, look: Look = look_around) -> None:
        self.page: Any = None
        self.thread: threading.Thread | None = None
        self._estate = estate
        self._look = look
        self._failed: Mapping[str, str] = {}
        self._stop = threading.Event()
        self._again = button("Look at the servers again", self.start)
        self._again.tooltip = "Reads every section's facts. Changes nothing."
        self._cancel = button("Cancel", self._stop.set)
        self._bar = widgets.IntProgress(description="Sections", style={"description_width": "initial"})
        self._said = widgets.HTML()
        controls = row(self._again, self._bar, self._cancel)
        self.widget = widgets.VBox([widgets.HTML(f"<style>{STYLE}</style>"), controls, self._said])
        self.widget.add_class("runbook-form")
        self._busy(False)

    def show(self) -> None:
        """Display it and begin to look."""
        display(self.widget)  # type: ignore[no-untyped-call]
        self.page = display(self.view(), display_id=True)  # type: ignore[no-untyped-call]
        self.start()

    def view(self) -> View:
        """How the estate stands by the records that are there now."""
        return page(overview(self._estate, records_folder()), notebooks(), self._failed)

    def start(self) -> None:
        """Look, in a thread; the kernel stays free."""
        if self.thread is not None and self.thread.is_alive():
            return
        self._stop.clear()
        self._busy(True)
        self.thread = threading.Thread(target=self._run, name="look", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._failed = self._look(self._estate, watch=self._watch, cancelled=self._stop.is_set)
            said = message("✔", "Every section was looked at. Nothing was changed.", "fine", role="status")
        except Cancelled:
            said = message("", "Cancelled: what wasn't looked at is shown as it was before.", "quiet", role="status")
        except RunbookError as error:
            said = message("✖", f"The look ended early. {error}", "wrong", role="alert")
        except Exception as error:  # a page that stays busy for ever would be worse than any message
            said = message("✖", f"The look failed: {type(error).__name__}: {error}", "wrong", role="alert")
        self._busy(False)
        self._said.value = said
        if self.page is not None:
            self.page.update(self.view())

    def _watch(self, looking: Looking) -> None:
        self._bar.max, self._bar.value = looking.total, looking.done
        where = f" on {looking.doing.server}" if looking.doing.server else ""
        words = f"{looking.section}, {looking.done + 1} of {looking.total}: {looking.doing.what}{where}"
        self._said.value = message("", words, "quiet")

    def _busy(self, busy: bool) -> None:
        self._again.disabled = busy
        self._bar.layout.display = self._cancel.layout.display = "flex" if busy else "none"
        self._bar.value = 0
