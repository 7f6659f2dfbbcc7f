"""Where the project lies: relative paths are taken from its root, never from the working directory.

A kernel's working directory differs between papermill, nbval and JupyterLab.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_state_path

from runbook.errors import InputError

ROOT_VARIABLE = "RUNBOOK_ROOT"

STATE_VARIABLE = "RUNBOOK_STATE"
"""The folder of what the runbook keeps for a user: signing key, heads of records, key of pseudonyms."""


def project_root(environment: Mapping[str, str] = os.environ) -> Path:
    """``$RUNBOOK_ROOT``, else the clone that this package is installed from; absolute.

    :class:`InputError` where neither holds the notebooks.
    """
    if given := environment.get(ROOT_VARIABLE, ""):
        root = Path(given).expanduser().absolute()
        if not (root / "notebooks").is_dir():
            raise InputError(
                f"{ROOT_VARIABLE} = {given}: there is no folder `notebooks` in it. Name the project's clone."
            )
        return root
    root = Path(__file__).resolve().parents[2]
    if not (root / "notebooks").is_dir():
        raise InputError(
            f"The library isn't installed from a clone of the project ({root} holds no `notebooks`). "
            f"Install it with `pip install -e .` in a clone, or name the clone in {ROOT_VARIABLE}."
        )
    return root


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """``$RUNBOOK_STATE``, else the platform's own place for a user's state; it may not be there yet."""
    given = environment.get(STATE_VARIABLE, "")
    return Path(given).expanduser().absolute() if given else user_state_path("owa-im-runbook", appauthor=False)


def from_root(given: str | Path, environment: Mapping[str, str] = os.environ) -> Path:
    """``given`` as an absolute path, taken from the project's root where it is relative."""
    path = Path(given).expanduser()
    return path if path.is_absolute() else project_root(environment) / path
