"""The faults of Windows' WS-Management service: numbers of wsmerror.h, subcodes of DSP0226, Windows' own words."""

from __future__ import annotations

from rehearsal.soap import FaultError
from rehearsal.values import TerminatingError

_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
_SERVICE = "The WS-Management service cannot process the request."


def timed_out() -> FaultError:
    """Nothing happened within OperationTimeout; the client asks again."""
    return FaultError(
        2150858793,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
        sender=False,
    )


def envelope_too_small(smallest: int) -> FaultError:
    return FaultError(
        2150858805,
        "w:EncodingLimit",
        f"{_SERVICE} MaxEnvelopeSize is less than {smallest}.",
        _DETAIL + "MinimumEnvelopeLimit",
    )


def unknown_action() -> FaultError:
    return FaultError(
        2150858771,
        "a:ActionNotSupported",
        "The WS-Management service does not support the action specified in the request.",
    )


def unknown_resource(resource: str) -> FaultError:
    return FaultError(
        2150858811,
        "a:DestinationUnreachable",
        f"{_SERVICE} The resource URI ({resource}) is missing or it has an incorrect format.",
        _DETAIL + "InvalidResourceURI",
    )


def unknown_shell(shell_id: str) -> FaultError:
    return FaultError(
        2150858843,
        "w:InvalidSelectors",
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the operation.",
        _DETAIL + "UnexpectedSelectors",
    )


def unknown_command(command_id: str) -> FaultError:
    return FaultError(
        2150858843,
        "w:InvalidSelectors",
        f"The request for the Windows Remote Shell failed because the command with CommandId {command_id} was not "
        "found on the server.",
        _DETAIL + "UnexpectedSelectors",
    )


def shell_exists(shell_id: str) -> FaultError:
    return FaultError(183, "w:AlreadyExists", f"A shell with the id {shell_id} exists.")


def too_many_shells(limit: int) -> FaultError:
    return FaultError(
        2150859173,
        "w:QuotaLimit",
        f"{_SERVICE} This user is allowed a maximum number of {limit} concurrent shells, which has been exceeded. "
        "Close existing shells or raise the quota for this user.",
    )


def too_many_operations(limit: int) -> FaultError:
    return FaultError(
        2150859174,
        "w:QuotaLimit",
        f"{_SERVICE} This user is allowed a maximum number of {limit} concurrent operations, which has been exceeded. "
        "Close existing operations for this user, or raise the quota for this user.",
    )


def no_disconnect() -> FaultError:
    return FaultError(
        2150859205, "w:UnsupportedFeature", f"{_SERVICE} The shell does not support disconnect and connect."
    )


def aborted() -> FaultError:
    """The shell was deleted while this request waited in it."""
    return FaultError(
        995,
        "w:InternalError",
        "The I/O operation has been aborted because of either a thread exit or an application request.",
        sender=False,
    )


def invalid_parameter(message: str) -> FaultError:
    return FaultError(87, "w:InvalidParameter", message)


def internal(fault: Exception) -> FaultError:
    """The lab itself broke."""
    return FaultError(1359, "w:InternalError", f"An internal error occurred: {fault}", sender=False)


def refused(refusal: TerminatingError) -> FaultError:
    """Access denied is Windows' error 5; a configuration that isn't there is ERROR_WINRS_SHELL_URI_INVALID."""
    record = refusal.record
    if record.category in ("PermissionDenied", "SecurityError"):
        return FaultError(5, "w:AccessDenied", record.message or "Access is denied.")
    return FaultError(2150859099, "a:DestinationUnreachable", record.message, _DETAIL + "InvalidResourceURI")
