"""The trusted pool from broken to verified, with clicks; and that running all cells at once applies nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.notebook import Notebook
from browser.workplace import Workplace

POOL = "20-trusted-pool.ipynb"


def set_parameter(desk: Workplace, notebook: str, before: str, after: str) -> None:
    """Write another value into the parameters cell of the desk's copy."""
    file = desk.notebook_file(notebook)
    document = json.loads(file.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            source = "".join(cell["source"])
            assert before in source
            cell["source"] = source.replace(before, after)
    file.write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def applying(desk: Workplace) -> None:
    set_parameter(desk, POOL, 'mode: str = "plan"', 'mode: str = "apply"')


def test_walk(applying: None, opened: Callable[[str], Notebook], page: Page, desk: Workplace):
    import os
    n = [0]
    def pic(name):
        n[0] += 1
        page.screenshot(path=f"/tmp/uilive/{n[0]:02d}-{name}.png")
    notebook = opened(POOL)
    notebook.run("estate: str")
    out = notebook.run("runbook.start"); out.scroll_into_view_if_needed(); pic("binding")
    out = notebook.run("run.check()"); notebook.cell("run.check()").scroll_into_view_if_needed(); pic("check")
    out = notebook.run("run.plan()"); notebook.cell("run.plan()").scroll_into_view_if_needed(); pic("plan")
    out = notebook.run("run.apply()"); notebook.cell("run.apply()").scroll_into_view_if_needed(); pic("asking")
    notebook.run("run.verify()");notebook.cell("run.verify()").scroll_into_view_if_needed(); pic("verify-waits")
    out = notebook.output("run.apply()")
    expect(out.get_by_role("button", name="Apply 3 changes")).to_be_disabled()
    out.get_by_label("Change ticket").fill("CHG0012345")
    expect(out.get_by_role("button", name="Apply 3 changes")).to_be_enabled()
    notebook.cell("run.apply()").scroll_into_view_if_needed(); pic("ready")
    out.get_by_role("button", name="Apply 3 changes").click()
    pic("running")
    expect(out).to_contain_text("3 changes: 3 applied", timeout=30000); pic("applied")
    notebook.run("run.verify()");notebook.cell("run.verify()").scroll_into_view_if_needed(); pic("verified")
    out=notebook.run("run.finish()");notebook.cell("run.finish()").scroll_into_view_if_needed(); pic("finished")
    notebook.cell("runbook.start").scroll_into_view_if_needed(); pic("rail")
    notebook.save()
    json.dump(notebook.model(), open("/tmp/uilive/model.json","w"))
