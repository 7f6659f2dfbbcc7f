"""Tests keep no state of their user: signing key and heads of records go to a folder that ends with the tests."""

from __future__ import annotations

import os
import signal
import tempfile

import pytest
from hypothesis import HealthCheck, settings

from runbook.paths import STATE_VARIABLE

# How long an example takes is the machine's business: no test is about time.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")

_STATE = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell: children would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = tempfile.TemporaryDirectory(prefix="runbook-state-", ignore_cleanup_errors=True)
    config.stash[_STATE] = folder
    os.environ[STATE_VARIABLE] = folder.name


def pytest_unconfigure(config: pytest.Config) -> None:
    os.environ.pop(STATE_VARIABLE, None)
    if _STATE in config.stash:
        config.stash[_STATE].cleanup()
