"""Get-Service and Restart-Service."""

from __future__ import annotations

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.host import Service
from rehearsal.objects import enum, has_wildcard, matches
from rehearsal.values import ErrorRecord, ListValue, Thing

_CHAIN = (
    "System.ServiceProcess.ServiceController",
    "System.ComponentModel.Component",
    "System.MarshalByRefObject",
    "System.Object",
)
_LIST = ("System.ServiceProcess.ServiceController[]", "System.Array", "System.Object")
_STATUS = {
    "Stopped": 1,
    "StartPending": 2,
    "StopPending": 3,
    "Running": 4,
    "ContinuePending": 5,
    "PausePending": 6,
    "Paused": 7,
}
_START = {"Automatic": 2, "Manual": 3, "Disabled": 4}


def _controller(call: Call, service: Service, *, nested: bool = False) -> Thing:
    needed = () if nested else tuple(call.host.service(name) for name in service.depends_on)
    dependents = (
        ()
        if nested
        else tuple(
            one
            for one in call.host.services.values()
            if service.name.lower() in (name.lower() for name in one.depends_on)
        )
    )
    required = ListValue(tuple(_controller(call, one, nested=True) for one in needed if one), _LIST)
    properties = {
        "CanPauseAndContinue": False,
        "CanShutdown": service.status == "Running",
        "CanStop": service.status == "Running",
        "DisplayName": service.display_name,
        "DependentServices": ListValue(tuple(_controller(call, one, nested=True) for one in dependents), _LIST),
        "MachineName": ".",
        "ServiceName": service.name,
        "ServicesDependedOn": required,
        "Status": enum("System.ServiceProcess.ServiceControllerStatus", service.status, _STATUS[service.status]),
        "ServiceType": enum("System.ServiceProcess.ServiceType", "Win32OwnProcess", 16),
    }
    if call.host.powershell_version >= (5, 0):
        start = _START[service.start_type]
        properties["StartType"] = enum("System.ServiceProcess.ServiceStartMode", service.start_type, start)
    return Thing(_CHAIN, _CHAIN[0], properties, {"Name": service.name, "RequiredServices": required})


def _found(call: Call) -> list[Service]:
    """The services asked for, each missing name reported; sorted by name, as the cmdlet lists them."""
    found: dict[str, Service] = {}
    services = call.host.services
    by_display = call.get("DisplayName")
    patterns = by_display or call.get("Name") or ("*",)
    for pattern in patterns:
        hits = [one for one in services.values() if matches(pattern, one.display_name if by_display else one.name)]
        if not hits and not by_display and not has_wildcard(pattern):
            # The service manager knows a service by its display name as well.
            hits = [one for one in services.values() if one.display_name.lower() == pattern.lower()]
        for service in hits:
            found[service.name.lower()] = service
        if not hits and not has_wildcard(pattern):
            what = "display name" if by_display else "service name"
            call.error(
                ErrorRecord(
                    message=f"Cannot find any service with {what} '{pattern}'.",
                    error_id="NoServiceFoundForGivenDisplayName" if by_display else "NoServiceFoundForGivenName",
                    category="ObjectNotFound",
                    exception_type="Microsoft.PowerShell.Commands.ServiceCommandException",
                    target=pattern,
                    target_name=pattern,
                    target_type="String",
                )
            )
    return [found[name] for name in sorted(found)]


_NAMES = {
    "Name": Parameter(
        kind="String[]", position=0, by_value=True, by_property_name=True, aliases=("ServiceName",), sets=("Default",)
    ),
    "DisplayName": Parameter(kind="String[]", mandatory=True, sets=("DisplayName",)),
    "Include": Parameter(kind="String[]"),
    "Exclude": Parameter(kind="String[]"),
}


@cmdlet(
    "Get-Service",
    module="Microsoft.PowerShell.Management",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Service; error ids as in the documentation of Receive-Job's example",
    parameters={
        **_NAMES,
        "DependentServices": Parameter(kind="SwitchParameter", aliases=("DS",)),
        "RequiredServices": Parameter(kind="SwitchParameter", aliases=("SDO", "ServicesDependedOn")),
    },
    default_set="Default",
    command_type="Microsoft.PowerShell.Commands.GetServiceCommand",
    command_aliases=("gsv",),
)
def get_service(call: Call) -> None:
    for service in _found(call):
        controller = _controller(call, service)
        shown = [controller]
        if call.switch("DependentServices"):
            shown = list(controller.properties["DependentServices"].items)
        elif call.switch("RequiredServices"):
            shown = list(controller.properties["ServicesDependedOn"].items)
        for one in shown:
            call.output(one)


@cmdlet(
    "Restart-Service",
    module="Microsoft.PowerShell.Management",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Restart-Service",
    parameters={
        **_NAMES,
        "Name": Parameter(
            kind="String[]",
            mandatory=True,
            position=0,
            by_value=True,
            by_property_name=True,
            aliases=("ServiceName",),
            sets=("Default",),
        ),
        "Force": SWITCH,
        "PassThru": SWITCH,
    },
    should_process=True,
    default_set="Default",
    command_type="Microsoft.PowerShell.Commands.RestartServiceCommand",
)
def restart_service(call: Call) -> None:
    for service in _found(call):
        if not call.should_process(f"{service.display_name} ({service.name})"):
            continue
        running = [
            one.name
            for one in call.host.services.values()
            if service.name.lower() in (name.lower() for name in one.depends_on) and one.status == "Running"
        ]
        if running and not call.switch("Force"):
            call.error(
                ErrorRecord(
                    message=f"Cannot stop service '{service.display_name} ({service.name})' because it has dependent "
                    "services. It can only be stopped if the Force flag is set.",
                    error_id="ServiceHasDependentServices",
                    category="InvalidOperation",
                    exception_type="Microsoft.PowerShell.Commands.ServiceCommandException",
                    target_name=service.name,
                    target_type="ServiceController",
                )
            )
            continue
        for name in (*running, service.name):
            call.host.set_service_status(name, "Stopped")
        for name in (service.name, *running):
            call.host.set_service_status(name, "Running")
        if call.switch("PassThru"):
            call.output(_controller(call, service))
