"""Get-WmiObject: the same classes as Get-CimInstance, in every Windows PowerShell, with times as WMI writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.windows_cim import instances
from rehearsal.values import ErrorRecord, Thing
from rehearsal.wql import WqlError, compile_condition

_NAMESPACE = r"root\cimv2"
_OBJECT = "System.Management.ManagementObject"


@cmdlet(
    "Get-WmiObject",
    module="Microsoft.PowerShell.Management",
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-WmiObject (2.0 to 5.1); times in DMTF form: CIM infrastructure specification, DSP0004",
    parameters={
        "Class": Parameter(mandatory=True, position=0, aliases=("ClassName",)),
        "Property": Parameter(kind="String[]", position=1),
        "Filter": Parameter(),
        "Namespace": Parameter(aliases=("NS",)),
    },
    command_type="Microsoft.PowerShell.Commands.GetWmiObjectCommand",
    command_aliases=("gwmi",),
)
def get_wmi_object(call: Call) -> None:
    name, namespace = str(call.get("Class")), str(call.get("Namespace") or _NAMESPACE)
    known = instances(call, name, namespace)
    if known is None:
        _error(call, f'Invalid class "{name}"', "GetWMIManagementException", "InvalidType")
        return
    names, rows = known
    if call.get("Filter"):
        try:
            rows = list(filter(compile_condition(str(call.get("Filter"))), rows))
        except WqlError:
            _error(call, "Invalid query ", "GetWMIManagementException", "InvalidOperation")
            return
    for row in rows:
        call.output(_object(names, row))


def _object(names: tuple[str, ...], row: dict[str, Any]) -> Thing:
    chain = [rf"{_OBJECT}#{_NAMESPACE}\{one}" for one in names]
    bases = (_OBJECT, "System.Management.ManagementBaseObject", "System.ComponentModel.Component", "System.Object")
    properties = {name: _dmtf(value) if isinstance(value, datetime) else value for name, value in row.items()}
    return Thing((*chain, *bases), rf"\\.\{_NAMESPACE}:{names[0]}", {"__CLASS": names[0], **properties})


def _dmtf(moment: datetime) -> str:
    """``20150302080000.000000+000``: local time with its distance from UTC in minutes."""
    offset = moment.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    return f"{moment:%Y%m%d%H%M%S}.{moment.microsecond:06}{minutes:+04}"


def _error(call: Call, message: str, error_id: str, category: str) -> None:
    call.error(
        ErrorRecord(
            message=message,
            error_id=error_id,
            category=category,
            exception_type="System.Management.ManagementException",
        )
    )
