"""A change that fails, a run that is cancelled, a kernel and a tab that go away in the middle: what is asked then.

The tests go on from each other, in one organisation: four back ends, on the third of which somebody has OWA's
web.config open when it is first to be overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from browser.notebook import Notebook
from browser.stepping import LONG, OWA, TICKET, begin, confirm, set_parameter
from browser.workplace import Workplace, workplace

HELD = "atl-mbx-003.litwareinc.com"


@pytest.fixture(scope="module")
def desk(chromium: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("desk"), "dag-2013", states=["file-held"]) as ready:
        ready.bring_up_to("owa_enablement")
        set_parameter(ready, OWA, "mode", '"apply"')
        yield ready


def steps(panel: Locator, state: str) -> Locator:
    """The changes of the panel that stand so."""
    return panel.get_by_role("table", name="Steps of this run").get_by_role("row").filter(has_text=state)


def test_each_server_whose_users_are_disturbed_has_to_be_named(desk: Workplace, page: Page):
    notebook = Notebook.open(page, desk, OWA)
    panel = begin(notebook)
    button = panel.get_by_role("button", name="Apply 10 changes")
    panel.get_by_label("Change ticket").fill(TICKET)
    boxes = panel.get_by_label("To disturb its users, type")
    expect(boxes).to_have_count(4)
    for place, box in enumerate(boxes.all()):
        expect(button).to_be_disabled()
        box.fill(f"atl-mbx-00{place + 1}.litwareinc.com")
    expect(button).to_be_enabled()
    boxes.first.fill("atl-mbx-001")
    expect(button).to_be_disabled()
    expect(panel).to_contain_text("What is typed isn't the name atl-mbx-001.litwareinc.com.")
    expect(panel.get_by_text("Text to announce it")).to_be_visible()
    panel.get_by_role("button", name="Don't apply").click()
    expect(panel).to_contain_text("Nothing was sent.")


def test_cancel_stops_before_the_next_change_and_the_record_says_so(desk: Workplace, page: Page):
    notebook = Notebook.open(page, desk, OWA)
    panel = begin(notebook)
    confirm(panel)
    expect(steps(panel, "● applied").first).to_be_visible(timeout=LONG)
    panel.get_by_role("button", name="Cancel").click()
    expect(panel).to_contain_text("nothing more was sent", timeout=LONG)
    expect(panel).to_contain_text("Not sent: cancelled by")
    expect(notebook.run("run.verify()")).to_contain_text("after a decision in the Apply cell: retry, skip or stop")
    panel.get_by_role("button", name="Stop here").click()
    expect(panel).to_contain_text("Stopped.")
    notebook.run("run.verify()", seconds=120)
    ended = notebook.run("run.finish()")
    expect(ended).to_contain_text("Outcome: incomplete")
    expect(ended.get_by_text("Traceback", exact=True)).to_be_visible()
    expect(ended.locator("pre").first).to_be_hidden()


def test_after_a_restart_of_the_kernel_the_first_cell_finds_the_run_that_was_cut_off(desk: Workplace, page: Page):
    notebook = Notebook.open(page, desk, OWA)
    panel = begin(notebook)
    confirm(panel)
    expect(steps(panel, "running").first).to_be_visible(timeout=LONG)
    notebook.restart_kernel()
    notebook.run("estate: str")
    first = notebook.run("runbook.start")
    expect(first).to_contain_text("changed something and isn't closed")
    expect(first).to_contain_text("runbook resume")
    first.get_by_role("button", name="Go on from it").click()
    expect(first).to_contain_text("This notebook goes on from")
    expect(notebook.run("run.check()", seconds=120)).to_contain_text("Found:")
    expect(notebook.run("run.apply()")).to_contain_text("waiting for your confirmation")


def test_a_tab_that_is_closed_stops_nothing_and_the_run_is_found_again(
    desk: Workplace, page: Page, context: BrowserContext
):
    closed = context.new_page()
    notebook = Notebook.open(closed, desk, OWA)
    panel = begin(notebook)
    confirm(panel)
    expect(steps(panel, "running").first).to_be_visible(timeout=LONG)
    notebook.save()
    closed.close()
    again = Notebook.open(page, desk, OWA)
    again.run("estate: str")
    expect(again.run("runbook.start")).to_contain_text("it goes on")
    panel = again.run("run.apply()")
    expect(panel).to_contain_text(f"on {HELD}.", timeout=LONG)
    expect(panel.get_by_role("button", name="Retry from fresh facts")).to_be_visible()


def test_a_failure_is_retried_from_fresh_facts_and_everything_verified(desk: Workplace, page: Page):
    notebook = Notebook.open(page, desk, OWA)
    panel = notebook.run("run.apply()")
    skip = panel.get_by_role("button", name="Skip this change")
    expect(skip).to_be_disabled()
    panel.get_by_label("Reason for skipping it").fill("the file is open")
    expect(skip).to_be_enabled()
    panel.get_by_role("button", name="Retry from fresh facts").click()
    expect(panel.get_by_role("button", name="Don't apply")).to_be_visible(timeout=LONG)
    expect(panel.get_by_label("Change ticket")).to_have_value(TICKET)
    expect(panel).not_to_contain_text("atl-mbx-001.litwareinc.com", timeout=1000)
    confirm(panel)
    expect(panel).to_contain_text("Now run the next cell: Verify.", timeout=LONG)
    notebook.run("run.verify()", seconds=120)
    expect(notebook.run("run.finish()")).to_contain_text("Outcome: verified")
