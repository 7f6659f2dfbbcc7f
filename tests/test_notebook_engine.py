"""However a run ends, its notebook says of each cell what really happened to it; the cells keep the truth."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
import zmq
from jupyter_client.channels import AsyncZMQSocketChannel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from runbook.errors import InputError, Refused
from runbook.notebook_engine.saving import Saver, replace

CLOSED = ["completed", "interrupted", "pending", "completed"]
MARK = "open({truth!r}, 'a').write('{name}\\n')"


@dataclass(frozen=True)
class Made:
    """A notebook whose cells write down that they ran."""

    path: Path
    truth: Path
    output: Path
    cells: tuple[str, ...] = field(default=())

    def ran(self) -> list[str]:
        return self.truth.read_text().split() if self.truth.exists() else []

    def states(self) -> list[str]:
        notebook = json.loads(self.output.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return [cell["metadata"]["papermill"]["status"] for cell in cells]

    def said(self, name: str) -> list[str]:
        """What one cell printed, and the kinds of errors that it ended with."""
        cells = json.loads(self.output.read_text(encoding="utf-8"))["cells"]
        (cell,) = (each for each in cells if f"'{name}" in "".join(each["source"]))
        return ["".join(output.get("text", output.get("ename", ""))) for output in cell["outputs"]]

    def metadata(self) -> dict[str, Any]:
        return json.loads(self.output.read_text(encoding="utf-8"))["metadata"]["papermill"]


def made(folder: Path, middle: str, *, tags: tuple[str, ...] = (), runbook: bool = True, last: str = "") -> Made:
    """Four cells: one before, the one that ends the run, one after, and the last, which closes."""
    truth = folder / "truth.txt"
    sources = ["first", "middle", "after", "last"]
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["runbook"] = {"section": "prerequisites"}
    if not runbook:
        del notebook.metadata["runbook"]
    for name in sources:
        cell = nbformat.v4.new_code_cell(MARK.format(truth=str(truth), name=name))
        if name == "middle":
            cell.source += f"\n{middle}"
            cell.metadata["tags"] = list(tags)
        if name == "last":
            cell.source += f"\n{last}"
            cell.metadata["tags"] = ["raises-exception"]
        notebook.cells.append(cell)
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    return Made(path, truth, folder / "out.ipynb")


def run(one: Made, **options: Any) -> None:
    papermill.execute_notebook(str(one.path), str(one.output), progress_bar=False, **options)


def test_a_run_that_goes_well(tmp_path: Path) -> None:
    one = made(tmp_path, "1 + 1")
    run(one)
    assert one.ran() == ["first", "middle", "after", "last"]
    assert one.states() == ["completed"] * 4
    assert "aborted_by" not in one.metadata()


@pytest.mark.parametrize("statement", ["raise ValueError('x')", "raise SystemExit(0)", "raise SystemExit(3)", "1/0"])
def test_an_error_ends_it_and_what_never_ran_stays_pending(tmp_path: Path, statement: str) -> None:
    one = made(tmp_path, statement)
    with pytest.raises(PapermillExecutionError):
        run(one)
    assert one.ran() == ["first", "middle"]
    assert one.states() == ["completed", "failed", "pending", "pending"]


def test_an_error_that_is_allowed_is_failed_and_the_rest_runs(tmp_path: Path) -> None:
    one = made(tmp_path, "raise ValueError('x')", tags=("raises-exception",))
    with pytest.raises(PapermillExecutionError):
        run(one)
    assert one.ran() == ["first", "middle", "after", "last"]
    assert one.states() == ["completed", "failed", "completed", "completed"]


def test_a_cell_that_takes_too_long_is_interrupted_and_the_last_one_closes(tmp_path: Path) -> None:
    one = made(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(CellTimeoutError):
        run(one, execution_timeout=2)
    assert one.ran() == ["first", "middle", "last"]
    assert one.states() == ["completed", "interrupted", "pending", "completed"]
    assert one.metadata()["aborted_by"] == "time-out of a cell"


STUBBORN = """
import time
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("tidied up")
    raise
"""


def test_what_is_said_late_goes_to_the_cell_that_said_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under load outputs come after the answer to which they belong: an error of the last cell was once lost so."""
    take = AsyncZMQSocketChannel.get_msg

    async def late(channel: AsyncZMQSocketChannel, timeout: float | None = None) -> dict[str, Any]:
        if channel.socket.type == zmq.SUB:
            await asyncio.sleep(0.2)
        return await take(channel, timeout=timeout)

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", late)
    one = made(tmp_path, STUBBORN, last="raise ValueError('not over')")
    with pytest.raises(CellTimeoutError):
        run(one, execution_timeout=2)
    assert one.ran() == ["first", "middle", "last"]
    assert one.states() == ["completed", "interrupted", "pending", "failed"]
    assert one.said("middle") == ["tidied up\n", "KeyboardInterrupt"]
    assert one.said("last") == ["ValueError"]


def test_a_kernel_that_died_leaves_nothing_completed_that_was_not(tmp_path: Path) -> None:
    one = made(tmp_path, "import os; os._exit(9)")
    with pytest.raises(DeadKernelError):
        run(one)
    assert one.ran() == ["first", "middle"]
    assert one.states() == ["completed", "interrupted", "pending", "pending"]
    assert one.metadata()["aborted_by"] == "death of the kernel"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals between processes")
@pytest.mark.parametrize(
    ("number", "states", "ran", "by"),
    [
        (
            signal.SIGINT,
            ["completed", "interrupted", "pending", "completed"],
            ["last"],
            "interruption from the keyboard",
        ),
        (signal.SIGTERM, ["completed", "interrupted", "pending", "completed"], ["last"], "request to end (SIGTERM)"),
        (signal.SIGKILL, ["completed", "running", "pending", "pending"], [], None),
    ],
    ids=["ctrl-c", "sigterm", "sigkill"],
)
def test_a_process_that_is_ended_from_outside(
    tmp_path: Path, number: int, states: list[str], ran: list[str], by: str | None
) -> None:
    one = made(tmp_path, "import time; time.sleep(60)")
    code = "import papermill, sys; papermill.execute_notebook(sys.argv[1], sys.argv[2], progress_bar=False)"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(one.path), str(one.output)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    while "middle" not in one.ran():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(timeout=90) != 0
    assert one.ran() == ["first", "middle", *ran]
    assert one.states() == states
    assert one.metadata().get("aborted_by") == by


def test_a_record_is_written_once(tmp_path: Path) -> None:
    one = made(tmp_path, "1")
    one.output.write_text("somebody's record")
    with pytest.raises(Refused, match="written once"):
        run(one)
    assert one.output.read_text() == "somebody's record"
    assert one.ran() == []


@pytest.mark.parametrize("name", ["no_such_parameter", "mode = 'apply'; import os; os"])
def test_a_parameter_that_the_section_does_not_have_never_reaches_a_kernel(tmp_path: Path, name: str) -> None:
    one = made(tmp_path, "1")
    with pytest.raises(InputError, match="has no parameter"):
        run(one, parameters={name: 1})
    assert one.ran() == []


def test_other_notebooks_are_left_to_papermill_itself(tmp_path: Path) -> None:
    one = made(tmp_path, "1", runbook=False)
    one.output.write_text("overwritten, as papermill does")
    run(one)
    assert one.states() == ["completed"] * 4


def test_a_disk_that_is_full_leaves_the_last_whole_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.ipynb"
    replace(path, "whole")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace(path, "half")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_an_executed_notebook_may_be_read_by_whoever_may_read_new_files_there(tmp_path: Path) -> None:
    one = made(tmp_path, "1")
    run(one)
    (tmp_path / "other").touch()
    assert one.output.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_whoever_imports_papermill_pays_nothing_for_our_engine() -> None:
    code = "import sys; before = set(sys.modules); import runbook.notebook_engine; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {"runbook", "runbook.notebook_engine"}
    assert {name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names} == ours


def test_of_two_runs_with_one_output_one_is_refused_before_it_begins(tmp_path: Path) -> None:
    first, second = Saver(str(tmp_path / "out.ipynb")), Saver(str(tmp_path / "out.ipynb"))
    first.claim()
    with pytest.raises(Refused, match="written once"):
        second.claim()


def test_a_run_that_cannot_be_saved_at_its_start_leaves_no_empty_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(tmp_path, "1")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        run(one)
    assert one.ran() == []
    assert not one.output.exists()


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No record can be written"):
        Saver(str(tmp_path / "missing" / "out.ipynb")).claim()
