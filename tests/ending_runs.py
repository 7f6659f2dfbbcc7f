"""One run that is ended at a chosen point, in a lab and a project of its own, and what is kept to judge it by."""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill

from runbook.cli.headless import NOTEBOOKS, section_parameters
from runbook.cli.lab import Lab, credentials_in_environment, running_lab
from runbook.cli.rehearse import bring_up_to, parameter_file, run_one
from runbook.estate import Estate, load_estate
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters
from runbook.parameters_undo import UndoParameters
from runbook.paths import ROOT_VARIABLE, STATE_VARIABLE, project_root
from runbook.sections import SECTIONS, UNDO

ENDINGS = (
    *("error", "allowed error", "SystemExit(0)", "SystemExit(3)", "out of memory", "time-out", "kernel killed"),
    *("Ctrl-C", "SIGTERM", "SIGKILL", "disk full", "output not writable"),
)
POSIX_ONLY = ("Ctrl-C", "SIGTERM", "SIGKILL")
STEPS = ("start", "binding", "check", "plan", "apply", "verify", "undo_commands", "finish")
POINTS = ("intent", "sent", "outcome")
"""In the middle of an apply: its intent is on the disk, the server has done it, its outcome is on the disk."""

INTERRUPTING = ("time-out", "Ctrl-C", "SIGTERM")
STALE = ("disk full", "output not writable", "SIGKILL")
"""The executed notebook can't be kept up to date any more: it may say less than happened, never more."""

CELL_SECONDS = 30
_SELF = (sys.executable, str(Path(__file__).resolve()))
ENDED = (*SECTIONS, UNDO.name)
"""What is ended: the sections of the procedure, and the undo of one of them."""

_NEEDS = {"owa_enablement": "owa_enablement", "disable_im": "disable_im", UNDO.name: "owa_enablement"}
"""What plans something only after others → the section that all before it are applied for."""

_UNDONE = "trusted-pool"
_TOPOLOGY = {"online_hybrid": "hybrid-worldwide"}


@dataclass(frozen=True, slots=True)
class Case:
    """One run that is ended."""

    section: str
    step: str
    point: str
    ending: str

    def __str__(self) -> str:
        at = self.step if self.point == "amid" else f"{self.step} ({self.point})"
        return f"{self.section}, {at}, {self.ending}"


def topology_of(section: str) -> str:
    return _TOPOLOGY.get(section, "split-2013")


def prepare(section: str, lab: Lab, estate: Estate, before: Path) -> None:
    """Apply what comes before a section; the records of that go to ``before``."""
    if section in _NEEDS:
        bring_up_to(_NEEDS[section], lab, estate, before)


def parameters_of(section: str, before: Path) -> SectionParameters:
    """The rehearsal's; an undo takes back the trusted pool."""
    if section == UNDO.name:
        (record,) = before.glob(f"*/*-{_UNDONE}-*")
        return UndoParameters(record=str(record))
    return section_parameters(section, parameter_file(topology_of(section), section))


def cases(sections: Sequence[str] = ENDED) -> list[Case]:
    """Every step of every section, ended in every way; an apply in the middle of a change, at each point in turn."""
    found = []
    for number, section in enumerate(sections):
        turn = itertools.cycle(POINTS[number % 3 :] + POINTS[: number % 3])
        for step, ending in itertools.product(STEPS, ENDINGS):
            if sys.platform == "win32" and ending in POSIX_ONLY:
                continue
            amid = step != "apply" or section in ("prerequisites", "verification")
            found.append(Case(section, step, "amid" if amid else next(turn), ending))
    return found


def run_case(case: Case, folder: Path) -> None:
    """End a run. ``folder`` then holds ``truth.jsonl``, ``world.json`` (the world's journal) and ``records/``."""
    root = _root(case, folder / "project")
    order = {**asdict(case), "folder": str(folder)}
    changed = {
        "ENDING_STRIKE": json.dumps(order),
        "IPYTHONDIR": str(_ipython(folder / "ipython")),
        ROOT_VARIABLE: str(root),
        STATE_VARIABLE: str(folder / "state"),
    }
    with running_lab(topology_of(case.section)) as lab, credentials_in_environment(lab), environment(changed):
        prepare(case.section, lab, load_estate(lab.estate), folder / "before")
        before = len(lab.ask("journal")["entries"])
        if case.ending == "SIGKILL":
            _in_a_process(case, folder, "--estate", str(lab.estate))
        else:
            with contextlib.suppress(BaseException):
                run_notebook(case, folder, lab.estate)
        world = lab.ask("journal")["entries"][before:]
        (folder / "world.json").write_text(json.dumps(world), encoding="utf-8")


def run_notebook(case: Case, folder: Path, estate: Path) -> None:
    """The section's notebook, as ``runbook run`` runs it."""
    parameters = parameters_of(case.section, folder / "before")
    records = folder / "records"
    with _failing_disk(case, folder), _time_out(case):
        run_one(case.section, parameters, load_estate(estate), mode=Mode.APPLY, records=records, watch=_unwatched)


def _in_a_process(case: Case, folder: Path, *more: str) -> None:
    """A process that is killed takes nobody else with it."""
    command = [*_SELF, "--case", json.dumps(asdict(case)), "--folder", str(folder), *more]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


@contextlib.contextmanager
def _unwatched(title: str, folder: Path) -> Iterator[None]:
    yield


def _root(case: Case, root: Path) -> Path:
    """A project of its own, whose notebook allows an error in the step where that is the case."""
    shutil.copytree(project_root() / "parameters", root / "parameters")
    shutil.copytree(project_root() / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns("*.py", ".*"))
    path = root / "notebooks" / NOTEBOOKS[case.section]
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if (
            case.ending == "allowed error"
            and f"{'runbook' if case.step == 'start' else 'run'}.{case.step}(" in cell.source
        ):
            cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "raises-exception"})
    nbformat.write(notebook, path)
    return root


def _ipython(folder: Path) -> Path:
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("ending_strike.py"), startup / "00-strike.py")
    return folder


@contextlib.contextmanager
def environment(changed: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextlib.contextmanager
def _failing_disk(case: Case, folder: Path) -> Iterator[None]:
    """From the strike on nothing reaches the disk, or the executed notebook can't be replaced, in this process too."""
    flag, sync, move = folder / "flag", os.fsync, os.replace

    def full(handle: int) -> None:
        if flag.exists():
            raise OSError(28, "No space left on device")
        sync(handle)

    def refused(source: Any, target: Any, **given: Any) -> None:
        if flag.exists() and str(target).endswith(".ipynb"):
            raise OSError(30, "Read-only file system")
        move(source, target, **given)

    try:
        if case.ending == "disk full":
            os.fsync = full  # type: ignore[assignment]
        if case.ending == "output not writable":
            os.replace = refused  # type: ignore[assignment]
        yield
    finally:
        os.fsync, os.replace = sync, move


@contextlib.contextmanager
def _time_out(case: Case) -> Iterator[None]:
    execute = papermill.execute_notebook
    try:
        if case.ending == "time-out":
            papermill.execute_notebook = functools.partial(execute, execution_timeout=CELL_SECONDS)
        yield
    finally:
        papermill.execute_notebook = execute


class Worker:
    """A process that runs one case after the other, with signals that are meant for it alone."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            _SELF, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self, case: Case, folder: Path) -> None:
        """Raises ``RuntimeError`` where the case couldn't be run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([asdict(case), str(folder)]) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline().strip()
        if said != "done":
            raise RuntimeError(said or "the worker is gone")
        _end_kernels(folder)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _work() -> None:
    """Cases from standard input, one line each; a line for each that is done."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without it
    for line in sys.stdin:
        given, folder = json.loads(line)
        said = ""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                run_case(Case(**given), Path(folder))
        except BaseException as error:
            said = f"{type(error).__name__}: {error}".replace("\n", " ")
        print(f"done{said}", flush=True)


def _end_kernels(folder: Path) -> None:
    """A kernel whose notebook process was killed ends by itself within a second or so; here it isn't waited for."""
    for line in lines(folder / "truth.jsonl"):
        if "kernel" in line:
            with contextlib.suppress(OSError):
                os.kill(line["kernel"], getattr(signal, "SIGKILL", signal.SIGTERM))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--case")
    options.add_argument("--folder", type=Path)
    options.add_argument("--estate", type=Path)
    given = options.parse_args()
    if given.case:
        run_notebook(Case(**json.loads(given.case)), given.folder, given.estate)
    else:
        _work()


if __name__ == "__main__":
    main()
