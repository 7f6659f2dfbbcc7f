"""For a process that was started by the command line: end with it, however it ended."""

from __future__ import annotations

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """Ask this process to end once its standard input does, which the command line holds open as long as it lives.

    Works where no signal would come: a killed process closes its pipes on every platform.
    """
    threading.Thread(target=_wait, name="parent", daemon=True).start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1024):  # no lock of Python's is held meanwhile, which its end would wait for
        pass
    os.kill(os.getpid(), signal.SIGTERM)
