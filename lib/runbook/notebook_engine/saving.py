"""An executed notebook on the disk: whole at any moment, and never in the place of another one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from runbook.errors import InputError, Refused

_SMALL = 2 * 1024 * 1024
_SHARE = 20
"""A large notebook is saved again once twenty times as long has passed as its last saving took."""
_PATIENCE = 5.0


class Saver:
    """Saves one notebook to one place; with no place it does nothing."""

    def __init__(self, path: str | None) -> None:
        self._path = Path(path).absolute() if path else None
        self._took = 0.0
        self._size = 0
        self._last = float("-inf")

    def claim(self) -> None:
        """Take the place, which nobody else can have then: a record is written once.

        Raises :class:`Refused` where something is there, :class:`InputError` where nothing can be written.
        """
        if self._path is None:
            return
        try:
            self._path.open("x").close()
        except FileExistsError:
            raise Refused(f"{self._path} is there already: a record is written once. Name another output.") from None
        except OSError as error:
            raise InputError(f"No record can be written to {self._path.parent}: {error.strerror}.") from None

    def release(self) -> None:
        """Give the place back, where nothing was ever saved in it."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                if self._path.stat().st_size == 0:
                    self._path.unlink()

    def save(self, notebook: Any, *, now: bool = False) -> None:
        """Replace the file by the notebook as it is; ``now``: whatever it costs, else in reasonable intervals."""
        if self._path is None or not (now or self._is_due()):
            return
        began = time.monotonic()
        text: str = nbformat.writes(notebook) + "\n"  # type: ignore[no-untyped-call]
        replace(self._path, text)
        self._last = time.monotonic()
        self._took, self._size = self._last - began, len(text)

    def _is_due(self) -> bool:
        """A small notebook at every step; a large one seldom, so that a run costs what is new in it."""
        return self._size < _SMALL or time.monotonic() - self._last > _SHARE * self._took


def replace(path: Path, text: str) -> None:
    """Put a whole file in the place of the old one; a full disk leaves the old one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # a temporary file is for its user alone; who may read the record is said by the place taken
            shutil.copymode(path, name)
        _rename(Path(name), path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _rename(source: Path, target: Path) -> None:
    """On Windows a virus scanner or an indexer may hold the target for a moment."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            source.replace(target)
            return
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Output:
    """papermill's writer for one path: what it writes after the run goes the same way."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, text: str, path: str) -> None:
        replace(Path(path).absolute(), text)

    def read(self, path: str) -> str:
        return Path(path).read_text(encoding="utf-8")

    def listdir(self, path: str) -> list[str]:
        return [str(entry) for entry in Path(path).iterdir()]

    def pretty_path(self, path: str) -> str:
        return path
