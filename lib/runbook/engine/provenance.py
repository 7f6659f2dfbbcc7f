"""With what a run was made: code, versions, trusted CA and clock, as its first event says."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import ssl
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from runbook.change import Json, canonical
from runbook.errors import InputError
from runbook.paths import project_root

_PACKAGES = ("owa-im-runbook", "pypsrp", "psrpcore", "pyspnego", "pydantic", "cryptography", "securesystemslib")
_PARAMETERS = frozenset({"parameters", "injected-parameters"})
_END = "-----END CERTIFICATE-----"


def versions() -> Json:
    """Of Python, the operating system, and the packages that talk to servers or sign."""
    packages: dict[str, Json] = {name: version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), "platform": platform.platform(), **packages}


def code_digests(section: str, environment: Mapping[str, str] = os.environ) -> dict[str, Json]:
    """SHA-256 over the files of this library, and of the section's notebook as it lies in the project.

    ``notebook_cells`` is that of its cells alone (:func:`cells_digest`), which running and saving it don't change.
    """
    notebook = source_notebook(section, environment)
    return {
        "library": _library(),
        "notebook": hashlib.sha256(notebook.read_bytes()).hexdigest() if notebook else "",
        "notebook_cells": cells_digest(notebook.read_bytes()) if notebook else "",
        "notebook_name": notebook.name if notebook else "",
    }


def cells_digest(notebook: bytes) -> str:
    """SHA-256 over kind and source of a notebook's cells, without those that hold parameters; empty if it isn't one.

    The executed notebook of a record has the digest of the notebook that it was made from.
    """
    try:
        cells = json.loads(notebook)["cells"]
        said: list[Json] = [
            [cell["cell_type"], "".join(cell["source"])]
            for cell in cells
            if _PARAMETERS.isdisjoint(cell.get("metadata", {}).get("tags", ()))
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return hashlib.sha256(canonical(said).encode("utf-8", "backslashreplace")).hexdigest()


def source_notebook(section: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The project's notebook of a section; ``None`` where this isn't run from a clone, or it has none."""
    try:
        folder = project_root(environment) / "notebooks"
    except InputError:
        return None
    return next((path for path in sorted(folder.glob("*.ipynb")) if _section_of(path) == section), None)


def certificates(file: Path | None) -> tuple[str, ...]:
    """SHA-256 of each certificate in a PEM file; none where TLS goes by the operating system's trust."""
    if file is None:
        return ()
    blocks = [block + _END for block in file.read_text(encoding="ascii", errors="replace").split(_END)[:-1]]
    try:
        return tuple(
            hashlib.sha256(ssl.PEM_cert_to_DER_cert(block[block.index("-----BEGIN") :])).hexdigest() for block in blocks
        )
    except ValueError:
        return ()  # opening a session says what is wrong with it


def utc_offset() -> str:
    """Of this computer's clock, as ``+02:00``."""
    return datetime.now().astimezone().isoformat()[-6:]


def _section_of(notebook: Path) -> str:
    try:
        found = json.loads(notebook.read_bytes())["metadata"]["runbook"]["section"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return str(found)


def _library() -> str:
    """Over name and digest of each file, in order; compiled files are left out."""
    root = Path(__file__).resolve().parents[1]
    files = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root).as_posix()}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
