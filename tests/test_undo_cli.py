"""The command that takes a record back, over the lab's wire and through its notebook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rehearsing import Rehearsal, rehearsing
from runbook import record
from runbook.ledger.events import Mode


def run(*arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", "from runbook.cli import main; main()", *arguments]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", env=environment)
    return done.returncode, done.stdout, done.stderr


def section(said: str) -> dict[str, Any]:
    (found,) = json.loads(said)["sections"]
    return found  # type: ignore[no-any-return]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Any:
    with rehearsing("minimal-2013", tmp_path / "litware-minimal-2013") as found:
        yield found


def test_a_record_is_taken_back_by_a_command(rehearsal: Rehearsal, tmp_path: Path) -> None:
    rehearsal.run("mailbox_policies", Mode.APPLY)
    changed = rehearsal.records / "1"
    record.close(changed)
    before = len(rehearsal.mutations())

    code, said, _ = run("undo", str(changed), "--mode", "apply", "--json", "--records", str(tmp_path / "new"))
    undone = section(said)
    assert (code, undone["outcome"]) == (0, "verified")
    assert "undo-of-record" in {finding["id"] for finding in undone["findings"]}
    assert len(rehearsal.mutations()) > before
    (own,) = (tmp_path / "new").glob("*/*")
    assert record.verify(own).problems == ()
    assert (own / "record.ipynb").is_file()


def test_what_is_no_record_is_said_in_a_sentence(rehearsal: Rehearsal) -> None:
    code, _, said = run("undo", "litware/20260101T000000Z-nothing")
    assert code == 2
    assert "There is no record" in said
    assert "Traceback" not in said
    code, _, said = run("undo", "litware/20260101T000000Z-nothing", "--mode", "check")
    assert (code, "--mode plan or --mode apply" in said) == (2, True)
