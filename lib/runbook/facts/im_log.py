"""What OWA leaves behind of its IM provider: events in the Application log, and a folder of log files (L81-L84).

The provider starts at the first IM sign-in on a worker process and says so once in that worker's life
(``real-world`` B3). The texts of these events aren't documented: provider and number are what counts. Of the log files
only codes are kept: whose sign-in failed is nobody's business but the users'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from runbook.command import Pipeline, Switch, Target, cmdlet
from runbook.facts.answer import as_text, checked, number
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

INITIALISED = 112
"""The Instant Messaging Endpoint Manager started (L82)."""

EXPIRES_SOON = 106

FAILED = (75, 78, 83, 84, 85, 86, 87, 88, 100, 101, 102, 103, 104, 105)
"""IM couldn't be started, or lost its connection."""

_PROVIDER = "MSExchange OWA"
_NO_EVENTS = ("NoMatchingEventsFound",)
_NO_FILES = ("PathNotFound",)
_FOLDER = r"Logging\OWA\InstantMessaging"
_MOST_LINES = 500

_TIME = re.compile(r"\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z\b")
_CODES = re.compile(r"(?<![A-Za-z])Code\s*[:=]\s*(-?\d+)(?:.*?SubCode\s*[:=]\s*(-?\d+))?", re.IGNORECASE)
_SIGN_IN = "SignInCallback failed"
_EC = re.compile(r"IM\.EC=(-?\d+)")
_ESC = re.compile(r"IM\.ESC=(-?\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImEvent:
    """One event; ``at`` is aware, in UTC, by its server's clock, and ``record`` orders the events of a log."""

    id: int
    record: int
    at: datetime
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInError:
    """One sign-in that OWA's log says failed; ``code`` and ``subcode`` as in ``real-world`` B3, 0 where none is given.

    ``at`` is aware, in UTC, by the server's clock.
    """

    at: datetime
    code: int
    subcode: int = 0


def im_events(target: Target, since: datetime) -> Query[tuple[ImEvent, ...]]:
    """OWA's events about IM since a moment of the server's own clock, oldest first."""
    ask = cmdlet("Get-WinEvent", LogName="Application", FilterXPath=_filter(since))
    wanted = cmdlet("Select-Object", Property=("Id", "RecordId", "TimeCreated", "Message"))
    return Query("im-events", target, Pipeline.of(ask, wanted), _parse_events)


def oldest_event(target: Target) -> Query[datetime | None]:
    """The time of the oldest event that the Application log still has; ``None`` where it is empty."""
    ask = cmdlet("Get-WinEvent", LogName="Application", MaxEvents=1, Oldest=Switch.ON)
    wanted = cmdlet("Select-Object", Property=("TimeCreated",))
    return Query("oldest-event", target, Pipeline.of(ask, wanted), _parse_oldest)


def log_folder(install_path: str) -> str:
    """Where OWA keeps its IM log files (L83), below Exchange's own folder."""
    return "\\".join((install_path.rstrip("\\"), _FOLDER))


def folder_exists(target: Target, path: str) -> Query[bool]:
    """Whether a folder is there."""
    ask = cmdlet("Test-Path", LiteralPath=path, PathType="Container")
    return Query(f"folder {path}", target, Pipeline.of(ask), _parse_exists)


def sign_in_errors(target: Target, folder: str) -> Query[tuple[SignInError, ...]]:
    """The failed sign-ins among the last lines of the newest file in OWA's IM log folder, oldest first."""
    newest = (
        cmdlet("Get-ChildItem", LiteralPath=folder, Filter="*.log", File=Switch.ON),
        cmdlet("Sort-Object", Property="LastWriteTimeUtc", Descending=Switch.ON),
        cmdlet("Select-Object", First=1),
    )
    ask = Pipeline.of(*newest, cmdlet("Get-Content", Tail=_MOST_LINES))
    return Query("im-log", target, ask, _parse_log)


def sign_in_error(line: str) -> tuple[int, int] | None:
    """Code and subcode of one line of a log, 0 for what it leaves out; ``None`` where it tells of no failure.

    It is a line of the provider (``SignInCallback failed … Code: 18202, SubCode: 504``) or of OWA's service log
    (``IM.EC=18202;IM.ESC=504``).
    """
    if found := _EC.search(line):
        subcode = _ESC.search(line)
        return (int(found[1]), int(subcode[1]) if subcode else 0) if int(found[1]) else None
    if _SIGN_IN.lower() not in line.lower():
        return None
    codes = _CODES.search(line)
    return (int(codes[1]), int(codes[2] or 0)) if codes else (0, 0)


def _filter(since: datetime) -> str:
    at = since.astimezone(UTC)
    moment = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
    wanted = " or ".join(f"EventID={event}" for event in (*FAILED, EXPIRES_SOON, INITIALISED))
    return f"*[System[Provider[@Name='{_PROVIDER}'] and ({wanted}) and TimeCreated[@SystemTime>='{moment}']]]"


def _parse_events(result: Result) -> tuple[ImEvent, ...]:
    found = checked(result, absent=_NO_EVENTS).objects
    return tuple(sorted(map(_event, found), key=lambda event: event.record))


def _parse_log(result: Result) -> tuple[SignInError, ...]:
    lines = map(as_text, checked(result, absent=_NO_FILES).output)
    return tuple(sorted(_errors(lines), key=lambda error: error.at))


def _errors(lines: Iterator[str]) -> Iterator[SignInError]:
    for line in lines:
        time, codes = _TIME.match(line), sign_in_error(line)
        if time and codes:
            yield SignInError(at=datetime.fromisoformat(f"{time[1]}+00:00"), code=codes[0], subcode=codes[1])


def _parse_oldest(result: Result) -> datetime | None:
    found = checked(result, absent=_NO_EVENTS).objects
    at = found[0].get("TimeCreated") if found else None
    return at if isinstance(at, datetime) else None


def _event(item: ServerObject) -> ImEvent:
    at = item.get("TimeCreated")
    if not isinstance(at, datetime):
        raise ValueError("the time of an event came as something else")
    return ImEvent(id=number(item, "Id"), record=number(item, "RecordId"), at=at, message=as_text(item.get("Message")))


def _parse_exists(result: Result) -> bool:
    for value in checked(result).output:
        found = value.value if isinstance(value, ServerObject) else value
        if isinstance(found, bool):
            return found
    raise ValueError("the server didn't say whether the folder exists")
