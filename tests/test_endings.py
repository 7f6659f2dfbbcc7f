"""However a run ends, its record says no more than what happened. The whole table: ``python tests/endings.py``."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from ending_runs import ENDED, ENDINGS, STEPS, Case, Worker, cases
from ending_truth import Judged, judged, reference
from endings import end_all

SEED = int(os.environ.get("RUNBOOK_SEED", "20130203"))
SECTIONS = ("mailbox_policies", "trusted_pool", "undo")


def few() -> list[Case]:
    """Four cases of the whole, drawn by the seed: four ways, at least one of them in the middle of a change."""
    dice = random.Random(SEED)
    chosen = []
    for number, ending in enumerate(dice.sample(ENDINGS, 4)):
        fit = [case for case in cases(SECTIONS) if case.ending == ending and (number or case.step == "apply")]
        chosen += [dice.choice(fit)] if fit else []
    return chosen


def test_no_record_says_more_than_what_happened() -> None:
    found = list(end_all(few(), workers=2))
    assert [f"{each.case}: {each.false}" for each in found if each.false] == []
    assert all(each.struck for each in found)
    assert sum(each.held for each in found) > 0, "no statement about a change was held against the journal"


def test_every_step_of_every_section_is_ended_in_every_way() -> None:
    whole = cases()
    assert len(set(whole)) == len(whole)
    for section in ENDED:
        steps = {case.step for case in whole if case.section == section}
        ways = {case.ending for case in whole if case.section == section}
        assert (steps, len(ways)) == (set(STEPS), len({case.ending for case in whole}))


@pytest.fixture(scope="module")
def case() -> Case:
    return Case("mailbox_policies", "apply", "outcome", "error")


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return reference("mailbox_policies", tmp_path_factory.mktemp("reference"))


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Path:
    worker = Worker()
    worker.run(case, tmp_path)
    worker.close()
    return tmp_path


def test_what_is_false_is_found(case: Case, changes: dict[str, list[str]], folder: Path) -> None:
    def found() -> Judged:
        return judged(case, folder, changes)

    assert found().false == []
    world = folder / "world.json"
    happened = world.read_text()
    world.write_text("[]")
    assert any("change 1 is told as applied" in each for each in found().false)
    entries = json.loads(happened)
    world.write_text(json.dumps([*entries, *({**each, "object": "mailbox policy Executives"} for each in entries)]))
    assert any("change 2 is told as planned" in each for each in found().false)
    world.write_text(happened)
    (notebook,) = folder.glob("records/*/*/record.ipynb")
    text = notebook.read_text()
    notebook.write_text(text.replace('"status": "failed"', '"status": "completed"'))
    assert any("told as completed: failed is true" in each for each in found().false)
    notebook.write_text(text.replace('"status": "pending"', '"status": "completed"'))
    assert any("told as completed: pending is true" in each for each in found().false)
