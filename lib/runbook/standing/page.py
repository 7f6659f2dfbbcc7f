"""How an estate stands, as one view: the picture, what is next and why, and the sections with their notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.change import Outcome
from runbook.render.templating import environment, visible
from runbook.render.view import View
from runbook.render.views import OUTCOME_SYMBOL
from runbook.standing import Overview, Standing

_WORDS = {
    Outcome.VERIFIED: "done",
    Outcome.NOT_NEEDED: "nothing to do",
    Outcome.PLANNED: "needs changes",
    Outcome.APPLIED: "applied, not verified",
    Outcome.INCOMPLETE: "something stands in the way",
    Outcome.FAILED: "a change failed",
    Outcome.REFUSED: "refused",
    Outcome.UNKNOWN: "not known",
}
_BAD = "✖"
_NOT_RUN = ("·", "not looked at yet")


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    notebook: str
    state: str
    when: str
    why: str
    is_next: bool


def page(told: Overview, notebooks: Mapping[str, str], failed: Mapping[str, str]) -> View:
    """``notebooks`` are the files of the sections, beside the page; ``failed`` why a section couldn't be looked at."""
    rows = [_row(standing, told, notebooks, failed) for standing in told.standings]
    html = _templates.get_template("page.html.j2").render(
        organisation=told.organisation,
        environment=told.environment,
        picture=told.picture,
        rows=rows,
        next=next((row for row in rows if row.is_next), None),
    )
    lines = [f"{told.organisation} · environment: {told.environment}", told.picture.text]
    for row in rows:
        lines.append(f"{'→' if row.is_next else ' '} {row.title}: {row.state}{f' ({row.when})' if row.when else ''}")
        lines += [f"    {row.why}"] if row.why else []
        lines += [f"    {row.notebook}"] if row.notebook else []
    return View(html=html, text="\n".join(visible(line) for line in lines))


def _row(standing: Standing, told: Overview, notebooks: Mapping[str, str], failed: Mapping[str, str]) -> _Row:
    sign, word = _NOT_RUN
    if standing.outcome is not None:
        sign, word = OUTCOME_SYMBOL.get(standing.outcome, _BAD), _WORDS[standing.outcome]
    when = (
        f"{'looked at' if standing.looked_only else 'run'} {standing.when:%Y-%m-%d %H:%M} UTC" if standing.when else ""
    )
    return _Row(
        title=standing.title,
        notebook=notebooks.get(standing.section, ""),
        state=f"{sign} {word}",
        when=when,
        why=failed.get(standing.section) or ("" if standing.outcome is None else standing.reason),
        is_next=standing == told.next,
    )


_templates = environment("runbook.standing")
