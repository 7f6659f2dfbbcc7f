"""Processes that are really killed, against the lab over its wire: another takes their lock over, and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsing import Rehearsal, rehearsing
from runbook import again
from runbook.change import Outcome
from runbook.cli.rehearse import parameter_file
from runbook.ledger import read_events
from runbook.ledger.events import Mode

_KILLED = """
import os, signal, sys
from pathlib import Path
from runbook.cli.headless import section_parameters
from runbook.engine.opening import open_run
from runbook.estate import load_estate
from runbook.ledger import Ledger
from runbook.ledger.events import Mode

last, folder, section, file, estate = sys.argv[1:]
append = Ledger.append

def dying(self, event):
    written = append(self, event)
    if type(event).__name__ == last:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return written

Ledger.append = dying
given = section_parameters(section, Path(file))
run = open_run(section, given, load_estate(Path(estate)), mode=Mode.APPLY, folder=Path(folder))
run.check()
run.apply(confirmed_by="a test")
"""


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsing("split-2013", tmp_path_factory.mktemp("records")) as found:
        yield found


def killed(rehearsal: Rehearsal, section: str, last: str) -> Path:
    """The record of a process that was killed as soon as it had written its first event of a kind."""
    folder = rehearsal.records / f"{section}-{last}"
    file = parameter_file(rehearsal.lab.topology, section)
    given = (last, str(folder), section, str(file), str(rehearsal.estate.path))
    done = subprocess.run([sys.executable, "-c", _KILLED, *given], check=False, capture_output=True, text=True)
    assert done.returncode not in (0, 1, 2), done.stderr
    assert read_events(folder).ended is None
    return folder


def ids(folder: Path) -> set[str]:
    found = set()
    for event in read_events(folder).events:
        if (finding := getattr(event, "finding", None)) is not None:
            found.add(finding.id)
    return found


def twice(rehearsal: Rehearsal) -> list[tuple[str, ...]]:
    """What the lab's journal shows set to one value more than once."""
    entries = [e for e in rehearsal.mutations() if "web.runbook-" not in e["object"] and e["user"] != "SYSTEM"]
    counted = Counter((e["host"], e["object"], e["property"], str(e["after"])) for e in entries)
    return [what for what, count in counted.items() if count > 1]


@pytest.mark.parametrize(("section", "last"), [("trusted_pool", "OutcomeRecorded"), ("owa_enablement", "Intent")])
def test_a_killed_process_is_succeeded_by_one_that_goes_on(rehearsal: Rehearsal, section: str, last: str) -> None:
    left = killed(rehearsal, section, last)
    own = rehearsal.records / f"{section}-{last}-resumed"
    run = again.open_resumed(left, rehearsal.estate, mode=Mode.APPLY, own=own)
    run.check()
    run.apply(confirmed_by="a test")
    run.verify()
    assert run.finish() in (Outcome.VERIFIED, Outcome.NOT_NEEDED)
    assert "lock-taken-over" in ids(own)
    assert ("interrupted-change" in ids(own)) == (last == "Intent")
    assert twice(rehearsal) == []


def test_the_command_goes_on_in_a_notebook(rehearsal: Rehearsal) -> None:
    left = killed(rehearsal, "mailbox_policies", "Intent")
    records = rehearsal.records / "of-the-command"
    command = [sys.executable, "-c", "from runbook.cli import main; main()", "resume", str(left), "--mode", "apply"]
    done = subprocess.run(
        [*command, "--records", str(records), "--json"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    (section,) = json.loads(done.stdout)["sections"]
    assert section["outcome"] == "verified"
    assert {"interrupted-change", "lock-taken-over"} <= {finding["id"] for finding in section["findings"]}
    assert twice(rehearsal) == []
