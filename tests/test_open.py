"""``runbook open``: the lab and JupyterLab on loopback, behind a token; both are gone when it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from runbook.cli import app
from runbook.cli.jupyter import START, JupyterFailed, jupyter_lab

_URL = re.compile(r"(http://127\.0\.0\.1:\d+/)lab/tree/(\S+)\?token=(\w+)")
READY = "Ctrl-C ends"
ESTATE = Path(__file__).resolve().parents[1] / "parameters" / "litware-2013" / "estate.yaml"


@contextmanager
def opened(*options: str) -> Iterator[tuple[subprocess.Popen[str], re.Match[str], str]]:
    """The command as a process, where JupyterLab is, and all that was said until then."""
    command = [sys.executable, "-c", "from runbook.cli import main; main()", "open", "--no-browser", *options]
    apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        **apart,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.startswith(READY):
                break
        found = _URL.search(said)
        assert found, f"it ended without an address: {said}"
        yield process, found, said
    finally:
        process.kill()
        process.communicate()


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [child for child in psutil.Process(process.pid).children(recursive=True) if child.is_running()]


def listens_on(process: psutil.Process) -> list[str]:
    """The addresses; none where it is gone by now, as helpers of JupyterLab's start soon are."""
    try:
        found = process.net_connections(kind="inet")
    except psutil.NoSuchProcess:
        return []
    return [one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN]


def status(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("by", ["SIGBREAK"] if sys.platform == "win32" else ["SIGINT", "SIGTERM"])
def test_lab_and_jupyterlab_listen_on_loopback_behind_a_token_and_end_with_it(by: str) -> None:
    with opened() as (process, found, said):
        url, page, token = found.groups()
        assert page == f"notebooks/{START}"
        assert "Litware, Inc.: rehearsal, 7 servers." in said
        assert status(f"{url}api/contents") == 403
        assert status(f"{url}api/contents/notebooks/{START}?token={token}") == 200
        children = family(process)
        listening = [address for child in children for address in listens_on(child)]
        assert listening
        assert all(address.startswith("127.") for address in listening)
        process.send_signal(signal.CTRL_BREAK_EVENT if by == "SIGBREAK" else signal.Signals[by])
        after, _ = process.communicate(timeout=60)
        assert "Fatal" not in after
        assert "Traceback" not in after
        _, left = psutil.wait_procs(children, timeout=30)
        assert left == []


def test_neither_outlives_a_command_that_is_killed() -> None:
    with opened() as (process, _, _):
        children = family(process)
        assert len(children) >= 2
        process.kill()
        _, left = psutil.wait_procs(children, timeout=30)
        assert left == []


def test_a_real_estate_is_opened_without_a_lab() -> None:
    with opened("--estate", str(ESTATE)) as (process, _, said):
        assert "production" in said
        assert not [child for child in family(process) if "rehearsal" in child.cmdline()]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--estate", str(ESTATE), "--topology", "split-2013"], "A real estate has no topology"),
        (["--topology", "split-2013", "--scenario", "x.yaml"], "names its own topology"),
        (["--estate", "nowhere.yaml"], "There is no such file"),
        (["--topology", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_opened_is_said_and_nothing_is_started(options: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["open", "--no-browser", *options])
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_jupyterlab_that_does_not_start_is_said(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    environment = {**os.environ, "RUNBOOK_ROOT": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    (tmp_path / "jupyterlab.py").write_text("raise SystemExit(3)", encoding="utf-8")
    with pytest.raises(JupyterFailed, match="exit code 3"), jupyter_lab(environment):
        pass
