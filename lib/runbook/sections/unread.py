"""Facts that couldn't be read, as findings: no plan is built on a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runbook.change import Finding, Severity
from runbook.facts.query import Unread

PREFIX = "facts-unread"


def unread(thing: str, fact: Unread, *, server: str = "", requirements: tuple[str, ...] = ()) -> Finding:
    """An error of its own for each thing: ``facts-unread-trusted-pools``."""
    where = f" on {server}" if server and server not in thing else ""
    return Finding(
        id=f"{PREFIX}-{re.sub(r'[^a-z0-9]+', '-', thing.lower()).strip('-')}",
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
    """The ids of those findings that say that something wasn't read."""
    return tuple(dict.fromkeys(finding.id for finding in findings if finding.id.startswith(PREFIX)))
