"""What was applied with clicks is taken back with clicks."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from browser.notebook import Notebook
from browser.stepping import LONG, POOL, begin, confirm, set_parameter
from browser.workplace import Workplace
from runbook.ledger import read_events
from runbook.ledger.events import EarlierRun, Relation

UNDO = "80-undo.ipynb"


def test_a_pool_is_made_and_taken_back(opened: Callable[[str], Notebook], desk: Workplace):
    set_parameter(desk, POOL, "mode", '"apply"')
    notebook = opened(POOL)
    panel = begin(notebook)
    confirm(panel)
    expect(panel).to_contain_text("3 applied", timeout=LONG)
    notebook.run("run.verify()", seconds=120)
    expect(notebook.run("run.finish()")).to_contain_text("Outcome: verified")
    (record,) = (file.parent for file in desk.records.glob("*/*-trusted-pool-*/events.jsonl"))

    set_parameter(desk, UNDO, "mode", '"apply"')
    set_parameter(desk, UNDO, "record", f'"{record.parent.name}/{record.name}"')
    notebook = opened(UNDO)
    panel = begin(notebook)
    expect(panel).to_contain_text("waiting for your confirmation")
    confirm(panel)
    expect(panel).to_contain_text("Now run the next cell: Verify.", timeout=LONG)
    expect(notebook.run("run.verify()", seconds=120)).to_contain_text("verified")
    expect(notebook.run("run.finish()")).to_contain_text("Outcome: verified")
    (undone,) = desk.records.glob("*/*-undo-*/events.jsonl")
    (link,) = (event for event in read_events(undone).events if isinstance(event, EarlierRun))
    assert link.relation is Relation.UNDOES
    assert link.record.endswith(record.name)
