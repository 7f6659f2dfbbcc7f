"""The steps of a run, one under the other, each with how it stands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from runbook.render.templating import environment, visible
from runbook.render.view import View


class StepState(StrEnum):
    """How a step stands. ``NEEDS_PERSON`` is a finding that no change of the plan mends."""

    NOT_RUN = "not run"
    RUNNING = "running"
    FINE = "fine"
    NEEDS_CHANGE = "needs change"
    NEEDS_PERSON = "needs a person"
    APPLIED = "applied"
    VERIFIED = "verified"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_SENT = "not sent"


SIGN = {
    StepState.NOT_RUN: "○",
    StepState.RUNNING: "▶",
    StepState.FINE: "✔",
    StepState.NEEDS_CHANGE: "▲",
    StepState.NEEDS_PERSON: "▲",
    StepState.APPLIED: "●",
    StepState.VERIFIED: "✔",
    StepState.FAILED: "✖",
    StepState.UNKNOWN: "?",
    StepState.SKIPPED: "⤼",
    StepState.NOT_SENT: "■",
}


def _tint(name: str) -> str:
    """A colour of the theme, mixed with that of the text so that it can be read on either ground (WCAG 1.4.3)."""
    return f"color-mix(in srgb, var(--jp-{name}-color1, currentColor) 60%, currentColor)"


_GOOD, _BAD, _ATTENTION = _tint("success"), _tint("error"), _tint("warn")
COLOUR = {
    StepState.FINE: _GOOD,
    StepState.VERIFIED: _GOOD,
    StepState.APPLIED: _GOOD,
    StepState.FAILED: _BAD,
    StepState.UNKNOWN: _BAD,
    StepState.NEEDS_CHANGE: _ATTENTION,
    StepState.NEEDS_PERSON: _ATTENTION,
    StepState.SKIPPED: _ATTENTION,
    StepState.NOT_SENT: _ATTENTION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line. ``said`` is why it stands so, ``inner`` that it is a part of the step above it."""

    title: str
    state: StepState
    where: str = ""
    requirements: str = ""
    said: str = ""
    inner: bool = False


def rail(steps: Sequence[Step]) -> View:
    """All steps; the state is a sign and a word, and a colour beside them."""
    lines = []
    for step in steps:
        more = " · ".join(filter(None, (step.where, step.requirements, step.said)))
        lines.append(f"{'    ' if step.inner else ''}{SIGN[step.state]} {step.title}: {step.state}")
        lines += [f"{'    ' if step.inner else ''}    {more}"] if more else []
    html = _templates.get_template("rail.html.j2").render(steps=steps, sign=SIGN, colour=COLOUR)
    return View(html=html, text="\n".join(map(visible, lines)))


_templates = environment("runbook.render")
