"""Which entry of Exchange's admin audit log belongs to which command that a run sent. Pure.

One entry to one command, in the order of time, the surest fit first: the same cmdlet with the same parameters under our
account; the same cmdlet on the same object under our account; the same cmdlet with the same parameters under another
name, since Exchange writes an account by its name in the directory, which needn't be the one that it signs in with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbook.change import Outcome
from runbook.command import Cmdlet, Pipeline, Shell, Switch, Target, Value
from runbook.facts.admin_audit import AuditEntry, AuditSettings, account_name, leaves_entries
from runbook.ledger import Recording
from runbook.ledger.events import Audit, AuditRow, Intent, OutcomeRecorded, StepTaken
from runbook.powershell import abridged

CLOCKS_DIFFER = timedelta(seconds=2)
"""So far may the clocks of two servers of a domain be apart: which of them ran a command, nobody says."""

_COMMON = frozenset({"confirm", "whatif", "erroraction", "warningaction", "domaincontroller"})
"""The log may leave these out, or add them: they say nothing of what is changed."""
_NAMES = ("Identity", "Name", "Server")
_SEPARATORS = re.compile(r"[\s;,{}()@\"'=]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One command of a change. ``certain``: the server, or the facts afterwards, say that it ran."""

    plan: str
    change: int
    target: Target
    command: Cmdlet
    certain: bool

    @property
    def object(self) -> str:
        return next((str(value) for name in _NAMES if isinstance(value := self.command.value(name), str)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When the commands ran, by the server's clock; ``over``: the log's own delay has passed since."""

    since: datetime
    until: datetime
    over: bool

    def holds(self, time: datetime) -> bool:
        return self.since - CLOCKS_DIFFER <= time <= self.until + CLOCKS_DIFFER


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What is known of the log. ``settings`` is ``None`` where they couldn't be read; ``whole``: none was cut off."""

    entries: tuple[AuditEntry, ...]
    settings: AuditSettings | None
    unread: str = ""
    whole: bool = True


def commands_sent(recording: Recording) -> tuple[tuple[Sent, ...], int]:
    """Every command that was sent to Exchange and that its log could hold, and the number of all others."""
    sent: list[Sent] = []
    uncovered = 0
    intent: Intent | None = None
    steps: list[Pipeline] = []
    for event in recording.events:
        if isinstance(event, Intent):
            intent, steps = event, []
        elif isinstance(event, StepTaken):
            steps.append(event.pipeline)
        elif isinstance(event, OutcomeRecorded) and intent is not None:
            certain = event.outcome in (Outcome.APPLIED, Outcome.VERIFIED)
            found = tuple(_of_change(intent, steps, certain))
            sent, uncovered, intent = [*sent, *found], uncovered + (not found), None
    return tuple(sent), uncovered


def _of_change(intent: Intent, steps: Sequence[Pipeline], certain: bool) -> Iterable[Sent]:
    if intent.target.shell is not Shell.EXCHANGE:
        return
    for pipeline in (intent.pipeline, *steps):
        for command in pipeline.cmdlets:
            if leaves_entries(command):
                yield Sent(
                    plan=intent.plan, change=intent.change, target=intent.target, command=command, certain=certain
                )


def compared(
    sent: Sequence[Sent], log: Log, window: Window, *, account: str
) -> tuple[tuple[AuditRow, ...], tuple[AuditRow, ...]]:
    """A row for each command, and one for each other entry on the objects of these commands."""
    left = list(log.entries)
    ours = [entry for entry in left if window.holds(entry.time)]
    fits = (_as_sent, _same_object, _other_name)
    standings = (Audit.THERE, Audit.DIFFERENT, Audit.OTHER_NAME)
    found: dict[int, tuple[AuditEntry, Audit]] = {}
    for fit, standing in zip(fits, standings, strict=True):
        for number, one in enumerate(sent):
            if number in found:
                continue
            entry = next((each for each in ours if fit(one, each, account_name(account))), None)
            if entry is not None:
                found[number] = entry, standing
                ours.remove(entry)
                left.remove(entry)
    rows = tuple(
        _with_entry(one, *found[number]) if number in found else _without_entry(one, log, window)
        for number, one in enumerate(sent)
    )
    objects = {name.lower() for one in sent for name in (one.object,) if name}
    objects |= {entry.object.lower() for entry, _ in found.values() if entry.object}
    return rows, tuple(_other(entry, account_name(account)) for entry in left if _touches(entry, objects))


def _as_sent(one: Sent, entry: AuditEntry, account: str) -> bool:
    return _same_command(one, entry) and entry.account == account and _same_parameters(one.command, entry)


def _same_object(one: Sent, entry: AuditEntry, account: str) -> bool:
    named = _same_command(one, entry) and entry.account == account
    return named and bool(one.object) and _touches(entry, {one.object.lower()})


def _other_name(one: Sent, entry: AuditEntry, account: str) -> bool:
    return _same_command(one, entry) and _same_parameters(one.command, entry)


def _same_command(one: Sent, entry: AuditEntry) -> bool:
    return entry.cmdlet.lower() == one.command.name.lower()


def _same_parameters(command: Cmdlet, entry: AuditEntry) -> bool:
    given = {name.lower(): value for name, value in command.parameters}
    logged = {name.lower(): value for name, value in entry.parameters}
    if (given.keys() ^ logged.keys()) - _COMMON:
        return False
    return all(_same_value(given[name], logged[name]) for name in given.keys() & logged.keys())


def _same_value(value: Value, logged: str | None) -> bool:
    if logged is None or isinstance(value, bytes):
        return True
    if value is None:
        return logged.strip().lower() in ("", "$null", "null")
    if isinstance(value, tuple):
        rest = logged.lower()
        for item in sorted(map(str, value), key=len, reverse=True):
            if item.lower() not in rest:
                return False
            rest = rest.replace(item.lower(), "", 1)
        return bool(_SEPARATORS.match(rest))
    said = str(value.value if isinstance(value, Switch) else value)
    return logged.strip().lstrip("$" if isinstance(value, Switch | bool) else "").lower() == said.strip().lower()


def _touches(entry: AuditEntry, objects: set[str]) -> bool:
    named = {value.lower() for name, value in entry.parameters if value and name.lower() in map(str.lower, _NAMES)}
    return bool(({entry.object.lower()} | named) & objects)


def _with_entry(one: Sent, entry: AuditEntry, standing: Audit) -> AuditRow:
    said = ""
    if standing is Audit.DIFFERENT:
        logged = ", ".join(f"{name}={'?' if value is None else value}" for name, value in entry.parameters)
        said = f"The log has it with {logged}."
    if one.certain and not entry.succeeded:
        standing, said = Audit.DIFFERENT, f"The log says that it failed: {entry.error or 'no reason is given'}."
    elif not one.certain:
        said = f"The log says that it {'succeeded' if entry.succeeded else f'failed: {entry.error}'}."
    return _row(one, standing, said, caller=entry.caller, time=entry.time)


def _without_entry(one: Sent, log: Log, window: Window) -> AuditRow:
    if log.unread:
        return _row(one, Audit.UNREAD, log.unread)
    if log.settings is not None and (why := log.settings.leaves_out(one.command)):
        return _row(one, Audit.NOT_LOGGED, f"Exchange keeps no entry of it: {why}.")
    if not log.whole:
        return _row(one, Audit.UNREAD, "The log holds more entries than one search gives.")
    if not window.over:
        return _row(one, Audit.NOT_YET, "It can take 15 minutes until an entry can be found.")
    if not one.certain:
        return _row(one, Audit.NOT_RUN, "The log has no entry of it, as of a command that never ran.")
    return _row(one, Audit.MISSING, "It was run, and 15 minutes later the log still has no entry of it.")


def _row(one: Sent, standing: Audit, said: str, *, caller: str = "", time: datetime | None = None) -> AuditRow:
    return AuditRow(
        standing=standing,
        command=abridged(Pipeline.of(one.command)),
        object=one.object,
        plan=one.plan,
        change=one.change,
        caller=caller,
        time=time,
        said=said,
    )


def _other(entry: AuditEntry, account: str) -> AuditRow:
    standing = Audit.UNSENT if entry.account == account else Audit.OTHERS
    given = " ".join(f"-{name} {'…' if value is None else value}" for name, value in entry.parameters)
    said = "" if entry.succeeded else f"It failed: {entry.error}"
    return AuditRow(
        standing=standing,
        command=f"{entry.cmdlet} {given}".strip(),
        object=entry.object,
        caller=entry.caller,
        time=entry.time,
        said=said,
    )
