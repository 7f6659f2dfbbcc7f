"""A notebook in JupyterLab as whoever sits before it sees it, for tests and for the pictures in the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from browser.workplace import Workplace

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
SECONDS = 1000.0
_PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
_IN_FRONT = """name => {
    const path = window.jupyterapp?.shell?.currentWidget?.context?.path;
    return !!path && `/${path}`.endsWith(name);
}"""
_IDLE = """() => {
    const session = window.jupyterapp?.shell?.currentWidget?.sessionContext;
    return !!session && session.isReady && session.session?.kernel?.status === 'idle';
}"""


class Notebook:
    """The notebook that is open in ``page``. Cells are counted from 0, Markdown cells too."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator(_PANEL)

    @classmethod
    def open(cls, page: Page, workplace: Workplace, name: str) -> Notebook:
        """Open a notebook of the workplace by its address, alone, and wait until its kernel is ready."""
        workplace.close_tabs()
        page.goto(workplace.jupyter.page(name))
        notebook = cls(page)
        notebook.shows(name)
        notebook.ready()
        return notebook

    def shows(self, name: str) -> None:
        """This notebook is the one in front."""
        self.page.wait_for_function(_IN_FRONT, arg=f"/{name}", timeout=60 * SECONDS)

    def ready(self) -> None:
        """Its cells are there and its kernel is idle."""
        expect(self.panel.locator(".jp-Cell").first).to_be_visible(timeout=60 * SECONDS)
        self.idle()

    def idle(self, seconds: float = 60) -> None:
        """The kernel has nothing left to do."""
        self.page.wait_for_function(_IDLE, timeout=seconds * SECONDS)

    @property
    def name(self) -> str:
        """The file that is open."""
        return str(self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path.split('/').pop()"))

    @property
    def cells(self) -> Locator:
        return self.panel.locator(".jp-Cell")

    def cell(self, containing: str) -> Locator:
        """The one code cell whose source holds these words."""
        found = self.panel.locator(".jp-CodeCell").filter(
            has=self.page.locator(".jp-InputArea-editor").filter(has_text=containing)
        )
        expect(found).to_have_count(1)
        return found

    def output(self, containing: str) -> Locator:
        """What the cell with these words in its source shows."""
        return self.cell(containing).locator(".jp-OutputArea").first

    def follow(self, link: Locator) -> None:
        """Click on a link to a file of the project, once JupyterLab has made it its own: until then it leads the
        browser elsewhere."""
        expect(link).to_have_attribute("href", re.compile("/files/"), timeout=60 * SECONDS)
        link.click()

    def run(self, containing: str, seconds: float = 60) -> Locator:
        """Run one cell with Shift+Enter, wait until it has ended, and return its output."""
        cell = self.cell(containing)
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Shift+Enter")
        self.done(cell, seconds)
        return cell.locator(".jp-OutputArea").first

    def run_all(self, seconds: float = 120) -> None:
        """Run then Run All Cells, from the menu, until the last one has ended."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.done(self.panel.locator(".jp-CodeCell").last, seconds)
        self.idle(seconds)

    def done(self, cell: Locator, seconds: float = 60) -> None:
        """A cell has run and its kernel is idle again."""
        expect(cell.locator(".jp-InputPrompt").first).to_have_text(re.compile(r"\[\d+\]"), timeout=seconds * SECONDS)
        self.idle(seconds)

    def save(self) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def restart_kernel(self) -> None:
        """As Kernel then Restart Kernel, without its question."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        self.idle()

    def theme(self, name: str) -> None:
        """``LIGHT`` or ``DARK``."""
        self.page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def model(self) -> Any:
        """The notebook as JupyterLab would save it now."""
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.toJSON()")

    def scrolls_sideways(self) -> list[str]:
        """What of the notebook is wider than its place, by the beginning of its text."""
        script = """panel => [panel, ...panel.querySelectorAll('.jp-WindowedPanel-outer, .jp-OutputArea-output')]
            .filter(one => one.scrollWidth > one.clientWidth + 1)
            .map(one => one.className + ': ' + one.textContent.trim().slice(0, 60))"""
        found: list[str] = self.panel.evaluate(script)
        return found

    def faint(self, part: Locator) -> list[str]:
        """Texts in ``part`` whose contrast with what is behind them is less than 4.5 to 1 (WCAG 1.4.3)."""
        found: list[str] = part.evaluate((Path(__file__).with_name("contrast.js")).read_text(encoding="utf-8"))
        return found

    def unnamed(self, part: Locator) -> list[str]:
        """Controls in ``part`` that a screen reader has no name for."""
        script = """part => [...part.querySelectorAll('input, select, textarea, button, summary')]
            .filter(one => one.checkVisibility())
            .filter(one => !(one.labels?.length && [...one.labels].some(label => label.textContent.trim()))
                && !one.textContent.trim() && !one.getAttribute('aria-label'))
            .map(one => one.outerHTML.slice(0, 120))"""
        found: list[str] = part.evaluate(script)
        return found

    def violations(self, part: Locator) -> list[str]:
        """What axe-core calls serious or critical in ``part``: rule, what it says, and the element."""
        from axe_playwright_python.base import AXE_FILE_PATH

        self.page.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        script = """async part => (await axe.run(part, {resultTypes: ['violations']})).violations
            .filter(one => ['serious', 'critical'].includes(one.impact))
            .flatMap(one => one.nodes.map(node => `${one.id}: ${one.help}: ${node.html.slice(0, 160)}`))"""
        found: list[str] = part.evaluate(script)
        return found

    def settled(self) -> None:
        """Two frames were drawn since: what was scrolled to or changed is on the screen."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def picture(self, file: Path) -> None:
        """What the window shows."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file)
