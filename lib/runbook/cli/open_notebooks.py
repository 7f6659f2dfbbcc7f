"""``runbook open``: JupyterLab on the notebooks, with the rehearsal lab or a real estate behind them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from runbook.cli.jupyter import jupyter_lab
from runbook.cli.lab import organisation, running_lab
from runbook.cli.sentences import in_sentences
from runbook.errors import InputError
from runbook.estate import load_estate


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("open")(in_sentences(open_command))


def open_command(
    estate: Annotated[Path | None, typer.Option("--estate", help="A real estate; the rehearsal lab otherwise.")] = None,
    topology: Annotated[str | None, typer.Option("--topology", help="The lab's organisation: split-2013, …")] = None,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="What is broken in it: a YAML file.")] = None,
    state: Annotated[list[str] | None, typer.Option("--state", help="A start state of it; may be repeated.")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 for a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab: loopback only, with a token, on the rehearsal lab or a real estate."""
    if estate and (topology or scenario or state):
        raise InputError("A real estate has no topology, scenario or start state. Leave them out, or --estate.")
    out = Console(highlight=False)
    with ExitStack() as stack:
        stack.enter_context(_ended_by_signals())
        if estate is None:
            named = organisation(topology, scenario)
            lab = stack.enter_context(running_lab(named, states=state or (), scenario=scenario))
            chosen, given = lab.estate, lab.environment
        else:
            chosen, given = estate.absolute(), {}
        loaded = load_estate(chosen)
        environment = {**os.environ, **given, "RUNBOOK_ESTATE": str(chosen)}
        try:
            out.print(f"{loaded.organisation}: {loaded.environment}, {len(loaded.servers)} servers.", markup=False)
            jupyter = stack.enter_context(jupyter_lab(environment, port=port, browser=browser))
            out.print("Ctrl-C ends JupyterLab" + (" and the rehearsal lab." if estate is None else "."))
            jupyter.wait()
        except KeyboardInterrupt:
            out.print("Ending.")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Whoever ends the command ends it as Ctrl-C does, so that JupyterLab and the lab end in order too."""
    names = [name for name in ("SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), signal.default_int_handler) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
