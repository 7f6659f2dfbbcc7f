"""Whether the values that stand in the cells are still those that a run was begun with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from runbook.display.fields import as_text, faults
from runbook.parameters import SectionParameters, load_parameters

_ASKED_AT_APPLY = frozenset({"change_ticket"})
"""The Apply panel asks for it itself, and what is typed there stands in the record."""


def otherwise(
    begun: SectionParameters, cells: Mapping[str, object], form: Mapping[str, object] = MappingProxyType({})
) -> tuple[str, ...]:
    """The parameters that the cells (a notebook's namespace) or the form give otherwise than ``begun`` has them.

    In the order of ``begun``. The two differ where the parameters cell was run again below a form that still shows what
    was typed. Two spellings of one value are the same; one that can't be used is another one. Whatever isn't a
    parameter, or isn't there, says nothing.
    """
    found = {*_differing(begun, cells), *_differing(begun, {**cells, **form})}
    return tuple(name for name in type(begun).model_fields if name in found)


def _differing(begun: SectionParameters, cells: Mapping[str, object]) -> tuple[str, ...]:
    then = begun.model_dump(mode="json")
    given = {name: cells[name] for name in then if name in cells}
    wrong = faults(type(begun), {**then, **given})
    now = {**then, **given} if wrong else _loaded(type(begun), {**then, **given})
    return tuple(
        name
        for name in given
        if name not in _ASKED_AT_APPLY and (name in wrong or as_text(now[name]) != as_text(then[name]))
    )


def _loaded(model: type[SectionParameters], given: Mapping[str, object]) -> Mapping[str, object]:
    return load_parameters(model, given).model_dump(mode="json")


def told(names: tuple[str, ...], *, has_sent: bool) -> str:
    """Why nothing is sent while these differ, and what to do. ``has_sent``: the run has changed something before."""
    what = f"The cells above have other values now than this plan was made with: {', '.join(names)}."
    if has_sent:
        return f"{what} Set them back to go on; for the new values close this run in its first cell and begin another."
    return f"{what} Run the cells again from the first one, or set them back."
