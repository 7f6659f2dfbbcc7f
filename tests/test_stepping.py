"""Stepping through a run in JupyterLab, without a browser: what asks, what waits, what is sent and what is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from ipywidgets import HTML, Button, Text, Widget

from runbook.change import Change, Outcome
from runbook.display.apply import ApplyPanel, State
from runbook.display.stepped import Stepped
from runbook.engine.control import Doing
from runbook.engine.run import Run
from runbook.errors import Blocked, InputError, OutcomeUnknown, Refused
from runbook.ledger import read_events
from runbook.ledger.events import (
    Answer,
    CancelAsked,
    Event,
    FailureAnswered,
    Intent,
    Mode,
    Note,
    PlanConfirmed,
    RunEnded,
    StepFailed,
)
from runbook.notebook import NotebookRun
from runbook.parameters import SectionParameters, load_parameters
from runbook.record import OwnKey
from runbook.report import report
from runbook.report.means import means
from test_engine import SERVER, Server, section
from test_engine import run as run
from test_engine import server as server
from test_engine_again import refuses

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


def disturbing(change: Change) -> Change:
    return replace(change, disturbs="Everybody is signed out of OWA.")


@pytest.fixture
def step(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Stepped]]:
    """Makes a run that somebody sits before; closing its record needs no key here."""
    monkeypatch.setenv("RUNBOOK_CLOSES_RECORD", "the test")
    made: list[Stepped] = []

    def make(
        *wanted: str,
        shape: Callable[[Change], Change] = lambda change: change,
        otherwise: Callable[[], tuple[str, ...]] = tuple,
    ) -> Stepped:
        one = run(section(*wanted, shape=shape))
        views = NotebookRun(one, cast(OwnKey, SimpleNamespace(made=False)))
        made.append(Stepped(one, views, lambda folder: resumes(one, folder), otherwise))
        return made[-1]

    yield make
    for stepped in made:
        if stepped.panel is not None:
            stepped.panel.join()


def resumes(one: Run, folder: Path) -> tuple[Run, NotebookRun]:
    raise Refused(f"That run still goes on: {folder.name}.")


def asked(stepped: Stepped) -> ApplyPanel:
    """Checked, and asked for confirmation."""
    stepped.check()
    stepped.apply()
    assert stepped.panel is not None
    return stepped.panel


def confirm(panel: ApplyPanel, ticket: str = "CHG1") -> None:
    """Type the ticket and the names, and press Apply until what it does has ended."""
    assert panel.asking is not None
    panel.asking.ticket.value = ticket
    for name, box in panel.asking.names.items():
        box.value = name
    panel.asking.apply.click()
    panel.join()


def recorded(stepped: Stepped, kind: type[Event]) -> list[Event]:
    return [event for event in read_events(stepped.run.ledger.path).events if isinstance(event, kind)]


def widgets(widget: Widget) -> Iterator[Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets(child)


def test_running_all_cells_applies_nothing_and_leaves_the_record_open(step: Callable[..., Stepped], server: Server):
    stepped = step("a")
    stepped.binding()
    stepped.check()
    stepped.plan()
    stepped.apply()
    waiting = [stepped.verify(), stepped.undo_commands(), stepped.finish()]
    assert server.sent == []
    assert all(view is not None and "comes after Apply" in view.text for view in waiting)
    assert recorded(stepped, RunEnded) == []
    assert recorded(stepped, Intent) == []


def test_apply_asks_for_a_ticket_and_is_sent_only_after_the_click(step: Callable[..., Stepped], server: Server):
    panel = asked(step("a"))
    assert panel.asking is not None
    assert panel.asking.apply.disabled
    panel.asking.apply.click()
    assert server.sent == [], "a click that comes past the disabled button sends nothing either"
    panel.asking.ticket.value = "CHG1"
    assert not panel.asking.apply.disabled
    assert server.sent == []
    confirm(panel)
    assert server.sent == ["a"]
    assert panel.state is State.DONE


def test_where_people_are_disturbed_each_servers_name_is_typed(step: Callable[..., Stepped], server: Server):
    panel = asked(step("a", shape=disturbing))
    assert panel.asking is not None
    panel.asking.ticket.value = "CHG1"
    (box,) = panel.asking.names.values()
    for wrong in ("", "atl-fe-001", "atl-fe-002.litwareinc.com"):
        box.value = wrong
        assert panel.asking.apply.disabled, wrong
        assert SERVER in panel.asking.still.value
    box.value = f" {SERVER.upper()} "
    assert not panel.asking.apply.disabled


def test_the_confirmation_stands_in_the_record_as_it_was_given(step: Callable[..., Stepped]):
    stepped = step("a", shape=disturbing)
    confirm(asked(stepped), ticket="CHG0012345")
    (event,) = recorded(stepped, PlanConfirmed)
    assert isinstance(event, PlanConfirmed)
    assert event.ticket == "CHG0012345"
    assert event.typed == (SERVER,)
    assert "button Apply" in event.by
    assert event.digest == stepped.run.plan.digest


def test_a_button_that_is_pressed_twice_counts_once(step: Callable[..., Stepped], server: Server):
    stepped = step("a")
    panel = asked(stepped)
    question = panel.asking
    assert question is not None

    def again(server: Server, name: str) -> None:
        question.apply.click()

    server.behave = again
    confirm(panel)
    question.apply.click()
    panel.join()
    assert server.sent == ["a"]
    assert panel.state is State.DONE
    assert recorded(stepped, StepFailed) == []


def test_walked_from_broken_to_verified(step: Callable[..., Stepped]):
    stepped = step("a", "b")
    confirm(asked(stepped))
    stepped.verify()
    stepped.finish()
    (ended,) = recorded(stepped, RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.outcome is Outcome.VERIFIED
    assert "verified" in stepped.rail().text


def test_deciding_against_it_sends_nothing_and_lets_the_record_be_closed(step: Callable[..., Stepped], server: Server):
    stepped = step("a")
    panel = asked(stepped)
    assert panel.asking is not None
    panel.asking.decline.click()
    assert server.sent == []
    assert any("decided against it" in event.text for event in recorded(stepped, Note) if isinstance(event, Note))
    with pytest.raises(Blocked):
        stepped.finish()
    assert recorded(stepped, RunEnded)


def test_after_a_failure_a_retry_shows_what_is_left_and_asks_again(step: Callable[..., Stepped], server: Server):
    server.behave = refuses("b")
    stepped = step("a", "b", "c")
    panel = asked(stepped)
    confirm(panel)
    assert panel.state is State.DECIDING
    assert panel.guided is not None
    assert "after a decision in the Apply cell" in panel.waits
    server.behave = refuses()
    panel.guided.retry.click()
    panel.join()
    assert panel.state is State.ASKING
    assert server.sent == ["a", "b"], "nothing is sent before it is confirmed again"
    assert "2 changes" in panel.live.view.text
    assert panel.asking is not None
    assert panel.asking.ticket.value == "CHG1", "the ticket needn't be typed again"
    confirm(panel)
    stepped.verify()
    assert server.held == {"a", "b", "c"}
    (answer,) = recorded(stepped, FailureAnswered)
    assert isinstance(answer, FailureAnswered)
    assert (answer.answer, answer.change) == (Answer.RETRY, 1)


def test_a_skip_needs_a_reason_and_the_rest_is_applied(step: Callable[..., Stepped], server: Server):
    server.behave = refuses("b")
    stepped = step("a", "b", "c")
    panel = asked(stepped)
    confirm(panel)
    assert panel.guided is not None
    assert panel.guided.skip.disabled
    panel.guided.skip.click()
    assert panel.state is State.DECIDING
    panel.guided.reason.value = "done by hand"
    panel.guided.skip.click()
    panel.join()
    confirm(panel)
    assert server.held == {"a", "c"}
    assert panel.state is State.DONE
    assert "skipped" in stepped.rail().text
    assert "done by hand" in stepped.rail().text


def test_the_page_of_a_run_that_skipped_a_change_is_true_of_what_was_sent_and_names_the_typed_ticket(
    step: Callable[..., Stepped], server: Server
):
    server.behave = refuses("b")
    stepped = step("a", "b")
    panel = asked(stepped)
    confirm(panel, ticket="CHG-B")
    assert panel.guided is not None
    panel.guided.reason.value = "done by hand"
    panel.guided.skip.click()
    panel.join()
    stepped.verify()
    with pytest.raises(Blocked, match="Outcome: incomplete"):
        stepped.finish()
    told = report(read_events(stepped.run.ledger.path))
    assert told.outcome is Outcome.INCOMPLETE
    assert (
        means(told)
        == "Part of it is done. What is left stands below. Of 2 changes: 1 verified; 1 failed, then refused."
    )
    assert dict(told.identity)["Change ticket"] == "CHG-B"


def test_stopping_after_a_failure_leaves_the_rest_unsent_and_lets_the_record_be_closed(
    step: Callable[..., Stepped], server: Server
):
    server.behave = refuses("a")
    stepped = step("a", "b")
    panel = asked(stepped)
    confirm(panel)
    assert panel.guided is not None
    panel.guided.stop.click()
    assert server.sent == ["a"]
    stepped.verify()
    with pytest.raises(Blocked):
        stepped.finish()
    assert "failed" in stepped.rail().text


def test_cancel_stops_before_the_next_change_and_says_who_asked(step: Callable[..., Stepped], server: Server):
    stepped = step("a", "b")
    panel = asked(stepped)

    def cancel(server: Server, name: str) -> None:
        assert panel.watching is not None
        panel.watching.cancel.click()

    server.behave = cancel
    confirm(panel)
    assert server.sent == ["a"]
    assert len(recorded(stepped, CancelAsked)) == 1
    assert panel.state is State.DECIDING
    assert "ancelled by" in panel.live.view.text
    assert "not sent" in stepped.rail().text


def test_an_error_in_the_worker_is_shown_recorded_and_decided_on(
    step: Callable[..., Stepped], monkeypatch: pytest.MonkeyPatch
):
    stepped = step("a")
    panel = asked(stepped)

    def broken(**_: object) -> None:
        raise RuntimeError("a mistake of the library")

    monkeypatch.setattr(stepped.run, "apply", broken)
    confirm(panel)
    assert panel.state is State.DECIDING
    assert "a mistake of the library" in panel.live.view.text
    (failed,) = recorded(stepped, StepFailed)
    assert isinstance(failed, StepFailed)
    assert "Traceback" in failed.traceback


def test_an_error_in_a_cell_is_short_and_still_fails_the_cell(
    step: Callable[..., Stepped], server: Server, monkeypatch: pytest.MonkeyPatch
):
    stepped = step("a")

    def broken() -> None:
        raise OutcomeUnknown(SERVER, "Get-CsSite", "The connection was lost.")

    monkeypatch.setattr(stepped.run, "check", broken)
    with pytest.raises(OutcomeUnknown) as caught:
        stepped.check()
    (line,) = caught.value._render_traceback_()
    assert "File " not in line
    assert len(recorded(stepped, StepFailed)) == 1


def test_a_check_while_changes_are_applied_does_nothing(step: Callable[..., Stepped], server: Server):
    stepped = step("a")
    panel = asked(stepped)
    said: list[object] = []
    server.behave = lambda server, name: said.append(stepped.check())
    confirm(panel)
    assert "comes after the changes" in str(said[0])


def test_the_cell_run_again_shows_the_same_panel(step: Callable[..., Stepped]):
    stepped = step("a")
    panel = asked(stepped)
    assert stepped.apply() is panel.live
    confirm(panel)
    assert stepped.apply() is panel.live
    assert "applied" in panel.live.view.text


def test_every_state_is_saved_as_html_and_text_too(step: Callable[..., Stepped]):
    panel = asked(step("a"))
    bundle = panel.live._bundle()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert "waiting for your confirmation" in str(bundle["text/plain"])
    confirm(panel)
    assert "1 applied" in panel.live.view.html


def test_every_control_has_a_name(step: Callable[..., Stepped], server: Server):
    server.behave = refuses("a")
    panel = asked(step("a", shape=disturbing))
    before = list(widgets(panel.live.box))
    confirm(panel)
    for widget in (*before, *widgets(panel.live.box)):
        if isinstance(widget, Button | Text):
            assert widget.description


def test_a_hostile_name_is_nowhere_markup(step: Callable[..., Stepped], server: Server):
    def hostile(change: Change) -> Change:
        return replace(change, object=HOSTILE, property=HOSTILE, before=HOSTILE, disturbs=HOSTILE)

    server.behave = refuses("a")
    stepped = step("a", shape=hostile)
    stepped.binding()
    panel = asked(stepped)
    shown = list(widgets(panel.live.box))
    confirm(panel)
    shown += widgets(panel.live.box)
    assert stepped._binding is not None
    shown += widgets(stepped._binding.box)
    assert panel.watching is not None
    panel.watching.told(Doing(what=HOSTILE, server=HOSTILE, change=0))
    shown += widgets(panel.watching.widget)
    values = [widget.value for widget in shown if isinstance(widget, HTML)]
    assert any("alert(1)" in value for value in values)
    for value in (*values, panel.live.view.html, panel.live.view.text.replace("<script>", "")):
        assert "<script" not in value
        assert not {"\u202e", "\x1b"} & set(value)


def test_the_first_cell_run_again_goes_on_with_a_run_that_changed_something(
    step: Callable[..., Stepped], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    from runbook.display import current as module

    monkeypatch.setattr(module, "_current", {})
    first, second = step("a"), step("a")
    assert module.current("test", lambda: first) is first
    first.check()
    assert module.current("test", lambda: second) is second, "nothing was sent: a new run begins"
    assert recorded(first, RunEnded), "and the first one's record is closed"
    confirm(asked(second))
    assert module.current("test", lambda: first) is second
    assert second.goes_on


def cut_off(stepped: Stepped, name: str) -> Path:
    """What is left of a run beside this one's record: it changed something and has no end."""
    folder = stepped.run.ledger.path.parent.parent / f"{name}-test-0123abcd"
    folder.mkdir()
    (folder / "events.jsonl").write_bytes(stepped.run.ledger.path.read_bytes())
    return folder


def test_a_run_that_was_cut_off_is_offered_and_gone_on_from(
    step: Callable[..., Stepped], run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
):
    first = step("a", "b")
    confirm(asked(first))
    folder = cut_off(first, "20260101T000000Z")
    second, third = step("a", "b"), run(section("a", "b"))
    views = NotebookRun(third, cast(OwnKey, SimpleNamespace(made=False)))
    asked_for: list[Path] = []
    monkeypatch.setattr(second, "_resume", lambda where: (asked_for.append(where), (third, views))[1])
    second.binding()
    assert second._binding is not None
    assert "isn't closed" in second._binding.view.text
    (button,) = (each for each in widgets(second._binding.box) if isinstance(each, Button))
    button.click()
    assert asked_for == [folder]
    assert second.run is third
    assert "goes on from" in str([each.value for each in widgets(second._binding.box) if isinstance(each, HTML)])
    second.check()
    assert second.run.decision


def test_where_an_earlier_run_cannot_be_gone_on_from_the_reason_is_shown(step: Callable[..., Stepped]):
    first = step("a")
    confirm(asked(first))
    cut_off(first, "20260101T000000Z")
    second = step("a")
    second.binding()
    assert second._binding is not None
    before = second.run
    (button,) = (each for each in widgets(second._binding.box) if isinstance(each, Button))
    button.click()
    assert second.run is before
    assert "That run still goes on" in str(
        [each.value for each in widgets(second._binding.box) if isinstance(each, HTML)]
    )


def test_in_plan_mode_nothing_is_asked_and_nothing_sent(
    run: Callable[..., Run], server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNBOOK_CLOSES_RECORD", "the test")
    one = run(section("a"), Mode.PLAN)
    stepped = Stepped(one, NotebookRun(one, cast(OwnKey, SimpleNamespace(made=False))), lambda _: resumes(one, Path()))
    stepped.check()
    stepped.apply()
    assert stepped.panel is None
    stepped.verify()
    stepped.finish()
    (ended,) = recorded(stepped, RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.outcome is Outcome.PLANNED
    assert server.sent == []


def test_a_kernel_that_ends_begins_no_other_change(
    step: Callable[..., Stepped], server: Server, monkeypatch: pytest.MonkeyPatch
):
    stepped = step("a", "b", "c")
    panel = asked(stepped)

    def ends(server: Server, name: str) -> None:
        monkeypatch.setattr(threading, "main_thread", lambda: SimpleNamespace(is_alive=lambda: False))

    server.behave = ends
    confirm(panel)
    monkeypatch.undo()
    assert server.sent == ["a", "b"], "what had been begun"
    assert "cancelled by the end of the kernel" in " ".join(stepped.run.results[2].said)


def test_an_empty_plan_after_a_retry_needs_no_confirmation(step: Callable[..., Stepped], server: Server):
    server.behave = refuses("a")
    stepped = step("a")
    panel = asked(stepped)
    confirm(panel)
    assert panel.guided is not None
    server.held.add("a")  # somebody did it by hand meanwhile
    panel.guided.retry.click()
    panel.join()
    assert panel.state is State.DONE
    assert "Nothing is left to apply" in panel.live.view.text
    stepped.verify()
    assert server.sent == ["a"]


def test_a_plan_that_is_made_anew_after_the_question_is_not_applied_by_the_old_button(
    step: Callable[..., Stepped], server: Server
):
    stepped = step("a", "b")
    panel = asked(stepped)
    server.held.add("a")
    stepped.check()
    confirm(panel)
    assert server.sent == []
    assert "The plan has changed" in panel.live.view.text
    assert stepped.apply() is not panel.live, "the cell run again asks about the new plan"


def test_values_that_are_changed_after_the_question_keep_the_plan_from_being_sent(
    step: Callable[..., Stepped], server: Server
):
    """The form isn't told to anybody before the press: what counts is what the cells hold then."""
    changed: list[str] = []
    stepped = step("a", otherwise=lambda: tuple(changed))
    panel = asked(stepped)
    assert panel.asking is not None
    panel.asking.ticket.value = "CHG1"
    assert "Ready" in panel.asking.still.value
    changed += ["application_port", "mode"]
    panel.asking.apply.click()
    panel.join()
    assert server.sent == []
    assert recorded(stepped, PlanConfirmed) == []
    assert panel.asking.apply.disabled
    assert "application_port, mode" in panel.asking.still.value
    assert "Run the cells again from the first one" in panel.asking.still.value
    changed.clear()
    stepped.edited()
    assert not panel.asking.apply.disabled, "set back, it is the plan's values again"
    confirm(panel)
    assert server.sent == ["a"]


def test_where_something_was_sent_changed_values_are_for_another_run(step: Callable[..., Stepped], server: Server):
    """The first cell goes on with a run that has changed something, so running it again wouldn't take them up."""
    changed: list[str] = []
    server.behave = refuses("a")
    panel = asked(step("a", otherwise=lambda: tuple(changed)))
    confirm(panel)
    assert panel.guided is not None
    changed.append("application_port")
    panel.guided.retry.click()
    panel.join()
    assert panel.asking is not None
    assert panel.asking.apply.disabled
    assert "close this run in its first cell" in panel.asking.still.value


def test_the_apply_cell_run_again_looks_at_the_values_again(step: Callable[..., Stepped]):
    changed = ["mode"]
    stepped = step("a", otherwise=lambda: tuple(changed))
    panel = asked(stepped)
    assert panel.asking is not None
    panel.asking.ticket.value = "CHG1"
    assert panel.asking.apply.disabled
    changed.clear()
    assert stepped.apply() is panel.live
    assert not panel.asking.apply.disabled


def test_a_cell_that_waits_says_nothing_that_could_be_untrue_when_it_is_read(
    step: Callable[..., Stepped], server: Server
):
    """Its output stays there, and is saved, until it is run again, whatever is sent meanwhile."""
    server.behave = refuses("a")
    stepped = step("a")
    panel = asked(stepped)
    before = stepped.verify()
    confirm(panel)
    deciding = stepped.finish()
    assert panel.guided is not None
    panel.guided.retry.click()
    panel.join()
    asked_again = stepped.undo_commands()
    for view in (before, deciding, asked_again):
        assert view is not None
        assert "This cell did nothing. Run it again after that." in view.text
        assert "sent" not in view.text
    assert "Nothing has been sent" not in panel.live.view.text
    assert "Changes were sent before this" in panel.live.view.text


def test_deciding_against_the_rest_does_not_deny_what_was_sent(step: Callable[..., Stepped], server: Server):
    server.behave = refuses("a")
    panel = asked(step("a"))
    confirm(panel)
    assert panel.guided is not None
    panel.guided.retry.click()
    panel.join()
    assert panel.asking is not None
    panel.asking.decline.click()
    assert "Nothing was sent" not in panel.live.view.text
    assert "Nothing more was sent" in panel.live.view.text


def skip(panel: ApplyPanel, reason: str) -> None:
    assert panel.guided is not None
    panel.guided.reason.value = reason
    panel.guided.skip.click()
    panel.join()


def test_where_all_that_is_left_was_skipped_nothing_is_asked(step: Callable[..., Stepped], server: Server):
    server.behave = refuses("a")
    stepped = step("a", shape=disturbing)
    panel = asked(stepped)
    confirm(panel)
    skip(panel, "the window is over")
    assert panel.state is State.DONE
    shown = panel.live.view.text
    assert "Nothing is left to apply." in shown
    assert "skipped: the window is over" in shown
    assert "Now run the next cell: Verify." in shown
    assert "1 change" not in shown
    assert "To announce it" not in shown
    assert not [each for each in widgets(panel.live.box) if isinstance(each, Button | Text)]
    assert len(recorded(stepped, PlanConfirmed)) == 1, "of what was sent, and no second one for nothing"
    assert stepped.verify() is None
    with pytest.raises(Blocked):
        stepped.finish()
    (ended,) = recorded(stepped, RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.outcome is Outcome.INCOMPLETE, "it failed, and was then left out"
    assert server.sent == ["a"]
    assert "the window is over" in stepped.rail().text


def test_a_skipped_change_is_marked_and_neither_counted_nor_announced(step: Callable[..., Stepped], server: Server):
    def shape(change: Change) -> Change:
        return disturbing(change) if change.after == "a" else change

    server.behave = refuses("a")
    stepped = step("a", "b", shape=shape)
    panel = asked(stepped)
    confirm(panel)
    skip(panel, "the window is over")
    assert panel.asking is not None
    assert panel.asking.names == {}
    assert panel.asking.apply.description == "Apply 1 change"
    assert "1 change · 1 skipped" in panel.live.view.text
    assert "skipped: the window is over" in panel.live.view.text
    assert "To announce it" not in panel.live.view.text
    assert "1 change · 1 skipped" in stepped.plan().text
    assert "skipped" in stepped.rail().text
    confirm(panel)
    assert server.sent == ["a", "b"]


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u00ad"])
def test_a_ticket_that_does_not_show_what_it_holds_is_refused_in_the_words_of_the_form(
    step: Callable[..., Stepped], server: Server, hidden: str
):
    panel = asked(step("a"))
    assert panel.asking is not None
    typed = f"CHG{hidden}1"
    with pytest.raises(InputError) as refused:
        load_parameters(SectionParameters, {"change_ticket": typed})
    (fault,) = refused.value.faults
    confirm(panel, ticket=typed)
    assert server.sent == []
    assert panel.asking.apply.disabled
    assert f"Change ticket: {fault.problem} {fault.remedy}" in unescape(panel.asking.still.value)


def test_a_reason_that_does_not_show_what_it_holds_is_refused(step: Callable[..., Stepped], server: Server):
    server.behave = refuses("a")
    stepped = step("a")
    panel = asked(stepped)
    confirm(panel)
    skip(panel, "done\u202eby hand")
    assert panel.state is State.DECIDING
    assert panel.guided is not None
    assert "RIGHT-TO-LEFT OVERRIDE" in panel.guided.still.value
    assert recorded(stepped, FailureAnswered) == []


def test_a_cell_that_comes_too_early_is_told_what_to_run_first(
    step: Callable[..., Stepped], capsys: pytest.CaptureFixture[str]
):
    for cell in (Stepped.plan, Stepped.apply):
        with pytest.raises(Refused) as caught:
            cell(step("a"))
        assert caught.value._render_traceback_() == ["Refused: told above."]
        assert "run the check first" in capsys.readouterr().out
