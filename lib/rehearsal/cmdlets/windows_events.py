"""Get-WinEvent: events of a log, newest first, filtered on the server."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.event_query import QueryError, compile_query
from rehearsal.host import EventEntry, EventLog
from rehearsal.objects import enum, matches
from rehearsal.values import ErrorRecord, Integer, ListValue, Thing

_LEVELS = {1: "Critical", 2: "Error", 3: "Warning", 4: "Information", 5: "Verbose"}
_READER = "System.Diagnostics.Eventing.Reader"
_CHAIN = (f"{_READER}.EventLogRecord", f"{_READER}.EventRecord", "System.Object")
_LOG_CHAIN = (f"{_READER}.EventLogConfiguration", "System.Object")
_CLASSIC = 36028797018963968
"""The keyword bit 0x80000000000000 that every event of a classic provider carries."""


def _event(call: Call, log: EventLog, event: EventEntry) -> Thing:
    properties = tuple(
        Thing((f"{_READER}.EventProperty", "System.Object"), f"{_READER}.EventProperty", {"Value": item})
        for item in event.data
    )
    strings = ("System.Collections.ObjectModel.ReadOnlyCollection`1[[System.String]]", "System.Object")
    return Thing(
        _CHAIN,
        _CHAIN[0],
        {
            "Id": event.event_id,
            "Version": None,
            "Qualifiers": 0,
            "Level": Integer(event.level, "Byte"),
            "Task": 0,
            "Opcode": None,
            "Keywords": Integer(_CLASSIC, "Int64"),
            "RecordId": Integer(event.record_id, "Int64"),
            "ProviderName": event.provider,
            "ProviderId": None,
            "LogName": log.name,
            "ProcessId": None,
            "ThreadId": None,
            "MachineName": call.host.name,
            "UserId": None,
            "TimeCreated": event.time.astimezone(call.host.timezone),
            "ActivityId": None,
            "RelatedActivityId": None,
            "ContainerLog": log.name,
            "MatchedQueryIds": ListValue((), ("System.UInt32[]", "System.Array", "System.Object")),
            "LevelDisplayName": _LEVELS.get(event.level),
            "OpcodeDisplayName": "Info",
            "TaskDisplayName": event.task or None,
            "KeywordsDisplayNames": ListValue(("Classic",), strings),
            "Properties": ListValue(
                properties,
                (f"System.Collections.Generic.List`1[[{_READER}.EventProperty]]", "System.Object"),
            ),
        },
        {"Message": event.message},
    )


def _configuration(log: EventLog) -> Thing:
    oldest = log.events[0].record_id if log.events else None
    return Thing(
        _LOG_CHAIN,
        _LOG_CHAIN[0],
        {
            "LogName": log.name,
            "LogType": enum(f"{_READER}.EventLogType", "Administrative", 0),
            "IsEnabled": True,
            "IsClassicLog": True,
            "LogMode": enum(f"{_READER}.EventLogMode", "Circular", 0),
        },
        {
            "RecordCount": Integer(len(log.events), "Int64"),
            "OldestRecordNumber": None if oldest is None else Integer(oldest, "Int64"),
        },
    )


def _error(call: Call, error_id: str, message: str, target: Any = None, *, exception: str = "System.Exception") -> None:
    call.error(
        ErrorRecord(
            message=message,
            error_id=error_id,
            category="ObjectNotFound" if error_id.startswith("No") else "NotSpecified",
            exception_type=exception,
            target=target,
            target_name=target or "",
            target_type="String" if target else "",
        )
    )


@cmdlet(
    "Get-WinEvent",
    module="Microsoft.PowerShell.Diagnostics",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-WinEvent; log configuration as in an Exchange 2016 export of CSS-Exchange; error ids "
    "NoMatchingEventsFound and NoMatchingLogsFound as servers give them",
    parameters={
        "LogName": Parameter(kind="String[]", position=0, by_value=True, by_property_name=True, sets=("GetLogSet",)),
        "ListLog": Parameter(kind="String[]", mandatory=True, position=0, sets=("ListLogSet",)),
        "ProviderName": Parameter(
            kind="String[]", mandatory=True, position=0, by_property_name=True, sets=("GetProviderSet",)
        ),
        "MaxEvents": Parameter(kind="Int64"),
        "FilterXPath": Parameter(kind="String"),
        "Oldest": SWITCH,
        "Force": SWITCH,
    },
    default_set="GetLogSet",
    command_type="Microsoft.PowerShell.Commands.GetWinEventCommand",
)
def get_win_event(call: Call) -> None:
    logs = list(call.host.event_logs.values())
    if call.given("ListLog"):
        for pattern in call.parameters["ListLog"]:
            for log in _matching(call, logs, pattern):
                call.output(_configuration(log))
        return
    if call.given("ProviderName"):
        wanted = call.parameters["ProviderName"]
        _read(call, logs, lambda event: any(matches(pattern, event.provider) for pattern in wanted))
        return
    for pattern in call.get("LogName") or ("*",):
        found = _matching(call, logs, pattern)
        if found:
            _read(call, found, lambda event: True)


def _matching(call: Call, logs: list[EventLog], pattern: str) -> list[EventLog]:
    found = [log for log in logs if matches(pattern, log.name)]
    if not found:
        _error(
            call,
            "NoMatchingLogsFound",
            f'There is not an event log on the localhost computer that matches "{pattern}".',
            pattern,
        )
    return found


def _read(call: Call, logs: list[EventLog], provider: Any) -> None:
    query = call.get("FilterXPath") or "*"
    rows: list[tuple[EventEntry, EventLog]] = []
    for log in logs:
        try:
            test = compile_query(query, log=log.name, computer=call.host.name, now=call.host.clock())
        except QueryError:
            exception = f"{_READER}.EventLogException"
            _error(call, exception, "The specified query is invalid", exception=exception)
            return
        rows.extend((event, log) for event in list(log.events) if provider(event) and test(event))
    rows.sort(key=lambda row: (row[0].time, row[0].record_id), reverse=not call.switch("Oldest"))
    if not rows:
        _error(call, "NoMatchingEventsFound", "No events were found that match the specified selection criteria.")
        return
    for event, log in rows[: call.get("MaxEvents", len(rows))]:
        call.output(_event(call, log, event))
