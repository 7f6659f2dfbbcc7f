"""Run a section without anybody watching: its notebook through papermill, or its check without a kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runbook.display.interactive import SESSION_VARIABLE
from runbook.engine.looking import look as look
from runbook.engine.opening import RECORD_VARIABLE, record_folder
from runbook.errors import InputError, Refused, RunbookError
from runbook.estate import Estate
from runbook.ledger import FILE_NAME
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters, load_parameters
from runbook.paths import project_root
from runbook.record import CLOSER_VARIABLE
from runbook.sections import section_named

_NOTEBOOK = "record.ipynb"

NOTEBOOKS = {
    "prerequisites": "10-prerequisites.ipynb",
    "trusted_pool": "20-trusted-pool.ipynb",
    "owa_enablement": "30-owa-enablement.ipynb",
    "mailbox_policies": "40-mailbox-policies.ipynb",
    "online_hybrid": "50-online-hybrid.ipynb",
    "verification": "60-verification.ipynb",
    "disable_im": "70-disable-im.ipynb",
    "undo": "80-undo.ipynb",
    "tracing": "90-sipstack-tracing.ipynb",
}
"""Section → notebook, in the order of the procedure (L86), then what isn't part of it."""


def section_parameters(section: str, file: Path) -> SectionParameters:
    """The parameters of a section from its YAML file; :class:`InputError` with every fault."""
    parameters: SectionParameters = load_parameters(section_named(section).parameters, file)
    return parameters


def execute_notebook(section: str, parameters: SectionParameters, estate: Estate, *, mode: Mode, folder: Path) -> None:
    """Run the section's notebook through papermill; the executed notebook is kept in ``folder`` as ``record.ipynb``.

    The record isn't closed yet: that is for the caller, now that the notebook is there.
    Returns whatever the run came to: its ledger says what that is. Raises :class:`RunbookError` where the notebook
    ended before there was a ledger; nothing is kept then, since no run began.
    """
    if folder.exists():
        raise Refused(f"{folder} is there already: a record is written once.")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"No record can be written to {folder}: {error.strerror}.") from None
    try:
        failure = _executed(section, parameters, estate, mode=mode, folder=folder)
    finally:
        began = (folder / FILE_NAME).exists()
        if not began:
            _leave_nothing(folder)
    if failure and not began:
        raise RunbookError(f"The notebook of {section} ended before its run began. {failure}")


def _executed(section: str, parameters: SectionParameters, estate: Estate, *, mode: Mode, folder: Path) -> str:
    """What the notebook failed with; empty where it came to its end."""
    import papermill  # half a second and more: only where a notebook is really run
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    values = parameters.model_dump(mode="json") | {"estate": str(estate.path), "mode": mode.value}
    notebook = project_root() / "notebooks" / NOTEBOOKS[section]
    with (
        _environment(RECORD_VARIABLE, str(folder)),
        _environment(CLOSER_VARIABLE, "1"),
        _environment(SESSION_VARIABLE, ""),  # nobody sits before it, not even where it is started from a notebook
    ):
        try:
            papermill.execute_notebook(
                str(notebook),
                str(folder / _NOTEBOOK),
                parameters=values,
                kernel_name="python3",
                progress_bar=False,
                cwd=str(notebook.parent),
                config=Config(KernelManager={"transport_encryption": "auto"}),
            )
        except PapermillExecutionError as error:
            return f"{error.ename}: {error.evalue}"
        except Exception as error:  # a kernel that died, a cell that timed out: the ledger says how far the run got
            return f"{type(error).__name__}: {error}"
    return ""


def _leave_nothing(folder: Path) -> None:
    """Take away the notebook of a run that never began, and its folder, where nothing else is in it."""
    with suppress(OSError):
        (folder / _NOTEBOOK).unlink(missing_ok=True)
        folder.rmdir()


def new_folder(estate: Estate, section: str, records: Path | None) -> Path:
    """Where the record of a run goes: below ``records``, taken from the working directory, else the project's own."""
    return record_folder(estate, section, records=records.absolute() if records else None)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
