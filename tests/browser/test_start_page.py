"""The start page as a new user meets it: what is shown at once, a look with progress, links, and what is saved."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.notebook import DARK, LIGHT, Notebook
from browser.workplace import Workplace

START = "00-start-here.ipynb"
CELL = "runbook.overview"
DONE = "Every section was looked at. Nothing was changed."


@pytest.fixture
def start(opened: Callable[[str], Notebook]) -> Notebook:
    return opened(START)


def test_the_page_opens_by_itself_and_shows_a_rehearsal_before_anything_is_run(page: Page, desk: Workplace):
    desk.close_tabs()
    page.goto(f"{desk.jupyter.url}?token={desk.jupyter.token}")
    start = Notebook(page)
    start.shows(START)
    start.ready()
    expect(start.output(CELL)).to_contain_text("Next: Trusted application pool")


def test_the_servers_are_looked_at_and_the_broken_link_is_marked(start: Notebook, desk: Workplace):
    output = start.run(CELL)
    expect(output).to_contain_text(DONE, timeout=60_000)
    picture = output.get_by_role("img", name="Litware, Inc.: servers and links")
    expect(picture).to_be_visible()
    expect(picture.locator("desc")).to_contain_text("Exchange back end to Lync pool atl-cs-001, mutual TLS: broken.")
    expect(picture.get_by_text("✖ mutual TLS", exact=True)).to_be_visible()
    expect(output).to_contain_text("Next: Trusted application pool")
    expect(output).to_contain_text("The topology has no trusted application pool atl-owa-001.litwareinc.com.")
    assert desk.lab.ask("journal")["entries"] == [], "looking changed nothing"
    assert start.scrolls_sideways() == []


def test_a_link_opens_the_notebook_in_jupyterlab(start: Notebook):
    start.follow(start.output(CELL).get_by_role("link", name="Trusted application pool").first)
    start.shows("20-trusted-pool.ipynb")


@pytest.mark.parametrize(
    ("section", "notebook"),
    [
        ("Prerequisites", "10-prerequisites.ipynb"),
        ("OWA enablement", "30-owa-enablement.ipynb"),
        ("SIPStack tracing", "90-sipstack-tracing.ipynb"),
    ],
)
def test_every_link_of_the_table_leads_to_its_notebook(start: Notebook, section: str, notebook: str):
    start.follow(start.panel.locator(".jp-MarkdownCell").get_by_role("link", name=section, exact=True))
    start.shows(notebook)
    expect(start.panel.get_by_role("heading", level=1)).to_be_visible()


def test_a_page_of_the_documentation_opens_to_be_read(start: Notebook):
    start.follow(start.panel.get_by_role("link", name="records.md"))
    shown = start.page.locator(".jp-MarkdownViewer")
    expect(shown.get_by_role("heading").first).to_be_visible()


def test_what_was_shown_is_saved_without_widgets(start: Notebook, desk: Workplace):
    expect(start.run(CELL)).to_contain_text(DONE, timeout=60_000)
    start.save()
    start.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    text = desk.notebook_file(START).read_text(encoding="utf-8")
    assert "widget-view" not in text
    assert "Next: " in "".join(
        "".join(output["data"]["text/html"])
        for cell in json.loads(text)["cells"]
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    )
    start.page.reload()
    start.ready()
    expect(start.output(CELL)).to_contain_text("Next: Trusted application pool")
    expect(start.panel).not_to_contain_text("model not found")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_picture_can_be_read_in_either_theme(start: Notebook, theme: str):
    start.theme(theme)
    picture = start.output(CELL).get_by_role("img")
    assert picture.locator("text").first.is_visible()
    assert start.faint(picture) == []
    assert start.faint(start.output(CELL)) == []
