"""A table as a file for spreadsheets, in which no cell is taken for a formula. Pure."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable

from runbook.render.templating import visible
from runbook.table import Table

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes Excel, LibreOffice and others calculate, also in full width."""


def as_csv(table: Table, places: Iterable[int]) -> bytes:
    """The rows at ``places`` under their titles; UTF-8 with the mark that Excel knows it by."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(map(safe, table.columns))
    for place in places:
        writer.writerow(map(safe, table.rows[place]))
    return file.getvalue().encode("utf-8-sig", "replace")


def safe(cell: str) -> str:
    """The text, nothing hidden in it, with an apostrophe before it where it would be a formula."""
    formula = cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA)
    return f"'{visible(cell)}" if formula else visible(cell)


def data_url(content: bytes) -> str:
    """The file as an address that a browser saves without asking a server."""
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(content).decode('ascii')}"
