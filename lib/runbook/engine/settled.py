"""What fresh facts say of changes that were sent. Pure."""

from __future__ import annotations

from runbook.change import Change, ChangeOutcome, Decision, Outcome
from runbook.engine.execute import Executed
from runbook.sections.unread import any_unread

Key = tuple[str, str, str]
"""What a change is of: server, object, property."""


def key_of(change: Change) -> Key:
    """Two changes of the same thing have the same, whatever they make of it."""
    return change.target.server, change.object, change.property


def settled(change: Change, fresh: Decision) -> Executed:
    """What fresh facts say of a change that was sent."""
    if unread := any_unread(fresh.findings):
        return Executed(Outcome.UNKNOWN, detail=f"The facts couldn't be read afterwards: {', '.join(unread)}.")
    if any(key_of(change) == key_of(planned) for planned in fresh.plan.changes):
        return Executed(Outcome.FAILED, detail="The facts, read afresh, still ask for this change.")
    return Executed(Outcome.VERIFIED, detail="The facts, read afresh, are as planned.")


def not_sent(change: Change) -> str:
    """What is said of a change that this session didn't send, or not yet."""
    if change.run_locally:
        return f"Run this line in the management shell on {change.target.server}, then run this section again."
    return "Not attempted."


def may_have_run(result: ChangeOutcome) -> bool:
    """It was sent, or a person may have run it."""
    return result.outcome in (Outcome.APPLIED, Outcome.UNKNOWN) or (
        result.change.run_locally and result.outcome is Outcome.PLANNED
    )
