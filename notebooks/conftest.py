"""The rehearsal lab for nbval: the committed notebooks are run against it, and their outputs compared.

It starts once the notebooks are collected, since a kernel takes its environment when it starts and an autouse
fixture doesn't run for a notebook's cells. Before a notebook's first cell, the sections before it are applied.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from runbook.cli.headless import NOTEBOOKS
from runbook.cli.lab import Lab, credentials_in_environment, running_lab
from runbook.cli.rehearse import bring_up_to
from runbook.engine.opening import RECORDS_VARIABLE
from runbook.estate import load_estate

_STACK = ExitStack()
_LAB: list[Lab] = []
_READY: set[str] = set()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly or not any(item.path.suffix == ".ipynb" for item in session.items):
        return
    lab = _STACK.enter_context(running_lab("split-2013"))
    _STACK.enter_context(credentials_in_environment(lab))
    os.environ[RECORDS_VARIABLE] = _STACK.enter_context(tempfile.TemporaryDirectory(prefix="records-"))
    _LAB.append(lab)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.path.suffix == ".ipynb" and item.path.name not in _READY:
        _READY.add(item.path.name)
        (section,) = (name for name, notebook in NOTEBOOKS.items() if notebook == item.path.name)
        lab = _LAB[0]
        bring_up_to(section, lab, load_estate(lab.estate), Path(os.environ[RECORDS_VARIABLE]))


def pytest_sessionfinish() -> None:
    os.environ.pop(RECORDS_VARIABLE, None)
    _STACK.close()
