"""A desk to work at: the lab, JupyterLab on a copy of the notebooks, and the records that come of it.

JupyterLab saves what it shows, so it gets a copy of the project's files: the committed notebooks never change.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from runbook.cli.jupyter import JupyterLab, jupyter_lab
from runbook.cli.lab import Lab, running_lab
from runbook.cli.rehearse import bring_up_to
from runbook.estate import load_estate
from runbook.paths import project_root

COPIED = ("notebooks", "parameters", "docs")
ORGANISATION = "split-2013"
_LAYOUTS = Path("jupyter", "workspaces")


@dataclass(frozen=True)
class Workplace:
    """``root`` is the copy that JupyterLab serves, ``records`` where its runs write."""

    root: Path
    records: Path
    lab: Lab
    jupyter: JupyterLab

    def notebook_file(self, name: str) -> Path:
        return self.root / "notebooks" / name

    def close_tabs(self) -> None:
        """JupyterLab forgets which notebooks were open: bringing them back late, it puts them before the wanted one."""
        shutil.rmtree(self.root.parent / _LAYOUTS, ignore_errors=True)

    def bring_up_to(self, section: str) -> None:
        """Apply the sections before ``section``, without notebooks; their records aren't this workplace's."""
        with ExitStack() as stack:
            stack.enter_context(_environment(self.lab.environment))
            bring_up_to(section, self.lab, load_estate(self.lab.estate), self.root / "before")


@contextmanager
def workplace(
    folder: Path, topology: str = ORGANISATION, *, states: Sequence[str] = (), scenario: Path | None = None
) -> Iterator[Workplace]:
    """A lab of its own and JupyterLab on it, in an empty folder."""
    root, records = folder / "project", folder / "records"
    for name in COPIED:
        shutil.copytree(project_root() / name, root / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with running_lab(topology, states=states, scenario=scenario) as lab:
        environment = {
            **os.environ,
            **lab.environment,
            "RUNBOOK_ROOT": str(root),
            "RUNBOOK_RECORDS": str(records),
            "RUNBOOK_STATE": str(folder / "state"),
            "JUPYTER_CONFIG_DIR": str(_settings(folder / "jupyter")),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "jupyter" / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / _LAYOUTS),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        environment.pop("RUNBOOK_RECORD", None)
        with jupyter_lab(environment) as jupyter:
            yield Workplace(root, records, lab, jupyter)


def _settings(folder: Path) -> Path:
    """What a test needs of JupyterLab beside what a user has: to be asked from the page whether it is done."""
    folder.mkdir(parents=True)
    (folder / "jupyter_server_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    return folder


@contextmanager
def _environment(values: dict[str, str] | os._Environ[str]) -> Iterator[None]:
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
