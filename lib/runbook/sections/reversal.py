"""What undo and resume have to know of a section: what a change's object holds now, and which commands take it back.

A plan is read back from a record, which somebody may have altered and signed anew. So nothing of it is sent that the
section couldn't have written itself: each cmdlet of a recorded reverse has to be on the section's list, with no other
parameters, for the shell that the list says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from runbook.change import Change, Json, canonical
from runbook.command import Cmdlet, Pipeline, Shell
from runbook.estate import Estate
from runbook.facts.query import Unread
from runbook.parameters import SectionParameters

P = TypeVar("P", bound=SectionParameters)
F = TypeVar("F")

RESTORED = "as it was"
"""The property by which restoring half a file is told apart from changing it in the same plan."""

Present = Callable[[P, Estate, F, Change, Sequence[Change]], "Json | Unread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal(Generic[P, F]):
    """How a section's changes are taken back.

    ``present`` gives what the object of a change holds now, in the form of its ``before`` and ``after``: ``None`` for
    an object that isn't there, :class:`Unread` where that isn't known. The last argument are all changes of the record,
    since one may have made what another's object holds. It answers for the irreversible ones too, where it can.

    ``commands`` are lines of a shell's name, a cmdlet and the parameters that a reverse may give it; ``programs`` are
    allowed as they stand, in the ordinary Windows shell. ``take_back`` makes the change that restores ``before`` where
    that takes more than the recorded reverse, from the recorded change, what is there now and, where the saved copy of
    a file is gone, its content; ``None`` for any other.
    ``brings_along`` says what of other people's a repeat would make effective too, empty for nothing.
    ``as_if`` are the facts as they would be with a file restored to this content.
    ``own_files`` are the files beside its object that a change makes for its own use: what it saved, what it prepared.
    ``anytime`` are the section's parameters without what only concerned the time of its own run.
    """

    present: Present[P, F]
    commands: str
    programs: tuple[Cmdlet, ...] = ()
    take_back: Callable[[Change, Json, bytes | None], Change | None] = lambda change, now, content: None
    brings_along: Callable[[P, Estate, F, Change, Sequence[Change]], str] = lambda *known: ""
    as_if: Callable[[F, Change, bytes], F] = lambda facts, change, content: facts
    own_files: Callable[[Change], tuple[str, ...]] = lambda change: ()
    anytime: Callable[[P], P] = lambda given: given

    def refuses(self, pipeline: Pipeline, shell: Shell) -> str:
        """Why the section couldn't have written this pipeline; empty where it could."""
        return next((why for each in pipeline.cmdlets if (why := self._refuses(each, shell))), "")

    def _refuses(self, cmdlet: Cmdlet, shell: Shell) -> str:
        if cmdlet.is_native:
            known = shell is Shell.WINDOWS and cmdlet in self.programs
            return "" if known else f"{cmdlet.name} with these arguments is no command of this section"
        lines = (line.split() for line in self.commands.strip().splitlines())
        allowed = {name: parameters for where, name, *parameters in lines if where == shell.value}
        if cmdlet.name not in allowed:
            return f"{cmdlet.name} is no command of this section in the {shell} shell"
        strange = [name for name, _ in cmdlet.parameters if name not in allowed[cmdlet.name]]
        return f"{cmdlet.name} is never given -{strange[0]} by this section" if strange else ""


def like(recorded: Json, now: Mapping[str, Json]) -> Json:
    """Of what an object holds now, the properties that a recorded value speaks of."""
    return {name: now.get(name) for name in recorded} if isinstance(recorded, dict) else None


def same(one: Json, other: Json) -> bool:
    """Two values are one to the servers: letters in any case, lists in any order."""
    return canonical(_plain(one)) == canonical(_plain(other))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=canonical)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
