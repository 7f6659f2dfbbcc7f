"""Finding Exchange objects by identity, and the errors of finding none.

``-Identity $null`` finds everything, as on a real server (documented caution of Get-OwaVirtualDirectory and others).
The forms of messages and error ids are recorded in public threads; the error's number, which a real server computes
from the message, is derived from the text here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar, cast

from rehearsal.cmdlet import Call, Parameter
from rehearsal.exchange_org import ExchangeServer
from rehearsal.objects import text_of
from rehearsal.values import ErrorRecord
from rehearsal.world import World

T = TypeVar("T")
MANAGEMENT = "Microsoft.Exchange.Management"
_CONFIGURATION = f"{MANAGEMENT}.SystemConfigurationTasks"

DOMAIN_CONTROLLER = {"DomainController": Parameter(kind="Fqdn")}


def identity(kind: str, *, mandatory: bool = False, sets: tuple[str, ...] = ()) -> Parameter:
    """An identity parameter: first position, from the pipeline by value and by property name."""
    return Parameter(kind=kind, mandatory=mandatory, position=0, by_value=True, by_property_name=True, sets=sets)


def world_of(call: Call) -> World:
    return cast(World, call.world)


def check_domain_controller(call: Call) -> None:
    """The error that a -DomainController gives which is none."""
    wanted = call.get("DomainController")
    known = world_of(call).exchange.domain_controller
    if wanted is not None and str(wanted).lower() not in (known.lower(), known.partition(".")[0].lower()):
        fail(
            call,
            f"The Active Directory server '{wanted}' could not be contacted: an Active Directory server with this "
            "name is not available.",
            "SuitabilityDirectoryException",
            category="ResourceUnavailable",
            namespace="Microsoft.Exchange.Data.Directory",
        )


def find(call: Call, parameter: str, objects: Mapping[str, T], name: Callable[[str], str] = str) -> list[T]:
    """The objects that ``parameter`` names: all without it or with ``$null``, one by name, or an error and none.

    ``name`` turns the text of an identity into a key of ``objects``.
    """
    wanted = call.get(parameter)
    if wanted is None:
        return list(objects.values())
    text = text_of(wanted)
    found = objects.get(name(text).lower())
    if found is None:
        report_not_found(call, text)
        return []
    return [found]


def server_key(call: Call) -> Callable[[str], str]:
    """Turns a server's FQDN, NetBIOS name or distinguished name into its key."""

    def key(text: str) -> str:
        server = world_of(call).exchange.find_server(text)
        return server.name if server else text

    return key


def find_server(call: Call, parameter: str) -> ExchangeServer | None:
    """The server that ``parameter`` names, or an error and None."""
    text = text_of(call.get(parameter))
    server = world_of(call).exchange.find_server(text)
    if server is None:
        report_not_found(call, text)
    return server


def report_not_found(call: Call, text: str) -> None:
    """The non-terminating ManagementObjectNotFoundException."""
    dc = world_of(call).exchange.domain_controller
    call.error(
        _record(
            call,
            f"The operation couldn't be performed because object '{text}' couldn't be found on '{dc}'.",
            "ManagementObjectNotFoundException",
            "NotSpecified",
            "Microsoft.Exchange.Configuration.Tasks",
        )
    )


def is_managed_here(call: Call, server: str, identity: str) -> bool:
    """Whether an object of this server (NetBIOS name) may be changed from the connected one; if not, an error says so.

    Each version's objects are managed through an endpoint of that version (real-world.md B4). That another one refuses,
    and with these words, is *assumed*.
    """
    own, other = (world_of(call).exchange.find_server(name) for name in (call.host.name, server))
    if own is None or other is None or own.version is other.version:
        return True
    message = (
        f"The object '{identity}' belongs to a server of {other.version.full_name} and can't be changed from a server "
        f"of {own.version.full_name}. Connect to a server of its version."
    )
    call.error(
        _record(call, message, "TaskInvalidOperationException", "InvalidOperation", "Microsoft.Exchange.Management")
    )
    return False


def fail(
    call: Call,
    message: str,
    exception: str,
    *,
    category: str = "InvalidArgument",
    namespace: str = "Microsoft.Exchange.Configuration.Tasks",
) -> NoReturn:
    """A terminating error in Exchange's form."""
    call.fail(_record(call, message, exception, category, namespace))


def _record(call: Call, message: str, exception: str, category: str, namespace: str) -> ErrorRecord:
    world = world_of(call)
    now = world.clock.now()
    stamp = f"{now.month}/{now.day}/{now.year} {now.hour % 12 or 12}:{now:%M:%S %p}"
    request = world.guid("request", call.host.name, stamp, message)
    number = hashlib.sha256(message.encode()).hexdigest()[:8].upper()
    return ErrorRecord(
        message=message,
        error_id=f"[Server={call.host.short_name},RequestId={request},TimeStamp={stamp}] "
        f"[FailureCategory=Cmdlet-{exception}] {number},{call.declaration.command_type}",
        category=category,
        exception_type=f"{namespace}.{exception}",
        reason=exception,
    )


def command_type(cmdlet: str, namespace: str = _CONFIGURATION) -> str:
    """``Get-UMService`` → ``….GetUMService``, the second half of an error id."""
    return f"{namespace}.{cmdlet.replace('-', '')}"
