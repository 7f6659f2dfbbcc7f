"""The trusted pool from broken to verified with clicks, in an organisation of its own; nothing without a click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.notebook import Notebook
from browser.stepping import LONG, POOL, TICKET, begin, confirm, sent, set_parameter
from browser.workplace import Workplace
from runbook.ledger import read_events
from runbook.ledger.events import Intent, PlanConfirmed, RunEnded

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module", autouse=True)
def applying(desk: Workplace) -> None:
    set_parameter(desk, POOL, "mode", '"apply"')


def test_running_all_cells_at_once_applies_nothing(opened: Callable[[str], Notebook], desk: Workplace):
    before = sent(desk)
    notebook = opened(POOL)
    notebook.run_all()
    expect(notebook.output("run.apply()")).to_contain_text("waiting for your confirmation")
    for cell in ("run.verify()", "run.undo_commands()", "run.finish()"):
        expect(notebook.output(cell)).to_contain_text("This step comes after Apply")
        expect(notebook.output(cell)).to_contain_text("This cell did nothing.")
    assert sent(desk) == before
    assert not [one for one in ledgers(desk) if one.ended is not None]


def test_apply_is_enabled_by_the_ticket_alone_where_nobody_is_disturbed(opened: Callable[[str], Notebook]):
    notebook = opened(POOL)
    panel = begin(notebook)
    button = panel.get_by_role("button", name="Apply 3 changes")
    expect(button).to_be_disabled()
    expect(panel).to_contain_text("Give the change ticket.")
    panel.get_by_label("Change ticket").fill(TICKET)
    expect(button).to_be_enabled()
    panel.get_by_label("Change ticket").fill(" ")
    expect(button).to_be_disabled()


def test_values_that_are_edited_after_the_plan_keep_it_from_being_sent(
    opened: Callable[[str], Notebook], desk: Workplace
):
    before = sent(desk)
    notebook = opened(POOL)
    notebook.restart_kernel()  # what was typed in the tests before stays in their kernel
    notebook.run("estate: str")
    form = notebook.run("runbook.form")
    for words in ("runbook.start", "run.check()", "run.plan()"):
        notebook.run(words)
    panel = notebook.run("run.apply()")
    panel.get_by_label("Change ticket").fill(TICKET)
    button = panel.get_by_role("button", name="Apply 3 changes")
    expect(button).to_be_enabled()
    form.get_by_label("Application port", exact=True).fill("5998")
    form.get_by_label("Mode", exact=True).select_option("plan")
    expect(panel).to_contain_text("other values now than this plan was made with: mode, application_port.")
    expect(button).to_be_disabled()
    form.get_by_label("Application port", exact=True).fill("5199")
    expect(panel).to_contain_text("other values now than this plan was made with: mode.")
    notebook.run("estate: str")  # it says apply, below it the form still says plan
    expect(notebook.run("run.apply()")).to_contain_text("was made with: mode.")
    expect(button).to_be_disabled()
    form.get_by_label("Mode", exact=True).select_option("apply")
    expect(button).to_be_enabled()
    form.get_by_label("Mode", exact=True).select_option("plan")
    notebook.run("runbook.start")
    notebook.run("run.check()")
    expect(notebook.run("run.plan()")).to_contain_text("This run only plans")
    notebook.restart_kernel()
    assert sent(desk) == before


def test_a_plan_is_a_diff_with_its_way_back(opened: Callable[[str], Notebook]):
    notebook = opened(POOL)
    begin(notebook)
    plan = notebook.output("run.plan()")
    for said in (
        "(not there)",
        "+ Redmond",
        "New-CsTrustedApplicationPool",
        "To undo it:",
        "Can't be undone:",
        "L26",
    ):
        expect(plan).to_contain_text(said)


def test_from_broken_to_verified_with_clicks_in_two_tabs(
    opened: Callable[[str], Notebook], desk: Workplace, context: BrowserContext
):
    notebook = opened(POOL)
    begin(notebook)
    page = context.new_page()
    other = Notebook.open(page, desk, POOL)
    beside = other.run("run.apply()")
    expect(beside.get_by_role("button", name="Apply 3 changes")).to_be_disabled()
    panel = notebook.run("run.apply()")
    confirm(panel)
    expect(panel).to_contain_text("3 changes: 3 applied.", timeout=LONG)
    expect(beside).to_contain_text("3 changes: 3 applied.", timeout=LONG)
    commands = ["New-CsTrustedApplicationPool", "New-CsTrustedApplication", "Enable-CsTopology"]
    assert list(dict.fromkeys(sent(desk))) == commands
    page.close()
    expect(notebook.run("run.verify()")).to_contain_text("3 verified")
    expect(notebook.run("run.undo_commands()")).to_contain_text("Remove-CsTrustedApplicationPool")
    expect(notebook.run("run.finish()")).to_contain_text("Outcome: verified")
    rail = notebook.output("runbook.start").get_by_role("table", name="Steps of this run")
    for step, state in (
        ("Reach the servers", "fine"),
        ("Verify with fresh facts", "verified"),
        ("topology", "verified"),
    ):
        expect(rail.get_by_role("row").filter(has_text=step)).to_contain_text(state)
    told = next(one for one in ledgers(desk) if one.ended is not None and one.ended.outcome.value == "verified")
    (confirmed,) = (event for event in told.events if isinstance(event, PlanConfirmed))
    assert confirmed.ticket == TICKET
    assert len([event for event in told.events if isinstance(event, Intent)]) == 3, "each is sent once"
    assert "button Apply" in confirmed.by
    assert isinstance(told.events[-1], RunEnded)


def test_the_saved_notebook_shows_what_was_seen_and_keeps_no_widget(
    opened: Callable[[str], Notebook], desk: Workplace, page: Page
):
    """After the walk: another kernel, the same pictures."""
    notebook = opened(POOL)
    panel = begin(notebook)
    expect(panel).to_contain_text("Nothing to apply.")
    seen = str(panel.text_content())
    notebook.save()
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    text = desk.notebook_file(POOL).read_text(encoding="utf-8")
    assert WIDGET not in text
    assert '"widgets"' not in text
    page.reload()
    notebook.ready()
    expect(notebook.output("run.apply()")).to_contain_text("Nothing to apply.")
    assert str(notebook.output("run.apply()").text_content()).split() == seen.split()
    assert notebook.scrolls_sideways() == []


def ledgers(desk: Workplace):
    """Every run's ledger, the newest first."""
    return [read_events(file) for file in sorted(desk.records.glob("*/*/events.jsonl"), reverse=True)]
