"""The rehearsal lab as a child process, and what its control address says.

The command line is the only caller. The lab is another program: it is started with this interpreter, says
in one line of JSON where it listens, and ends when its standard input closes, so that it can't outlive us.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from runbook.engine.parameter_files import PARAMETERS_VARIABLE
from runbook.errors import InputError, Refused, RunbookError

_BAD_INPUT = 2
_LAB = (sys.executable, "-m", "rehearsal")


DEFAULT_TOPOLOGY = "split-2013"
PARAMETERS = "parameters/rehearsal"
"""The parameters of the sections that are made for the lab, and in it folders for organisations that need others."""


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
    wait: Callable[[], object] = field(repr=False)
    """Returns when the lab has ended by itself."""

    def ask(self, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        """A JSON document (``presence``, ``journal``, ``state``) from the control address; with a body it is a POST."""
        headers = {"Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.control}/{path}", data=data, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                document: dict[str, Any] = json.load(answer)
        except (OSError, ValueError) as error:
            raise LabFailed(f"The rehearsal lab doesn't answer at its control address: {error}") from error
        return document

    def sign_in_test_users(self) -> tuple[str, ...]:
        """Sign one user in on each back end, as an administrator would before looking whether it works (L78, L81)."""
        chosen: dict[str, str] = {}
        for each in self.ask("users")["users"]:
            if each["expected"] and each["server"]:
                chosen.setdefault(each["server"], each["user"])
        for user in chosen.values():
            self.ask("sign-in", {"user": user})
        return tuple(chosen.values())


def organisation(topology: str | None, scenario: Path | None) -> str:
    """The topology to start; a scenario brings its own."""
    if topology and scenario:
        raise InputError(f"{scenario} names its own topology. Leave out --topology, or --scenario.")
    return topology or DEFAULT_TOPOLOGY


@contextmanager
def running_lab(
    topology: str, *, states: Sequence[str] = (), scenario: Path | None = None, directory: Path | None = None
) -> Iterator[Lab]:
    """Start the lab, yield it, end it.

    ``scenario`` is a file that says topology and faults; ``topology`` is then for nothing. ``directory`` gets the
    estate file; it is a temporary one otherwise. Raises :class:`InputError` for a topology, state or scenario that
    isn't there or isn't right, :class:`Refused` where another lab has its estate file in ``directory``, and
    :class:`LabFailed` where the lab doesn't start.
    """
    command = [*_LAB, *(("--scenario", str(scenario)) if scenario else ("--topology", topology))]
    command += [word for state in states for word in ("--state", state)]
    command += ["--directory", str(directory)] if directory else []
    with _alone_in(directory), tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            code = process.wait(timeout=20)
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace").strip()
            raise InputError(said) if code == _BAD_INPUT else LabFailed(f"The rehearsal lab didn't start: {said}")
        with _ending(process):
            yield _announced(topology, line, process.wait)


@contextmanager
def _alone_in(directory: Path | None) -> Iterator[None]:
    """One lab at a time has its estate file in a folder: a second would overwrite it, and take it away at its end."""
    if directory is None:
        yield
        return
    lock = FileLock(directory / "lab.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Refused(
            f"A rehearsal lab is running already, and its estate file lies in {directory}. End it with Ctrl-C in its"
            " terminal. `runbook rehearse` and `runbook open` bring a lab of their own."
        ) from None
    try:
        yield
    finally:
        lock.release()


def list_faults() -> list[Any]:
    """The lab's catalogue of faults: objects with id, meaning, requirements, topologies and repair of each."""
    done = subprocess.run([*_LAB, "--list-faults"], capture_output=True, text=True, encoding="utf-8", check=False)
    try:
        faults: list[Any] = json.loads(done.stdout)
    except ValueError:
        raise LabFailed(f"The rehearsal lab tells no faults: {done.stderr.strip()}") from None
    return faults


@contextmanager
def _ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Close the lab's standard input, on which it ends, and wait for it."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def credentials_in_environment(lab: Lab) -> AbstractContextManager[None]:
    """Put the lab's throw-away credentials where the library and its kernels look for ``cred:`` references."""
    return in_environment(lab.environment)


@contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for this process and the kernels that it starts, until the context ends."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _announced(topology: str, line: str, wait: Callable[[], object]) -> Lab:
    try:
        said = json.loads(line)
        named = said.get("topology", topology)
        environment = {
            "RUNBOOK_ESTATE": said["estate"],
            PARAMETERS_VARIABLE: os.pathsep.join((f"{PARAMETERS}/{named}", PARAMETERS)),
        }
        for name, credential in said["credentials"].items():
            stem = f"RUNBOOK_CRED_{name.upper().replace('-', '_')}"
            environment[f"{stem}_USERNAME"] = credential["username"]
            environment[f"{stem}_PASSWORD"] = credential["password"]
        return Lab(named, Path(said["estate"]), said["control"], said["token"], environment, wait)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabFailed(f"The rehearsal lab for {topology} said something else than where it is.") from error
