"""In the kernel of a run that is to be ended: strikes at the chosen point, and writes down what really ran.

IPython runs this file, in the namespace of the notebook, when a kernel starts (see :mod:`ending_runs`). In
``$ENDING_STRIKE`` stands a JSON object: the step, the point in it, the ending, and the folder for the truth.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython import get_ipython

import runbook
from runbook.fleet import Fleet
from runbook.ledger import Ledger, events
from runbook.readlist import is_read

_ORDER = json.loads(os.environ["ENDING_STRIKE"])
_FOLDER = Path(_ORDER["folder"])
_PATIENCE_SECONDS = 300
_armed = False


def written(**said: Any) -> None:
    """One line of truth; it is on the disk when this returns."""
    with (_FOLDER / "truth.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(said) + "\n")
        file.flush()


def strike() -> None:
    global _armed
    _armed = False
    written(struck=_ORDER["step"])
    ending = _ORDER["ending"]
    if ending in ("error", "allowed error"):
        raise RuntimeError("struck")
    if ending == "SystemExit(0)":
        raise SystemExit(0)
    if ending == "SystemExit(3)":
        raise SystemExit(3)
    if ending == "out of memory":
        bytearray(1 << 62)
    if ending == "kernel killed":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if ending in ("disk full", "output not writable"):
        (_FOLDER / "flag").touch()
        return
    if ending in ("Ctrl-C", "SIGTERM", "SIGKILL"):
        os.kill(os.getppid(), {"Ctrl-C": signal.SIGINT}.get(ending) or getattr(signal, ending))
    for _ in range(_PATIENCE_SECONDS * 10):
        time.sleep(0.1)
    raise RuntimeError("nobody ended it")


def _called(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """The step's call: struck at the event that is waited for, or after it where it writes none."""

    def call(*given: Any, **named: Any) -> Any:
        global _armed
        if name != _ORDER["step"]:
            return original(*given, **named)
        _armed = True
        found = original(*given, **named)
        if _armed:
            strike()
        _armed = False
        return found

    return call


def _started(*given: Any, **named: Any) -> Any:
    run = _start(*given, **named)
    for name in dir(run):
        if not name.startswith("_") and callable(getattr(run, name)):
            setattr(run, name, _called(name, getattr(run, name)))
    return run


def _appended(ledger: Ledger, event: events.Event) -> Any:
    entry = _append(ledger, event)
    wanted = {"intent": events.Intent, "outcome": events.OutcomeRecorded}.get(_ORDER["point"], events.Event)
    ours = threading.current_thread() is threading.main_thread()  # servers are reached from threads of their own
    if _armed and ours and _ORDER["point"] != "sent" and isinstance(event, wanted):
        strike()
    return entry


def _ran(fleet: Fleet, target: Any, pipeline: Any) -> Any:
    result = _run(fleet, target, pipeline)
    if _armed and _ORDER["point"] == "sent" and not is_read(pipeline, target.shell):
        strike()
    return result


def _before(info: Any) -> None:
    written(began=info.raw_cell)


def _after(result: Any) -> None:
    error = result.error_before_exec or result.error_in_exec
    written(ended=result.info.raw_cell, error=type(error).__name__ if error else "")


def _full(handle: int) -> None:
    if _ORDER["ending"] == "disk full" and (_FOLDER / "flag").exists():
        raise OSError(28, "No space left on device")
    _sync(handle)


_append, _run, _sync = Ledger.append, Fleet.run, os.fsync
Ledger.append = _appended  # type: ignore[method-assign,assignment]
Fleet.run = _ran  # type: ignore[method-assign]
os.fsync = _full  # type: ignore[assignment]
_start = _called("start", runbook.start)
runbook.start = _started  # type: ignore[assignment]
written(kernel=os.getpid())
get_ipython().events.register("pre_run_cell", _before)
get_ipython().events.register("post_run_cell", _after)
