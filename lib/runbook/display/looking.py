"""Looking at a long table: filter, order and page, over rows of text. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.table import Table

PAGE = 50
"""Rows that are shown at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What somebody asked to see. ``column`` is a place, or ``None`` for the table's own order; pages count from 0."""

    words: str = ""
    column: int | None = None
    descending: bool = False
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """``places`` are the rows of this page by their place in the table, ``matching`` of all pages."""

    places: tuple[int, ...]
    matching: tuple[int, ...]
    page: int
    pages: int
    total: int

    @property
    def counted(self) -> str:
        """``Rows 1 to 50 of 312, of 10000 in all``."""
        if not self.matching:
            return f"No row of {self.total} matches."
        first = self.page * PAGE + 1
        more = f", of {self.total} in all" if len(self.matching) < self.total else ""
        return f"Rows {first} to {first + len(self.places) - 1} of {len(self.matching)}{more}"


class Rows:
    """A table made ready to be searched. Ten thousand rows are filtered and ordered in some hundredths of a second."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._folded = ["\n".join(row).casefold() for row in table.rows]
        self._orders: dict[int, list[int]] = {}

    def look(self, look: Look) -> Seen:
        """The page that was asked for, or the last one where there are fewer. Every word has to be in a row."""
        words = look.words.casefold().split()
        order = range(len(self._folded)) if look.column is None else self._ordered(look.column)
        matching = [place for place in order if all(word in self._folded[place] for word in words)]
        if look.descending:
            matching.reverse()
        pages = max(1, -(-len(matching) // PAGE))
        page = min(max(0, look.page), pages - 1)
        return Seen(
            places=tuple(matching[page * PAGE : (page + 1) * PAGE]),
            matching=tuple(matching),
            page=page,
            pages=pages,
            total=len(self._folded),
        )

    def _ordered(self, column: int) -> list[int]:
        rows = self.table.rows
        return self._orders.setdefault(
            column, sorted(range(len(rows)), key=lambda place: rows[place][column].casefold())
        )
