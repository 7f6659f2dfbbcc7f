"""What the tests of stepping share: a notebook that may apply, and the Apply panel as somebody uses it."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Locator, expect

from browser.notebook import Notebook
from browser.workplace import Workplace

POOL, OWA, VERIFICATION = "20-trusted-pool.ipynb", "30-owa-enablement.ipynb", "60-verification.ipynb"
TICKET = "CHG0012345"
LONG = 120_000
"""Milliseconds: what a slow computer takes to apply a plan."""


def set_parameter(desk: Workplace, notebook: str, name: str, value: str) -> None:
    """Write another value, as Python, into the parameters cell of the desk's copy."""
    file = desk.notebook_file(notebook)
    document = json.loads(file.read_text(encoding="utf-8"))
    (cell,) = (one for one in document["cells"] if "parameters" in one["metadata"].get("tags", []))
    lines = "".join(cell["source"]).splitlines(keepends=True)
    found = [place for place, line in enumerate(lines) if line.startswith(f"{name}:")]
    head, _, rest = lines[found[0]].partition(" = ")
    lines[found[0]] = f"{head} = {value}  # {rest.partition('  # ')[2]}"
    cell["source"] = "".join(lines)
    file.write_text(json.dumps(document), encoding="utf-8")


def begin(notebook: Notebook) -> Locator:
    """Every cell up to the Apply panel, one after the other; the panel."""
    for words in ("estate: str", "runbook.start", "run.check()", "run.plan()"):
        notebook.run(words)
    return notebook.run("run.apply()")


def confirm(panel: Locator) -> None:
    """Type whatever is asked for, and press Apply."""
    panel.get_by_label("Change ticket").fill(TICKET)
    for box in panel.get_by_label("To disturb its users, type").all():
        box.fill(str(box.evaluate("box => box.labels[0].textContent")).rpartition(" ")[2])
    button = panel.get_by_role("button", name=re.compile(r"^Apply \d"))
    expect(button).to_be_enabled()
    button.click()


def sent(desk: Workplace) -> list[str]:
    """What changed something in the lab so far, a command once for each thing that it changed."""
    return [str(entry["command"]) for entry in desk.lab.ask("journal")["entries"]]
