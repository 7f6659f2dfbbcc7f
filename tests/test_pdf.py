"""A record's page as PDF: only of an intact record, by a Chromium that is there, and nothing else is contacted."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from record_factory import Office
from runbook.cli import app
from runbook.cli.pdf import CHROMIUM_VARIABLE, chromium, print_page
from runbook.errors import InputError, RunbookError
from runbook.record import State, verify

needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "google-chrome"))), reason="no Chromium is installed"
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def invoke(office: Office, *arguments: object, **environment: str) -> Any:
    return CliRunner().invoke(app, [str(each) for each in arguments], env={**office.environment, **environment})


@needs_chromium
def test_an_intact_record_is_printed(office: Office, tmp_path: Path) -> None:
    folder = office.record("a")
    done = invoke(office, "verify-record", folder, "--pdf", tmp_path / "record.pdf")
    assert done.exit_code == 4, done.output
    assert (tmp_path / "record.pdf").read_bytes().startswith(b"%PDF-")
    assert verify(folder).state is State.UNKNOWN_SIGNER, "looking leaves the record as it was"


def test_an_altered_record_is_not_printed(office: Office, tmp_path: Path) -> None:
    folder = office.record("a")
    (folder / "record.html").write_text("<p>All is well.")
    done = invoke(office, "verify-record", folder, "--pdf", tmp_path / "record.pdf")
    assert done.exit_code == 1
    assert "No PDF was made" in done.output
    assert not (tmp_path / "record.pdf").exists()


def test_nothing_is_added_to_a_record(office: Office) -> None:
    folder = office.record("a")
    assert invoke(office, "verify-record", folder, "--pdf", folder / "record.pdf").exit_code == 2
    assert verify(folder).state is State.UNKNOWN_SIGNER


def test_without_chromium_it_says_what_to_do(office: Office, tmp_path: Path) -> None:
    folder = office.record("a")
    done = invoke(office, "verify-record", folder, "--pdf", tmp_path / "a.pdf", CHROMIUM=str(tmp_path / "none"))
    assert done.exit_code == 2
    assert "install one" in done.output


def test_a_browser_that_makes_none_is_told(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text("<p>a")
    no_browser = {CHROMIUM_VARIABLE: sys.executable}
    with pytest.raises(RunbookError, match="made no PDF"):
        print_page(page, tmp_path / "a.pdf", no_browser)
    with pytest.raises(InputError, match="no such folder"):
        print_page(page, tmp_path / "none" / "a.pdf", no_browser)


@needs_chromium
def test_the_browser_gets_no_network(tmp_path: Path) -> None:
    """Even a page that asks for something on this very computer doesn't get it."""
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def serve() -> None:
            while not over.is_set():
                try:
                    server.accept()[0].close()
                    asked.set()
                except TimeoutError:
                    continue

        over = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        page = tmp_path / "page.html"
        page.write_text(f"<img src='http://127.0.0.1:{server.getsockname()[1]}/a.png'><p>a")
        print_page(page, tmp_path / "page.pdf", {CHROMIUM_VARIABLE: chromium({})})
        over.set()
        thread.join()
    assert not asked.is_set()
