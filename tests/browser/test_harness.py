"""The desk itself: JupyterLab opens without asking anything, runs cells, and asks nobody outside this computer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.conftest import is_local
from browser.notebook import DARK, Notebook


def test_jupyterlab_opens_a_notebook_without_a_question(opened: Callable[[str], Notebook]):
    notebook = opened("20-trusted-pool.ipynb")
    assert notebook.name == "20-trusted-pool.ipynb"
    expect(notebook.page.locator(".jp-Dialog, .Toastify__toast")).to_have_count(0)
    expect(notebook.page.get_by_role("tab", name="Extension Manager")).to_have_count(0)


def test_cells_run_against_the_lab(opened: Callable[[str], Notebook]):
    notebook = opened("20-trusted-pool.ipynb")
    notebook.run("estate: str")
    expect(notebook.run("runbook.start")).to_contain_text("Litware")
    notebook.theme(DARK)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8888/lab", True),
        ("ws://localhost:1/api", True),
        ("data:text/html,x", True),
        ("http://127.0.0.1.example.com/", False),
        ("https://cdn.jsdelivr.net/npm/x", False),
        ("http://127.0.0.1:80@evil.example/", False),
    ],
)
def test_what_counts_as_this_computer(url: str, local: bool):
    assert is_local(url) is local
