"""Make the pictures that README shows, from a real rehearsal: ``python docs/pictures.py``, in the project's root.

The terminal is drawn from what the command prints. The notebook is the executed record of the rehearsal, opened in
Chromium, which has to be installed (``chromium`` or ``google-chrome`` on the PATH, or its path in ``$CHROMIUM``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nbconvert import HTMLExporter
from rich.console import Console

from runbook.cli.rehearse import Rehearsal, rehearse
from runbook.cli.screen import Screen
from runbook.ledger.events import Mode

FOLDER = Path(__file__).resolve().parent
SECTION = "owa_enablement"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pictures-") as scratch:
        screen = Screen(Console(record=True, width=120, highlight=False))
        screen.out.print("$ runbook rehearse", markup=False)
        done = rehearse("split-2013", sections=(), mode=Mode.APPLY, records=None, states=(), watch=screen.watch)
        screen.rehearsal(done)
        screen.out.save_svg(str(FOLDER / "rehearsal.svg"), title="runbook rehearse", unique_id="rehearsal")
        photograph(record(done), FOLDER / "record.png", Path(scratch))


def record(done: Rehearsal) -> Path:
    """The executed notebook of the section that is shown."""
    (section,) = (section for section in done.sections if section.name == SECTION)
    return section.record / "record.ipynb"


def photograph(notebook: Path, picture: Path, scratch: Path) -> None:
    """The middle of an executed notebook, where its plan stands, as Chromium shows it."""
    exporter = HTMLExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
    html, _ = exporter.from_filename(str(notebook))
    page = scratch / "record.html"
    page.write_text(html, encoding="utf-8")
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("No Chromium was found: the picture of the record stays as it is.")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--hide-scrollbars", f"--user-data-dir={scratch / 'profile'}", "--window-size=1280,1700"]
    subprocess.run([browser, *options, f"--screenshot={picture}", page.as_uri()], check=True, timeout=120)


if __name__ == "__main__":
    main()
