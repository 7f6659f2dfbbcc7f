"""A page of a record as PDF, by a Chromium that is installed: for people who file paper.

The browser gets one local file, a profile of its own that is thrown away, and no network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from runbook.errors import InputError, RunbookError

CHROMIUM_VARIABLE = "CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_INSTALLED = (
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_SECONDS = 120
_QUIETLY = (
    *("--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad"),
    *("--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>", "--no-pdf-header-footer"),
)
"""No network: whatever it would ask for goes to a proxy that isn't there."""


def chromium(environment: Mapping[str, str] = os.environ) -> str:
    """The browser's path: ``$CHROMIUM``, on the PATH, or where it is usually installed; else :class:`InputError`."""
    given = environment.get(CHROMIUM_VARIABLE, "")
    wanted = [given] if given else [*_NAMES, *map(os.path.expandvars, _INSTALLED)]
    for name in wanted:
        if found := shutil.which(name):
            return found
    what = f"{CHROMIUM_VARIABLE} names {given}, which isn't a program." if given else "There is no Chromium here."
    raise InputError(
        f"{what} A PDF is made by Chromium, Chrome or Edge: install one, or name its program in {CHROMIUM_VARIABLE}. "
        "record.html can be opened and printed by any browser."
    )


def print_page(page: Path, target: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Write ``page`` (a local file) to ``target`` as PDF. :class:`RunbookError` where the browser doesn't."""
    browser = chromium(environment)
    if not target.parent.is_dir():
        raise InputError(f"No PDF can be written to {target.parent}: there is no such folder.")
    with tempfile.TemporaryDirectory(prefix="pdf-", ignore_cleanup_errors=True) as scratch:
        made = Path(scratch) / "page.pdf"
        command = [browser, *_QUIETLY, *_as_root(), f"--user-data-dir={Path(scratch) / 'profile'}"]
        try:
            done = subprocess.run(
                [*command, f"--print-to-pdf={made}", page.absolute().as_uri()],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RunbookError(f"{browser} made no PDF: {error}") from None
        if not made.is_file() or not made.read_bytes().startswith(b"%PDF-"):
            said = " ".join(done.stderr.split())[-300:]
            raise RunbookError(f"{browser} made no PDF (exit code {done.returncode}). {said}")
        try:
            shutil.copyfile(made, target)
        except OSError as error:
            raise InputError(f"The PDF can't be written to {target}: {error.strerror}.") from None


def _as_root() -> tuple[str, ...]:
    """Chromium's sandbox doesn't work for root, as in a container; the page can run nothing anyway."""
    is_root = sys.platform != "win32" and os.geteuid() == 0
    return ("--no-sandbox",) if is_root else ()
