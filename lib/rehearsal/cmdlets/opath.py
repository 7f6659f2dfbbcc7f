"""The -Filter of recipient and user cmdlets, as far as it is simulated: comparisons joined by -and.

``Property -eq 'text'``, ``-ne``, ``-like`` with wildcards; values are quoted text, ``$true``, ``$false`` or ``$null``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rehearsal.objects import matches, member, text_of
from rehearsal.values import Thing

_COMPARISON = re.compile(
    r"""\(*\s*(\w+)\s+-(eq|ne|like|notlike)\s+("[^"]*"|'[^']*'|\$?\w+)\s*\)*""", re.IGNORECASE | re.VERBOSE
)
_CONSTANTS: dict[str, Any] = {"$true": True, "$false": False, "$null": None}


def compile_filter(text: str) -> Callable[[Thing], bool]:
    """The filter as a predicate; ValueError for what isn't simulated."""
    parts = re.split(r"\s+-and\s+", text.strip(), flags=re.IGNORECASE)
    tests = [_comparison(part) for part in parts]
    return lambda item: all(test(item) for test in tests)


def _comparison(text: str) -> Callable[[Thing], bool]:
    found = _COMPARISON.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'Invalid filter syntax: "{text.strip()}".')
    name, operator, literal = found.group(1), found.group(2).lower(), found.group(3)
    wanted = _CONSTANTS.get(literal.lower(), literal.strip("\"'"))
    negative = operator in ("ne", "notlike")

    def test(item: Thing) -> bool:
        return _matches(member(item, name), wanted, operator) is not negative

    return test


def _matches(value: Any, wanted: Any, operator: str) -> bool:
    if wanted is None or isinstance(wanted, bool):
        return value is wanted
    if "like" in operator:
        return value is not None and matches(str(wanted), text_of(value))
    return value is not None and text_of(value).lower() == str(wanted).lower()
