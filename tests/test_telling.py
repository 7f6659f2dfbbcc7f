"""An error is told in short, with what to do and which notebook mends it; its traceback stands in the record once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runbook.display.telling import failed_step, record_failure, shortly
from runbook.engine.run import Run
from runbook.errors import (
    Blocked,
    Cancelled,
    ConnectionFailed,
    Fault,
    InputError,
    OutcomeUnknown,
    PipelineFailed,
    Refused,
)
from runbook.ledger import read_events
from runbook.ledger.events import StepFailed
from runbook.notebook import NotebookRun
from runbook.record import OwnKey
from runbook.render.failure import failure
from test_engine import SERVER, section
from test_engine import run as run
from test_engine import server as server
from test_render import HOSTILE, words

ERRORS = [
    InputError((Fault(file="a.yaml", key="site_id", value="x", problem="It isn't one.", remedy="Write another."),)),
    InputError("There is no section 'x'."),
    ConnectionFailed(SERVER, "Nobody listens there.", "Start the service."),
    PipelineFailed(SERVER, "Get-CsSite", ("Access is denied.",)),
    OutcomeUnknown(SERVER, "Set-CsSite", "The connection was lost."),
    Refused("Another run is at it."),
    Blocked("Outcome: incomplete.\n- pool-missing: There is no pool."),
    Cancelled("Reading was cancelled."),
    KeyboardInterrupt(),
    ZeroDivisionError("division by zero"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_says_what_happened_and_keeps_its_stack_folded_away(error: BaseException):
    told = failed_step(error)
    assert told.what
    view = failure(told)
    assert "✖" in view.text
    assert "Traceback" not in view.text
    for word in str(error).split()[:3]:
        assert word in words(view)


def test_where_a_server_was_not_reached_the_remedy_and_the_notebook_that_looks_are_named():
    told = failed_step(ConnectionFailed(SERVER, "Nobody listens there.", "Start the service."))
    assert (told.where, told.remedy) == (SERVER, "Start the service.")
    assert ("10-prerequisites.ipynb", "10-prerequisites") in told.mended_by


def test_a_notebook_that_the_words_name_is_a_link_where_it_is_there():
    told = failed_step(Blocked("Outcome: incomplete.\n- x: Run 30-owa-enablement first, or 99-nothing-there."))
    assert told.mended_by == (("30-owa-enablement.ipynb", "30-owa-enablement"),)


def test_a_hostile_message_is_never_markup():
    view = failure(failed_step(PipelineFailed(HOSTILE, HOSTILE, (HOSTILE,))))
    assert "<script" not in view.html
    assert not {"\u202e", "\x1b"} & set(view.html)


def test_the_record_has_the_traceback_once_however_often_it_is_told(run: Callable[..., Run]):
    one = run(section("a"))
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("a mistake")
    assert record_failure(caught.value, one)
    assert failed_step(caught.value, one).recorded
    (event,) = (event for event in read_events(one.ledger.path).events if isinstance(event, StepFailed))
    assert (event.kind, event.said) == ("RuntimeError", "a mistake")
    assert "Traceback" in event.traceback


def test_a_headless_cell_fails_as_before_and_its_error_stands_in_the_record(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
):
    one = run(section("a"))

    def broken() -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(one, "check", broken)
    with pytest.raises(ZeroDivisionError) as caught:
        NotebookRun(one, OwnKey.__new__(OwnKey)).check()
    assert not hasattr(caught.value, "_render_traceback_"), "a headless record keeps the whole traceback"
    assert [event for event in read_events(one.ledger.path).events if isinstance(event, StepFailed)]


def test_in_the_cell_it_is_one_line():
    assert shortly(ValueError("x" * 1000))._render_traceback_() == ["ValueError: told above."]  # type: ignore[attr-defined]
