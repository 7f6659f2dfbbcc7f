"""What a whole run came to, from what is known at its end. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runbook.change import ChangeOutcome, Decision, Outcome

_WORST_FIRST = (
    Outcome.UNKNOWN,
    Outcome.FAILED,
    Outcome.REFUSED,
    Outcome.INCOMPLETE,
    Outcome.PLANNED,
    Outcome.APPLIED,
    Outcome.VERIFIED,
    Outcome.NOT_NEEDED,
)
_MADE = {Outcome.APPLIED, Outcome.VERIFIED}
_EXIT = {Outcome.UNKNOWN: 3, Outcome.FAILED: 1, Outcome.REFUSED: 1, Outcome.INCOMPLETE: 1}


def run_outcome(
    decision: Decision,
    results: Sequence[ChangeOutcome],
    *,
    changes_things: bool,
    applies: bool,
    began: bool = False,
) -> Outcome:
    """The outcome of a run, from its last decision and what became of its changes.

    A fact that couldn't be read makes it *unknown*; an error that the plan doesn't mend makes it *incomplete*,
    however well the rest went. *Refused* is a run of which nothing was carried out: where a change was made, or one
    ``began``, and another was refused (left out, cancelled), it is *incomplete* too.
    """
    became = {result.outcome for result in results}
    if Outcome.UNKNOWN in became or any(finding.unknown for finding in decision.findings):
        return Outcome.UNKNOWN
    if Outcome.FAILED in became:
        return Outcome.FAILED
    if Outcome.REFUSED in became:
        return Outcome.INCOMPLETE if began or became & _MADE else Outcome.REFUSED
    if decision.blocking or (applies and decision.plan.changes):
        return Outcome.INCOMPLETE
    if decision.plan.changes:
        return Outcome.PLANNED
    if became & _MADE:
        return worst(became & _MADE)  # nothing is asked for any more: what was still planned, somebody else did
    if results:
        return worst(became)
    return Outcome.NOT_NEEDED if changes_things else Outcome.VERIFIED


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The one that an administrator has to hear of first; *not needed* where there is none."""
    return min(outcomes, key=_WORST_FIRST.index, default=Outcome.NOT_NEEDED)


def exit_code(outcome: Outcome) -> int:
    """0 nothing stands in the way, 1 something does, 3 nobody knows."""
    return _EXIT.get(outcome, 0)
