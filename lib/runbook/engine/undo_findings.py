"""What undo and resume have to say of single changes of a record."""

from __future__ import annotations

from runbook.change import Change, Finding, Json, Repair, Severity, canonical

_LONGEST = 200

TELLS_OF_EARLIER = frozenset({"undo-of-record", "undo-not-needed", "interrupted-change"})
"""What whoever goes by an earlier record asked for: shown though nothing is wrong with it."""


def of_record(record: str, section: str, changes: int) -> Finding:
    """Which record is taken back, for a reader who only sees the findings."""
    count = f"{changes} change{'' if changes == 1 else 's'}"
    return Finding(
        id="undo-of-record",
        requirements=(),
        severity=Severity.INFO,
        object=record,
        what=f"The run whose record is {record} is taken back: section {section.replace('_', ' ')}, {count} sent.",
        why="What was there before each change stands in that record, which is intact.",
        remedy="Stop here if it isn't the one that you meant, and name the right one in the parameter record.",
        repair=Repair.NONE,
    )


def changed_since(change: Change, now: Json, consent: str) -> Finding:
    """Neither what the run left nor what was there before."""
    return Finding(
        id="undo-changed-since",
        requirements=change.requirements,
        severity=Severity.ERROR,
        server=change.target.server,
        object=change.object,
        what=f"Somebody has changed {named(change)} since: it is {shown(now)}, and the run left {shown(change.after)}.",
        why=f"Taking it back to {shown(change.before)} would undo that person's work too, so it is left alone.",
        remedy=f"If it is to go back all the same, name {change.object} in the parameter {consent}.",
        repair=Repair.CONSENT,
    )


def overruled(change: Change, now: Json) -> Finding:
    """As :func:`changed_since`, with the operator's consent."""
    return Finding(
        id="undo-overrules",
        requirements=change.requirements,
        severity=Severity.WARNING,
        server=change.target.server,
        object=change.object,
        what=f"Somebody has changed {named(change)} since; it is {shown(now)} and goes back to {shown(change.before)}.",
        why="The parameters say so; what it is now stands in this record.",
        remedy="Tell whoever changed it.",
        repair=Repair.PLANNED,
    )


def cut_off(record: str, change: Change, became: str) -> Finding:
    """What became of the change that was under way when a run was cut off."""
    return Finding(
        id="interrupted-change",
        requirements=change.requirements,
        severity=Severity.INFO,
        server=change.target.server,
        object=change.object,
        what=f"The run whose record is {record} was cut off at {named(change)}. {became}",
        why="Its intent was on disk before the command left, and its outcome never was; so the server was asked.",
        remedy="Nothing need be done by hand: what the facts still ask for stands in the plan.",
        repair=Repair.NONE,
    )


def half_done(change: Change) -> Finding:
    """A file that is neither, because writing it was cut off."""
    return Finding(
        id="change-half-done",
        requirements=change.requirements,
        severity=Severity.ERROR,
        server=change.target.server,
        object=change.object,
        what=f"{change.object} is neither as it was nor as it was to be: writing it was cut off.",
        why="OWA may not start from half a file. The file as it was had been saved beside it before.",
        remedy="Restore the saved copy.",
        repair=Repair.PLANNED,
    )


def brings_along(change: Change, names: str, consent: str) -> Finding:
    """Enabling what this undo publishes would also enable what somebody else has published."""
    return Finding(
        id="undo-brings-along",
        requirements=change.requirements,
        severity=Severity.ERROR,
        server=change.target.server,
        object=change.object,
        what=f"Somebody else published changes that aren't enabled: they concern {names}.",
        why="Taking this record back has to enable the topology, and would enable those as well.",
        remedy=f"Ask whoever published them, then set {consent}; or have them enabled or withdrawn first.",
        repair=Repair.CONSENT,
    )


def is_back(change: Change) -> Finding:
    return Finding(
        id="undo-not-needed",
        requirements=change.requirements,
        severity=Severity.INFO,
        server=change.target.server,
        object=change.object,
        what=f"{named(change)} is as it was before the run: {shown(change.before)}.",
        why="It was read afresh and compared with what the record says.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def irreversible(change: Change) -> Finding:
    return Finding(
        id="undo-impossible",
        requirements=change.requirements,
        severity=Severity.WARNING,
        server=change.target.server,
        object=change.object,
        what=f"{named(change)} can't be taken back. {change.irreversible}",
        why="The run said so before it was confirmed.",
        remedy="What can be done instead stands above.",
    )


def not_in_record(name: str, record: str) -> Finding:
    return Finding(
        id="undo-unknown-object",
        requirements=(),
        severity=Severity.ERROR,
        object=name,
        what=f"The record {record} has no change of {name!r} that could be taken back.",
        why="A misspelt name would leave alone what was meant.",
        remedy="Write the object as the findings name it, or take it out of take_back_anyway.",
    )


def signed_by_another(fingerprint: str) -> Finding:
    return Finding(
        id="record-of-another",
        requirements=(),
        severity=Severity.WARNING,
        object=fingerprint,
        what=f"The record is intact, and signed by the key {fingerprint}, which isn't yours.",
        why="Nobody here said whose key that is. Whoever has it could have written the record as they liked.",
        remedy="Read the plan, which names every command; `runbook verify-record --key` tells whose it is.",
    )


def named(change: Change) -> str:
    return f"{change.property} of {change.object}" if change.property else change.object


def shown(value: Json) -> str:
    """A value in a sentence."""
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
