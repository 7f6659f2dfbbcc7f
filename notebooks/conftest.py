"""The rehearsal lab for nbval: the committed notebooks are run against it, and their outputs compared.

It starts once the notebooks are collected, since a kernel takes its environment when it starts and an autouse
fixture doesn't run for a notebook's cells.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack

import pytest

from runbook.cli.lab import credentials_in_environment, running_lab
from runbook.engine.opening import RECORDS_VARIABLE

_STACK = ExitStack()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly or not any(item.path.suffix == ".ipynb" for item in session.items):
        return
    lab = _STACK.enter_context(running_lab("split-2013"))
    _STACK.enter_context(credentials_in_environment(lab))
    os.environ[RECORDS_VARIABLE] = _STACK.enter_context(tempfile.TemporaryDirectory(prefix="records-"))


def pytest_sessionfinish() -> None:
    os.environ.pop(RECORDS_VARIABLE, None)
    _STACK.close()
