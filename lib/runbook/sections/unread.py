"""Facts that couldn't be read, as findings: no plan is built on a guess."""

from __future__ import annotations

from collections.abc import Iterable

from runbook.change import Finding, Severity
from runbook.facts.query import Unread

UNREAD = "facts-unread"


def unread(thing: str, fact: Unread, *, server: str = "", requirements: tuple[str, ...] = ()) -> Finding:
    """An error of its own for each thing, which is the finding's object."""
    where = f" on {server}" if server and server not in thing else ""
    return Finding(
        id="facts-unread",
        requirements=requirements,
        severity=Severity.ERROR,
        server=server,
        object=thing,
        what=f"The {thing}{where} couldn't be read: {fact.why.rstrip('.')}.",
        why="Without it nobody can say what is right or missing here, and nothing is decided on a guess.",
        remedy="Mend what stands in the way of reading it, then check again.",
        unknown=True,
    )


def any_unread(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What wasn't read, by those findings that say so."""
    return tuple(dict.fromkeys(finding.object for finding in findings if finding.id == UNREAD))
