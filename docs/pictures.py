"""Make the pictures that the documentation shows, from real rehearsals: ``python docs/pictures.py``.

The terminal is drawn from what the command prints. Everything else is photographed in a browser of Chromium's kind (on
the PATH, or its path in ``$CHROMIUM``), light and dark: the start page, a form, a plan and a failure in JupyterLab,
driven as the browser tests drive it, and the record of a section as an auditor opens it. Names of pictures may be given
(``pictures.py start plan``); otherwise all are made.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Locator, expect, sync_playwright
from rich.console import Console

from runbook.cli.rehearse import Rehearsal, rehearse
from runbook.cli.screen import Screen
from runbook.ledger.events import Mode
from runbook.paths import STATE_VARIABLE

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "tests"))

from browser.conftest import browser_arguments, browser_path  # noqa: E402
from browser.notebook import DARK, LIGHT, Notebook  # noqa: E402
from browser.stepping import LONG, OWA, begin, confirm, set_parameter  # noqa: E402
from browser.workplace import Workplace, workplace  # noqa: E402

SECTION = "owa_enablement"
WINDOW = {"width": 1280, "height": 960}
THEMES = {"": LIGHT, "-dark": DARK}


def main(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in PICTURES]
    if unknown:
        sys.exit(f"There is no picture {unknown[0]}. The pictures are: {', '.join(PICTURES)}.")
    path = browser_path()
    if path is None:
        sys.exit("No browser of Chromium's kind was found: the pictures stay as they are.")
    with tempfile.TemporaryDirectory(prefix="pictures-") as scratch, sync_playwright() as playwright:
        os.environ[STATE_VARIABLE] = str(Path(scratch, "state"))
        browser = playwright.chromium.launch(executable_path=path, args=browser_arguments())
        for name, make in PICTURES.items():
            if not names or name in names:
                folder = Path(scratch, name)
                folder.mkdir()
                make(browser, folder)
                print(f"made {name}")
        browser.close()


def start(browser: Browser, scratch: Path) -> None:
    with _notebook(browser, scratch, "00-start-here.ipynb") as (notebook, _):
        output = notebook.run("runbook.overview", seconds=120)
        expect(output).to_contain_text("Every section was looked at.", timeout=LONG)
        _photograph(notebook, notebook.panel.get_by_role("heading", name="How your estate stands"), "start")


def form(browser: Browser, scratch: Path) -> None:
    with _notebook(browser, scratch, "20-trusted-pool.ipynb") as (notebook, _):
        notebook.run("estate: str")
        output = notebook.run("runbook.form")
        output.get_by_role("button", name="Ask the servers what may be chosen").click()
        expect(output).to_contain_text("The servers have answered", timeout=LONG)
        output.get_by_label("SiteID", exact=True).fill("Site:Redmond")
        expect(output).to_contain_text("To put right: SiteID.")
        _photograph(notebook, notebook.cell("runbook.form"), "form")


def plan(browser: Browser, scratch: Path) -> None:
    with _notebook(browser, scratch, "20-trusted-pool.ipynb") as (notebook, _):
        begin(notebook)
        _photograph(notebook, notebook.cell("run.plan()"), "plan")


def failure(browser: Browser, scratch: Path) -> None:
    def held(desk: Workplace) -> None:
        desk.bring_up_to(SECTION)
        set_parameter(desk, OWA, "mode", '"apply"')

    with _notebook(browser, scratch, OWA, "dag-2013", ("file-held",), held) as (notebook, _):
        panel = begin(notebook)
        confirm(panel)
        expect(panel.get_by_role("button", name="Retry from fresh facts")).to_be_visible(timeout=LONG)
        _photograph(notebook, notebook.cell("run.apply()"), "failure")


def record(browser: Browser, scratch: Path) -> None:
    """The record of a section, and the terminal of the rehearsal that made it."""
    screen = Screen(Console(record=True, width=120, highlight=False))
    screen.out.print("$ runbook rehearse", markup=False)
    records = scratch / "records"
    done = rehearse("split-2013", sections=(), mode=Mode.APPLY, records=records, states=(), watch=screen.watch)
    shown = (replace(section, record=section.record.relative_to(scratch)) for section in done.sections)
    screen.rehearsal(replace(done, sections=tuple(shown)))
    screen.out.save_svg(str(FOLDER / "rehearsal.svg"), title="runbook rehearse", unique_id="rehearsal")
    for ending, scheme in (("", "light"), ("-dark", "dark")):
        context = browser.new_context(viewport=WINDOW, color_scheme="light" if scheme == "light" else "dark")
        page = context.new_page()
        page.goto(_report(done).as_uri())
        page.screenshot(path=FOLDER / f"record{ending}.png")
        context.close()


def _report(done: Rehearsal) -> Path:
    (section,) = (section for section in done.sections if section.name == SECTION)
    return section.record / "record.html"


@contextmanager
def _notebook(
    browser: Browser,
    scratch: Path,
    name: str,
    topology: str = "split-2013",
    states: Sequence[str] = (),
    prepare: Callable[[Workplace], None] = lambda _: None,
) -> Iterator[tuple[Notebook, Workplace]]:
    """A notebook on a desk of its own, without JupyterLab's file browser beside it."""
    with workplace(scratch / "desk", topology, states=states) as desk:
        prepare(desk)
        context = browser.new_context(viewport=WINDOW)
        notebook = Notebook.open(context.new_page(), desk, name)
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        yield notebook, desk
        context.close()


def _photograph(notebook: Notebook, top: Locator, name: str) -> None:
    """What the window shows from ``top`` on, in both themes."""
    for ending, theme in THEMES.items():
        notebook.theme(theme)
        top.evaluate("element => element.scrollIntoView({block: 'start'})")
        notebook.page.mouse.move(0, 0)
        notebook.settled()
        notebook.picture(FOLDER / f"{name}{ending}.png")


PICTURES: dict[str, Callable[[Browser, Path], None]] = {
    "start": start,
    "form": form,
    "plan": plan,
    "failure": failure,
    "record": record,
}

if __name__ == "__main__":
    main(sys.argv[1:])
