"""Everybody, one a row: whether there is IM in OWA, and why not. The findings only count them and name a few."""

from __future__ import annotations

from runbook.facts.recipients import Mailbox
from runbook.sections.users import Readiness
from runbook.table import Table

COLUMNS = ("User", "IM in OWA", "Why", "SIP address", "Mailbox server", "Edition")


def user_table(readiness: Readiness | None) -> tuple[Table, ...]:
    """One table of all people, those without IM first; none where they couldn't be read."""
    if readiness is None:
        return ()
    why: dict[str, list[str]] = {}
    people: dict[str, Mailbox] = {}
    for reason, held in readiness.held.items():
        for mailbox in held:
            people[mailbox.identity] = mailbox
            why.setdefault(mailbox.identity, []).append(reason.value)
    without = [_row(people[identity], ", ".join(reasons)) for identity, reasons in why.items()]
    ready = [_row(mailbox, "") for mailbox in readiness.ready]
    elsewhere = [(user.user, "no", "user-no-mailbox", user.bare_sip_address, "", "") for user in readiness.homeless]
    rows = (*sorted(without), *sorted(elsewhere), *sorted(ready))
    return (Table(name="users", title="Users", columns=COLUMNS, rows=rows),) if rows else ()


def _row(mailbox: Mailbox, why: str) -> tuple[str, ...]:
    return (
        mailbox.user or mailbox.identity,
        "no" if why else "yes",
        why,
        ", ".join(mailbox.sip_addresses),
        mailbox.server,
        mailbox.edition,
    )
