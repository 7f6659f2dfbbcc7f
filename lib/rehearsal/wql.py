"""The WHERE clause of a WQL query: comparisons and LIKE with AND, OR, NOT and parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.objects import text_of
from rehearsal.values import Integer

Test = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(
    r"\s*(?:(<=|>=|<>|!=|[=<>()])|\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([A-Za-z_]\w*)|(-?\d+(?:\.\d+)?))"
)


class WqlError(ValueError):
    """Not a condition that WMI takes (WBEM_E_INVALID_QUERY)."""


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise WqlError(text[position:])
        symbol, double, single, word, number = match.groups()
        if symbol:
            found.append(("symbol", symbol))
        elif word:
            keyword = word.upper() in ("AND", "OR", "NOT", "LIKE", "IS", "NULL", "TRUE", "FALSE")
            found.append(("keyword", word.upper()) if keyword else ("name", word))
        elif number:
            found.append(("value", number))
        else:
            raw = double if double is not None else single
            found.append(("value", re.sub(r"\\(.)", r"\1", raw)))
        position = match.end()
    return found


def _like(pattern: str, text: str) -> bool:
    parts = (".*" if one == "%" else "." if one == "_" else re.escape(one) for one in pattern)
    return re.fullmatch("".join(parts), text, re.IGNORECASE | re.DOTALL) is not None


def _compare(actual: Any, operator: str, wanted: str) -> bool:
    if actual is None:
        return False
    if isinstance(actual, Integer):
        actual = actual.value
    left: Any
    right: Any
    if isinstance(actual, (int, float)) and not isinstance(actual, bool):
        try:
            left, right = float(actual), float(wanted)
        except ValueError:
            raise WqlError(wanted) from None
    else:
        left, right = text_of(actual).lower(), wanted.lower()
    outcomes: dict[str, bool] = {
        "=": left == right,
        "<>": left != right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "LIKE": _like(wanted, text_of(actual)),
    }
    return outcomes[operator]


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._position = 0

    def parse(self) -> Test:
        test = self._either()
        if self._position != len(self._tokens):
            raise WqlError("the condition goes on after its end")
        return test

    def _either(self) -> Test:
        options = [self._both()]
        while self._take(("keyword", "OR")):
            options.append(self._both())
        return lambda row: any(test(row) for test in options)

    def _both(self) -> Test:
        parts = [self._one()]
        while self._take(("keyword", "AND")):
            parts.append(self._one())
        return lambda row: all(test(row) for test in parts)

    def _one(self) -> Test:
        if self._take(("keyword", "NOT")):
            inner = self._one()
            return lambda row: not inner(row)
        if self._take(("symbol", "(")):
            test = self._either()
            if not self._take(("symbol", ")")):
                raise WqlError(") is wanted")
            return test
        kind, name = self._next()
        if kind != "name":
            raise WqlError(name)
        _, operator = self._next()
        kind, wanted = self._next()
        if operator not in ("=", "<>", "!=", "<", "<=", ">", ">=", "LIKE") or kind not in ("value", "keyword"):
            raise WqlError(f"{name} {operator} {wanted}")
        return lambda row: _compare(_field(row, name), operator, wanted)

    def _next(self) -> tuple[str, str]:
        if self._position >= len(self._tokens):
            raise WqlError("the condition ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _take(self, token: tuple[str, str]) -> bool:
        here = self._position < len(self._tokens) and self._tokens[self._position] == token
        self._position += here
        return here


def _field(row: Mapping[str, Any], name: str) -> Any:
    found = [value for key, value in row.items() if key.lower() == name.lower()]
    if not found:
        raise WqlError(name)
    return found[0]


def compile_condition(text: str) -> Test:
    """A test of one instance's properties, or :class:`WqlError` (an unknown property shows when it is run)."""
    return _Parser(text).parse()
