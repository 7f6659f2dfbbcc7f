"""A long table to filter, sort, page through and save: only the page that is looked at is sent to the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ipywidgets import HTML, Checkbox, Dropdown, VBox

from runbook.display import controls
from runbook.display.live import framed
from runbook.display.looking import Look, Rows, Seen
from runbook.display.spreadsheet import as_csv, data_url
from runbook.render import View
from runbook.render.table import link
from runbook.render.table import table as table_view
from runbook.table import Table

_OWN_ORDER = "as listed"


class Listing:
    """The widget; ``page`` shows the rows at the given places, as plain rows where it isn't given."""

    _seen: Seen

    def __init__(self, table: Table, page: Callable[[Sequence[int], str], View] | None = None) -> None:
        self._rows = Rows(table)
        self._page = page or (lambda places, counted: table_view(table, places, counted))
        self._at = 0
        self.words = controls.field(f"Filter {table.title.lower()}", told=self._first, placeholder="words to look for")
        self.order = Dropdown(
            options=[(_OWN_ORDER, None), *((title, place) for place, title in enumerate(table.columns))],
            description="Sort by",
            style={"description_width": "initial"},
        )
        self.descending = Checkbox(value=False, description="last first", indent=False)
        self.back = controls.button("Previous page", lambda: self._look(self._at - 1))
        self.on = controls.button("Next page", lambda: self._look(self._at + 1))
        self.save = controls.button("Make a CSV file", self._save)
        self.file = HTML()
        self.shown = HTML()
        self.count = controls.status()
        for control in (self.order, self.descending):
            control.observe(lambda _: self._first(), names="value")
        self.widget = VBox(
            children=(
                controls.row(self.words, self.order, self.descending),
                controls.row(self.back, self.on, self.save, self.count, self.file),
                self.shown,
            )
        )
        self._look(0)

    @property
    def view(self) -> View:
        """The page that is shown now, as a saved notebook keeps it."""
        return self._page(self._seen.places, self._seen.counted)

    def _first(self) -> None:
        self._look(0)

    def _look(self, page: int) -> None:
        asked = Look(words=self.words.value, column=self.order.value, descending=self.descending.value, page=page)
        seen = self._seen = self._rows.look(asked)
        self._at = seen.page
        self.back.disabled, self.on.disabled = seen.page == 0, seen.page >= seen.pages - 1
        self.file.value = ""
        controls.say(self.count, f"Page {seen.page + 1} of {seen.pages}. {seen.counted}.")
        self.shown.value = framed(self._page(seen.places, seen.counted))

    def _save(self) -> None:
        table, seen = self._rows.table, self._seen
        name = f"{table.name}.csv"
        content = as_csv(table, seen.matching)
        self.file.value = framed(link(data_url(content), name, f"Save {name} ({len(seen.matching)} rows)"))
