"""What can be found, by id: the other half of a finding, which names only the case at hand."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from runbook.catalogue.requirements import requirements
from runbook.catalogue.source import read_all
from runbook.errors import InputError


class Check(BaseModel):
    """One check.

    ``severity`` is the gravest that it is reported with, ``repair`` who mends it: a change of the plan
    (``automatic``), a change once a named parameter agrees (``consent``), a person (``manual``), nobody needs to
    (``none``). ``look`` are PowerShell lines that only read, ``see`` says what to look for in their answers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    sections: tuple[str, ...] = Field(min_length=1)
    severity: Literal["info", "warning", "error"]
    repair: Literal["none", "automatic", "consent", "manual"]
    requirements: tuple[str, ...] = ()
    means: str
    why: str
    look: tuple[str, ...] = ()
    see: str = ""
    mend: str
    consent: str = ""
    """The parameter that agrees to the change, where ``repair`` is ``consent``."""

    @field_validator("sections", "requirements", mode="before")
    @classmethod
    def _words(cls, given: object) -> object:
        return tuple(given.split()) if isinstance(given, str) else given

    @field_validator("requirements")
    @classmethod
    def _known(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in given if name not in requirements()]:
            raise ValueError(f"no such requirement: {', '.join(unknown)}")
        return given


@cache
def checks() -> Mapping[str, Check]:
    """All checks, by id. ``ValueError`` where an id stands in two files."""
    found: dict[str, Check] = {}
    for name, entries in read_all("checks"):
        for id, entry in entries.items():
            if id in found:
                raise ValueError(f"{name}: {id} stands in another file too")
            found[id] = Check.model_validate({"id": id, **(entry if isinstance(entry, dict) else {})})
    return MappingProxyType(dict(sorted(found.items())))


def check_named(id: str) -> Check:
    """The check of this id; :class:`InputError` with the nearest ones where there is none."""
    wanted = id.strip().lower()
    if found := checks().get(wanted):
        return found
    near = difflib.get_close_matches(wanted, checks(), n=4, cutoff=0.5) or sorted(checks())[:4]
    raise InputError(f"There is no check {id!r}. Did you mean: {', '.join(near)}?")
