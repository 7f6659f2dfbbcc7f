"""Errors as a person wants them told: what, where, what to do, which notebook mends it; and told to the ledger."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import replace

from runbook.engine.run import Phase, Run
from runbook.errors import (
    Blocked,
    Cancelled,
    ConnectionFailed,
    InputError,
    OutcomeUnknown,
    PipelineFailed,
    Refused,
    RunbookError,
)
from runbook.ledger.events import StepFailed
from runbook.paths import project_root
from runbook.render.failure import Failure
from runbook.secrecy import scrubbed

_NOTEBOOK = re.compile(r"\b\d\d-[a-z]+(?:-[a-z]+)*\b")
_MOST_LINES = 40
_RECORDED = "_stands_in_the_record"
_REACH = "10-prerequisites"


def failed_step(error: BaseException, run: Run | None = None) -> Failure:
    """The error as it is shown; where there is a run, its ledger is told too."""
    told = _told(error)
    recorded = "The traceback stands in the record." if run is not None and record_failure(error, run) else ""
    shown = replace(
        told,
        mended_by=tuple(_notebooks(" ".join((told.what, *told.said, told.remedy)), told.mended_by)),
        recorded=recorded,
        traceback=_trace(error),
    )
    return shown if run is None else run.ledger.redacted(shown)


def record_failure(error: BaseException, run: Run) -> bool:
    """Tell the ledger of an error, once; false where it can't be told, or findings that block were told before."""
    if isinstance(error, Blocked) or run.phase is Phase.ENDED:
        return False
    if not getattr(error, _RECORDED, False):
        failed = StepFailed(kind=type(error).__name__, said=str(error), traceback=_trace(error))
        try:
            run.ledger.append(failed)
        except (ValueError, OSError):  # a ledger that can't be written is told of by the next step
            return False
        setattr(error, _RECORDED, True)
    return True


def _trace(error: BaseException) -> str:
    return str(scrubbed("".join(traceback.format_exception(error))))


def shortly(error: Exception) -> Exception:
    """The same error, of which IPython shows one line: the rest is told above it."""
    error._render_traceback_ = lambda: [f"{type(error).__name__}: told above."]  # type: ignore[attr-defined]
    return error


def is_short(error: BaseException) -> bool:
    """It was told above already."""
    return "_render_traceback_" in vars(error)


def _told(error: BaseException) -> Failure:
    match error:
        case InputError(faults=faults) if faults:
            return Failure(
                what="The input is wrong; nothing was contacted.",
                said=tuple(map(str, faults)),
                remedy="Correct it in the form or in the parameters cell, and run the cells from there again.",
            )
        case ConnectionFailed(server=server, reason=reason, remedy=remedy):
            return Failure(
                what=f"{server} wasn't reached: {reason}",
                where=server,
                remedy=remedy or "See what stands between this computer and the server.",
                mended_by=((_REACH, ""),),
            )
        case PipelineFailed(server=server, command=command, messages=messages):
            return Failure(what=f"{server} reported errors.", where=f"{server}: {command}", said=messages)
        case OutcomeUnknown(server=server, command=command, reason=reason):
            return Failure(
                what="Nobody can say whether the command ran.",
                where=f"{server}: {command}",
                said=(reason,),
                remedy="Read the facts again: they tell.",
            )
        case Cancelled():
            return Failure(what=str(error), remedy="Run this cell again to read everything.")
        case KeyboardInterrupt():
            return Failure(what="The cell was interrupted.", remedy="Run this cell again.")
        case Blocked():
            first, *more = str(error).splitlines() or [""]
            remedy = "The record is closed. Mend what is named here, then begin a new run with the first cell."
            return Failure(what=first, said=tuple(more[:_MOST_LINES]), remedy=remedy)
        case Refused() | RunbookError():
            first, *more = str(error).splitlines() or [type(error).__name__]
            return Failure(what=first, said=tuple(more[:_MOST_LINES]))
        case _:
            return Failure(
                what=f"The runbook itself went wrong: {type(error).__name__}: {error}",
                said=("What was sent before it stands in the record; nothing more was sent.",),
                remedy="Verify what the servers hold now, and report this with the traceback.",
            )


def _notebooks(text: str, named: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """The notebooks that the words name, where they are there."""
    folder = project_root() / "notebooks"
    for name in dict.fromkeys((*(file for file, _ in named), *_NOTEBOOK.findall(text))):
        if (folder / f"{name}.ipynb").is_file():
            yield f"{name}.ipynb", name
