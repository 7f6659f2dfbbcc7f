"""The files of a record's folder: their digests, and what doesn't belong in one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Contents:
    """``digests``: SHA-256 of each regular file by its path in the folder, with ``/``. ``odd``: path and what it is."""

    digests: Mapping[str, str]
    odd: Mapping[str, str] = field(default_factory=dict)


def contents(folder: Path) -> Contents:
    """Everything in the folder. Links aren't followed; an empty folder, a link and what can't be read are odd."""
    digests: dict[str, str] = {}
    odd: dict[str, str] = {}
    _look(folder, "", digests, odd)
    return Contents(digests, odd)


def _look(folder: Path, prefix: str, digests: dict[str, str], odd: dict[str, str]) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        odd[prefix or "."] = f"can't be read: {error.strerror}"
        return
    if not entries and prefix:
        odd[prefix] = "an empty folder, which no record has"
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if entry.is_symlink():
            odd[name] = "a link, which no record has"
        elif entry.is_dir():
            _look(Path(entry.path), f"{name}/", digests, odd)
        elif not entry.is_file():
            odd[name] = "not an ordinary file"
        else:
            try:
                digests[name] = _digest(Path(entry.path))
            except OSError as error:
                odd[name] = f"can't be read: {error.strerror}"


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
