"""Ten thousand users, hostile names, progress that can be cancelled, errors: in a real JupyterLab, light and dark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from browser.notebook import DARK, LIGHT, Notebook
from browser.stepping import POOL, VERIFICATION, begin, set_parameter
from browser.workplace import Workplace

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\u202egnp.exe\x1b[31m"
TABLE = f"""
from runbook.display.listing import Listing
from runbook.display.live import Live
from runbook.table import Table

names = [{HOSTILE!r}, *(f"user{{number:05d}}@litwareinc.com" for number in range(1, 10_000))]
rows = tuple((name, "no" if place % 7 == 0 else "yes", "=1+1") for place, name in enumerate(names))
listing = Listing(Table(name="users", title="Users", columns=("User", "IM in OWA", "Why"), rows=rows))
Live(listing.view, listing.widget)
"""
SLOW = """
import threading
from IPython.display import display
from runbook.display.watching import Watching
from runbook.engine.control import Doing

stop = threading.Event()
watching = Watching("Reading the facts", stop.set)
display(watching.widget)
for number in range(600):
    watching.told(Doing(what="pools", server="atl-fe-001.litwareinc.com", done=number, total=600, seconds_left=60))
    if stop.wait(0.1):
        break
print("it was heard" if stop.is_set() else "nobody stopped it")
"""


@pytest.fixture(scope="module")
def scratch(desk: Workplace) -> str:
    """A notebook of these two cells."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=[new_code_cell(TABLE), new_code_cell(SLOW)], metadata={"kernelspec": kernel})
    nbformat.write(notebook, desk.notebook_file("scratch.ipynb"))
    return "scratch.ipynb"


@pytest.fixture
def notebook(desk: Workplace, page: Page, scratch: str) -> Notebook:
    return Notebook.open(page, desk, scratch)


@pytest.fixture
def table(notebook: Notebook) -> Iterator[Locator]:
    yield notebook.run("Listing")
    assert notebook.page.evaluate("() => window.hacked") is None, "a name was taken for markup"


def test_ten_thousand_rows_are_paged_sorted_and_filtered_as_one_types(table: Locator):
    expect(table).to_contain_text("Page 1 of 200. Rows 1 to 50 of 10000.")
    table.get_by_role("button", name="Next page").click()
    expect(table).to_contain_text("user00050@litwareinc.com")
    table.get_by_label("Filter users").press_sequentially("09999 yes")
    expect(table).to_contain_text("Rows 1 to 1 of 1, of 10000 in all.", timeout=3000)
    expect(table.get_by_role("row")).to_have_count(2)
    table.get_by_label("Filter users").fill("")
    table.get_by_label("Sort by").select_option("User")
    table.get_by_label("last first").check()
    expect(table.get_by_role("row").nth(1)).to_contain_text("user09999")


def test_the_file_holds_what_matches_and_no_formula(table: Locator):
    table.get_by_label("Filter users").fill("no =1+1")
    expect(table).to_contain_text("of 1429, of 10000 in all")
    table.get_by_role("button", name="Make a CSV file").click()
    with table.page.expect_download() as download:
        table.get_by_role("link", name="Save users.csv (1429 rows)").click()
    assert download.value.suggested_filename == "users.csv"
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == 1430
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r"]


def test_a_hostile_name_is_shown_with_nothing_hidden_and_does_nothing(table: Locator, notebook: Notebook):
    expect(table).to_contain_text("<script>window.hacked = 1</script>")
    expect(table).to_contain_text("\\u202egnp.exe\\x1b[31m")
    notebook.save()
    notebook.page.reload()
    notebook.ready()
    saved = notebook.output("Listing")
    expect(saved).to_contain_text("<script>window.hacked = 1</script>")
    expect(saved.locator("script, img")).to_have_count(0)


def test_cancel_is_heard_while_the_cell_runs(notebook: Notebook):
    cell = notebook.cell("Watching")
    cell.locator(".jp-InputArea-editor").click()
    notebook.page.keyboard.press("Shift+Enter")
    bar = cell.get_by_role("progressbar", name="Reading the facts")
    expect(bar).to_be_visible()
    expect(cell.get_by_role("status")).to_contain_text("pools on atl-fe-001.litwareinc.com · at most 1 min 00 s left")
    cell.get_by_role("button", name="Cancel").click()
    expect(cell).to_contain_text("it was heard")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_users_can_be_looked_through_below_the_findings(desk: Workplace, page: Page, theme: str):
    notebook = Notebook.open(page, desk, VERIFICATION)
    notebook.theme(theme)
    notebook.run("estate: str")
    notebook.run("runbook.start")
    found = notebook.run("run.check()")
    expect(found.get_by_label("Filter findings")).to_be_visible()
    found.get_by_label("Filter users").fill("user-no-sip")
    expect(found.get_by_role("table", name="Users").get_by_role("row").nth(1)).to_contain_text("no")
    assert notebook.scrolls_sideways() == []


def test_an_error_is_short_and_its_traceback_one_click_away(desk: Workplace, page: Page):
    set_parameter(desk, POOL, "site_id", '"site:Redmond!"')
    try:
        notebook = Notebook.open(page, desk, POOL)
        notebook.run("estate: str")
        shown = notebook.run("runbook.start")
        expect(shown).to_contain_text("The input is wrong; nothing was contacted.")
        expect(shown).to_contain_text("site_id")
        expect(shown.get_by_text("What to do:")).to_be_visible()
        expect(shown.locator("details pre")).to_be_hidden()
        shown.get_by_text("Traceback", exact=True).click()
        expect(shown.locator("details pre")).to_be_visible()
        expect(shown).to_contain_text("Traceback (most recent call last)")
        assert len(str(shown.locator("[data-mime-type='application/vnd.jupyter.stderr']").inner_text())) < 300
    finally:
        set_parameter(desk, POOL, "site_id", '"Redmond"')


def test_everything_is_done_with_the_keyboard_alone(desk: Workplace, page: Page):
    """From the Apply cell to the button that was pressed, without a mouse."""
    set_parameter(desk, POOL, "mode", '"apply"')
    notebook = Notebook.open(page, desk, POOL)
    panel = begin(notebook)
    panel.get_by_label("Change ticket").focus()
    page.keyboard.type("CHG1")
    expect(panel.get_by_role("button", name="Apply 3 changes")).to_be_enabled()
    page.keyboard.press("Tab")
    expect(panel.get_by_role("button", name="Apply 3 changes")).to_be_focused()
    page.keyboard.press("Tab")
    expect(panel.get_by_role("button", name="Don't apply")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("Nothing was sent.")
