"""The sentence under the outcome of a run: true of what was sent in it, whatever its last line says. Pure.

An outcome is one word for many courses: a run that is *incomplete* may have sent nothing, and one whose ledger says
*refused*, as older ones do, may have made changes before the rest was left out.
"""

from __future__ import annotations

from runbook.change import Outcome
from runbook.report.changes import ToldChange
from runbook.report.model import Report

_STILL = "What is left stands below."
_OUTCOMES = {
    Outcome.VERIFIED: "Everything is as it should be, by facts read afresh.",
    Outcome.APPLIED: "Changes were made, and not verified.",
    Outcome.FAILED: "Something failed. What was done and what wasn't stands below.",
    Outcome.UNKNOWN: "Nobody can say from this record what happened. Look at the servers.",
    Outcome.INCOMPLETE: f"Part of it is done. {_STILL}",
    Outcome.REFUSED: f"Part of it was refused. {_STILL}",
    Outcome.PLANNED: f"Not all of it was done. {_STILL}",
    Outcome.NOT_NEEDED: "In the end there was nothing left to change.",
}
_NOTHING_SENT = {
    Outcome.FAILED: "Something failed, and nothing was sent. What is left stands below.",
    Outcome.UNKNOWN: "This run sent nothing. Nobody can say from its record how the servers stand.",
    Outcome.INCOMPLETE: "This run changed nothing. What stands in the way, or is left to do, stands below.",
    Outcome.REFUSED: "The run was refused before it changed anything.",
    Outcome.PLANNED: "This run only looked. Nothing was changed.",
    Outcome.NOT_NEEDED: "There was nothing to change.",
}
_NONE_MADE = f"No change is known to be made. {_STILL}"


def means(told: Report) -> str:
    """What the outcome of this run means, and where it isn't plain, how many of its changes came to what."""
    touched = [change for change in told.changes if change.began is not None or _made_by_hand(change)]
    if not touched:
        return _NOTHING_SENT.get(told.outcome, _OUTCOMES[told.outcome])
    made = any(change.may_be_made or _made_by_hand(change) for change in touched)
    unmade = told.outcome in (Outcome.INCOMPLETE, Outcome.REFUSED) and not made
    sentence = _NONE_MADE if unmade else _OUTCOMES[told.outcome]
    return sentence if {change.course for change in told.changes} == {(told.outcome,)} else f"{sentence} {_count(told)}"


def _count(told: Report) -> str:
    """How many of the changes came to what: *of 3 changes: 2 verified, 1 failed, then refused.*"""
    counts: dict[str, int] = {}
    for change in told.changes:
        words = ", then ".join(outcome.value for outcome in change.course)
        counts[words] = counts.get(words, 0) + 1
    said = "; ".join(f"{number} {words}" for words, number in counts.items())
    return f"Of {len(told.changes)} change{'s' if len(told.changes) > 1 else ''}: {said}."


def _made_by_hand(change: ToldChange) -> bool:
    return change.by_hand and change.outcome is Outcome.VERIFIED
