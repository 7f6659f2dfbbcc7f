"""Secrets that were resolved in this process, taken out of whatever it is about to write or show (invariant 7).

Whoever resolves a secret calls :func:`keep`; whoever writes calls :func:`scrubbed`. Known in each text are the secret
itself and what common encodings make of it. A secret shorter than :data:`SHORTEST` isn't looked for: it could stand in
any text by chance, and every record would be full of holes.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

SHORTEST = 6
HIDDEN = "[secret]"
_VARIABLE = re.compile(r"RUNBOOK_CRED_[A-Z0-9_]+_PASSWORD\Z")

_kept: set[str] = set()
_pattern: re.Pattern[str] | None = None
_lock = threading.Lock()


def keep(secret: str) -> None:
    """Remember a secret, to be hidden from now on."""
    global _pattern
    with _lock:
        if len(secret) < SHORTEST or secret in _kept:
            return
        _kept.add(secret)
        forms = sorted({form for one in _kept for form in _forms(one)}, key=len, reverse=True)
        _pattern = re.compile("|".join(map(re.escape, forms)))


def keep_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Every password that stands in the environment for a ``cred:`` reference."""
    for name, value in environment.items():
        if _VARIABLE.match(name):
            keep(value)


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
    """Takes secrets out of log records, their arguments and their tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrubbed(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = scrubbed(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


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
