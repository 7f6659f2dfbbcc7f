"""``record.html``: a run told to people, in one file that needs nothing else.

No script, no network, and a Content-Security-Policy inside that says so; every word of a server is escaped. Light and
dark, for screen and A4.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from runbook.change import Outcome
from runbook.ledger import read_events
from runbook.render.templating import environment
from runbook.report.means import means
from runbook.report.model import Report as Report
from runbook.report.model import report as report
from runbook.sections import section_named

FILE_NAME = "record.html"
_SYMBOL = {
    Outcome.VERIFIED: "✔",
    Outcome.NOT_NEEDED: "✔",
    Outcome.APPLIED: "●",
    Outcome.PLANNED: "○",
    Outcome.UNKNOWN: "?",
}


def html(told: Report) -> str:
    """The page."""
    style = (files(__package__) / "templates" / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _templates.get_template("report.html.j2").render(
        told=told,
        title=section_named(told.section).title,
        means=means(told),
        symbol=_symbol,
        duration=_duration(told),
        moment=_moment,
        style=Markup(style),  # ours, from this package
        style_digest=digest,
    )


def write(folder: Path) -> Path:
    """Write the page beside the ledger in ``folder``; :class:`InputError` where there is no ledger to tell of."""
    file = folder / FILE_NAME
    file.write_text(html(report(read_events(folder))), encoding="utf-8", newline="\n")
    return file


def _symbol(outcome: Outcome) -> str:
    return _SYMBOL.get(outcome, "✖")


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _duration(told: Report) -> str:
    if told.ended is None:
        return "not known: it was cut off"
    minutes, seconds = divmod(round((told.ended - told.started).total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


_templates = environment("runbook.report")
