"""The views of a run: what was bound, found, planned and done."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from runbook.change import Change, ChangeOutcome, Decision, Finding, Outcome, Plan, Repair, Severity
from runbook.powershell import abridged
from runbook.render.announcement import announcement
from runbook.render.differences import differences
from runbook.render.templating import environment, visible
from runbook.render.view import View

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
SYMBOL = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.INFO: "✔"}
OUTCOME_SYMBOL = {
    Outcome.VERIFIED: "✔",
    Outcome.NOT_NEEDED: "✔",
    Outcome.APPLIED: "●",
    Outcome.PLANNED: "○",
    Outcome.UNKNOWN: "?",
}
_REPAIR = {
    Repair.NONE: "",
    Repair.PLANNED: "The plan mends it.",
    Repair.CONSENT: "The plan mends it once a parameter consents.",
    Repair.MANUAL: "Outside this runbook: a person mends it.",
}


@dataclass(frozen=True, slots=True)
class BoundServer:
    """One shell of one server that a run talks to: who answered, and as what."""

    server: str
    shell: str
    description: str
    reached: bool
    said: str


def binding(title: str, environment: str, rows: Sequence[BoundServer]) -> View:
    """Which servers a run would touch, and whether each was reached and is the one named."""
    lines = [f"{title} · environment: {environment}"]
    lines += [f"  {'✔' if row.reached else '✖'} {row.server} ({row.shell}): {row.said}" for row in rows]
    return _view("binding", lines, title=title, environment=environment, rows=rows)


def findings(decision: Decision) -> View:
    """Every finding, the worst first, with what to do about it."""
    return findings_as_given(sorted(decision.findings, key=lambda finding: _ORDER[finding.severity]))


def findings_as_given(ordered: Sequence[Finding]) -> View:
    """These findings, in this order."""
    lines = [_count(ordered)]
    for finding in ordered:
        where = " · ".join(filter(None, (finding.server, finding.object)))
        lines.append(f"{SYMBOL[finding.severity]} {finding.severity.value}: {finding.what}")
        lines.append(f"    {finding.id} [{', '.join(finding.requirements)}]{f' on {where}' if where else ''}")
        lines += _wrapped("why", finding.why) + _wrapped("do", finding.remedy)
        if finding.severity is not Severity.INFO:
            lines += _wrapped("mended by", _REPAIR[finding.repair])
        lines += _wrapped("caused by", ", ".join(finding.caused_by))
    return _view("findings", lines, count=_count(ordered), findings=ordered, symbol=SYMBOL, repair=_REPAIR)


def plan(plan: Plan, *, applies: bool, skipped: Sequence[str] = ()) -> View:
    """Each change: before, after, the PowerShell that does it, the PowerShell that takes it back.

    ``skipped`` says of each change, by its place, why somebody left it out; empty for one that nobody did.
    """
    if not plan.changes:
        return message("Nothing to change.", plan.because)
    reasons = skipped or ("",) * len(plan.changes)
    left = [change for change, reason in zip(plan.changes, reasons, strict=True) if not reason]
    local = sum(change.run_locally for change in left)
    head = _counted(len(left), len(plan.changes) - len(left))
    note = (
        "This run only plans: nothing is sent that could change anything."
        if not applies
        else "Apply below carries them out."
        if left
        else "Nothing is left to apply."
    )
    lines = [f"{head} · digest {plan.digest}", note]
    rows = [_change_row(number, change) for number, change in enumerate(plan.changes, 1)]
    for row, reason in zip(rows, reasons, strict=True):
        row["skipped"] = reason
        lines += [f"{row['number']}. {row['title']}", f"    on {row['target']} [{row['requirements']}]"]
        lines += _wrapped("skipped", reason)
        for difference in row["differences"]:
            name = difference.name or row["property"]
            lines += [f"    {name}:" if name else "    from, to:"]
            lines += [f"      - {line}" for line in difference.before.splitlines()]
            lines += [f"      + {line}" for line in difference.after.splitlines()]
        lines += [f"    PS> {line}" for line in (*row["before_it"], row["command"], *row["after_it"])]
        lines += [f"    undo: {line}" for line in row["reverse"]] or [f"    can't be undone: {row['irreversible']}"]
        lines += _wrapped("disturbs", row["disturbs"])
        lines += _wrapped("consent", row["consent"])
        lines += ["    run this yourself, on that server: this session may not"] if row["run_locally"] else []
    announced = announcement(left)
    lines += ["To announce it:", *(f"    {line}" for line in announced.splitlines())] if announced else []
    return _view(
        "plan", lines, head=head, note=note, digest=plan.digest, rows=rows, local=local, announcement=announced
    )


def outcomes(results: Sequence[ChangeOutcome], *, note: str) -> View:
    """What became of each change."""
    lines = [note]
    rows = []
    for number, result in enumerate(results, 1):
        symbol = OUTCOME_SYMBOL.get(result.outcome, "✖")
        row = _change_row(number, result.change) | {
            "symbol": symbol,
            "outcome": result.outcome.value,
            "said": result.said,
        }
        rows.append(row)
        lines.append(f"{symbol} {number}. {row['title']}: {result.outcome.value}")
        lines += [line for said in result.said for line in _wrapped("said", said)]
    return _view("outcomes", lines, note=note, rows=rows)


def message(head: str, *paragraphs: str) -> View:
    """A sentence or two."""
    return _view("message", [head, *paragraphs], head=head, paragraphs=paragraphs)


def _counted(changes: int, skipped: int) -> str:
    said = [f"{changes} change{'s' if changes > 1 else ''}"] if changes else []
    said += [f"{skipped} skipped"] if skipped else []
    return " · ".join(said)


def _change_row(number: int, change: Change) -> dict[str, Any]:
    return {
        "number": number,
        "title": f"{change.object}{f' · {change.property}' if change.property else ''}",
        "target": str(change.target),
        "requirements": ", ".join(change.requirements),
        "property": change.property,
        "differences": differences(change.before, change.after),
        "command": abridged(change.command),
        "before_it": [abridged(step.pipeline) for step in change.preparation],
        "after_it": [abridged(step.pipeline) for step in (*change.conclusion, *change.cleanup)],
        "stage": change.stage,
        "reverse": [abridged(pipeline) for pipeline in change.reverse],
        "irreversible": change.irreversible,
        "disturbs": change.disturbs,
        "consent": change.consent,
        "run_locally": change.run_locally,
    }


def _count(found: Sequence[Finding]) -> str:
    counts = [(severity, sum(finding.severity is severity for finding in found)) for severity in Severity]
    said = [f"{number} {severity.value}" for severity, number in reversed(counts) if number]
    return "Found: " + (", ".join(said) if said else "nothing to report")


def _wrapped(label: str, text: str) -> list[str]:
    if not text:
        return []
    return textwrap.wrap(f"{label}: {text}", 110, initial_indent="    ", subsequent_indent="      ")


def _view(template: str, lines: Iterable[str], **values: object) -> View:
    html = _templates.get_template(f"{template}.html.j2").render(**values)
    return View(html=html, text="\n".join(map(visible, lines)))


_templates = environment("runbook.render")
