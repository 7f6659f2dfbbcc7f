"""Cancelling a run, and what may be done after a change failed: retry, skip with a reason, stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import pytest

from runbook.change import Outcome
from runbook.engine.control import Doing
from runbook.engine.run import Phase, Run
from runbook.errors import Cancelled
from runbook.ledger import Recording, read_events
from runbook.ledger.events import OutcomeRecorded
from runbook.ledger.plans import planned_changes
from runbook.record.told import predicate
from runbook.report import report
from runbook.report.means import means
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


def changes(recording: Recording) -> list[Any]:
    """As the record's statement tells them."""
    told = predicate(recording)["changes"]
    assert isinstance(told, list)
    return told


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
    assert one.finish() is Outcome.INCOMPLETE, "one was made: the run wasn't refused"
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
    assert failed.finish() is Outcome.INCOMPLETE


def test_the_record_tells_that_a_skipped_change_was_sent_and_failed_before(failed: Run, server: Server) -> None:
    failed.skip(failed.results[1].change, "done by hand on Monday")
    failed.again()
    failed.apply(confirmed_by="the test, again")
    failed.verify()
    failed.finish()
    recording = read_events(failed.ledger.path)
    told = report(recording)
    (skipped,) = [change for change in told.changes if change.title == "Pool:b"]
    assert skipped.course == (Outcome.FAILED, Outcome.REFUSED)
    assert [trouble.said for trouble in skipped.troubles][-1] == ("Skipped: done by hand on Monday",)
    assert skipped.began is not None, "when it was sent, in the plan before"
    assert told.failed == (skipped,)
    assert "Part of it is done." in means(told)
    assert "1 failed, then refused" in means(told)
    outcomes = [[each["outcome"] for each in change["outcomes"]] for change in changes(recording)]
    assert ["failed", "refused"] in [[kind for kind, _ in groupby(each)] for each in outcomes], "and so it is signed"


def test_a_run_whose_only_change_was_sent_and_skipped_is_not_told_as_refused_before_it(
    run: Callable[..., Run], server: Server
) -> None:
    server.behave = refuses("a")
    one = run(section("a"))
    one.check()
    one.apply(confirmed_by="the test")
    one.skip(one.results[0].change, "later")
    one.again()
    one.apply(confirmed_by="the test, again")
    one.verify()
    assert one.finish() is Outcome.INCOMPLETE
    said = means(report(read_events(one.ledger.path)))
    assert said == "No change is known to be made. What is left stands below. Of 1 change: 1 failed, then refused."


def test_what_was_sent_and_failed_is_told_though_nothing_asks_for_it_any_more(failed: Run, server: Server) -> None:
    server.held |= {"b", "c"}  # somebody else made them
    failed.again()
    failed.apply(confirmed_by="the test, again")
    failed.verify()
    assert failed.finish() is Outcome.VERIFIED
    recording = read_events(failed.ledger.path)
    told = report(recording)
    assert [(change.title, change.course) for change in told.changes] == [
        ("Pool:a", (Outcome.VERIFIED,)),
        ("Pool:b", (Outcome.FAILED,)),
    ]
    assert means(told).endswith("Of 2 changes: 1 verified; 1 failed.")
    assert [each.change.after for each in planned_changes(recording)] == ["a"], "there is nothing of b to take back"


def test_a_failed_change_that_is_only_looked_at_again_stays_failed(failed: Run) -> None:
    failed.again()
    assert failed.finish() is Outcome.FAILED


def test_a_change_that_somebody_else_made_meanwhile_is_not_asked_for_again(failed: Run, server: Server) -> None:
    server.held |= {"b", "c"}
    assert not failed.again().plan.changes
    failed.apply(confirmed_by="the test, again")
    failed.verify()
    assert failed.finish() is Outcome.VERIFIED
