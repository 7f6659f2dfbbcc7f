"""Which statement of the procedures is carried by what: checks, changes, parameters, documentation, tests.

Checks and parameters are found where they are written (the catalogue; a field's description names its statements).
Changes, documentation and tests are named in ``catalogue/carriers.yaml``, and a test holds that file to what is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from runbook.catalogue import Requirement, checks, requirements
from runbook.catalogue.source import read
from runbook.change import Json
from runbook.sections import SECTIONS

TESTED_KINDS = frozenset("CKPOVW")
"""Conditions, commands, parameter rules, outputs, verifications and warnings: behaviour, which a test can hold to."""
_ID = re.compile(r"\b[LY]\d\d\b")


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    changes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    documentation: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One statement and what carries it.

    ``checks`` are ids of the catalogue; ``changes`` are ``section: Cmdlet``; ``parameters`` are ``section.field``;
    ``messages`` and ``documentation`` are files that name the statement; ``tests`` are test functions
    (``file::function``) or decision cases (a file) that fail when the behaviour is broken.
    """

    requirement: Requirement
    checks: tuple[str, ...]
    changes: tuple[str, ...]
    parameters: tuple[str, ...]
    messages: tuple[str, ...]
    documentation: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def is_carried(self) -> bool:
        return any((self.checks, self.changes, self.parameters, self.messages, self.documentation))

    def document(self) -> Json:
        """Its part of the ``--json`` document."""
        return {
            "id": self.requirement.id,
            "kind": self.requirement.kind,
            "text": self.requirement.text,
            "checks": list(self.checks),
            "changes": list(self.changes),
            "parameters": list(self.parameters),
            "messages": list(self.messages),
            "documentation": list(self.documentation),
            "tests": list(self.tests),
        }


def trace() -> Mapping[str, Carried]:
    """Every statement, in the order of the procedures."""
    named = {id: _Named.model_validate(entry) for id, entry in read("carriers.yaml").items()}
    if unknown := set(named) - set(requirements()):
        raise ValueError(f"carriers.yaml: no such statement: {', '.join(sorted(unknown))}")
    return MappingProxyType({id: _carried(one, named.get(id, _Named())) for id, one in requirements().items()})


def _carried(requirement: Requirement, named: _Named) -> Carried:
    return Carried(
        requirement=requirement,
        checks=tuple(check.id for check in checks().values() if requirement.id in check.requirements),
        changes=named.changes,
        parameters=tuple(_parameters(requirement.id)),
        messages=named.messages,
        documentation=named.documentation,
        tests=named.tests,
    )


def _parameters(id: str) -> list[str]:
    return [
        f"{section.name}.{name}"
        for section in SECTIONS.values()
        for name, field in section.parameters.model_fields.items()
        if id in _ID.findall(field.description or "")
    ]
