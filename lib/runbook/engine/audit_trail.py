"""Read Exchange's admin audit log after an apply, and hold it against what the run sent there.

The log has a delay of its own, so it is looked at again and again until it has everything, until that delay is over, or
until the estate's patience is (``audit_log_wait_minutes``). All of these go by the server's clock, which is read before
the first command leaves; only where it can't be read does this computer's stand in for it, and the record says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from runbook.change import Plan
from runbook.command import Shell, Target
from runbook.engine.audit_match import CLOCKS_DIFFER, Log, Sent, Window, commands_sent, compared
from runbook.engine.control import Control, Doing
from runbook.errors import Cancelled, InputError
from runbook.estate import Estate
from runbook.facts.admin_audit import (
    LONGEST_DELAY,
    MOST_ENTRIES,
    AuditEntry,
    AuditSettings,
    audit_entries,
    audit_settings,
    leaves_entries,
)
from runbook.facts.query import Unread
from runbook.facts.windows import clock
from runbook.fleet import Fleet
from runbook.ledger import Ledger, read_events
from runbook.ledger.events import Audit, AuditLogCompared, AuditRow, Awaited

EVERY_SECONDS = 15.0
"""Between two looks, by the server's clock: searching the log is work for the server."""

UNSURE = timedelta(minutes=5)
"""How far this computer's clock may be from the servers', at most: Kerberos allows no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The log as it was found at ``time``, and what became of each command by then."""

    time: datetime
    rows: tuple[AuditRow, ...]
    others: tuple[AuditRow, ...]
    unread: str
    """Why it couldn't be searched; empty where it could."""

    @property
    def pending(self) -> int:
        return sum(row.standing is Audit.NOT_YET for row in self.rows)


class AuditTrail:
    """One run's. ``account`` is the name behind a target's credential, as it signs in; ``connect`` opens sessions."""

    def __init__(
        self,
        estate: Estate,
        ledger: Ledger,
        connect: Callable[[], Fleet],
        *,
        account: Callable[[Target], str],
        control: Control,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._estate = estate
        self._ledger = ledger
        self._connect = connect
        self._account = account
        self._control = control
        self._monotonic = monotonic
        self._since: datetime | None = None
        self._clock: Target | None = None
        self._compared = False

    def begin(self, plan: Plan) -> None:
        """Note the server's time before the first command of ``plan`` that the log could hold. Raises nothing."""
        commands = ((change.target, part) for change in plan.changes for part in change.command.cmdlets)
        target = next(
            (where for where, part in commands if where.shell is Shell.EXCHANGE and leaves_entries(part)), None
        )
        if target is None or self._since is not None:
            return
        self._since = datetime.now(UTC) - UNSURE
        with self._connect() as fleet:
            for windows in self._clocks(target):
                if (answer := _read(fleet, windows)) is not None:
                    self._since, self._clock = answer, windows
                    return

    def _clocks(self, target: Target) -> Iterator[Target]:
        """Where the time may be asked for: the server that the commands go to, else another Exchange server."""
        first = self._estate.server(target.server)
        for server in (first, *(each for each in self._estate.exchange() if each != first)):
            if server.offers(Shell.WINDOWS):
                yield server.target(Shell.WINDOWS)

    def compare(self) -> AuditLogCompared | None:
        """Look until nothing is missing or waiting has no use, and record it; ``None`` where nothing was sent there."""
        sent, uncovered = commands_sent(read_events(self._ledger.path))
        if not sent or self._since is None:
            return None
        try:
            event = self._compare(sent, uncovered)
        except Cancelled:
            event = self._unread(sent, uncovered, "Reading the log was cancelled.")
        except KeyboardInterrupt:
            event = self._unread(sent, uncovered, "Reading the log was interrupted.")
        self._ledger.learn(tuple(row for row in event.others if row.standing is Audit.OTHERS))
        self._ledger.append(event)
        self._compared = True
        return event

    def give_up(self) -> None:
        """Say, where something was sent and the log was never looked at, that it wasn't. Contacts nobody."""
        if self._since is None or self._compared:
            return
        sent, uncovered = commands_sent(read_events(self._ledger.path))
        if sent:
            self._ledger.append(self._unread(sent, uncovered, "The run ended before the log was looked at."))

    def _compare(self, sent: Sequence[Sent], uncovered: int) -> AuditLogCompared:
        assert self._since is not None
        target = sent[0].target
        said = ""
        with self._connect() as fleet:
            wanted = audit_settings(target, self._estate.domain_controller or "")
            settings = fleet.ask([wanted])[wanted]
            first = look = self._look(fleet, target, sent, settings, None)
            began = self._monotonic()
            while not said and not self._is_over(look, first.time, began):
                later = self._wait(fleet, target, sent, settings, look, first.time)
                if later is None:
                    said = "Waiting for the log was ended before its delay was over."
                elif later.unread:
                    said = f"The log couldn't be searched any more: {later.unread}"
                else:
                    look = later
        if isinstance(settings, Unread):
            said = f"{said} Whether the log takes every cmdlet couldn't be read: {settings.why}".strip()
        return AuditLogCompared(
            rows=look.rows,
            others=look.others,
            since=self._since,
            until=first.time,
            looked=look.time,
            clock=self._whose_clock(),
            uncovered=uncovered,
            said=said,
        )

    def _is_over(self, look: _Look, first: datetime, began: float) -> bool:
        """Nothing is missing, or the server's clock (or ours, where that stands still) says that it was long enough."""
        patience = self._estate.audit_log_wait_minutes * 60
        seconds = self._monotonic() - began
        over = not look.pending or (look.time - first).total_seconds() >= patience or seconds >= patience
        pending = f"{look.pending} of the run's entries in Exchange's admin audit log" if look.pending else ""
        self._ledger.append(Awaited(pending=pending, seconds=round(seconds), over=over))
        if not over:
            self._control.tell(Doing(what=f"waiting: {pending}", seconds_left=patience - seconds))
        return over

    def _wait(
        self,
        fleet: Fleet,
        target: Target,
        sent: Sequence[Sent],
        settings: AuditSettings | Unread,
        look: _Look,
        first: datetime,
    ) -> _Look | None:
        """The next look; ``None`` where somebody doesn't want to wait any longer."""
        try:
            now = self._now(fleet)
            gone = 0.0 if now is None else (now - look.time).total_seconds()
            self._control.sleep(max(0.0, EVERY_SECONDS - gone))
            return None if self._control.cancelled else self._look(fleet, target, sent, settings, first)
        except (KeyboardInterrupt, Cancelled):
            return None

    def _look(
        self,
        fleet: Fleet,
        target: Target,
        sent: Sequence[Sent],
        settings: AuditSettings | Unread,
        first: datetime | None,
    ) -> _Look:
        assert self._since is not None
        now = self._now(fleet)  # before the search: what isn't found then was missing at that time at least
        query = audit_entries(target, self._since - CLOCKS_DIFFER)
        found = Unread("The server's clock couldn't be read any more.") if now is None else fleet.ask([query])[query]
        now = now or first or self._since
        until = first or now
        window = Window(since=self._since, until=until, over=now - until >= LONGEST_DELAY)
        log = Log(
            entries=() if isinstance(found, Unread) else tuple(map(self._without_people, found)),
            settings=None if isinstance(settings, Unread) else settings,
            unread=found.why if isinstance(found, Unread) else "",
            whole=isinstance(found, Unread) or len(found) < MOST_ENTRIES,
        )
        rows, others = compared(sent, log, window, account=self._account(target))
        return _Look(time=now, rows=rows, others=others, unread=log.unread)

    def _now(self, fleet: Fleet) -> datetime | None:
        """The time by the clock that the run began with; ``None`` where it can't be read any more."""
        return datetime.now(UTC) if self._clock is None else _read(fleet, self._clock)

    def _without_people(self, entry: AuditEntry) -> AuditEntry:
        """What the ledger holds of the commands is without people where the record is: the log has to be as well."""
        return replace(
            entry, object=self._ledger.redacted(entry.object), parameters=self._ledger.redacted(entry.parameters)
        )

    def _whose_clock(self) -> str:
        return f"the clock of {self._clock.server}" if self._clock else "the clock of the computer that ran it"

    def _unread(self, sent: Sequence[Sent], uncovered: int, why: str) -> AuditLogCompared:
        nothing = Log(entries=(), settings=None, unread=why)
        now = datetime.now(UTC)
        rows, _ = compared(sent, nothing, Window(since=now, until=now, over=False), account="")
        return AuditLogCompared(rows=rows, since=self._since, clock=self._whose_clock(), uncovered=uncovered, said=why)


def _read(fleet: Fleet, target: Target) -> datetime | None:
    """The server's time; ``None`` where it can't be read, or nobody knows its account there."""
    query = clock(target)
    try:
        answer = fleet.ask([query])[query]
    except InputError:
        return None
    return None if isinstance(answer, Unread) else answer
