"""The steps of a run as its rail shows them, from what the run knows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Change, ChangeOutcome, Decision, Outcome, Severity
from runbook.engine.bound import Bound
from runbook.render.rail import Step, StepState

_OF = {
    Outcome.APPLIED: StepState.APPLIED,
    Outcome.VERIFIED: StepState.VERIFIED,
    Outcome.FAILED: StepState.FAILED,
    Outcome.UNKNOWN: StepState.UNKNOWN,
    Outcome.REFUSED: StepState.NOT_SENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a run. ``running`` is the step under way, ``change`` the place of the change under way.

    ``results`` are those of the plan that was applied last, ``done`` what plans before it did. ``skipped`` says of each
    change why somebody left it out, or nothing.
    """

    bound: tuple[Bound, ...] = ()
    decision: Decision | None = None
    changes: tuple[Change, ...] = ()
    skipped: tuple[str, ...] = ()
    results: tuple[ChangeOutcome, ...] = ()
    done: tuple[ChangeOutcome, ...] = ()
    verified: bool = False
    ended: Outcome | None = None
    running: str = ""
    change: int | None = None


def steps(standing: Standing) -> tuple[Step, ...]:
    """Every step, in order."""
    return tuple(_steps(standing))


def _steps(now: Standing) -> Iterator[Step]:
    yield _step(now, "bind", "Reach the servers", _bound(now.bound), where=_servers(now.bound))
    yield _step(now, "check", "Read the facts and judge them", _checked(now.decision), said=_found(now.decision))
    for finding in now.decision.blocking if now.decision else ():
        yield Step(
            title=finding.what,
            state=StepState.UNKNOWN if finding.unknown else StepState.NEEDS_PERSON,
            where=finding.server,
            requirements=", ".join(finding.requirements),
            inner=True,
        )
    changes = list(_changes(now))
    yield _step(now, "apply", "Apply the changes", _applied(changes, now), said=_count(changes))
    yield from changes
    yield _step(now, "verify", "Verify with fresh facts", _verified(now))
    ended = StepState.NOT_RUN if now.ended is None else StepState.FINE
    yield _step(now, "finish", "Close the record", ended, said=f"outcome: {now.ended}" if now.ended else "")


def _step(now: Standing, name: str, title: str, state: StepState, *, where: str = "", said: str = "") -> Step:
    return Step(title=title, state=StepState.RUNNING if now.running == name else state, where=where, said=said)


def _bound(bound: tuple[Bound, ...]) -> StepState:
    if not bound:
        return StepState.NOT_RUN
    return StepState.FINE if all(each.ok for each in bound) else StepState.FAILED


def _servers(bound: tuple[Bound, ...]) -> str:
    """By name where they are few: the table above has them all."""
    names = list(dict.fromkeys(each.target.server for each in bound))
    return ", ".join(names) if len(names) < 3 else f"{len(names)} servers"


def _checked(decision: Decision | None) -> StepState:
    if decision is None:
        return StepState.NOT_RUN
    if any(finding.unknown for finding in decision.findings):
        return StepState.UNKNOWN
    if decision.plan.changes:
        return StepState.NEEDS_CHANGE
    return StepState.NEEDS_PERSON if decision.blocking else StepState.FINE


def _found(decision: Decision | None) -> str:
    if decision is None:
        return ""
    counts = [(each, sum(finding.severity is each for finding in decision.findings)) for each in reversed(Severity)]
    return ", ".join(f"{number} {_PLURAL[each] if number > 1 else each.value}" for each, number in counts if number)


def _changes(now: Standing) -> Iterator[Step]:
    for result in now.done:
        yield _change(result.change, _OF.get(result.outcome, StepState.NEEDS_CHANGE))
    outcomes = {number: result for number, result in enumerate(now.results) if len(now.results) == len(now.changes)}
    for number, change in enumerate(now.changes):
        became = outcomes.get(number)
        state = _OF.get(became.outcome, StepState.NEEDS_CHANGE) if became else StepState.NEEDS_CHANGE
        said = ""
        if became is not None and state in (StepState.FAILED, StepState.UNKNOWN, StepState.NOT_SENT):
            said = became.said[0] if became.said else ""
        if now.skipped and (reason := now.skipped[number]):
            state, said = StepState.SKIPPED, reason
        yield _change(change, StepState.RUNNING if number == now.change else state, said)


def _change(change: Change, state: StepState, said: str = "") -> Step:
    return Step(
        title=" · ".join(filter(None, (change.object, change.property))),
        state=state,
        where=str(change.target),
        requirements=", ".join(change.requirements),
        said="to be run by hand on that server" if change.run_locally and not said else said,
        inner=True,
    )


_PLURAL = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "infos"}
_WORST = (StepState.FAILED, StepState.UNKNOWN, StepState.NOT_SENT, StepState.SKIPPED, StepState.NEEDS_CHANGE)


def _applied(changes: list[Step], now: Standing) -> StepState:
    if now.decision is None:
        return StepState.NOT_RUN
    if not changes:
        return StepState.FINE
    states = {step.state for step in changes}
    found = next((state for state in _WORST if state in states), None)
    if found is not None:
        return found
    return StepState.APPLIED if StepState.APPLIED in states else StepState.VERIFIED


def _count(changes: list[Step]) -> str:
    return f"{len(changes)} change{'' if len(changes) == 1 else 's'}" if changes else ""


def _verified(now: Standing) -> StepState:
    if not now.verified or now.decision is None:
        return StepState.NOT_RUN
    if any(finding.unknown for finding in now.decision.findings):
        return StepState.UNKNOWN
    return StepState.VERIFIED if not now.decision.plan.changes else StepState.NEEDS_CHANGE
