"""Rows of a table under their titles. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from runbook.render.templating import environment, visible
from runbook.render.view import View
from runbook.table import Table


def table(told: Table, places: Iterable[int], counted: str) -> View:
    """The rows at ``places``; ``counted`` says how many there are."""
    rows = [told.rows[place] for place in places]
    lines = [f"{told.title}: {counted}", *(" · ".join(filter(None, row)) for row in (told.columns, *rows))]
    html = _templates.get_template("table.html.j2").render(told=told, rows=rows, counted=counted)
    return View(html=html, text="\n".join(map(visible, lines)))


def link(address: str, file: str, label: str) -> View:
    """A link that saves a file."""
    html = _templates.get_template("link.html.j2").render(address=address, file=file, label=label)
    return View(html=html, text=visible(label))


_templates = environment("runbook.render")
