"""The rehearsal lab for nbval: the committed notebooks are run against it, and their outputs compared.

A notebook's lab is made ready before the notebook's first cell, since a kernel takes its environment when it starts
and an autouse fixture doesn't run for a notebook's cells.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from runbook.cli.headless import NOTEBOOKS
from runbook.cli.jupyter import START
from runbook.cli.stage import Stage
from runbook.engine.opening import RECORDS_VARIABLE

_STACK = ExitStack()
_STAGE: list[Stage] = []
_READY: set[str] = set()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly or not any(item.path.suffix == ".ipynb" for item in session.items):
        return
    os.environ[RECORDS_VARIABLE] = _STACK.enter_context(tempfile.TemporaryDirectory(prefix="records-"))
    _STAGE.append(_STACK.enter_context(Stage(Path(os.environ[RECORDS_VARIABLE]))))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.path.suffix == ".ipynb" and item.path.name not in _READY:
        _READY.add(item.path.name)
        if item.path.name == START:
            _STAGE[0].prepare_start()
            return
        (section,) = (name for name, notebook in NOTEBOOKS.items() if notebook == item.path.name)
        _STAGE[0].prepare(section)


def pytest_sessionfinish() -> None:
    os.environ.pop(RECORDS_VARIABLE, None)
    _STACK.close()
