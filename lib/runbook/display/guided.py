"""What to do after a change that failed, or a run that was stopped: retry, skip with a reason, stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ipywidgets import VBox

from runbook.change import ChangeOutcome, Outcome
from runbook.display import controls
from runbook.display.confirmation import not_a_line
from runbook.display.live import html
from runbook.ledger.events import Answer
from runbook.render.failure import Failure, failure

_TROUBLE = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED)
_REMEDY = (
    "Retry reads all facts again and shows the plan that is left before anything is sent. Stop leaves everything as it"
    " is now: verify it and close the record below."
)
_WAITS = "Waiting for a decision: retry, skip with a reason, or stop. Run this cell to decide."
_HEADS = {Outcome.FAILED: "Change {} failed", Outcome.UNKNOWN: "Nobody can say whether change {} was made"}
SKIPPED = "Skipped: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a plan wasn't carried out whole. ``change`` is the place of the change that it is about, from 0.

    ``skippable``: the change itself is at fault, so that the rest could be done without it.
    """

    what: str
    change: int
    skippable: bool
    said: tuple[str, ...] = ()


def trouble(results: tuple[ChangeOutcome, ...], stopped: str) -> Trouble | None:
    """What went wrong first; ``None`` where everything that was to be sent was done. What was skipped is no trouble."""
    for number, result in enumerate(results):
        if result.outcome in _TROUBLE and not _skipped(result):
            title = " · ".join(filter(None, (result.change.object, result.change.property)))
            if result.outcome in _HEADS:
                what = f"{_HEADS[result.outcome].format(number + 1)}: {title} on {result.change.target.server}."
                return Trouble(what=what, change=number, skippable=True, said=result.said)
            return Trouble(what=stopped or " ".join(result.said), change=number, skippable=False)
    if stopped:
        left = next((n for n, result in enumerate(results) if result.outcome is Outcome.PLANNED), 0)
        return Trouble(what=stopped, change=left, skippable=False)
    return None


def _skipped(result: ChangeOutcome) -> bool:
    return any(said.startswith(SKIPPED) for said in result.said)


class Guided:
    """Asks what to do; ``answer`` is called with the decision and, for a skip, with its reason."""

    def __init__(self, found: Trouble, answer: Callable[[Answer, str], None]) -> None:
        self._answer = answer
        self.view = failure(Failure(what=found.what, said=(*found.said, _WAITS), remedy=_REMEDY))
        self.retry = controls.button("Retry from fresh facts", lambda: answer(Answer.RETRY, ""), kind="primary")
        self.stop = controls.button("Stop here", lambda: answer(Answer.STOP, ""))
        self.reason = controls.field("Reason for skipping it", told=self._look)
        self.still = controls.status()
        self.skip = controls.button("Skip this change", self._skips, enabled=False)
        self.widget = VBox(
            children=(
                html(failure(Failure(what=found.what, said=found.said, remedy=_REMEDY))),
                controls.row(self.retry, self.stop),
                *((self.reason, self.still, controls.row(self.skip)) if found.skippable else ()),
            )
        )

    def _look(self) -> None:
        reason = self.reason.value.strip()
        wrong = not_a_line(reason)
        controls.say(self.still, *((f"Reason: {wrong}",) if wrong else ()))
        self.skip.disabled = bool(wrong) or not reason

    def _skips(self) -> None:
        self._look()
        if not self.skip.disabled:
            self._answer(Answer.SKIP, self.reason.value.strip())
