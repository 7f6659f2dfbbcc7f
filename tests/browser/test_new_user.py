"""A new user, from the start page to a verified trusted pool and back: clicks and typing into forms, no code."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from browser.notebook import Notebook
from browser.stepping import LONG, confirm

START, POOL = "00-start-here.ipynb", "20-trusted-pool.ipynb"
LOOKED = "Every section was looked at."


def test_from_the_start_page_to_a_verified_section_and_back(opened: Callable[[str], Notebook]):
    notebook = opened(START)
    standing = notebook.run("runbook.overview", seconds=120)
    expect(standing).to_contain_text(LOOKED, timeout=LONG)
    notebook.follow(standing.get_by_role("link", name="Trusted application pool").first)
    notebook.shows(POOL)
    notebook.ready()

    notebook.run("estate: str")
    form = notebook.run("runbook.form")
    form.get_by_role("button", name="Load").click()
    expect(form).to_contain_text("Taken over: allow_dial_plan_changes.")
    form.get_by_label("Mode", exact=True).select_option("apply")
    expect(form).to_contain_text("Every value can be used.")
    for words in ("runbook.start", "run.check()", "run.plan()"):
        notebook.run(words)
    panel = notebook.run("run.apply()")
    confirm(panel)
    expect(panel).to_contain_text("7 applied", timeout=LONG)
    notebook.idle()
    expect(notebook.run("run.verify()", seconds=120)).to_contain_text("7 verified", timeout=LONG)
    expect(notebook.run("run.finish()")).to_contain_text("Outcome: verified", timeout=LONG)

    notebook = opened(START)
    standing = notebook.run("runbook.overview", seconds=120)
    expect(standing).to_contain_text(LOOKED, timeout=LONG)
    expect(standing).to_contain_text("Next: OWA enablement")
    heading = notebook.page.get_by_role("rowheader", name="Trusted application pool")
    row = standing.get_by_role("row").filter(has=heading)
    expect(row).to_contain_text("✔ nothing to do")
