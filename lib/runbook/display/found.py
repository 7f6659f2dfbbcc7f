"""Findings as a table to look through. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runbook.change import Finding, Severity
from runbook.table import Table

COLUMNS = ("Severity", "Finding", "Why", "What to do", "Server", "Object", "Id", "Requirements")
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """In the order in which they are shown."""
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity]))


def findings_table(findings: Sequence[Finding]) -> Table:
    """One row a finding, in the given order."""
    rows = tuple(
        (
            finding.severity.value,
            finding.what,
            finding.why,
            finding.remedy,
            finding.server,
            finding.object,
            finding.id,
            ", ".join(finding.requirements),
        )
        for finding in findings
    )
    return Table(name="findings", title="Findings", columns=COLUMNS, rows=rows)
