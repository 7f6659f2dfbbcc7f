"""Send heads of records to where the operator can't write: a folder, or a git remote (``git+https://…``).

At the target lies ``<estate>.jsonl``, a copy of the list in the user's state directory; several users add to one file.
What isn't there yet is added, so a target that wasn't reached catches up at the next run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from runbook.errors import RunbookError
from runbook.ledger.heads import Head
from runbook.paths import state_folder

GIT = "git+"
_SECONDS = 60
_ATTEMPTS = 3
_AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "owa-im-runbook"), ("EMAIL", "owa-im-runbook@localhost"))
}


class AnchorFailed(RunbookError):
    """The target wasn't reached, or didn't take it; the record itself is whole."""


def send(target: str, estate: str, heads: Sequence[Head], environment: Mapping[str, str] = os.environ) -> None:
    """Add the estate's heads that the target doesn't hold yet; :class:`AnchorFailed` where that can't be done."""
    try:
        if target.startswith(GIT):
            _send_git(target.removeprefix(GIT), estate, heads, environment)
        else:
            _add(Path(target).expanduser() / f"{estate}.jsonl", heads)
    except OSError as error:
        raise AnchorFailed(f"The head of this record couldn't be sent to {target}: {error.strerror}.") from None


def _add(file: Path, heads: Sequence[Head]) -> bool:
    """Whether anything was missing. A target that only takes new lines, and can't be read, gets the last one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        there = set(file.read_bytes().split(b"\n")) if file.exists() else set()
        lines = [line for head in heads if (line := head.line.encode()) not in there]
    except PermissionError:
        lines = [head.line.encode() for head in heads[-1:]]
    with file.open("ab") as target:
        for line in lines:
            target.write(line + b"\n")
        target.flush()
        os.fsync(target.fileno())
    return bool(lines)


def _send_git(remote: str, estate: str, heads: Sequence[Head], environment: Mapping[str, str]) -> None:
    clone = state_folder(environment) / "anchors" / hashlib.sha256(remote.encode()).hexdigest()[:16]
    said = ""
    for _ in range(_ATTEMPTS):  # somebody else may push between our fetch and our push
        shutil.rmtree(clone, ignore_errors=True)
        clone.parent.mkdir(parents=True, exist_ok=True)
        _git(environment, None, "clone", "--quiet", "--depth", "1", "--", remote, str(clone))
        if not _add(clone / f"{estate}.jsonl", heads):
            return
        _git(environment, clone, "add", "--", f"{estate}.jsonl")
        _git(environment, clone, "commit", "--quiet", "--no-gpg-sign", "-m", f"Heads of {estate}")
        try:
            _git(environment, clone, "push", "--quiet", "origin", "HEAD")
        except AnchorFailed as error:
            said = str(error)
        else:
            return
    raise AnchorFailed(said)


def _git(environment: Mapping[str, str], folder: Path | None, *arguments: str) -> None:
    program = shutil.which("git")
    if program is None:
        raise AnchorFailed("The head of this record couldn't be sent: the program git isn't installed.")
    quiet = {**environment, **_AUTHOR, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [program, *arguments],
            cwd=folder,
            env=quiet,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AnchorFailed(f"git {arguments[0]} didn't come back within {_SECONDS} seconds.") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise AnchorFailed(f"The head of this record couldn't be sent: git {arguments[0]}: {last}")
