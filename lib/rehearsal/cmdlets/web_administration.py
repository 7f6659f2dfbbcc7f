"""Restart-WebAppPool and Get-WebAppPoolState, of IIS's module WebAdministration."""

from __future__ import annotations

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.iis import AppPool
from rehearsal.values import ErrorRecord, Thing

_MODULE = "WebAdministration"
_SOURCE = "windows-powershell-docs {}; errors as users quote them in public threads, the stopped pool's id assumed"
_PROVIDER = "Microsoft.IIs.PowerShell.Provider"
_NAME = {"Name": Parameter(kind="String", position=0, by_property_name=True)}


def _pool(call: Call) -> AppPool | None:
    """The pool asked for; one that isn't there is reported, as the items of the IIS: drive are."""
    name = str(call.get("Name") or "")
    found = call.host.web.pool(name) if call.host.web else None
    if found is None:
        path = f"IIS:\\AppPools\\{name}"
        call.error(
            ErrorRecord(
                message=f"Cannot find path '{path}' because it does not exist.",
                error_id="PathNotFound",
                category="ObjectNotFound",
                exception_type="System.Management.Automation.ItemNotFoundException",
                target=path,
                target_name=path,
                target_type="String",
            )
        )
    return found


@cmdlet(
    "Restart-WebAppPool",
    module=_MODULE,
    basis=Basis.DOCUMENTED,
    source=_SOURCE.format("Restart-WebAppPool"),
    parameters=_NAME,
    command_type=f"{_PROVIDER}.RecycleItemCommand",
)
def restart_web_app_pool(call: Call) -> None:
    """It prints nothing."""
    pool = _pool(call)
    if pool is not None and call.host.web and call.host.web.jammed:
        call.fail(
            ErrorRecord(
                message="The service cannot accept control messages at this time. (Exception from HRESULT: 0x80070425)",
                error_id="System.Runtime.InteropServices.COMException",
                category="NotSpecified",
                exception_type="System.Runtime.InteropServices.COMException",
            )
        )
    if pool is not None and call.host.web and not call.host.web.recycle(pool.name):
        call.fail(
            ErrorRecord(
                message="You have to start stopped object before restarting it.",
                error_id="InvalidOperation",
                category="InvalidOperation",
                exception_type="System.InvalidOperationException",
            )
        )


@cmdlet(
    "Get-WebAppPoolState",
    module=_MODULE,
    basis=Basis.DOCUMENTED,
    source=_SOURCE.format("Get-WebAppPoolState"),
    parameters=_NAME,
    command_type=f"{_PROVIDER}.GetItemStateCommand",
)
def get_web_app_pool_state(call: Call) -> None:
    """An object whose ``Value`` is Started or Stopped; of all pools where none is named."""
    pools = list(call.host.web.pools.values()) if call.host.web and not call.given("Name") else [_pool(call)]
    for pool in pools:
        if pool is not None:
            kind = "Microsoft.IIs.PowerShell.Framework.CodeProperty"
            call.output(Thing((kind, "System.Object"), kind, {"Value": pool.state}, {"ItemXPath": _xpath(pool)}))


def _xpath(pool: AppPool) -> str:
    return f"/system.applicationHost/applicationPools/add[@name='{pool.name}']"
