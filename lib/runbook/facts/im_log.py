"""What OWA leaves behind of its IM provider: events in the Application log, and a folder of log files (L81-L84).

The provider starts at the first IM sign-in on a worker process and says so once in that worker's life
(``real-world`` B3). The texts of these events aren't documented: provider and number are what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from runbook.command import Pipeline, Target, cmdlet
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
_FOLDER = r"Logging\OWA\InstantMessaging"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImEvent:
    """One event; ``at`` is aware, in UTC, by its server's clock, and ``record`` orders the events of a log."""

    id: int
    record: int
    at: datetime
    message: str = ""


def im_events(target: Target, since: datetime) -> Query[tuple[ImEvent, ...]]:
    """OWA's events about IM since a moment of the server's own clock, oldest first."""
    ask = cmdlet("Get-WinEvent", LogName="Application", FilterXPath=_filter(since))
    wanted = cmdlet("Select-Object", Property=("Id", "RecordId", "TimeCreated", "Message"))
    return Query("im-events", target, Pipeline.of(ask, wanted), _parse_events)


def log_folder(install_path: str) -> str:
    """Where OWA keeps its IM log files (L83), below Exchange's own folder."""
    return "\\".join((install_path.rstrip("\\"), _FOLDER))


def folder_exists(target: Target, path: str) -> Query[bool]:
    """Whether a folder is there."""
    ask = cmdlet("Test-Path", LiteralPath=path, PathType="Container")
    return Query(f"folder {path}", target, Pipeline.of(ask), _parse_exists)


def _filter(since: datetime) -> str:
    at = since.astimezone(UTC)
    moment = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
    wanted = " or ".join(f"EventID={event}" for event in (*FAILED, EXPIRES_SOON, INITIALISED))
    return f"*[System[Provider[@Name='{_PROVIDER}'] and ({wanted}) and TimeCreated[@SystemTime>='{moment}']]]"


def _parse_events(result: Result) -> tuple[ImEvent, ...]:
    found = checked(result, absent=_NO_EVENTS).objects
    return tuple(sorted(map(_event, found), key=lambda event: event.record))


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
