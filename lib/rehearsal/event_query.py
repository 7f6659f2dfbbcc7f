"""The XPath subset that event logs take as a filter, evaluated rather than matched as text.

::

    *[System[Provider[@Name='MSExchange OWA'] and (EventID=103 or EventID=112)
             and TimeCreated[@SystemTime>='2013-05-01T12:00:00.000Z']]]

``and`` and ``or`` with parentheses, comparisons ``= != < <= > >=``, ``timediff(@SystemTime)`` in milliseconds,
``EventData[Data='…']`` and ``EventData/Data='…'``. What Windows refuses as an invalid query raises :class:`QueryError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rehearsal.host import EventEntry

Test = Callable[[EventEntry], bool]
_TOKEN = re.compile(r"\s*(?:(<=|>=|!=|[=<>()\[\]*@/])|'([^']*)'|\"([^\"]*)\"|([A-Za-z_][\w.-]*)|(\d+))")


class QueryError(ValueError):
    """Not a query that the event log service takes."""


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"unexpected {text[position]!r}")
        symbol, single, double, name, number = match.groups()
        if symbol:
            found.append(("symbol", symbol))
        elif name:
            found.append(("name", name))
        elif number:
            found.append(("value", number))
        else:
            found.append(("value", single if single is not None else double))
        position = match.end()
    return found


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


class _Parser:
    def __init__(self, text: str, log: str, computer: str, now: datetime) -> None:
        self._tokens = _tokens(text)
        self._position = 0
        self._log = log
        self._computer = computer
        self._now = now

    def parse(self) -> Test:
        if not self._take("symbol", "*") and not self._take("name", "Event"):
            raise QueryError("a query begins with * or Event")
        tests = []
        while self._take("symbol", "["):
            tests.append(self._expression(self._top))
            self._expect("symbol", "]")
        if self._position != len(self._tokens):
            raise QueryError("the query goes on after its end")
        return lambda event: all(test(event) for test in tests)

    def _expression(self, primary: Callable[[], Test]) -> Test:
        options = [self._conjunction(primary)]
        while self._take("name", "or"):
            options.append(self._conjunction(primary))
        return options[0] if len(options) == 1 else lambda event: any(test(event) for test in options)

    def _conjunction(self, primary: Callable[[], Test]) -> Test:
        parts = [self._primary(primary)]
        while self._take("name", "and"):
            parts.append(self._primary(primary))
        return parts[0] if len(parts) == 1 else lambda event: all(test(event) for test in parts)

    def _primary(self, primary: Callable[[], Test]) -> Test:
        if self._take("symbol", "("):
            test = self._expression(primary)
            self._expect("symbol", ")")
            return test
        return primary()

    def _top(self) -> Test:
        name = self._name()
        inner = {"System": self._system, "EventData": self._data}.get(name)
        if inner is None:
            raise QueryError(f"unknown element {name}")
        if self._take("symbol", "/"):
            return inner()
        self._expect("symbol", "[")
        test = self._expression(inner)
        self._expect("symbol", "]")
        return test

    def _data(self) -> Test:
        if self._name() != "Data":
            raise QueryError("EventData holds Data")
        if self._take("symbol", "["):
            self._expect("symbol", "@")
            self._comparison(str)
            self._expect("symbol", "]")
        operator, wanted = self._comparison(str)
        return lambda event: any(_COMPARISONS[operator](item, wanted) for item in event.data)

    def _system(self) -> Test:
        name = self._name()
        match name:
            case "Provider":
                return self._attribute("Name", lambda event: event.provider.lower(), str.lower)
            case "TimeCreated":
                return self._time()
            case "EventID":
                return self._number(lambda event: event.event_id)
            case "Level":
                return self._number(lambda event: event.level)
            case "EventRecordID":
                return self._number(lambda event: event.record_id)
            case "Channel" | "Computer":
                operator, wanted = self._comparison(str.lower)
                actual = (self._log if name == "Channel" else self._computer).lower()
                return lambda event: _COMPARISONS[operator](actual, wanted)
        raise QueryError(f"unknown element {name}")

    def _attribute(self, attribute: str, read: Callable[[EventEntry], Any], convert: Callable[[str], Any]) -> Test:
        self._expect("symbol", "[")

        def one() -> Test:
            self._expect("symbol", "@")
            if self._name() != attribute:
                raise QueryError(f"only @{attribute} is known here")
            operator, wanted = self._comparison(convert)
            return lambda event: _COMPARISONS[operator](read(event), wanted)

        test = self._expression(one)
        self._expect("symbol", "]")
        return test

    def _time(self) -> Test:
        self._expect("symbol", "[")

        def one() -> Test:
            if self._take("name", "timediff"):
                self._expect("symbol", "(")
                self._expect("symbol", "@")
                self._expect("name", "SystemTime")
                self._expect("symbol", ")")
                operator, milliseconds = self._comparison(_integer)
                return lambda event: _COMPARISONS[operator](
                    (self._now - event.time).total_seconds() * 1000, milliseconds
                )
            self._expect("symbol", "@")
            self._expect("name", "SystemTime")
            operator, moment = self._comparison(_moment)
            return lambda event: _COMPARISONS[operator](event.time, moment)

        test = self._expression(one)
        self._expect("symbol", "]")
        return test

    def _number(self, read: Callable[[EventEntry], int]) -> Test:
        operator, wanted = self._comparison(_integer)
        return lambda event: _COMPARISONS[operator](read(event), wanted)

    def _comparison(self, convert: Callable[[str], Any]) -> tuple[str, Any]:
        kind, operator = self._next()
        if kind == "name":
            kind, operator = self._next()
        if kind != "symbol" or operator not in _COMPARISONS:
            raise QueryError(f"a comparison is wanted, not {operator}")
        kind, value = self._next()
        if kind != "value":
            raise QueryError(f"a value is wanted, not {value}")
        return operator, convert(value)

    def _name(self) -> str:
        kind, name = self._next()
        if kind != "name":
            raise QueryError(f"a name is wanted, not {name}")
        return name

    def _next(self) -> tuple[str, str]:
        if self._position >= len(self._tokens):
            raise QueryError("the query ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _take(self, kind: str, text: str) -> bool:
        here = self._position < len(self._tokens) and self._tokens[self._position] == (kind, text)
        self._position += here
        return here

    def _expect(self, kind: str, text: str) -> None:
        if not self._take(kind, text):
            raise QueryError(f"{text} is wanted")


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise QueryError(f"not a number: {text}") from None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise QueryError(f"not a time: {text}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def compile_query(text: str, *, log: str, computer: str, now: datetime) -> Test:
    """A test of one event, or :class:`QueryError`. ``now`` is what ``timediff`` counts from."""
    return _Parser(text, log, computer, now).parse()
