"""``runbook open``: JupyterLab on the notebooks, with the rehearsal lab or a real estate behind them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from runbook.cli.lab import running_lab
from runbook.cli.sentences import in_sentences
from runbook.estate import load_estate
from runbook.paths import project_root

START = "00-start-here.ipynb"
_DISABLED = ("@jupyterlab/apputils-extension:announcements", "@jupyterlab/extensionmanager-extension")
"""No question about news, and nothing that installs software: neither belongs on a machine that changes production."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("open")(in_sentences(open_command))


def open_command(
    estate: Annotated[Path | None, typer.Option("--estate", help="A real estate; the rehearsal lab otherwise.")] = None,
    topology: Annotated[str, typer.Option("--topology", help="The lab's organisation.")] = "split-2013",
    state: Annotated[list[str] | None, typer.Option("--state", help="A start state of it; may be repeated.")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 for a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab: loopback only, with a token, on the rehearsal lab or a real estate."""
    with ExitStack() as stack:
        if estate is None:
            lab = stack.enter_context(running_lab(topology, states=state or ()))
            chosen, given = lab.estate, lab.environment
        else:
            chosen, given = estate.absolute(), {}
        loaded = load_estate(chosen)
        Console().print(f"{loaded.organisation}: {loaded.environment}, {len(loaded.servers)} servers. Ctrl-C ends it.")
        environment = {**os.environ, **given, "RUNBOOK_ESTATE": str(chosen)}
        with jupyter_lab(environment, port=port, browser=browser) as process:
            process.wait()


@contextmanager
def jupyter_lab(
    environment: Mapping[str, str], *, port: int = 0, browser: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """JupyterLab as a child process on loopback; it has ended when the context has."""
    root = project_root()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as settings:
        page = Path(settings, "labconfig", "page_config.json")
        page.parent.mkdir()
        page.write_text(json.dumps({"disabledExtensions": dict.fromkeys(_DISABLED, True)}), encoding="utf-8")
        paths = filter(None, (settings, environment.get("JUPYTER_CONFIG_PATH")))
        process = subprocess.Popen(
            [*_command(port), *(() if browser else ("--no-browser",))],
            cwd=root,
            env={**environment, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths), "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
        )
        try:
            yield process
        except KeyboardInterrupt:
            pass
        finally:
            _end(process)


def _command(port: int) -> list[str]:
    root = project_root()
    return [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/notebooks/{START}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--ServerApp.log_level=WARN",
    ]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
