"""What is refused before a run began leaves no record: nothing that an auditor would find altered for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from rehearsing import Rehearsal, rehearsing
from runbook.cli.rehearse import parameter_file
from runbook.ledger import FILE_NAME
from runbook.ledger.events import Mode

SECTION = "mailbox_policies"


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsing("minimal-2013", tmp_path_factory.mktemp("desk") / "litware-minimal-2013") as found:
        yield found


def typed(*arguments: str | Path, environment: Mapping[str, str] = os.environ) -> tuple[int, str]:
    command = [sys.executable, "-c", "from runbook.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(
        command, check=False, capture_output=True, encoding="utf-8", env={**environment, "PYTHONUTF8": "1"}
    )
    return done.returncode, done.stderr


def without_accounts() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RUNBOOK_CRED_")}


def test_a_run_that_another_one_keeps_out_leaves_no_folder(rehearsal: Rehearsal, tmp_path: Path) -> None:
    holder = rehearsal.open(SECTION, Mode.APPLY)
    try:
        given = ("-f", parameter_file(rehearsal.lab.topology, SECTION), "--records", tmp_path, "--mode", "apply")
        code, said = typed("run", SECTION, *given)
    finally:
        holder.finish()
    assert (code, "ended before its run began" in said, "section mailbox policies" in said) == (1, True, True), said
    assert list(tmp_path.glob("*/*")) == []
    assert (holder.ledger.path.parent / FILE_NAME).is_file()


def test_going_by_a_record_without_accounts_is_bad_input_and_leaves_no_folder(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    ended = rehearsal.run(SECTION, Mode.APPLY).record
    cut_off = rehearsal.open(SECTION, Mode.PLAN)
    cut_off.ledger.close()
    for command, folder in (("undo", ended), ("resume", cut_off.ledger.path.parent)):
        code, said = typed(command, folder, "--records", tmp_path, environment=without_accounts())
        assert (code, "cred:" in said) == (2, True), said
    assert list(tmp_path.iterdir()) == []
