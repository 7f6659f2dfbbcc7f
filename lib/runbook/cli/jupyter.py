"""JupyterLab as a child process: on loopback, with a token, asking nothing of anybody outside this computer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from runbook.errors import RunbookError
from runbook.paths import project_root

START = "00-start-here.ipynb"
_DISABLED = ("@jupyterlab/apputils-extension:announcements", "@jupyterlab/extensionmanager-extension")
"""No question about news, and nothing that installs software: neither belongs on a machine that changes production."""

_LAB_SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
}
"""Pages of the documentation open to be read; whoever has settings of their own keeps them."""

_SERVER_SETTINGS = """import warnings

from runbook.cli.with_parent import end_with_parent
from runbook.display.saving import without_widgets

end_with_parent()
warnings.filterwarnings("ignore", "Overriding existing pre_save_hook")  # Jupyter sets the same one twice
c.ContentsManager.pre_save_hook = without_widgets
"""
_SECONDS_TO_START, _SECONDS_TO_END = 60, 20


class JupyterFailed(RunbookError):
    """JupyterLab didn't start."""


@dataclass(frozen=True, slots=True)
class JupyterLab:
    """A running JupyterLab. ``url`` ends with a slash; whoever holds ``token`` may run code as this user."""

    url: str
    token: str = field(repr=False)
    _process: subprocess.Popen[bytes] = field(repr=False)

    def page(self, notebook: str = START) -> str:
        """The address of a notebook, token and all: for a browser, never for a log."""
        return f"{self.url}lab/tree/notebooks/{notebook}?token={self.token}"

    def wait(self) -> None:
        """Until somebody has ended it. Looks up every second: on Windows nothing interrupts a longer wait."""
        while self._process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)


@contextmanager
def jupyter_lab(environment: Mapping[str, str], *, port: int = 0, browser: bool = False) -> Iterator[JupyterLab]:
    """Start JupyterLab on the project's root (``$RUNBOOK_ROOT`` in ``environment``), yield it, end it.

    ``port`` is one on 127.0.0.1, 0 for a free one. Raises :class:`JupyterFailed` where it doesn't start.
    """
    with tempfile.TemporaryDirectory(prefix="runbook-jupyter-", ignore_cleanup_errors=True) as scratch:
        settings, runtime = Path(scratch, "settings"), Path(scratch, "runtime")
        lab = settings / "labconfig"
        lab.mkdir(parents=True)
        _write(lab / "page_config.json", {"disabledExtensions": dict.fromkeys(_DISABLED, True)})
        _write(lab / "default_setting_overrides.json", _LAB_SETTINGS)
        (settings / "jupyter_server_config.py").write_text(_SERVER_SETTINGS, encoding="utf-8")
        runtime.mkdir(mode=0o700)
        paths = filter(None, (str(settings), environment.get("JUPYTER_CONFIG_PATH")))
        process = subprocess.Popen(
            [*_command(project_root(environment), port), *(() if browser else ("--no-browser",))],
            stdin=subprocess.PIPE,  # it ends when this does
            env={
                **environment,
                "JUPYTER_CONFIG_PATH": os.pathsep.join(paths),
                "JUPYTER_RUNTIME_DIR": str(runtime),
                "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning about the debugger in every kernel
            },
        )
        running = None
        try:
            running = _started(process, runtime)
            yield running
        finally:
            _end(process, running)


def _write(file: Path, document: object) -> None:
    file.write_text(json.dumps(document), encoding="utf-8")


def _command(root: Path, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/notebooks/{START}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--ServerApp.terminals_enabled=False",
        "--ServerApp.answer_yes=True",  # Ctrl-C ends it: nobody is there to answer whether that was meant
        "--ServerApp.allow_root=True",  # as every other command here; it is reached from this computer only
        "--KernelManager.transport_encryption=auto",
        "--Application.log_level=ERROR",
    ]


def _started(process: subprocess.Popen[bytes], runtime: Path) -> JupyterLab:
    """What the server says of itself in its runtime folder, which is its own, once it answers: it tells early."""
    until = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < until:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(OSError, ValueError, KeyError):  # half written, or not listening yet: the next look
                said = json.loads(file.read_text(encoding="utf-8"))
                socket.create_connection(("127.0.0.1", int(said["port"])), timeout=1).close()
                return JupyterLab(str(said["url"]), str(said["token"]), process)
        time.sleep(0.1)
    code = process.poll()
    raise JupyterFailed(
        "JupyterLab didn't start in a minute." if code is None else f"JupyterLab ended at once, with exit code {code}."
    )


def _end(process: subprocess.Popen[bytes], running: JupyterLab | None) -> None:
    """Ask it to end, so that it ends its kernels first; on Windows there is no signal that would do that."""
    if running is not None and process.poll() is None:
        request = urllib.request.Request(
            f"{running.url}api/shutdown", data=b"", headers={"Authorization": f"token {running.token}"}
        )
        with suppress(OSError):  # it is ending already: Ctrl-C reached it too
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=_SECONDS_TO_END).close()
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
