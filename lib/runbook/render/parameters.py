"""The parameters that the cells below go by, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runbook.render.templating import environment, visible
from runbook.render.view import View

_EMPTY = "(empty)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One parameter: its value as somebody would type it, one item a line; what is wrong with it, if anything is."""

    name: str
    title: str
    value: str
    help: str
    is_default: bool
    fault: str = ""


def parameters(title: str, rows: Sequence[Given], *, folded: bool = False) -> View:
    """Every parameter with its value; ``folded`` shows the heading alone until somebody opens it."""
    changed = sum(not row.is_default for row in rows)
    wrong = [row for row in rows if row.fault]
    head = f"{title}: {changed} of {len(rows)} given, the others as they are by default"
    head += f"; {len(wrong)} to put right" if wrong else ""
    html = _templates.get_template("parameters.html.j2").render(head=head, rows=rows, folded=folded, empty=_EMPTY)
    lines = [head]
    for row in rows:
        lines.append(f"  {row.name}: {row.value.replace(chr(10), ', ') or _EMPTY}{'' if row.is_default else ' *'}")
        lines += [f"    ✖ {row.fault}"] if row.fault else []
    return View(html=html, text="\n".join(map(visible, lines)))


_templates = environment("runbook.render")
