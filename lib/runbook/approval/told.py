"""What a ledger tells of a run's approval, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from runbook.change import Json
from runbook.ledger.codec import to_json
from runbook.ledger.events import ApprovalJudged, Event, Mode, RunStarted, Verdict

_SHORT = 16


def last_judged(events: Iterable[Event]) -> ApprovalJudged | None:
    """How it was judged the last time that the run wanted to apply; ``None`` where it didn't want to."""
    found = [event for event in events if isinstance(event, ApprovalJudged)]
    return found[-1] if found else None


def verdict(events: Iterable[Event]) -> str:
    """``approved``, ``not approved`` or ``refused``; empty for a run that was not to change anything."""
    known = tuple(events)
    if not any(isinstance(event, RunStarted) and event.mode is Mode.APPLY for event in known):
        return ""
    judged = last_judged(known)
    return (judged.verdict if judged else Verdict.NOT_APPROVED).value


def sentence(events: Iterable[Event]) -> str:
    """The verdict with who approved, for what and until when, or why it is refused; empty as :func:`verdict`."""
    known = tuple(events)
    judged, said = last_judged(known), verdict(known)
    if judged is None or judged.verdict is Verdict.NOT_APPROVED:
        return said
    if judged.verdict is Verdict.REFUSED:
        return f"refused: {' '.join(judged.reasons)}"
    who = f"{judged.account}, key {judged.approver[:_SHORT]}…"
    return f"approved by {who}, for {judged.ticket}, on {judged.approved}, until {judged.expires}"


def predicate(events: Iterable[Event]) -> Json:
    """What a record's statement says of it; ``None`` for a run that was not to change anything."""
    known = tuple(events)
    judged, said = last_judged(known), verdict(known)
    if judged is not None:
        return to_json(judged)
    return {"verdict": said} if said else None
