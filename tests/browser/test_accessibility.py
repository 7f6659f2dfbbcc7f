"""No serious violation of axe-core's rules in what the runbook shows, light and dark; the rest is JupyterLab's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.notebook import DARK, LIGHT, Notebook
from browser.stepping import LONG, POOL, begin, set_parameter
from browser.workplace import Workplace

pytest.importorskip("axe_playwright_python", reason="axe-core isn't installed: pip install -e '.[test]'")


def check(notebook: Notebook, part: Locator) -> None:
    for theme in (LIGHT, DARK):
        notebook.theme(theme)
        assert notebook.violations(part) == []


def test_the_start_page(opened: Callable[[str], Notebook]):
    notebook = opened("00-start-here.ipynb")
    output = notebook.run("runbook.overview", seconds=120)
    expect(output).to_contain_text("Every section was looked at.", timeout=LONG)
    check(notebook, output)


def test_the_form(opened: Callable[[str], Notebook]):
    notebook = opened(POOL)
    notebook.run("estate: str")
    form = notebook.run("runbook.form")
    form.get_by_role("button", name="Ask the servers what may be chosen").click()
    expect(form).to_contain_text("The servers have answered", timeout=LONG)
    form.get_by_label("SiteID", exact=True).fill("Site:Redmond")
    expect(form).to_contain_text("To put right: SiteID.")
    check(notebook, form)


def test_a_run_as_it_is_stepped_through(opened: Callable[[str], Notebook], desk: Workplace):
    set_parameter(desk, POOL, "mode", '"apply"')
    notebook = opened(POOL)
    panel = begin(notebook)
    for words in ("runbook.start", "run.check()", "run.plan()"):
        check(notebook, notebook.output(words))
    check(notebook, panel)


def test_a_control_without_a_label_and_faint_text_would_be_seen(page: Page):
    page.set_content("<main><input type=text><p style='color:#bbb;background:#fff'>Faint</p></main>")
    found = Notebook(page).violations(page.locator("main"))
    assert {line.partition(":")[0] for line in found} == {"label", "color-contrast"}
