"""PSRP's own objects as values: error records, the informational streams, pipeline states (MS-PSRP 2.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from rehearsal.values import EnumValue, ErrorRecord, Integer, ListValue, Thing


class State(IntEnum):
    """PSInvocationState (MS-PSRP 2.2.3.5)."""

    NOT_STARTED = 0
    RUNNING = 1
    STOPPING = 2
    STOPPED = 3
    COMPLETED = 4
    FAILED = 5


# System.Management.Automation.ErrorCategory, in the order of its numbers (MS-PSRP 2.2.3.9).
_CATEGORIES = (
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
)

_RUNTIME = ("System.Management.Automation.RuntimeException", "System.SystemException")
_BASES = {
    "System.Management.Automation.RuntimeException": ("System.SystemException",),
    "System.Management.Automation.CommandNotFoundException": _RUNTIME,
    "System.Management.Automation.ParameterBindingException": _RUNTIME,
    "System.Management.Automation.PipelineStoppedException": _RUNTIME,
    "System.Management.Automation.PSNotSupportedException": ("System.NotSupportedException", "System.SystemException"),
    "System.Management.Automation.PSArgumentException": ("System.ArgumentException", "System.SystemException"),
    "System.Management.Automation.PSInvalidOperationException": (
        "System.InvalidOperationException",
        "System.SystemException",
    ),
    "System.Management.Automation.Host.HostException": _RUNTIME,
    "System.Management.Automation.ItemNotFoundException": (
        "System.Management.Automation.SessionStateException",
        *_RUNTIME,
    ),
    "System.Management.Automation.RemoteException": _RUNTIME,
    "System.ArgumentException": ("System.SystemException",),
    "System.InvalidOperationException": ("System.SystemException",),
    "System.UnauthorizedAccessException": ("System.SystemException",),
    "System.IO.IOException": ("System.SystemException",),
    "System.IO.FileNotFoundException": ("System.IO.IOException", "System.SystemException"),
}

STOPPED = ErrorRecord(
    message="The pipeline has been stopped.",
    error_id="PipelineStopped",
    category="OperationStopped",
    exception_type="System.Management.Automation.PipelineStoppedException",
    reason="PipelineStoppedException",
)


def error_record(record: ErrorRecord) -> Thing:
    """An ErrorRecord as it travels (MS-PSRP 2.2.3.15), invocation information left out."""
    category = record.category if record.category in _CATEGORIES else "NotSpecified"
    reason = record.reason or record.exception_type.rpartition(".")[2]
    return Thing(
        ("System.Management.Automation.ErrorRecord", "System.Object"),
        record.message,
        {},
        {
            "Exception": _exception(record),
            "TargetObject": record.target,
            "FullyQualifiedErrorId": record.error_id,
            "InvocationInfo": None,
            "ErrorCategory_Category": _CATEGORIES.index(category),
            "ErrorCategory_Activity": record.activity,
            "ErrorCategory_Reason": reason,
            "ErrorCategory_TargetName": record.target_name,
            "ErrorCategory_TargetType": record.target_type,
            "ErrorCategory_Message": (
                f"{category}: ({_ellipsis(record.target_name)}:{_ellipsis(record.target_type)}) "
                f"[{_ellipsis(record.activity)}], {_ellipsis(reason)}"
            ),
            "SerializeExtendedInfo": False,
        },
    )


def _exception(record: ErrorRecord) -> Thing:
    chain = (record.exception_type, *_BASES.get(record.exception_type, ()), "System.Exception", "System.Object")
    return Thing(
        tuple(dict.fromkeys(chain)),
        f"{record.exception_type}: {record.message}",
        {
            "Message": record.message,
            "Data": {},
            "InnerException": None,
            "TargetSite": None,
            "StackTrace": None,
            "HelpLink": None,
            "Source": None,
            "HResult": -2146233087,
        },
    )


def _ellipsis(text: str) -> str:
    """CategoryInfo's message shortens each part over 40 characters to its two ends."""
    return text if len(text) <= 40 else f"{text[:15]}...{text[-15:]}"


def informational(kind: str, message: str) -> Thing:
    """A Warning-, Verbose- or DebugRecord (MS-PSRP 2.2.3.16); ``kind`` is the class name."""
    return Thing(
        (
            f"System.Management.Automation.{kind}",
            "System.Management.Automation.InformationalRecord",
            "System.Object",
        ),
        message,
        {},
        {"InformationalRecord_Message": message, "InformationalRecord_SerializeInvocationInfo": False},
    )


def information(data: Any, source: str, tags: Sequence[str], user: str, computer: str) -> Thing:
    """An InformationRecord (MS-PSRP 2.2.2.26)."""
    strings = ("System.Collections.Generic.List`1[[System.String, mscorlib]]", "System.Object")
    return Thing(
        ("System.Management.Automation.InformationRecord", "System.Object"),
        data if isinstance(data, str) else getattr(data, "text", None),
        {},
        {
            "MessageData": data,
            "Source": source,
            "TimeGenerated": datetime.now(UTC),
            "Tags": ListValue(tuple(tags), strings),
            "User": user,
            "Computer": computer,
            "ProcessId": Integer(4, "UInt32"),
            "NativeThreadId": Integer(0, "UInt32"),
            "ManagedThreadId": Integer(0, "UInt32"),
            "WriteInformationStream": True,
        },
    )


def progress(activity: str, status: str, percent: int, completed: bool) -> Thing:
    """A ProgressRecord message (MS-PSRP 2.2.2.25)."""
    kind = EnumValue(
        "Completed" if completed else "Processing",
        int(completed),
        ("System.Management.Automation.ProgressRecordType", "System.Enum", "System.ValueType", "System.Object"),
    )
    return Thing(
        (),
        None,
        {},
        {
            "Activity": activity,
            "ActivityId": 0,
            "StatusDescription": status,
            "CurrentOperation": None,
            "ParentActivityId": -1,
            "PercentComplete": percent,
            "Type": kind,
            "SecondsRemaining": -1,
        },
    )


def pipeline_state(state: State, record: ErrorRecord | None = None) -> Thing:
    """A PIPELINE_STATE message (MS-PSRP 2.2.2.21), with the record that ended the pipeline."""
    extended: dict[str, Any] = {"PipelineState": int(state)}
    if record is not None:
        extended["ExceptionAsErrorRecord"] = error_record(record)
    return Thing((), None, {}, extended)


def availability(call_id: int, answer: bool | int) -> Thing:
    """A RUNSPACE_AVAILABILITY message (MS-PSRP 2.2.2.8)."""
    reply: Any = answer if isinstance(answer, bool) else Integer(answer, "Int64")
    return Thing((), None, {}, {"SetMinMaxRunspacesResponse": reply, "ci": Integer(call_id, "Int64")})
