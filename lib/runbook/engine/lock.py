"""Who may change the servers of an estate now: one run at a time, by a list on the disk.

``locks/holders.json`` names each run that may write, and its servers; ``locks/holders.lock`` keeps processes apart
while they look and write, and is held no longer than that. Two runs exclude each other where they share a server,
whatever their estate files are called. A run that only reads takes no part. The list is in the user's state directory,
or in a folder that several administrators share.

A holder whose process is gone from this computer holds nothing any more: its place is taken, and the new run says so.
What happens on other computers can't be seen from here, so a holder there stays until it gives way or is taken out.
"""

from __future__ import annotations

import ipaddress
import json
import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from runbook.errors import InputError, Refused
from runbook.estate import Estate
from runbook.ledger import origin
from runbook.paths import state_folder

LOCKS_VARIABLE = "RUNBOOK_LOCKS"
"""A folder for the list that several administrators share, beside which each keeps the own state directory."""

LOST = "Another run has begun in this process since, and may change the estate instead of this one."

_PATIENCE_SECONDS = 30.0
"""For whoever reads or writes the list just now."""

_SAME_START_SECONDS = 2.0
"""Start times of one process, read twice, differ by less; a number is given to another process later than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A run that may write. ``began`` is its process's start, in seconds since 1970; ``since`` is UTC, ISO 8601."""

    estate: str
    servers: tuple[str, ...]
    section: str
    run: str
    record: str
    user: str
    host: str
    pid: int
    began: float
    since: str

    def __str__(self) -> str:
        section = self.section.replace("_", " ")
        return f"{self.user} on {self.host} (process {self.pid}) since {self.since}, section {section}"

    @property
    def is_here(self) -> bool:
        """It is a run of this very process."""
        return self.host == origin.host() and self.pid == os.getpid() and not self._is_another_process(self.pid)

    @property
    def is_gone(self) -> bool:
        """Its process has ended on this computer. Of another computer nobody can say."""
        return self.host == origin.host() and self._is_another_process(self.pid)

    def _is_another_process(self, pid: int) -> bool:
        try:
            return abs(psutil.Process(pid).create_time() - self.began) > _SAME_START_SECONDS
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False


class EstateLock:
    """The right of one run to change an estate, from :meth:`take` to :meth:`release`, or until its process ends.

    ``taken_over`` are the holders before it whose processes were gone. Where one process begins a second run, as a
    notebook does that is started again from its first cell, the right goes over from the first one, unless that is
    changing something just now.
    """

    def __init__(self, folder: Path, holder: Holder) -> None:
        self.holder = holder
        self.taken_over: tuple[Holder, ...] = ()
        self._list = _Holders(folder)
        self._busy = False
        self._finalizer = weakref.finalize(self, _give_up, folder, holder.run)

    @classmethod
    def take(
        cls,
        estate: Estate,
        *,
        section: str,
        run: str,
        record: Path,
        environment: Mapping[str, str] = os.environ,
    ) -> EstateLock:
        """The right to change ``estate``; :class:`Refused` with who has it, since when."""
        return cls.claim(_holder(estate, section, run, record), locks_folder(environment))

    @classmethod
    def claim(cls, wanted: Holder, folder: Path) -> EstateLock:
        """As :meth:`take`, for a holder as it is given and a list in ``folder``."""
        lock = cls(folder, wanted)
        with lock._list.changed() as holders:
            rivals = [one for one in holders if set(one.servers) & set(wanted.servers)]
            for one in rivals:
                if not one.is_gone and not _is_idle_here(one):
                    raise Refused(_held(one, lock._list.path))
            lock.taken_over = tuple(one for one in rivals if one.is_gone)
            holders[:] = [*(one for one in holders if one not in rivals), wanted]
            _OWN[wanted.run] = lock
        return lock

    @property
    def is_held(self) -> bool:
        """No other run of this process has taken its place."""
        with self._list.changed() as holders:
            return self.holder in holders

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While this run changes something, another of the same process doesn't take its place.

        :class:`Refused` where one has done so before.
        """
        with self._list.changed() as holders:
            if self.holder not in holders:
                raise Refused(LOST)
            self._busy = True
        try:
            yield
        finally:
            self._busy = False

    @property
    def is_busy(self) -> bool:
        return self._busy

    def release(self) -> None:
        """Give way; a second time changes nothing."""
        self._finalizer()


_OWN: weakref.WeakValueDictionary[str, EstateLock] = weakref.WeakValueDictionary()
"""The locks of this process, by run."""


class _Holders:
    """The list on the disk."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "holders.json"

    @contextmanager
    def changed(self) -> Iterator[list[Holder]]:
        """The list, nobody else's meanwhile; written back where it was altered and nothing was raised."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.path.with_suffix(".lock"), timeout=_PATIENCE_SECONDS, mode=0o666):
                before = self._read()
                holders = list(before)
                yield holders
                if holders != before:
                    self._write(holders)
        except Timeout:
            raise InputError(f"{self.path} is in use by somebody else all the time. Try again.") from None
        except OSError as error:
            remedy = f"Name a folder that you may write to in {LOCKS_VARIABLE}."
            raise InputError(
                f"The list of running runs can't be used: {self.path}: {error.strerror}. {remedy}"
            ) from None

    def _read(self) -> list[Holder]:
        try:
            found = json.loads(self.path.read_bytes())
            return [Holder(**{**each, "servers": tuple(each["servers"])}) for each in found]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError) as error:
            remedy = "See that no run is going on, and remove it."
            raise InputError(f"{self.path} isn't a list of running runs: {error}. {remedy}") from None

    def _write(self, holders: list[Holder]) -> None:
        beside = self.path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(json.dumps([asdict(one) for one in holders], indent=2).encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)


def locks_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the list is: ``$RUNBOOK_LOCKS``, else in the user's state directory."""
    given = environment.get(LOCKS_VARIABLE, "")
    return Path(given).expanduser().absolute() if given else state_folder(environment) / "locks"


def still_running(run: str, environment: Mapping[str, str] = os.environ) -> Holder | None:
    """Who holds the right to change something for this run, where it goes on; not an idle one of this process."""
    with _Holders(locks_folder(environment)).changed() as holders:
        return next((one for one in holders if one.run == run and not one.is_gone and not _is_idle_here(one)), None)


def _give_up(folder: Path, run: str) -> None:
    """Also at the end of the process, and when nobody refers to the run any more."""
    with suppress(InputError), _Holders(folder).changed() as holders:
        holders[:] = [one for one in holders if one.run != run]


def _is_idle_here(holder: Holder) -> bool:
    own = _OWN.get(holder.run)
    return holder.is_here and (own is None or not own.is_busy)


def _held(holder: Holder, path: Path) -> str:
    said = f"Another run may change this estate: {holder}. Its record is {holder.record}."
    if holder.host == origin.host():
        return f"{said} Wait until it has ended, or end that process."
    return f"{said} Wait until it has ended. If that computer is gone for good, take its entry out of {path}."


def _holder(estate: Estate, section: str, run: str, record: Path) -> Holder:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Holder(
        estate=estate.name,
        servers=tuple(sorted({place for server in estate.servers for place in _places(estate, server.name)})),
        section=section,
        run=run,
        record=f"{record.parent.name}/{record.name}",
        user=origin.actor(),
        host=origin.host(),
        pid=os.getpid(),
        began=psutil.Process().create_time(),
        since=now,
    )


def _places(estate: Estate, name: str) -> Iterator[str]:
    """A server by its name. Behind a loopback address (a lab's, a tunnel's) each port may be another server."""
    for endpoint in estate.server(name).endpoints.given().values():
        yield f"{name}@{endpoint.host}:{endpoint.port}" if _is_loopback(endpoint.host) else name


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
