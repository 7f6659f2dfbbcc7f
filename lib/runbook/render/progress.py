"""How far a step is: a bar, what is being done on which server, and how long it may still take. Pure."""

from __future__ import annotations

from runbook.render.templating import environment, visible
from runbook.render.view import View


def progress(title: str, doing: str, *, server: str = "", done: int = 0, total: int = 0, left: str = "") -> View:
    """``total`` is 0 where nobody knows how much there is: the bar then only says that something goes on."""
    counted = f"{done} of {total}" if total else ""
    words = " · ".join(filter(None, (counted, f"{doing} on {server}" if server else doing, left)))
    html = _templates.get_template("progress.html.j2").render(title=title, words=words, done=done, total=total)
    return View(html=html, text=visible(f"{title}: {words}"))


def duration(seconds: float) -> str:
    """As a person says it: ``45 s``, ``4 min 05 s``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


_templates = environment("runbook.render")
