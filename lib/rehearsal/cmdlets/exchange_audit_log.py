"""Search-AdminAuditLog and Get-AdminAuditLogConfig.

Parameters: Search-AdminAuditLog.md and Get-AdminAuditLogConfig.md (office-docs-powershell). What an entry holds is
documented (administrator audit log structure, Exchange 2013); the names of its properties are as public scripts read
them, its type, ExternalAccess and the form of OriginatingServer from memory. Searching an index takes time: each search
lets some of the world's pass (assumed).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from rehearsal.admin_audit_log import SEARCHING, AuditEntry
from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    fail,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import (
    CONFIGURATION_CHAIN,
    common_properties,
    enum,
    object_id,
    strings,
    time_span,
    with_serialization_data,
)
from rehearsal.coercion import ConversionError, ListChange, coerce, register_kind
from rehearsal.exchange_versions import ExchangeVersion, offered_by
from rehearsal.objects import matches
from rehearsal.values import ListValue, Thing
from rehearsal.world import World

_DEFAULT_SIZE = 1000
_FIRST_SERVICE_PACK = (14, 1, 0, 0)
_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"
_EVENT_CHAIN = (f"{_TASKS}.AdminAuditLogEvent", "Microsoft.Exchange.Data.ConfigurableObject", "System.Object")
_DATE = Parameter(kind="DateTime")
_NAMES = Parameter(kind="MultiValuedProperty")
_LEVELS = {"None": 0, "Verbose": 1}


def _ex_date_time(value: Any) -> Any:
    """An ExDateTime is written as a DateTime is."""
    try:
        return coerce(value, _DATE)
    except ConversionError as refusal:
        raise ValueError(refusal.reason) from refusal


register_kind("ExDateTime", _ex_date_time)


@cmdlet(
    "Search-AdminAuditLog",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Search-AdminAuditLog.md; administrator audit log structure; since 2010 SP1; newest first (assumed)",
    parameters={
        "Cmdlets": _NAMES,
        "EndDate": Parameter(kind="ExDateTime"),
        "ExternalAccess": Parameter(kind="Boolean"),
        "IsSuccess": Parameter(kind="Boolean"),
        "ObjectIds": _NAMES,
        "Parameters": _NAMES,
        "ResultSize": Parameter(kind="Int32"),
        "StartDate": Parameter(kind="ExDateTime"),
        "StartIndex": Parameter(kind="Int32"),
        "UserIds": _NAMES,
        **DOMAIN_CONTROLLER,
    },
    command_type=command_type("Search-AdminAuditLog"),
    installed=offered_by(*ExchangeVersion, since=_FIRST_SERVICE_PACK),
)
def search_admin_audit_log(call: Call) -> None:
    check_domain_controller(call)
    if call.given("Parameters") and not call.given("Cmdlets"):
        fail(
            call, "The Parameters parameter can be used only together with the Cmdlets parameter.", "ArgumentException"
        )
    world = world_of(call)
    world.clock.tick(SEARCHING)
    start = call.get("StartIndex", 0)
    found = list(_wanted(call, world.exchange.audit.found(world.clock.now())))
    for entry in found[start : start + call.get("ResultSize", _DEFAULT_SIZE)]:
        call.output(_event(world, entry))


@cmdlet(
    "Get-AdminAuditLogConfig",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-AdminAuditLogConfig.md; Set-AdminAuditLogConfig.md for the meaning of each; the others' values assumed",
    parameters=DOMAIN_CONTROLLER,
    command_type=command_type("Get-AdminAuditLogConfig"),
)
def get_admin_audit_log_config(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    configuration = world.exchange.audit.configuration
    identity = object_id(world, "Admin Audit Log Settings", "CN=Global Settings,", depth=7)
    system = "Microsoft.Exchange.Data.Directory.SystemConfiguration"
    age = configuration.age_limit
    properties: dict[str, Any] = {
        "AdminAuditLogEnabled": configuration.enabled,
        "LogLevel": enum(f"{system}.AuditLogLevel", configuration.log_level, _LEVELS[configuration.log_level]),
        "TestCmdletLoggingEnabled": False,
        "AdminAuditLogCmdlets": strings(configuration.cmdlets),
        "AdminAuditLogParameters": strings(configuration.parameters),
        "AdminAuditLogExcludedCmdlets": strings(configuration.excluded),
        "AdminAuditLogAgeLimit": time_span(f"{age.days}.00:00:00", age.days * 864_000_000_000),
        "AdminAuditLogMailbox": "",
        "AdminDisplayName": "",
        "Name": "Admin Audit Log Settings",
        **common_properties(world, identity, ["top", "msExchAdminAuditLogConfig"], "ms-Exch-Admin-Audit-Log-Config"),
    }
    call.output(Thing((f"{system}.AdminAuditLogConfig", *CONFIGURATION_CHAIN), "Admin Audit Log Settings", properties))


def _wanted(call: Call, entries: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
    start: datetime | None = call.get("StartDate")
    end: datetime | None = call.get("EndDate")
    for entry in entries:
        outside = (start is not None and entry.time < start) or (end is not None and entry.time > end)
        wrong = call.given("IsSuccess") and call.get("IsSuccess") is not entry.succeeded
        # Whoever works for the organisation is no external access.
        if outside or wrong or call.get("ExternalAccess") is True:
            continue
        user = entry.caller.rpartition("/")[2]
        named = (
            _named(call, "Cmdlets", (entry.cmdlet,)),
            _named(call, "Parameters", (name for name, _ in entry.parameters)),
            _named(call, "ObjectIds", (entry.object,)),
            _named(call, "UserIds", (entry.caller, user)),
        )
        if all(named):
            yield entry


def _named(call: Call, parameter: str, names: Iterable[str]) -> bool:
    """Whether one of the names is among those asked for; without the parameter all are."""
    change = call.get(parameter)
    if not isinstance(change, ListChange) or not change.replace:
        return True
    there = tuple(names)
    return any(matches(str(wanted), name) for wanted in change.replace for name in there)


def _event(world: World, entry: AuditEntry) -> Thing:
    properties: dict[str, Any] = {
        "ObjectModified": entry.object,
        "CmdletName": entry.cmdlet,
        "CmdletParameters": _collection(
            [_parameter(name, value) for name, value in entry.parameters], "AdminAuditLogCmdletParameter"
        ),
        "ModifiedProperties": _collection([], "AdminAuditLogModifiedProperty"),
        "Caller": entry.caller,
        "ExternalAccess": False,
        "Succeeded": entry.succeeded,
        "Error": entry.error or None,
        "RunDate": entry.time,
        "OriginatingServer": entry.server,
        "Identity": str(world.guid("audit", entry.time.isoformat(), entry.cmdlet, entry.object)),
        "IsValid": True,
        "ObjectState": enum("Microsoft.Exchange.Data.ObjectState", "New", 0),
    }
    return with_serialization_data(Thing(_EVENT_CHAIN, _EVENT_CHAIN[0], properties))


def _parameter(name: str, value: str) -> Thing:
    chain = (f"{_TASKS}.AdminAuditLogCmdletParameter", "System.Object")
    return Thing(chain, name, {"Name": name, "Value": value})


def _collection(items: list[Thing], element: str) -> ListValue:
    kind = f"Microsoft.Exchange.Data.MultiValuedProperty`1[[{_TASKS}.{element}]]"
    return ListValue(tuple(items), (kind, "Microsoft.Exchange.Data.MultiValuedPropertyBase", "System.Object"))
