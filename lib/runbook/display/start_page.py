"""What the start page calls: how the estate stands, and a look at it; with progress and Cancel before somebody."""

from __future__ import annotations

from runbook.display.interactive import is_interactive
from runbook.engine.opening import records_folder
from runbook.engine.provenance import source_notebook
from runbook.estate import find_estate, load_estate
from runbook.render import View
from runbook.sections import SECTIONS
from runbook.standing import overview as stands
from runbook.standing.look import look_around
from runbook.standing.page import page


def overview(estate: str = "", *, interactive: bool | None = None) -> View | None:
    """How the estate stands: ``runbook.overview()``; ``estate`` is a file, else ``$RUNBOOK_ESTATE``, else the lab's.

    Every section is looked at once, which reads the servers and changes nothing, and leaves a record. Before somebody
    the past records are shown at once, and the look goes on beside them. Raises :class:`InputError` where the estate
    file isn't there, or has faults.
    """
    chosen = load_estate(find_estate(estate))
    if is_interactive(interactive):
        from runbook.display.standing_now import StandingNow  # widgets, which a headless run never loads

        StandingNow(chosen).show()
        return None
    failed = look_around(chosen)
    return page(stands(chosen, records_folder()), notebooks(), failed)


def notebooks() -> dict[str, str]:
    """The notebook of each section, as it lies beside the start page."""
    found = {section: source_notebook(section) for section in SECTIONS}
    return {section: notebook.name for section, notebook in found.items() if notebook}
