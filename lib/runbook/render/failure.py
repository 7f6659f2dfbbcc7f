"""An error in a cell: what, where, why, what to do, and the traceback one click away. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.render.templating import environment, visible
from runbook.render.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """``mended_by`` are notebooks: file and title. ``said`` are more lines of what went wrong."""

    what: str
    where: str = ""
    said: tuple[str, ...] = ()
    remedy: str = ""
    mended_by: tuple[tuple[str, str], ...] = ()
    recorded: str = ""
    traceback: str = ""


def failure(told: Failure) -> View:
    """What a person needs to go on, and the rest folded away."""
    lines = [f"✖ {told.what}", *(f"    {line}" for line in told.said)]
    lines += [f"    where: {told.where}"] if told.where else []
    lines += [f"    do: {told.remedy}"] if told.remedy else []
    lines += [f"    mended by: {title} ({file})" for file, title in told.mended_by]
    lines += [f"    {told.recorded}"] if told.recorded else []
    html = _templates.get_template("failure.html.j2").render(told=told)
    return View(html=html, text="\n".join(map(visible, lines)))


_templates = environment("runbook.render")
