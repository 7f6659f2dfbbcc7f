"""What the cell below the parameters calls: a form before somebody, else a table of the same values."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from runbook.display.entries import Entries
from runbook.display.interactive import is_interactive
from runbook.render import View


def form(section: str, namespace: MutableMapping[str, Any], *, interactive: bool | None = None) -> View | None:
    """The parameters of ``section`` that stand in ``namespace``: ``runbook.form("trusted_pool", vars())``.

    Before somebody (:func:`is_interactive`) it is a form, which writes what is typed back into ``namespace``; otherwise
    the same parameters as a table. Wrong values are said beside their fields, and refused when the run is started.
    """
    entries = Entries(section, namespace)
    if not is_interactive(interactive):
        return entries.table()
    from runbook.display.form import Form  # widgets, which a headless run never loads

    Form(entries).show()
    return None
