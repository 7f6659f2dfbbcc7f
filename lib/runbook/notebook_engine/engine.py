"""Run one of this project's notebooks so that its record never says that something ran that didn't.

========================  ===========================  ==========================================
how a cell ends           its state                    what follows
========================  ===========================  ==========================================
normally                  completed                    the next cell
an error                  failed                       no further cell runs; papermill fails
an error that is allowed  failed                       the next cell (tag ``raises-exception``)
time-out, dead kernel,    interrupted, with            no further cell runs, but for the last one
Ctrl-C, SIGTERM           ``aborted_by`` beside it     where the kernel lives: it closes the ledger
========================  ===========================  ==========================================

Cells that never ran stay *pending*. ``SystemExit`` is an error like any other: a record has no other way to be over
early. Stock papermill calls interrupted and never-run cells completed (``remoting-notes``).
"""

from __future__ import annotations

import asyncio
import contextlib
import keyword
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import papermill_io
from papermill.log import logger
from traitlets.config import Config

from runbook.errors import InputError
from runbook.notebook_engine.saving import Output, Saver
from runbook.secrecy import keep_environment, scrubbed
from runbook.sections import section_named

INTERRUPTED = "interrupted"
_CLOSING_SECONDS = 60
_OUTPUT_SECONDS = 60
"""How long outputs may take after their cell has ended. Beyond it the cell counts as interrupted, so it is ample."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM)."""


def execute(
    nb: Any,
    kernel_name: str,
    *,
    output_path: str | None = None,
    log_output: bool = False,
    stdout_file: Any = None,
    stderr_file: Any = None,
    start_timeout: int = 60,
    execution_timeout: int | None = None,
    **options: Any,
) -> Any:
    """Run ``nb``, and keep it at ``output_path`` as it goes.

    Raises :class:`Refused` where a record is there already, :class:`InputError` for a parameter that the section
    doesn't have, papermill's own error where a cell failed, and whatever interrupted the run; the file is whole then.
    """
    check_names(nb)
    keep_environment()
    saver = Saver(output_path)
    saver.claim()
    if output_path:
        papermill_io.register(output_path, Output(output_path))
    manager = _Manager(nb, saver)
    try:
        manager.notebook_start()
    except BaseException:
        saver.release()
        raise
    client = _Client(
        manager,
        kernel_name=kernel_name,
        timeout=execution_timeout or options.get("timeout"),
        startup_timeout=start_timeout,
        log=logger,
        log_output=log_output,
        stdout_file=stdout_file,
        stderr_file=stderr_file,
        iopub_timeout=_OUTPUT_SECONDS,
        config=options.get("config", Config(KernelManager={"transport_encryption": "auto"})),
    )
    try:
        with _termination():
            client.execute()
    finally:
        manager.notebook_complete()
    _raise_system_exit(nb)
    return manager.nb


def check_names(nb: Any) -> None:
    """Every injected parameter is one of the section's: papermill writes names into code as they come."""
    section = section_named(str(nb.metadata["runbook"].get("section", "")))
    given = nb.metadata.get("papermill", {}).get("parameters", {})
    known = set(section.parameters.model_fields)
    strange = [name for name in given if name not in known or not name.isidentifier() or keyword.iskeyword(name)]
    if strange:
        raise InputError(
            f"{section.name} has no parameter {', '.join(repr(name) for name in strange)}."
            f" Its parameters are: {', '.join(sorted(known))}."
        )


class _Manager(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's book of what ran, without its guesses."""

    def __init__(self, nb: Any, saver: Saver) -> None:
        super().__init__(nb, output_path=None, progress_bar=False, autosave_cell_every=0)
        self._saver = saver

    def save(self, **given: Any) -> None:
        if given.get("nb"):
            self.nb = given["nb"]
        self.nb.metadata.papermill["as_of"] = datetime.now(UTC).isoformat()
        self._saver.save(self.nb, now=bool(given.get("now")))

    def notebook_start(self, **given: Any) -> None:
        """A secret among the parameters by mistake isn't kept either."""
        for cell in self.nb.cells:
            cell.source = scrubbed(cell.source)
        self.nb.metadata.papermill["parameters"] = scrubbed(dict(self.nb.metadata.papermill.get("parameters", {})))
        super().notebook_start(**given)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **given: Any) -> None:
        _scrub(cell)
        super().cell_complete(cell, cell_index, **given)

    def interrupted(self, cell: Any, by: str) -> None:
        """The cell began and didn't end by itself."""
        _scrub(cell)
        cell.metadata.papermill["status"] = INTERRUPTED
        cell.metadata.papermill["exception"] = True
        cell.metadata.papermill["end_time"] = self.now().isoformat()
        self.nb.metadata.papermill["exception"] = True
        self.nb.metadata.papermill["aborted_by"] = by
        self.save(now=True)

    def notebook_complete(self, **given: Any) -> None:
        if "widgets" in self.nb.metadata:
            self.nb.metadata.widgets = _node(scrubbed(self.nb.metadata.widgets))
        self.end_time = self.now()
        self.nb.metadata.papermill["end_time"] = self.end_time.isoformat()
        self.nb.metadata.papermill["duration"] = (self.end_time - self.start_time).total_seconds()
        self.save(now=True)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells in order; see the table above."""

    _request = ""
    """The message that asked for the present cell: what the kernel says of it names this as its parent."""
    _errors = False
    """The kernel's reply to the present cell says that it failed."""

    def __init__(self, manager: _Manager, **options: Any) -> None:
        super().__init__(manager, on_cell_error=self._told_of_error, **options)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        self._request = msg["parent_header"].get("msg_id", "")
        return super().process_message(msg, cell, cell_index)

    def execute_cell(self, cell: Any, cell_index: int) -> None:
        self._request, self._errors = "", False
        super().execute_cell(cell, cell_index)

    def _told_of_error(self, **told: Any) -> None:
        self._errors = True

    def papermill_execute_cells(self) -> None:
        for index, cell in enumerate(self.nb.cells):
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                self.nb_man.cell_complete(cell, cell_index=index)
                return
            except (CellTimeoutError, DeadKernelError, KeyboardInterrupt) as error:
                self.nb_man.interrupted(cell, _cause(error))
                if not isinstance(error, DeadKernelError):
                    self._close_ledger(index)
                raise
            except BaseException as error:
                self.nb_man.interrupted(cell, type(error).__name__)
                raise
            self._complete(cell, index)

    def _complete(self, cell: Any, index: int) -> None:
        """The cell ended by itself; an error that was allowed is one all the same."""
        if self._errors or any(output.output_type == "error" for output in cell.get("outputs", ())):
            self.nb_man.cell_exception(cell, cell_index=index)
        self.nb_man.cell_complete(cell, cell_index=index)

    def _close_ledger(self, index: int) -> None:
        """Let the kernel end what it is at, then run the last cell, which says in the ledger that the run is over."""
        last = len(self.nb.cells) - 1
        if index >= last or "raises-exception" not in self.nb.cells[last].metadata.get("tags", []):
            return
        with contextlib.suppress(Exception):
            self.timeout = _CLOSING_SECONDS
            run_sync(self._settle)(self.nb.cells[index], index)
            cell = self.nb.cells[last]
            self.nb_man.cell_start(cell, last)
            self.execute_cell(cell, last)
            self._complete(cell, last)

    async def _settle(self, cell: Any, index: int) -> None:
        """Interrupt the kernel, and hear out its cell.

        Whatever still waits for the kernel's messages is ended first: of two readers each takes what is meant for the
        other, and an error of the last cell would be lost.
        """
        manager: Any = self.km
        readers = asyncio.all_tasks() - {asyncio.current_task()}
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await ensure_async(manager.interrupt_kernel())
        await asyncio.wait_for(self._hear_out(cell, index), _CLOSING_SECONDS)
        _scrub(cell)

    async def _hear_out(self, cell: Any, index: int) -> None:
        """Take what the interrupted cell still says, until the kernel has answered a question that came after it."""
        request, asked = self._request, self.kc.kernel_info()
        while True:
            message = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
            parent = message["parent_header"].get("msg_id")
            if parent == asked and message["content"].get("execution_state") == "idle":
                return
            if parent == request:
                with contextlib.suppress(CellExecutionComplete):
                    self.process_message(message, cell, index)


def _scrub(cell: Any) -> None:
    if cell.get("outputs"):
        cell.outputs = [_node(scrubbed(output)) for output in cell.outputs]


def _node(value: Any) -> Any:
    """Plain mappings as nbformat has them."""
    if isinstance(value, dict):
        return NotebookNode({key: _node(each) for key, each in value.items()})  # type: ignore[no-untyped-call]
    return [_node(each) for each in value] if isinstance(value, list) else value


def _cause(error: BaseException) -> str:
    return {
        "CellTimeoutError": "time-out of a cell",
        "DeadKernelError": "death of the kernel",
        "KeyboardInterrupt": "interruption from the keyboard",
        "Terminated": "request to end (SIGTERM)",
    }.get(type(error).__name__, type(error).__name__)


def _raise_system_exit(nb: Any) -> None:
    """papermill takes ``SystemExit(0)`` for success; in a record it is a run that ended early."""
    for index, cell in enumerate(nb.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error" and output.ename == "SystemExit":
                raise PapermillExecutionError(
                    cell_index=index,
                    exec_count=cell.execution_count,
                    source=cell.source,
                    ename=output.ename,
                    evalue=output.evalue,
                    traceback=output.traceback,
                )


@contextlib.contextmanager
def _termination() -> Iterator[None]:
    """SIGTERM ends the run in order. Signals can be handled in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
