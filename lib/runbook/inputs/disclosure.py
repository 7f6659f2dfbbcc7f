"""What a message may show of an input's value (invariant 7: secrets are references).

A password that someone wrote into a file by mistake must not reach a terminal, a notebook or a log by way of
the very message that says so.
"""

from __future__ import annotations

import re

from runbook.inputs.characters import visible

_SECRET_NAME = re.compile(
    r"pass ?(word|wd|phrase|code)|\bpass\b|pwd|secret|token|credential|api ?key|private ?key", re.IGNORECASE
)
_PARTED = re.compile(r"[-_.\s]+|(?<=[a-z0-9])(?=[A-Z])")
_USER_INFO = re.compile(r"//[^/\s]*@")
_LONGEST = 120


def is_secret_name(name: str) -> bool:
    """The name of a key that a secret could stand under (``exchange_password``, ``apiKey``)."""
    return bool(_SECRET_NAME.search(_PARTED.sub(" ", name)))


def shown(path: tuple[str | int, ...], value: object) -> str:
    """``value`` as a message may show it; ``""`` for a secret's key and for anything but a scalar.

    ``path`` is where it stands, outermost key first: a key below ``password`` is as secret as ``password``.
    """
    if not isinstance(value, str | int | float) or any(isinstance(key, str) and is_secret_name(key) for key in path):
        return ""
    if "PRIVATE KEY" in str(value):
        return ""
    text = visible(_USER_INFO.sub("//…@", str(value)))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
