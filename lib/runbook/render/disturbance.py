"""Whom a plan disturbs, and the text to announce it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runbook.render.announcement import Disturbance
from runbook.render.templating import environment, visible
from runbook.render.view import View


def disturbance(found: Sequence[Disturbance], announcement: str) -> View:
    """Each disturbance with its servers; the announcement to copy, folded away."""
    lines = [f"▲ {each.what} ({', '.join(each.servers)})" for each in found]
    html = _templates.get_template("disturbance.html.j2").render(found=found, announcement=announcement)
    return View(html=html, text="\n".join(map(visible, lines)))


_templates = environment("runbook.render")
