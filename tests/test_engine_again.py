"""Cancelling a run, and what may be done after a change failed: retry, skip with a reason, stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from runbook.change import Outcome
from runbook.engine.control import Doing
from runbook.engine.run import Phase, Run
from runbook.errors import Cancelled
from runbook.ledger import read_events
from runbook.ledger.events import OutcomeRecorded
from runbook.ledger.plans import planned_changes
from runbook.report import report
from runbook.result import Result, ServerError
from runbook.summary import summarise
from test_engine import Server, new, outcomes, section
from test_engine import run as run  # the fixture
from test_engine import server as server


def refuses(*names: str) -> Callable[[Server, str], Result | None]:
    """A server that says no to these."""

    def answer(server: Server, name: str) -> Result | None:
        if name in names:
            return server.completed(new(name), errors=(ServerError(message="Access is denied."),))
        return None

    return answer


@pytest.fixture
def failed(run: Callable[..., Run], server: Server) -> Iterator[Run]:
    """A run whose second change of three failed."""
    server.behave = refuses("b")
    one = run(section("a", "b", "c"))
    one.check()
    one.apply(confirmed_by="the test")
    assert outcomes(one) == [Outcome.APPLIED, Outcome.FAILED, Outcome.PLANNED]
    return one


def test_cancelled_between_two_changes_the_rest_is_refused_and_the_record_says_by_whom(
    run: Callable[..., Run], server: Server
) -> None:
    one = run(section("a", "b", "c"))
    one.check()

    def cancel(doing: Doing) -> None:
        if doing.change == 0:
            one.control.cancel("Ada")

    one.control.watch = cancel
    one.apply(confirmed_by="the test")
    assert server.sent == ["a"], "what was under way is finished, and nothing else begun"
    assert outcomes(one) == [Outcome.APPLIED, Outcome.REFUSED, Outcome.REFUSED]
    one.control.renew()
    one.verify()
    assert one.finish() is Outcome.REFUSED
    told = read_events(one.ledger.path)
    said = [(event.change, event.outcome, event.detail) for event in told.events if isinstance(event, OutcomeRecorded)]
    assert (1, Outcome.REFUSED, "Not sent: cancelled by Ada.") in said
    assert (2, Outcome.REFUSED, "Not sent: cancelled by Ada.") in said
    assert "Cancelled by Ada" in report(told).reason


def test_a_check_that_is_cancelled_has_judged_nothing_and_can_be_run_again(run: Callable[..., Run]) -> None:
    one = run(section("a"))
    one.bind()
    one.control.cancel("Ada")
    with pytest.raises(Cancelled):
        one.check()
    assert one.phase is Phase.OPENED
    one.control.renew()
    assert len(one.check().plan.changes) == 1


def test_whoever_watches_is_told_of_each_question_and_each_change(run: Callable[..., Run]) -> None:
    one = run(section("a", "b"))
    told: list[Doing] = []
    one.control.watch = told.append
    one.check()
    one.apply(confirmed_by="the test")
    assert ("names", "atl-fe-001.litwareinc.com") in [(doing.what, doing.server) for doing in told]
    assert [(doing.done, doing.total) for doing in told if doing.change is not None] == [(0, 2), (1, 2)]


def test_a_retry_asks_only_for_what_is_left_and_the_run_can_still_be_verified(failed: Run, server: Server) -> None:
    server.behave = refuses()
    failed.again()
    assert [change.after for change in failed.plan.changes] == ["b", "c"]
    failed.apply(confirmed_by="the test, again")
    failed.verify()
    assert failed.finish() is Outcome.VERIFIED
    assert server.sent == ["a", "b", "b", "c"]
    assert [result.change.after for result in (*failed.done, *failed.results)] == ["a", "b", "c"]


def test_every_view_of_the_record_tells_of_what_both_plans_did(failed: Run, server: Server) -> None:
    server.behave = refuses()
    failed.again()
    failed.apply(confirmed_by="the test, again")
    failed.verify()
    failed.finish()
    recording = read_events(failed.ledger.path)
    assert [each.change.after for each in planned_changes(recording)] == ["a", "b", "c"]
    told = report(recording)
    assert [(each.number, each.outcome) for each in told.changes] == [(n, Outcome.VERIFIED) for n in (1, 2, 3)]
    assert [outcome for _, outcome, _ in summarise(failed.ledger.path.parent).changes] == [Outcome.VERIFIED] * 3


def test_what_is_skipped_is_refused_with_the_reason_and_the_rest_is_applied(failed: Run, server: Server) -> None:
    failed.skip(failed.results[1].change, "done by hand on Monday")
    failed.again()
    failed.apply(confirmed_by="the test, again")
    failed.verify()
    assert server.held == {"a", "c"}
    assert outcomes(failed) == [Outcome.REFUSED, Outcome.VERIFIED]
    assert "Skipped: done by hand on Monday" in failed.results[0].said
    assert failed.finish() is Outcome.REFUSED


def test_a_failed_change_that_is_only_looked_at_again_stays_failed(failed: Run) -> None:
    failed.again()
    assert failed.finish() is Outcome.FAILED


def test_a_change_that_somebody_else_made_meanwhile_is_not_asked_for_again(failed: Run, server: Server) -> None:
    server.held |= {"b", "c"}
    assert not failed.again().plan.changes
    failed.apply(confirmed_by="the test, again")
    failed.verify()
    assert failed.finish() is Outcome.VERIFIED
