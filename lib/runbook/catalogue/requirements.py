"""The statements of Microsoft's procedures, by id, in short."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from runbook.catalogue.source import read


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    sources: str
    text: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: dict[str, str]
    kinds: dict[str, str]
    requirements: dict[str, _Entry]


class Requirement(BaseModel):
    """One statement. ``kind`` is a letter (C condition, K command, …), ``documents`` are titles, ``text`` is ours."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    kind_name: str
    text: str
    documents: tuple[str, ...]


@cache
def requirements() -> Mapping[str, Requirement]:
    """All statements, in the order of the procedures."""
    file = _File.model_validate(read("requirements.yaml"))
    return MappingProxyType(
        {
            name: Requirement(
                id=name,
                kind=entry.kind,
                kind_name=file.kinds[entry.kind],
                text=entry.text,
                documents=tuple(file.documents[letter] for letter in entry.sources.split()),
            )
            for name, entry in file.requirements.items()
        }
    )


def requirement(id: str) -> Requirement:
    """One statement; ``KeyError`` where there is none of this id."""
    return requirements()[id]
