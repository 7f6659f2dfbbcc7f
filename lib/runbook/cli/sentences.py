"""Errors of a command as sentences and exit codes, never as tracebacks; with ``--json`` as one document besides.

The document is ``{"error": {"kind", "exit_code", "message", "faults"}}``; a fault has ``file``, ``line``, ``key``,
``value``, ``problem`` and ``remedy``. It stands alone on standard output, and the sentences on standard error as ever.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NoReturn, TypeVar, cast

import typer

from runbook.cli.rehearse import Stopped
from runbook.cli.screen import Screen
from runbook.errors import Fault, InputError, OutcomeUnknown, RunbookError
from runbook.render.templating import visible
from runbook.secrecy import guard_process, scrubbed

FAILED, BAD_INPUT, UNKNOWN = 1, 2, 3
INTERRUPTED = "Interrupted. Where a run had begun, what had happened by then stands in its record."

Command = TypeVar("Command", bound=Callable[..., None])


def in_sentences(command: Command) -> Command:
    """Decorates a command: whatever ends it is said on standard error, with the exit code that belongs to it."""

    @functools.wraps(command)
    def told(*args: Any, **options: Any) -> None:
        as_json = bool(options.get("as_json"))
        try:
            command(*args, **options)
        except RunbookError as error:
            tell(error, exit_code_of(error), as_json=as_json)
            raise typer.Exit(exit_code_of(error)) from None
        except Stopped as error:
            record = error.section.record
            said = f"Interrupted. What had happened by then stands in the record {record}."
            tell(error, UNKNOWN, said=said, as_json=as_json)
            if not as_json:
                Screen().sections([error.section])
            raise typer.Exit(UNKNOWN) from None
        except KeyboardInterrupt as error:
            tell(error, UNKNOWN, said=INTERRUPTED, as_json=as_json)
            raise typer.Exit(UNKNOWN) from None

    return cast(Command, told)


def exit_code_of(error: RunbookError) -> int:
    if isinstance(error, InputError):
        return BAD_INPUT
    return UNKNOWN if isinstance(error, OutcomeUnknown) else FAILED


def tell(error: BaseException, code: int, *, said: str = "", as_json: bool) -> None:
    """The sentences on standard error, and the document on standard output where it is wanted."""
    message = scrubbed(said or str(error))
    sys.stderr.write(f"{visible(message)}\n")
    if as_json:
        faults = error.faults if isinstance(error, InputError) else ()
        sys.stdout.write(json.dumps(_document(type(error).__name__, code, message, faults), indent=2) + "\n")


def run(app: typer.Typer) -> NoReturn:
    """Run the program and end the process. A wrong command line is told like every other wrong input."""
    guard_process()
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        sys.exit(FAILED)
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer shows no name of its own for a wrong command line
            raise
        error.show()  # type: ignore[attr-defined]
        if "--json" in sys.argv[1:]:
            document = _document("InputError", BAD_INPUT, error.format_message(), ())
            sys.stdout.write(json.dumps(scrubbed(document), indent=2) + "\n")
        sys.exit(BAD_INPUT)
    sys.exit(code if isinstance(code, int) else 0)


def _document(kind: str, code: int, message: str, faults: tuple[Fault, ...]) -> dict[str, Any]:
    told = [scrubbed(asdict(fault)) for fault in faults]
    return {"error": {"kind": kind, "exit_code": code, "message": message, "faults": told}}
