"""A section's parameters as a form in JupyterLab.

The widgets are a second view of :class:`Entries`: what is typed is there at once, and the cells below go by it.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from runbook.display.choosing import Choosing
from runbook.display.controls import button, row
from runbook.display.current import edited
from runbook.display.entries import Entries
from runbook.display.fields import Field, Group
from runbook.display.input import Input
from runbook.display.style import STYLE, message
from runbook.engine.opening import records_folder
from runbook.engine.parameter_files import section_file, shown_path
from runbook.errors import InputError
from runbook.estate import Estate, find_estate, load_estate
from runbook.inputs.characters import visible
from runbook.paths import from_root
from runbook.sections import choices
from runbook.standing.changed import changed

_RECORD = "record"
"""The parameter that names a past run."""


class Form:
    """The widgets. ``table`` is the handle of what stands below them, and is renewed with every value."""

    def __init__(self, entries: Entries) -> None:
        self.table: Any = None
        self._entries = entries
        self._inputs = {field.name: Input(field, entries.typed(field.name), self._typed) for field in entries.fields}
        self._state = widgets.HTML()
        self._file_said = widgets.HTML()
        self._file = _text("Parameter file", "Where these values are kept; from the project's root.")
        self._load = button("Load", self._loaded)
        self._load.tooltip = "Take over what the parameter file says."
        self._save = button("Save", self._saved)
        self._save.tooltip = "Write these values into the parameter file; its comments stay."
        self._choosing = Choosing(entries.section.name, self._estate, self._told)
        self._choose_stated()
        file = section_file(entries.section.name, self._estate_path())
        self._file.value = shown_path(file) if file else ""
        self._file.observe(lambda _: self._compare(), "value")
        self.widget = widgets.VBox(
            [
                widgets.HTML(f"<style>{STYLE}</style>"),
                self._state,
                row(self._file, self._load, self._save),
                self._file_said,
                self._choosing.widget,
                *(self._group(group) for group in Group if self._of(group)),
            ]
        ).add_class("runbook-form")
        self._compare()
        self._show()

    def show(self) -> None:
        """Display it, with its values below it as a saved notebook keeps them."""
        display(self.widget)  # type: ignore[no-untyped-call]
        self.table = display(self._entries.table(folded=True), display_id=True)  # type: ignore[no-untyped-call]

    def fill(self, name: str, typed: str | bool) -> None:
        """Type this into the field of a parameter."""
        self._inputs[name].fill(typed)

    def _group(self, group: Group) -> widgets.Widget:
        rows = widgets.VBox([self._inputs[field.name].widget for field in self._of(group)])
        return widgets.VBox([widgets.HTML(f"<h4>{html.escape(group.value)}</h4>"), rows])

    def _of(self, group: Group) -> list[Field]:
        return [field for field in self._entries.fields if field.group is group]

    def _typed(self, name: str, typed: str | bool) -> None:
        self._entries.type(name, typed)
        if name == "estate":
            self._choose_stated()
        if name == choices.POOL:
            self._choosing.judge_again()
        self._compare()
        self._show()

    def _show(self) -> None:
        """Say of every field what is wrong with it, and above all of them how many are."""
        for name, each in self._inputs.items():
            each.say(self._entries.faults.get(name, ""))
        wrong = [field.title for field in self._entries.fields if field.name in self._entries.faults]
        self._state.value = (
            message("✖", f"To put right: {', '.join(wrong)}.", "wrong", role="status")
            if wrong
            else message("✔", "Every value can be used. A run begun below goes by these.", "fine", role="status")
        )
        if self.table is not None:
            self.table.update(self._entries.table(folded=True))
        edited(self._entries.section.name)

    def _compare(self) -> None:
        file = self._chosen_file()
        if file is None or not file.is_file():
            self._file_said.value = message("", "There is no such file yet; Save makes it." if file else "", "quiet")
        elif names := self._entries.differences(file):
            self._file_said.value = message("▲", f"The file says otherwise: {', '.join(names)}.", "quiet")
        else:
            self._file_said.value = ""

    def _loaded(self) -> None:
        file = self._chosen_file()
        if file is None:
            return
        try:
            changed = self._entries.load(file)
        except InputError as error:
            self._file_said.value = message("✖", f"Nothing was taken over. {error}", "wrong", role="alert")
            return
        for name in changed:
            self._inputs[name].put(self._entries.typed(name))
        self._choose_stated()
        self._choosing.judge_again()
        self._show()
        said = f"Taken over: {', '.join(changed)}." if changed else "The file says the same."
        self._file_said.value = message("✔", said, "fine", role="status")

    def _saved(self) -> None:
        file = self._chosen_file()
        if file is None:
            return
        try:
            self._entries.save(file)
        except InputError as error:
            self._file_said.value = message("✖", f"Nothing was saved. {error}", "wrong", role="alert")
            return
        self._file_said.value = message("✔", f"Saved to {visible(shown_path(file))}.", "fine", role="status")

    def _chosen_file(self) -> Path | None:
        given = self._file.value.strip()
        return from_root(given) if given else None

    def _estate_path(self) -> Path | None:
        try:
            return find_estate(str(self._entries["estate"]))
        except InputError:
            return None

    def _estate(self) -> Estate:
        """The estate that is named now; :class:`InputError` where there is none, or something is wrong with it."""
        return load_estate(find_estate(str(self._entries["estate"])))

    def _choose_stated(self) -> None:
        """Offer what the estate file itself states; a fault of it is said where the servers are asked."""
        try:
            found = self._stated()
        except InputError:
            found = {}
        for name, each in self._inputs.items():
            each.offer(found.get(name, ()))

    def _stated(self) -> dict[str, tuple[choices.Choice, ...]]:
        """What is known without asking a server: by the estate file, and by past records."""
        estate = self._estate()
        found = dict(choices.stated(self._entries.model, estate))
        if _RECORD in self._inputs:
            found[_RECORD] = changed(estate, records_folder())
        return found

    def _told(self, told: choices.Told) -> None:
        """Offer what the servers told, beside what the estate file states."""
        stated = self._stated()
        certificates = choices.certificate_choices(told.held, str(self._entries[choices.POOL])) if told.held else ()
        for name, each in self._inputs.items():
            offered = {one.value.lower(): one for one in (*stated.get(name, ()), *told.choices.get(name, ()))}
            each.offer(certificates if name == choices.CERTIFICATE else tuple(offered.values()))


def _text(title: str, help: str) -> widgets.Text:
    return widgets.Text(
        description=title,
        tooltip=help,
        continuous_update=True,
        style={"description_width": "13em"},
        layout={"width": "38em", "max_width": "100%"},
    )
