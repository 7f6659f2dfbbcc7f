"""Get-CimInstance for processes and the operating system, and Get-NetTCPConnection for listening ports."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.host import Listener
from rehearsal.objects import enum, matches
from rehearsal.values import EnumValue, ErrorRecord, Integer, Thing
from rehearsal.wql import WqlError, compile_condition

_CIM = "Microsoft.Management.Infrastructure.CimInstance"


def _instance(namespace: str, names: tuple[str, ...], properties: dict[str, Any], extended: dict[str, Any]) -> Thing:
    chain = [f"{_CIM}#{namespace}/{name}" for name in names] + [f"{_CIM}#{name}" for name in names]
    key = next((properties[name] for name in ("Name", "Caption") if properties.get(name)), "")
    return Thing((*chain, _CIM, "System.Object"), f'{names[0]} (Name = "{key}")', properties, extended)


def _processes(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "ProcessId": Integer(process.process_id, "UInt32"),
            "Name": process.name,
            "Caption": process.name,
            "Description": process.name,
            "CommandLine": process.command_line,
            "CreationDate": process.created.astimezone(call.host.timezone),
            "Handle": str(process.process_id),
            "CSName": call.host.short_name,
        }
        for process in call.host.processes
    ]


def _operating_system(call: Call) -> list[dict[str, Any]]:
    host = call.host
    now = host.clock().astimezone(host.timezone)
    offset = now.utcoffset()
    return [
        {
            "Caption": host.os_caption,
            "Name": f"{host.os_caption}|C:\\Windows|\\Device\\Harddisk0\\Partition2",
            "Version": host.os_version,
            "BuildNumber": host.os_version.rpartition(".")[2],
            "CSName": host.short_name,
            "OSArchitecture": "64-bit",
            "LocalDateTime": now,
            "LastBootUpTime": host.booted.astimezone(host.timezone),
            "CurrentTimeZone": Integer(int(offset.total_seconds() // 60) if offset else 0, "Int16"),
            "OSLanguage": Integer(1033, "UInt32"),
        }
    ]


_CLASSES = {
    "win32_process": (("Win32_Process", "CIM_Process", "CIM_LogicalElement"), _processes),
    "win32_operatingsystem": (
        ("Win32_OperatingSystem", "CIM_OperatingSystem", "CIM_LogicalElement"),
        _operating_system,
    ),
}


def instances(call: Call, name: str, namespace: str) -> tuple[tuple[str, ...], list[dict[str, Any]]] | None:
    """The classes from this one up, and the properties of each instance; ``None`` for a class that isn't there."""
    known = _CLASSES.get(name.lower()) if namespace.lower().replace("\\", "/") == "root/cimv2" else None
    return (known[0], known[1](call)) if known else None


def _cim_error(call: Call, code: str, message: str, category: str, target: str) -> None:
    call.error(
        ErrorRecord(
            message=message,
            error_id=f"HRESULT {code}",
            category=category,
            exception_type="Microsoft.Management.Infrastructure.CimException",
            target=target,
            target_name=target,
            target_type="String",
        )
    )


@cmdlet(
    "Get-CimInstance",
    module="CimCmdlets",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-CimInstance; classes Win32_Process and Win32_OperatingSystem of the CIMWin32 provider",
    parameters={
        "ClassName": Parameter(kind="String", mandatory=True, position=0, by_property_name=True),
        "Filter": Parameter(kind="String", by_property_name=True),
        "Namespace": Parameter(kind="String", by_property_name=True),
        "Property": Parameter(kind="String[]", aliases=("SelectProperties",)),
        "KeyOnly": SWITCH,
        "OperationTimeoutSec": Parameter(kind="UInt32", aliases=("OT",)),
    },
    default_set="",
    command_type="Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
    command_aliases=("gcim",),
)
def get_cim_instance(call: Call) -> None:
    name = call.parameters["ClassName"]
    namespace = call.get("Namespace") or "root/cimv2"
    known = instances(call, name, namespace)
    if known is None:
        target = f"{namespace.replace('/', chr(92))}:{name}"
        _cim_error(call, "0x80041010", "Invalid class ", "MetadataError", target)
        return
    names, rows = known
    if call.get("Filter"):
        try:
            test = compile_condition(call.parameters["Filter"])
            rows = [row for row in rows if test(row)]
        except WqlError:
            _cim_error(call, "0x80041017", "Invalid query ", "InvalidArgument", "")
            return
    for row in rows:
        call.output(_instance("root/cimv2", names, row, {}))


_STATES = {
    "Closed": 1,
    "Listen": 2,
    "SynSent": 3,
    "SynReceived": 4,
    "Established": 5,
    "FinWait1": 6,
    "FinWait2": 7,
    "CloseWait": 8,
    "Closing": 9,
    "LastAck": 10,
    "TimeWait": 11,
    "DeleteTCB": 12,
    "Bound": 100,
}
_STATE = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.NetTCPConnection.State"


def _connection(listener: Listener) -> Thing:
    state: EnumValue = enum(_STATE, "Listen", 2)
    remote = "::" if ":" in listener.address else "0.0.0.0"
    return Thing(
        (
            f"{_CIM}#ROOT/StandardCimv2/MSFT_NetTCPConnection",
            f"{_CIM}#ROOT/StandardCimv2/MSFT_NetTransportConnection",
            f"{_CIM}#MSFT_NetTCPConnection",
            f"{_CIM}#MSFT_NetTransportConnection",
            _CIM,
            "System.Object",
        ),
        "MSFT_NetTCPConnection",
        {
            "InstanceID": f"{listener.address}++{listener.port}++{remote}++0",
            "LocalAddress": listener.address,
            "LocalPort": Integer(listener.port, "UInt16"),
            "OwningProcess": Integer(listener.process_id, "UInt32"),
            "RemoteAddress": remote,
            "RemotePort": Integer(0, "UInt16"),
        },
        {"State": state, "AppliedSetting": None, "OffloadState": None},
    )


@cmdlet(
    "Get-NetTCPConnection",
    module="NetTCPIP",
    basis=Basis.DOCUMENTED,
    source="windows-powershell-docs Get-NetTCPConnection; error ids CmdletizationQuery_NotFound_LocalPort and, with "
    "several conditions, CmdletizationQuery_NotFound",
    parameters={
        "LocalAddress": Parameter(kind="String[]", position=0, aliases=("IPAddress",)),
        "LocalPort": Parameter(kind="UInt16[]", position=1),
        "RemoteAddress": Parameter(kind="String[]"),
        "RemotePort": Parameter(kind="UInt16[]"),
        "State": Parameter(kind="State[]", names=tuple(_STATES)),
        "OwningProcess": Parameter(kind="UInt32[]"),
    },
)
def get_net_tcp_connection(call: Call) -> None:
    found = []
    for listener in call.host.listeners:
        address_fits = any(matches(one, listener.address) for one in call.get("LocalAddress") or ("*",))
        port_fits = listener.port in (call.get("LocalPort") or (listener.port,))
        process_fits = listener.process_id in (call.get("OwningProcess") or (listener.process_id,))
        state_fits = "Listen" in (call.get("State") or ("Listen",))
        remote_fits = not call.get("RemotePort") or 0 in call.parameters["RemotePort"]
        if address_fits and port_fits and process_fits and state_fits and remote_fits:
            found.append(listener)
    for listener in found:
        call.output(_connection(listener))
    if not found and call.parameters:
        call.error(_no_connection(call))


def _no_connection(call: Call) -> ErrorRecord:
    conditions = {name: value for name, value in call.parameters.items() if value}
    if len(conditions) == 1:
        name, values = next(iter(conditions.items()))
        value = values[0]
        return ErrorRecord(
            message=f"No MSFT_NetTCPConnection objects found with property '{name}' equal to '{value}'.  Verify the "
            "value of the property and retry.",
            error_id=f"CmdletizationQuery_NotFound_{name},Get-NetTCPConnection",
            category="ObjectNotFound",
            exception_type="Microsoft.PowerShell.Cmdletization.Cim.CimJobException",
            target=value,
            target_name=str(value),
            target_type=call.declaration.parameters[name].kind.removesuffix("[]"),
        )
    clauses = []
    for name, values in conditions.items():
        numbers = (_STATES.get(value, value) for value in values)
        clauses.append("(" + " OR ".join(f"({name} = {value})" for value in numbers) + ")")
    query = f"SELECT * FROM MSFT_NetTCPConnection  WHERE {' AND '.join(clauses)}"
    return ErrorRecord(
        message="No matching MSFT_NetTCPConnection objects found by CIM query for instances of the "
        f"ROOT/StandardCimv2/MSFT_NetTCPConnection class on the  CIM server: {query}. Verify query parameters and "
        "retry.",
        error_id="CmdletizationQuery_NotFound,Get-NetTCPConnection",
        category="ObjectNotFound",
        exception_type="Microsoft.PowerShell.Cmdletization.Cim.CimJobException",
        target="MSFT_NetTCPConnection",
        target_name="MSFT_NetTCPConnection",
        target_type="String",
    )
