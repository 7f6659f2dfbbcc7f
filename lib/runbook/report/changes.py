"""What the report of a run tells of each change, and of every time that it was tried. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from runbook.change import Outcome
from runbook.ledger import Recording
from runbook.ledger.events import Intent, OutcomeRecorded
from runbook.ledger.plans import Place, PlannedChange, planned_changes
from runbook.powershell import abridged
from runbook.render.differences import Difference, differences

_TROUBLE = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED)
_MAY_BE_MADE = (Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a change at one time, and what was said of it then."""

    outcome: Outcome
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChange:
    """One change of the plan: what differs, how it was done, what came of it and how it is taken back."""

    number: int
    title: str
    property: str
    where: str
    requirements: tuple[str, ...]
    differences: tuple[Difference, ...]
    commands: tuple[str, ...]
    reverse: tuple[str, ...]
    irreversible: str
    disturbs: str
    consent: str
    by_hand: bool
    outcome: Outcome
    said: tuple[str, ...]
    began: datetime | None
    may_be_made: bool
    """It was sent, and did its work for all that anybody knows."""
    troubles: tuple[Became, ...]
    """Each time that it failed, was refused or left in doubt, the last of which may be what it came to."""
    course: tuple[Outcome, ...]
    """What it came to, after every trouble on the way there."""


def told_changes(recording: Recording) -> Iterator[ToldChange]:
    """Those that count, and every one that was sent, in order."""
    became: list[tuple[Place, Became]] = []
    began: dict[Place, datetime] = {}
    for entry in recording.entries:
        event = entry.event
        if isinstance(event, Intent) and not event.reverses:
            began.setdefault((event.plan, event.change), entry.time)
        elif isinstance(event, OutcomeRecorded):
            heard = tuple(filter(None, (event.detail, *event.errors, *event.warnings, *event.output)))
            became.append(((event.plan, event.change), Became(event.outcome, heard)))
    if (doubt := recording.in_doubt) is not None:
        cut_off = Became(Outcome.UNKNOWN, ("It was about to be sent when the run was cut off.",))
        became.append(((doubt.plan, doubt.change), cut_off))
    for number, each in enumerate(planned_changes(recording, with_failed=True), 1):
        mine = [what for name, what in became if name in each.names]
        times = [began[name] for name in each.names if name in began]
        outcome = mine[-1].outcome if mine else Outcome.PLANNED
        yield _told(number, each, outcome=outcome, became=mine, began=min(times, default=None))


def _told(
    number: int, planned: PlannedChange, *, outcome: Outcome, became: Sequence[Became], began: datetime | None
) -> ToldChange:
    change = planned.change
    steps = (*(step.pipeline for step in change.preparation), change.command)
    after = (step.pipeline for step in (*change.conclusion, *change.cleanup))
    troubles = tuple(each for each, _ in groupby(each for each in became if each.outcome in _TROUBLE))
    course = [outcome for outcome, _ in groupby((*(each.outcome for each in troubles), outcome))]
    return ToldChange(
        number=number,
        title=" · ".join(filter(None, (change.object, change.property))),
        property=change.property,
        where=str(change.target),
        requirements=change.requirements,
        differences=differences(change.before, change.after),
        commands=tuple(map(abridged, (*steps, *after))),
        reverse=tuple(map(abridged, change.reverse)),
        irreversible=change.irreversible,
        disturbs=change.disturbs,
        consent=change.consent,
        by_hand=change.run_locally,
        outcome=outcome,
        said=tuple(dict.fromkeys(words for each in became for words in each.said)),
        began=began,
        may_be_made=began is not None and outcome in _MAY_BE_MADE,
        troubles=troubles,
        course=tuple(course),
    )
