"""The rehearsal lab as a child process, and what its control address says.

The command line is the only caller. The lab is another program: it is started with this interpreter, says
in one line of JSON where it listens, and ends when its standard input closes, so that it can't outlive us.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook.errors import RunbookError


class LabFailed(RunbookError):
    """The rehearsal lab didn't start, or no longer answers."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab: the estate file to use, the environment its credentials travel in, its control address."""

    topology: str
    estate: Path
    control: str
    token: str = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    def ask(self, path: str) -> dict[str, Any]:
        """GET a JSON document (``presence``, ``journal``, ``state``) from the control address."""
        request = urllib.request.Request(f"{self.control}/{path}", headers={"Authorization": f"Bearer {self.token}"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                document: dict[str, Any] = json.load(answer)
        except (OSError, ValueError) as error:
            raise LabFailed(f"The rehearsal lab doesn't answer at its control address: {error}") from error
        return document


@contextmanager
def running_lab(topology: str, *, states: Sequence[str] = ()) -> Iterator[Lab]:
    """Start the lab, yield it, end it. Its own words go to standard error."""
    command = [sys.executable, "-m", "rehearsal", "--topology", topology]
    command += [word for state in states for word in ("--state", state)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield _announced(topology, process.stdout.readline())
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextmanager
def credentials_in_environment(lab: Lab) -> Iterator[None]:
    """Put the lab's throw-away credentials where the library and its kernels look for ``cred:`` references."""
    before = {name: os.environ.get(name) for name in lab.environment}
    os.environ.update(lab.environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _announced(topology: str, line: str) -> Lab:
    try:
        said = json.loads(line)
        environment = {"RUNBOOK_ESTATE": said["estate"]}
        for name, credential in said["credentials"].items():
            stem = f"RUNBOOK_CRED_{name.upper().replace('-', '_')}"
            environment[f"{stem}_USERNAME"] = credential["username"]
            environment[f"{stem}_PASSWORD"] = credential["password"]
        return Lab(topology, Path(said["estate"]), said["control"], said["token"], environment)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabFailed(
            f"The rehearsal lab for {topology} didn't start. What it said on standard error stands above."
        ) from error
