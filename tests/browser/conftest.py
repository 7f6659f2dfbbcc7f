"""Chromium and JupyterLab for the tests in this folder. Where there is no browser they skip, and say why."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.workplace import Workplace, workplace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request, WebSocket

    from browser.notebook import Notebook

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge", "microsoft-edge")
SMALLEST = {"width": 1366, "height": 768}
"""The smallest screen that everything has to fit on."""


def browser_path() -> str | None:
    """A browser of Chromium's kind: ``$CHROMIUM``, else the first of the known names on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def browser_arguments() -> list[str]:
    """Nothing that a browser does by itself, and no sandbox where Chromium would refuse to start with one: as root."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
    return [*quiet, "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else quiet


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a module: Playwright keeps an event loop running that other tests would trip over."""
    pytest.importorskip("playwright", reason="Playwright isn't installed: pip install -e '.[test]'")
    from playwright.sync_api import sync_playwright

    path = browser_path()
    if path is None:
        pytest.skip(f"No browser: none of {', '.join(NAMES)} is on the PATH, and $CHROMIUM names none.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=browser_arguments())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def desk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """One workplace a module, its lab in its start state when the module begins. Asked for after the browser: where
    there is none, nothing is started."""
    with workplace(tmp_path_factory.mktemp("desk")) as ready:
        yield ready


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile. The test fails where any request left loopback, be it the page's or a worker's."""
    context = chromium.new_context(viewport=SMALLEST, accept_downloads=True)
    context.set_default_timeout(30_000)
    outside: list[str] = []

    def watch(asked: Request | WebSocket) -> None:
        if not is_local(asked.url):
            outside.append(asked.url)

    context.on("request", watch)
    context.on("page", lambda page: page.on("websocket", watch))
    yield context
    context.close()
    assert outside == [], "requests left this computer"


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab. ``$BROWSER_PICTURES`` names a folder for what it showed when the test ended."""
    page = context.new_page()
    yield page
    if folder := os.environ.get("BROWSER_PICTURES"):
        page.screenshot(path=Path(folder) / f"{re.sub('[^A-Za-z0-9_]+', '-', request.node.name)}.png")


@pytest.fixture
def opened(page: Page, desk: Workplace) -> Callable[[str], Notebook]:
    """Opens a notebook of the module's desk: ``opened("20-trusted-pool.ipynb")``."""
    from browser.notebook import Notebook

    return lambda name: Notebook.open(page, desk, name)


def is_local(url: str) -> bool:
    """Of this computer, or of no computer at all."""
    scheme, _, rest = url.partition(":")
    host = rest.removeprefix("//").partition("/")[0].rpartition("@")[2].rpartition(":")[0] or rest
    return scheme in ("data", "blob", "about", "chrome-error") or host in ("127.0.0.1", "localhost", "[::1]")
