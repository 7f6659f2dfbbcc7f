"""Plan, question and steps as they look: legible in either theme, every control named, no sideways scrolling."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.notebook import DARK, LIGHT, Notebook
from browser.stepping import POOL, TICKET, begin, set_parameter
from browser.workplace import Workplace

STEPS = ("runbook.start", "run.check()", "run.plan()", "run.apply()")


@pytest.fixture(scope="module", autouse=True)
def applying(desk: Workplace) -> None:
    set_parameter(desk, POOL, "mode", '"apply"')


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_step_is_legible_named_and_fits_the_smallest_screen(desk: Workplace, page: Page, theme: str):
    notebook = Notebook.open(page, desk, POOL)
    notebook.theme(theme)
    panel = begin(notebook)
    panel.get_by_label("Change ticket").fill(TICKET)
    expect(panel.get_by_role("button", name="Apply 3 changes")).to_be_enabled()
    for words in STEPS:
        notebook.cell(words).scroll_into_view_if_needed()
        shown = notebook.output(words)
        expect(shown).to_be_visible()
        assert notebook.faint(shown) == [], words
        assert notebook.unnamed(shown) == [], words
        assert notebook.scrolls_sideways() == [], words


def test_the_state_of_a_step_is_a_word_beside_its_sign(desk: Workplace, page: Page):
    notebook = Notebook.open(page, desk, POOL)
    begin(notebook)
    rail = notebook.output("runbook.start").get_by_role("table", name="Steps of this run")
    for step, state in {
        "Reach the servers": "fine",
        "Read the facts": "needs change",
        "urn:application:outlookwebapp": "needs change",
        "Verify with fresh facts": "not run",
        "Close the record": "not run",
    }.items():
        expect(rail.get_by_role("row").filter(has_text=step).get_by_role("cell").first).to_contain_text(state)
    row = rail.get_by_role("row").filter(has_text="urn:application:outlookwebapp")
    expect(row).to_contain_text("atl-fe-001.litwareinc.com (lync)")
    expect(row).to_contain_text("L37")
