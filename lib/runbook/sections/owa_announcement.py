"""What users notice of a plan, and a text that announces it to them (L65, ``real-world`` B1)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Change, Finding, Repair, Severity
from runbook.parameters_owa import OwaEnablementParameters


def announce(given: OwaEnablementParameters, changes: tuple[Change, ...]) -> Iterator[Finding]:
    """A text to send to the users before the plan is confirmed."""
    servers = list(dict.fromkeys(change.target.server for change in changes if change.disturbs))
    if not servers:
        return
    when = f"Between {given.maintenance_start} and {given.maintenance_end}" if given.window else "Shortly"
    yield Finding(
        id="users-disturbed",
        requirements=("L52", "L65"),
        severity=Severity.INFO,
        object=", ".join(servers),
        what=f"The plan disturbs the users of Outlook Web App on {len(servers)} server(s), one after the other.",
        why="Saving web.config and recycling restart OWA there; it reloads, IM drops, nobody is signed out.",
        remedy=(
            f"A text to announce it: '{when}, Outlook Web App will reload once or twice while instant messaging is"
            " being set up. Please save drafts before. You stay signed in; open conversations end and can be started"
            " again after a few minutes. Outlook on your computer isn't affected.'."
        ),
        repair=Repair.NONE,
    )
