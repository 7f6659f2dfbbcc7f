"""Errors of a command as sentences and exit codes, never as tracebacks."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

import typer

from runbook.errors import InputError, OutcomeUnknown, RunbookError
from runbook.render.templating import visible
from runbook.secrecy import scrubbed

FAILED, BAD_INPUT, UNKNOWN = 1, 2, 3

Command = TypeVar("Command", bound=Callable[..., None])


def in_sentences(command: Command) -> Command:
    """Decorates a command: whatever ends it is said on standard error, with the exit code that belongs to it."""

    @functools.wraps(command)
    def told(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except InputError as error:
            _exit(error, BAD_INPUT)
        except OutcomeUnknown as error:
            _exit(error, UNKNOWN)
        except RunbookError as error:
            _exit(error, FAILED)
        except KeyboardInterrupt:
            _exit("Interrupted. What had happened by then stands in the record of the run.", UNKNOWN)

    return cast(Command, told)


def _exit(said: object, code: int) -> NoReturn:
    sys.stderr.write(f"{scrubbed(visible(str(said)))}\n")
    raise typer.Exit(code)
