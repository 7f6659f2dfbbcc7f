"""Where a section's parameter file is: in the folders that are named, else beside the estate file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runbook.errors import InputError
from runbook.paths import from_root, project_root

PARAMETERS_VARIABLE = "RUNBOOK_PARAMETERS"
"""Folders of parameter files, the first that has a section's file is taken (separated as in PATH)."""


def section_file(section: str, estate: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The section's parameter file, which needn't be there yet; ``None`` where nothing says in which folder."""
    given = environment.get(PARAMETERS_VARIABLE, "")
    folders = [from_root(folder, environment) for folder in given.split(os.pathsep) if folder]
    folders = folders or ([estate.parent] if estate else [])
    name = f"{section.replace('_', '-')}.yaml"
    return next((folder / name for folder in folders if (folder / name).is_file()), None) or (
        folders[-1] / name if folders else None
    )


def shown_path(file: Path, environment: Mapping[str, str] = os.environ) -> str:
    """A path from the project's root where it is in there, as parameters and messages give it."""
    try:
        return file.relative_to(project_root(environment)).as_posix()
    except (InputError, ValueError):
        return str(file)
