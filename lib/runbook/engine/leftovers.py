"""Files that a run made on a server for its own use, and that stayed there as it was cut off or its change failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runbook.change import Change
from runbook.command import Pipeline, Target, cmdlet
from runbook.engine.past_run import Recorded
from runbook.facts import files
from runbook.facts.files import FileDetails
from runbook.facts.query import Observation, Query, Unread
from runbook.sections.reversal import Reversal

Place = tuple[Target, str]
"""A server's shell, and the path of a file there."""


@dataclass(frozen=True, slots=True)
class WithLeftovers:
    """A section's facts, and of each file of the runbook's own whether it is there."""

    facts: Any
    there: Mapping[Place, bool | Unread]


def observed(
    facts: Observation[Any], changes: Sequence[Recorded], reversal: Reversal[Any, Any]
) -> Observation[WithLeftovers]:
    """The rounds of a section's ``observe``, and one more for the files, where the record has any."""
    found = yield from facts
    queries: dict[Place, Query[FileDetails | None]] = {
        (recorded.change.target, path): files.details(recorded.change.target, path)
        for recorded in changes
        if recorded.sent
        for path in reversal.own_files(recorded.change)
    }
    if not queries:
        return WithLeftovers(found, {})
    answers = yield list(queries.values())
    there: dict[Place, bool | Unread] = {}
    for place, query in queries.items():
        answer = answers[query]
        there[place] = answer if isinstance(answer, Unread) else answer is not None
    return WithLeftovers(found, there)


def removals(change: Change, paths: Sequence[str], there: Mapping[Place, bool | Unread]) -> Iterator[Change]:
    """One for each of these files of a recorded change that is there."""
    for path in paths:
        if there.get((change.target, path)) is True:
            yield Change(
                target=change.target,
                object=path,
                property="",
                before="left behind",
                after=None,
                command=Pipeline.of(cmdlet("Remove-Item", LiteralPath=path)),
                irreversible="It is a file of this runbook's own, which nothing reads.",
                stage=change.stage,
            )
