"""Secrets that were resolved in this process, taken out of whatever it is about to write or show (invariant 7).

Whoever resolves a secret calls :func:`keep`; whoever writes calls :func:`scrubbed`. Known in each text are the secret
itself and what common encodings make of it. A secret shorter than :data:`SHORTEST` isn't looked for: it could stand in
any text by chance, and every record would be full of holes.

Log records are scrubbed as they are made, from the first secret on: whichever handler, logger or library, there now or
added later, gets them without it. :func:`guard_process` and :func:`guard_kernel` do the same for what is printed.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

SHORTEST = 6
HIDDEN = "[secret]"
_VARIABLE = re.compile(r"RUNBOOK_CRED_[A-Z0-9_]+_PASSWORD\Z")

_kept: set[str] = set()
_pattern: re.Pattern[str] | None = None
_byte_forms: set[bytes] = set()
_lock = threading.Lock()


def keep(secret: str) -> None:
    """Remember a secret, to be hidden from now on."""
    global _pattern, _byte_forms
    with _lock:
        if len(secret) < SHORTEST or secret in _kept:
            return
        _kept.add(secret)
        forms = sorted({form for one in _kept for form in _forms(one)}, key=len, reverse=True)
        _pattern = re.compile("|".join(map(re.escape, forms)))
        _byte_forms = {form.encode(code) for form in forms for code in ("utf-8", "utf-16-le")}
        _guard_logs()


def keep_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Every password that stands in the environment for a ``cred:`` reference."""
    for name, value in environment.items():
        if _VARIABLE.match(name):
            keep(value)


def knows_any() -> bool:
    """Whether there is anything to hide yet."""
    return _pattern is not None


def is_held_in(content: bytes) -> bool:
    """Whether a file's content holds a secret, in any form that a text of it shows, and in UTF-16."""
    return any(form in content for form in _byte_forms)


def scrubbed(value: Any) -> Any:
    """The same value with every secret hidden: text, and lists and mappings of it, keys included."""
    if _pattern is None:
        return value
    if isinstance(value, str):
        return _pattern.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {scrubbed(key): scrubbed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(scrubbed(each) for each in value)
    return value


class ScrubbingFilter(logging.Filter):
    """Takes secrets out of log records: the message with its arguments, tracebacks, and what ``extra`` added."""

    def filter(self, record: logging.LogRecord) -> bool:
        _scrub(record)
        for name, value in vars(record).items():
            if isinstance(value, str | dict | list | tuple):
                setattr(record, name, scrubbed(value))
        return True


def guard_process() -> None:
    """An error that nobody expected is told without secrets too, in any thread."""

    def told(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        sys.stderr.write(scrubbed("".join(traceback.format_exception(kind, error, trace))))

    sys.excepthook = told
    threading.excepthook = lambda hook: told(hook.exc_type, hook.exc_value, hook.exc_traceback)


def guard_kernel() -> None:
    """What a notebook's cells print, and their tracebacks, leave this kernel without secrets.

    Does nothing outside a kernel.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "_runbook_guarded", False):
        return
    show = shell._showtraceback

    def shown(kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
        show(kind, _Said(error), scrubbed(lines))

    shell._showtraceback = shown
    shell._runbook_guarded = True
    for kind in {type(sys.stdout), type(sys.stderr)}:
        _guard_stream(kind)


class _Said:
    """Stands for an error where only its words are wanted."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __str__(self) -> str:
        return str(scrubbed(str(self._error)))


def _guard_stream(kind: Any) -> None:
    """ipykernel's class of streams, where it sends what it gathered: IPython puts ``write`` back after each cell."""
    gathered = getattr(kind, "_flush_buffers", None)
    if gathered is None:
        write = kind.write
        kind.write = lambda stream, text: write(stream, scrubbed(text))
    else:
        kind._flush_buffers = lambda stream: ((cell, scrubbed(text)) for cell, text in gathered(stream))


def _guard_logs() -> None:
    """Once for this process; whatever made records before still makes them."""
    make = logging.getLogRecordFactory()
    if getattr(make, "scrubs", False):
        return

    def made(*given: Any, **named: Any) -> logging.LogRecord:
        record = make(*given, **named)
        _scrub(record)
        return record

    made.scrubs = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(made)


def _scrub(record: logging.LogRecord) -> None:
    try:
        record.msg, record.args = scrubbed(record.getMessage()), ()
    except (TypeError, ValueError, KeyError):  # arguments that don't fit: logging tells of them in its own way
        record.msg, record.args = scrubbed(str(record.msg)), scrubbed(record.args)
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = scrubbed(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
    if record.stack_info:
        record.stack_info = scrubbed(record.stack_info)


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield escape(secret)
    yield escape(secret, {'"': "&quot;", "'": "&#x27;"})
    yield escape(secret, {'"': "&#34;", "'": "&#39;"})
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield repr(secret)[1:-1]
    for encoding in ("utf-8", "utf-16-le"):
        data = secret.encode(encoding)
        yield data.hex()
        yield data.hex().upper()
        for shift in range(3):  # where it stands within a longer text moves its place among the groups of three bytes
            encoded = base64.b64encode(b"\0" * shift + data).decode()
            inner = encoded[(shift * 8 + 5) // 6 : len(data + b"\0" * shift) * 8 // 6]
            if len(inner) >= SHORTEST:
                yield inner
