"""What the command line shows: progress while it runs, findings and a table at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runbook.change import Finding, Outcome, Severity
from runbook.cli.progress import followed
from runbook.cli.rehearse import Rehearsal
from runbook.engine.undo_findings import TELLS_OF_EARLIER
from runbook.ledger.events import AuditLogCompared
from runbook.powershell import render
from runbook.render.templating import visible
from runbook.render.views import OUTCOME_SYMBOL, SYMBOL
from runbook.report import audit
from runbook.summary import SectionSummary

_STYLE = {
    Outcome.VERIFIED: "green",
    Outcome.NOT_NEEDED: "green",
    Outcome.PLANNED: "cyan",
    Outcome.APPLIED: "cyan",
}
_SEVERITY_STYLE = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: ""}


class Screen:
    """Progress goes to standard error, so that standard output holds the result and nothing else."""

    def __init__(self, out: Console | None = None) -> None:
        self.out = out or Console(highlight=False)
        self.err = Console(stderr=True, highlight=False)

    @contextmanager
    def watch(self, title: str, folder: Path) -> Iterator[None]:
        """A line that tells what a run is at, while it runs."""
        with self.err.status(title) as status, followed(folder, lambda words: status.update(f"{title}: {words}")):
            yield
        self.err.print(Text(f"{title}: done", style="dim"))

    def sections(self, sections: Sequence[SectionSummary]) -> None:
        """What needs attention in each section, then one line a section."""
        for section in sections:
            self._attention(section)
        table = Table(title=None, show_edge=False)
        for column in ("section", "outcome", "errors", "warnings", "changes"):
            table.add_column(column)
        for section in sections:
            counts = [sum(f.severity is s for f in section.findings) for s in (Severity.ERROR, Severity.WARNING)]
            table.add_row(section.name, _outcome(section.outcome), *map(str, counts), str(len(section.changes)))
        self.out.print(table)
        for section in sections:
            self.out.print(Text(f"{section.name}: {_from_here(section.record)}", style="dim"), soft_wrap=True)
            if section.resumable:
                self.out.print(Text(f"to go on from it: runbook resume {_from_here(section.record)}"), soft_wrap=True)

    def faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """What can be broken in a rehearsal: the lab's catalogue."""
        table = Table("fault", "repair", "what is broken", "organisations", show_edge=False)
        for one in faults:
            table.add_row(one["id"], one["repair"], one["meaning"], ", ".join(one["topologies"]))
        self.out.print(table)

    def rehearsal(self, done: Rehearsal) -> None:
        """The whole rehearsal."""
        self.sections(done.sections)
        if done.second_pass is not None:
            self.out.print(f"Second pass over the same servers: {done.second_pass} changes left to make.")
        if done.presence is not None:
            working, expected, users = (done.presence[key] for key in ("working", "expected", "users"))
            self.out.print(
                f"Presence in the simulated organisation: {working} of {expected} who could have it ({users} users)."
            )
        self.out.print(Text.assemble("Outcome: ", _outcome(done.outcome)))

    def _attention(self, section: SectionSummary) -> None:
        shown = [finding for finding in section.findings if _is_shown(finding)]
        if section.changes or shown:
            self.out.print(Text(f"{section.name}: what the check found, and what became of each change", style="bold"))
        for finding in shown:
            style = _SEVERITY_STYLE[finding.severity]
            where = f" ({visible(finding.server)})" if finding.server and finding.server not in finding.what else ""
            head = f"{SYMBOL[finding.severity]} {finding.severity.value}: {visible(finding.what)}{where}"
            self.out.print(Text(head, style=style), soft_wrap=True)
            self.out.print(
                Text(f"  {finding.id} [{', '.join(finding.requirements)}] {visible(finding.remedy)}"),
                soft_wrap=True,
            )
            if finding.caused_by:
                self.out.print(Text(f"  caused by {', '.join(finding.caused_by)}"), soft_wrap=True)
        for change, outcome, said in section.changes:
            of = f" · {change.property}" if change.property else ""
            server = change.target.server
            on = "" if server.partition(".")[0].lower() in change.object.lower() else f" ({server})"
            line = f"{OUTCOME_SYMBOL.get(outcome, '✖')} {outcome}: {visible(change.object)}{of}{on}"
            self.out.print(Text(line, style=_STYLE.get(outcome, "red")), soft_wrap=True)
            if outcome is not Outcome.VERIFIED:
                self.out.print(Text(f"  PS> {render(change.command)}"), soft_wrap=True)
                if said:
                    self.out.print(Text(f"  {visible(said)}"), soft_wrap=True)
        if section.outcome is Outcome.NOT_NEEDED:
            self.out.print(
                Text(f"{OUTCOME_SYMBOL[section.outcome]} {section.name}: {section.because}", style="green"),
                soft_wrap=True,
            )
        if section.audit is not None:
            self._audit(section.audit)
        if section.reason:
            self.out.print(Text(section.reason, style="red"))

    def _audit(self, compared: AuditLogCompared) -> None:
        """What Exchange's own log lacks of the run, or has besides; nothing where it has just what was sent."""
        told = audit.told(compared, {})
        rows = [*(row for row in told.rows if row.style != "verified"), *told.others]
        if not rows:
            return
        self.out.print(Text(visible(told.head), style="red" if told.grave else "yellow"), soft_wrap=True)
        for row in rows:
            by = f" by {row.by}" if row.by else ""
            line = f"  {row.symbol} {row.standing}{by}: {row.command}"
            self.out.print(Text(visible(line), style="red" if row.is_grave else ""), soft_wrap=True)
            if row.said:
                self.out.print(Text(f"    {visible(row.said)}"), soft_wrap=True)


def _is_shown(finding: Finding) -> bool:
    """What needs attention, and what a run that goes by an earlier record says of that: it was asked for."""
    return finding.severity is not Severity.INFO or finding.id in TELLS_OF_EARLIER


def _outcome(outcome: Outcome) -> Text:
    return Text(f"{OUTCOME_SYMBOL.get(outcome, '✖')} {outcome}", style=_STYLE.get(outcome, "red"))


def _from_here(path: Path) -> Path:
    """As one would type it: from the working directory, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
