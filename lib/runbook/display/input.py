"""One parameter in a form: its label, where it is typed, its help, what is wrong with it, and what may be chosen."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from runbook.display.fields import Field, Kind
from runbook.display.style import message
from runbook.render.templating import visible
from runbook.sections.choices import Choice

_LABEL = "13em"
_WIDE = {"width": "46em", "max_width": "100%"}
_LONGEST = 110
Typed = Callable[[str, str | bool], None]


class Input:
    """``typed`` is called with name and value for every change that somebody makes."""

    def __init__(self, field: Field, value: str | bool, typed: Typed) -> None:
        self._field = field
        self._typed = typed
        self._said = ""
        self._choices: tuple[Choice, ...] = ()
        self._entry = _entry(field, value)
        self._entry.observe(self._changed, "value")
        self._chooser = widgets.Dropdown(
            options=[("", "")],
            description=f'<span class="runbook-unseen">{html.escape(field.title)}: </span>or choose',
            description_allow_html=True,
            style={"description_width": _LABEL},
            layout={**_WIDE, "display": "none"},
        )
        self._chooser.observe(self._chosen, "value")
        self._notes = widgets.HTML().add_class("runbook-help")
        self.widget = widgets.VBox([self._entry, self._chooser, self._notes])
        self._show()

    def fill(self, value: str | bool) -> None:
        """Type this in, as somebody before it would."""
        self._entry.value = value

    def put(self, value: str | bool) -> None:
        """Show a value that somebody else chose."""
        self._entry.unobserve(self._changed, "value")
        self._entry.value = value
        self._entry.observe(self._changed, "value")
        self._show()

    def say(self, fault: str) -> None:
        """What is wrong with it; empty where nothing is."""
        if fault != self._said:
            self._said = fault
            self._show()

    def offer(self, choices: Sequence[Choice]) -> None:
        """What may be chosen instead of typed."""
        self._choices = tuple(choices)
        usable = [choice for choice in self._choices if not choice.unusable]
        self._chooser.unobserve(self._chosen, "value")
        self._chooser.options = [("…", ""), *((_short(choice.label), choice.value) for choice in usable)]
        self._chooser.value = ""
        self._chooser.observe(self._chosen, "value")
        self._chooser.layout.display = "flex" if usable else "none"
        self._show()

    def _changed(self, change: Any) -> None:
        self._typed(self._field.name, change["new"])
        self._show()

    def _chosen(self, change: Any) -> None:
        value = change["new"]
        if not value:
            return
        if self._field.kind is Kind.LIST:
            there = [line for line in self._entry.value.split("\n") if line.strip()]
            value = "\n".join(there if value in there else [*there, value])
        self._entry.value = value
        self._chooser.value = ""

    def _show(self) -> None:
        """The help; what is wrong; what can't be chosen, and why. For a screen reader the same stands at the entry."""
        parts = [html.escape(self._field.help)]
        parts += [message("✖", self._said, "wrong", role="alert")] if self._said else []
        strange = self._strange()
        parts += [message("▲", f"The servers know nothing of this name: {strange}.", "wrong")] if strange else []
        barred = [choice for choice in self._choices if choice.unusable]
        if barred:
            rows = "".join(f"<li>{html.escape(visible(f'{one.label}: {one.unusable}'))}</li>" for one in barred)
            parts.append(f"<details><summary>{len(barred)} that can't be used</summary><ul>{rows}</ul></details>")
        shown = "".join(parts)
        if self._notes.value != shown:
            self._notes.value = shown
            self._entry.tooltip = f"{self._said} {self._field.help}".strip()

    def _strange(self) -> str:
        """What is typed and isn't among what the servers told, where they told all there is."""
        if self._said or self._field.name not in ("site_id", "policies", "left_off", "dial_plans") or not self._choices:
            return ""
        known = {choice.value.lower() for choice in self._choices}
        return ", ".join(visible(line) for line in self._entry.value.split("\n") if line and line.lower() not in known)


def _entry(field: Field, value: str | bool) -> widgets.Widget:
    common: dict[str, Any] = {"description": field.title, "style": {"description_width": _LABEL}, "layout": dict(_WIDE)}
    if field.kind is Kind.SWITCH and isinstance(value, bool):
        return widgets.Checkbox(value=value, indent=True, **common)
    text = str(value)
    if field.kind is Kind.CHOICE and text in field.choices:
        return widgets.Dropdown(options=list(field.choices), value=text, **common)
    if field.kind in (Kind.LIST, Kind.PASTED, Kind.NOTE):
        rows = {Kind.LIST: 2, Kind.PASTED: 6, Kind.NOTE: 3}[field.kind]
        hints = {Kind.LIST: "one a line", Kind.PASTED: "one text after the other, with a line of --- between them"}
        return widgets.Textarea(value=text, placeholder=hints.get(field.kind, ""), rows=rows, **common)
    return widgets.Text(value=text, **common)


def _short(label: str) -> str:
    shown = visible(label)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
