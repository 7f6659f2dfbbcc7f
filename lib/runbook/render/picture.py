"""A picture of servers in groups and the links between them, as inline SVG. Pure.

Colours follow the page that it stands in (JupyterLab's variables, else ``currentColor``); a state is always a sign and
a word as well. The text form says the same, line by line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from runbook.render.templating import environment, visible
from runbook.render.view import View

_WIDTH, _HEIGHT, _GAP, _COLUMN_GAP, _HEAD, _MARGIN = 156, 84, 14, 96, 44, 8
_HEAD_LETTERS = 22


class State(StrEnum):
    """How something is, as far as anybody looked."""

    FINE = "fine"
    ATTENTION = "look at it"
    CHANGES = "needs changes"
    BROKEN = "broken"
    UNKNOWN = "not looked at"


SIGN = {State.FINE: "✔", State.ATTENTION: "▲", State.CHANGES: "○", State.BROKEN: "✖", State.UNKNOWN: "?"}


@dataclass(frozen=True, slots=True)
class Node:
    """One server: ``kind`` is its product and version, a comma and its role; ``said`` why it isn't fine."""

    name: str
    kind: str
    state: State = State.UNKNOWN
    said: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Servers that do one job, drawn in a column."""

    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """What one group needs of the next; ``between`` are their places, from 0. ``None``: nobody judges it."""

    between: tuple[int, int]
    label: str
    state: State | None = State.UNKNOWN
    said: str = ""


@dataclass(frozen=True, slots=True)
class _Box:
    node: Node
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class _Line:
    link: Link
    x1: int
    x2: int
    y: int


def picture(title: str, groups: Sequence[Group], links: Sequence[Link]) -> View:
    """The picture, with its words for a screen reader and for a terminal."""
    tallest = max((len(group.nodes) for group in groups), default=0)
    height = _HEAD + tallest * (_HEIGHT + _GAP) + 2 * _MARGIN
    columns = [_MARGIN + number * (_WIDTH + _COLUMN_GAP) for number in range(len(groups))]
    boxes = [
        _Box(node, x, _top(len(group.nodes), tallest) + row * (_HEIGHT + _GAP))
        for x, group in zip(columns, groups, strict=True)
        for row, node in enumerate(group.nodes)
    ]
    lines = []
    for number, link in enumerate(links):
        left, right = sorted(link.between)
        y = _HEAD + _MARGIN + max(tallest * (_HEIGHT + _GAP) // 2, 20) + (number % 2) * 26 - 13
        lines.append(_Line(link, columns[left] + _WIDTH, columns[right], y))
    width = (columns[-1] if columns else 0) + _WIDTH + _MARGIN
    html = _templates.get_template("picture.html.j2").render(
        title=title,
        words=" ".join(_words(groups, links)),
        width=width,
        height=height,
        box_width=_WIDTH,
        box_height=_HEIGHT,
        heads=[
            (x, row, line)
            for x, group in zip(columns, groups, strict=True)
            for row, line in enumerate(textwrap.wrap(group.title, _HEAD_LETTERS)[:2])
        ],
        head_y=_MARGIN + 12,
        boxes=boxes,
        lines=lines,
        sign=SIGN,
    )
    return View(html=html, text="\n".join(map(visible, [title, *_words(groups, links)])))


def _top(count: int, tallest: int) -> int:
    """The columns are centred on each other."""
    return _HEAD + _MARGIN + (tallest - count) * (_HEIGHT + _GAP) // 2


def _words(groups: Sequence[Group], links: Sequence[Link]) -> list[str]:
    said = [
        f"{group.title}: {node.name}, {node.kind}: {node.state}.{f' {node.said}' if node.said else ''}"
        for group in groups
        for node in group.nodes
    ]
    for link in links:
        left, right = (groups[place].title for place in link.between)
        state = f": {link.state}" if link.state else ""
        said.append(f"{left} to {right}, {link.label}{state}.{f' {link.said}' if link.said else ''}")
    return said


_templates = environment("runbook.render")
