"""The run of this kernel: one a section. Running the first cell again goes on with a run that has changed something."""

from __future__ import annotations

from collections.abc import Callable

from IPython.display import display

from runbook.display.stepped import Stepped
from runbook.display.telling import failed_step, shortly
from runbook.render.failure import failure

_current: dict[str, Stepped] = {}


def current(section: str, begin: Callable[[], Stepped]) -> Stepped:
    """The run that goes on, or else a new one; one that sent nothing is closed as the new one begins.

    Raises what ``begin`` raises, told in full above the error.
    """
    earlier = _current.get(section)
    if earlier is not None and earlier.is_open:
        earlier.goes_on = True
        return earlier
    if earlier is not None:
        earlier.leave()
    try:
        _current[section] = begin()
    except Exception as error:
        display(failure(failed_step(error)))  # type: ignore[no-untyped-call]
        raise shortly(error) from None
    return _current[section]


def edited(section: str) -> None:
    """Somebody changed a value in the section's form: its run, where there is one, goes by others now."""
    if section in _current:
        _current[section].edited()
