"""Ctrl-C in a terminal while a run changes something: what it had come to, and how to go on, without a traceback."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsing import Rehearsal, rehearsing
from runbook.cli.rehearse import parameter_file
from runbook.ledger import FILE_NAME, read_events

pty = pytest.importorskip("pty", reason="a terminal of POSIX's kind")

SECTION = "mailbox_policies"
_CTRL_C = b"\x03"
_PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsing("minimal-2013", tmp_path_factory.mktemp("desk") / "litware-minimal-2013") as found:
        yield found


def in_a_terminal(records: Path, event: str, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and all that is shown of a command that gets Ctrl-C, as its kernel does, once ``event`` is told."""
    command = [sys.executable, "-c", "from runbook.cli import main; main()", *map(str, arguments)]
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, command, {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200"})
    shown, pressed, deadline = b"", False, time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                part = b""
            if not part:
                break
            shown += part
        ledgers = [] if pressed else list(records.glob(f"*/*/{FILE_NAME}"))
        if any(event in ledger.read_text(encoding="utf-8") for ledger in ledgers):
            os.write(terminal, _CTRL_C)
            pressed = True
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace")


def test_ctrl_c_shows_what_was_done_and_how_to_go_on(rehearsal: Rehearsal, tmp_path: Path) -> None:
    given = ("-f", parameter_file(rehearsal.lab.topology, SECTION), "--records", tmp_path, "--mode", "apply")
    code, shown = in_a_terminal(tmp_path, '"outcome":"applied"', "run", SECTION, *given)
    (record,) = tmp_path.glob("*/*")
    assert code == 3, shown
    assert "Traceback" not in shown
    assert "never retrieved" not in shown
    assert f"Interrupted. What had happened by then stands in the record {record}" in shown
    assert "applied: OwaMailboxPolicy:" in shown
    assert (f"runbook resume {record}" in shown) == (read_events(record).ended is None)
