"""Unified Messaging: dial plans, the UM service of mailbox servers, the UM call router of client access servers.

Joining a server to a SipName dial plan makes it known to Lync (L20, L43); the world sees to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    MANAGEMENT,
    check_domain_controller,
    command_type,
    fail,
    find,
    identity,
    is_managed_here,
    server_key,
    world_of,
)
from rehearsal.cmdlets.exchange_um_objects import (
    IP_FAMILIES,
    STARTUP_MODES,
    STATUSES,
    call_router,
    dial_plan,
    um_server,
    um_service,
)
from rehearsal.coercion import ListChange
from rehearsal.exchange_org import UmSettings
from rehearsal.exchange_versions import ExchangeVersion, offered_by
from rehearsal.objects import text_of

_WITH_UM = (ExchangeVersion.V2010, ExchangeVersion.V2013, ExchangeVersion.V2016)


def _um_cmdlet(name: str) -> str:
    return command_type(name, f"{MANAGEMENT}.Tasks.UM")


@cmdlet(
    "Get-UMDialPlan",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-UMDialPlan.md",
    parameters={"Identity": identity("UMDialPlanIdParameter"), **DOMAIN_CONTROLLER},
    command_type=_um_cmdlet("Get-UMDialPlan"),
    installed=offered_by(*_WITH_UM),
)
def get_um_dial_plan(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for plan in find(call, "Identity", world.exchange.dial_plans, _plan_name):
        call.output(dial_plan(world, plan))


@cmdlet(
    "Get-UMService",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-UMService.md",
    parameters={"Identity": identity("UMServerIdParameter"), **DOMAIN_CONTROLLER},
    command_type=_um_cmdlet("Get-UMService"),
    installed=offered_by(ExchangeVersion.V2013, ExchangeVersion.V2016),
)
def get_um_service(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for settings in find(call, "Identity", world.exchange.um_services, server_key(call)):
        call.output(um_service(world, settings))


@cmdlet(
    "Get-UMServer",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-UMServer.md; Exchange 2010 alone",
    parameters={"Identity": identity("UMServerIdParameter"), **DOMAIN_CONTROLLER},
    command_type=_um_cmdlet("Get-UMServer"),
    installed=offered_by(ExchangeVersion.V2010),
)
def get_um_server(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for settings in find(call, "Identity", world.exchange.um_servers, server_key(call)):
        call.output(um_server(world, settings))


@cmdlet(
    "Get-UMCallRouterSettings",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-UMCallRouterSettings.md",
    parameters={"Server": identity("ServerIdParameter"), **DOMAIN_CONTROLLER},
    command_type=_um_cmdlet("Get-UMCallRouterSettings"),
    installed=offered_by(ExchangeVersion.V2013, ExchangeVersion.V2016),
)
def get_um_call_router_settings(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for settings in find(call, "Server", world.exchange.call_routers, server_key(call)):
        call.output(call_router(world, settings))


_CHANGES: dict[str, Parameter] = {
    "DialPlans": Parameter(kind="MultiValuedProperty", allow_empty=True),
    "IPAddressFamily": Parameter(kind="IPAddressFamily", names=IP_FAMILIES),
    "IPAddressFamilyConfigurable": Parameter(kind="Boolean"),
    "MaxCallsAllowed": Parameter(kind="Int32"),
    "UMStartupMode": Parameter(kind="UMStartupMode", names=STARTUP_MODES),
}
_FIELDS = {
    "IPAddressFamily": "ip_address_family",
    "IPAddressFamilyConfigurable": "ip_address_family_configurable",
    "MaxCallsAllowed": "max_calls",
    "UMStartupMode": "startup_mode",
    "Status": "status",
    "IrmLogEnabled": "irm_log_enabled",
    "SipTcpListeningPort": "sip_tcp_port",
    "SipTlsListeningPort": "sip_tls_port",
}


@cmdlet(
    "Set-UMService",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Set-UMService.md; L42. The IRM log's size, age and path, and the grammar schedule, are taken and ignored",
    parameters={
        "Identity": identity("UMServerIdParameter", mandatory=True),
        **_CHANGES,
        **DOMAIN_CONTROLLER,
        "GrammarGenerationSchedule": Parameter(kind="ScheduleInterval[]"),
        "IrmLogEnabled": Parameter(kind="Boolean"),
        "IrmLogMaxAge": Parameter(kind="EnhancedTimeSpan"),
        "IrmLogMaxDirectorySize": Parameter(kind="Unlimited"),
        "IrmLogMaxFileSize": Parameter(kind="ByteQuantifiedSize"),
        "IrmLogPath": Parameter(kind="LocalLongFullPath"),
        "SIPAccessService": Parameter(kind="ProtocolConnectionSettings"),
        "Status": Parameter(kind="ServerStatus", names=STATUSES),
    },
    should_process=True,
    command_type=_um_cmdlet("Set-UMService"),
    installed=offered_by(ExchangeVersion.V2013, ExchangeVersion.V2016),
)
def set_um_service(call: Call) -> None:
    _change(call, "um-service", "Identity", world_of(call).exchange.um_services)


@cmdlet(
    "Set-UMServer",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Set-UMServer.md; Exchange 2010 alone; the other settings of that version can't be set here",
    parameters={
        "Identity": identity("UMServerIdParameter", mandatory=True),
        "DialPlans": _CHANGES["DialPlans"],
        "MaxCallsAllowed": _CHANGES["MaxCallsAllowed"],
        "UMStartupMode": _CHANGES["UMStartupMode"],
        "SipTcpListeningPort": Parameter(kind="Int32"),
        "SipTlsListeningPort": Parameter(kind="Int32"),
        "Status": Parameter(kind="ServerStatus", names=STATUSES),
        **DOMAIN_CONTROLLER,
    },
    should_process=True,
    command_type=_um_cmdlet("Set-UMServer"),
    installed=offered_by(ExchangeVersion.V2010),
)
def set_um_server(call: Call) -> None:
    _change(call, "um-server", "Identity", world_of(call).exchange.um_servers)


@cmdlet(
    "Set-UMCallRouterSettings",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Set-UMCallRouterSettings.md; L42. Without -Server the connected server (assumed)",
    parameters={
        "Server": identity("ServerIdParameter"),
        **_CHANGES,
        **DOMAIN_CONTROLLER,
        "SipTcpListeningPort": Parameter(kind="Int32"),
        "SipTlsListeningPort": Parameter(kind="Int32"),
    },
    should_process=True,
    command_type=_um_cmdlet("Set-UMCallRouterSettings"),
    installed=offered_by(ExchangeVersion.V2013, ExchangeVersion.V2016),
)
def set_um_call_router_settings(call: Call) -> None:
    _change(call, "call-router", "Server", world_of(call).exchange.call_routers)


def _change(call: Call, kind: str, parameter: str, table: Mapping[str, UmSettings]) -> None:
    check_domain_controller(call)
    world = world_of(call)
    with world.lock:
        if call.get(parameter) is None:
            own = table.get(call.host.short_name.lower())
            found = [own] if own else []
        else:
            found = find(call, parameter, table, server_key(call))
        for settings in found:
            given = {field: call.get(name) for name, field in _FIELDS.items() if call.given(name)}
            if call.given("DialPlans"):
                given["dial_plans"] = _dial_plans(call, call.get("DialPlans"), settings.dial_plans)
            if not is_managed_here(call, settings.server, settings.server):
                continue
            if not call.should_process(settings.server):
                continue
            if given.get("startup_mode", settings.startup_mode) != settings.startup_mode:
                service = "Unified Messaging" + (" Call Router" if kind == "call-router" else "")
                call.warning(
                    f"The new startup mode takes effect when the Microsoft Exchange {service} service restarts."
                )
            world.set_um(kind, replace(settings, **given))


def _dial_plans(call: Call, change: ListChange | None, current: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the dial plans after the change; every plan that it names must exist."""
    plans = world_of(call).exchange.dial_plans
    asked = change or ListChange(replace=())

    def names(items: tuple[Any, ...]) -> tuple[str, ...]:
        found = []
        for item in items:
            plan = plans.get(_plan_name(text_of(item)).lower())
            if plan is None:
                fail(
                    call,
                    f'The dial plan "{text_of(item)}" can\'t be found. Make sure that you typed the name correctly.',
                    "ManagementObjectNotFoundException",
                    category="NotSpecified",
                )
            found.append(plan.name)
        return tuple(found)

    replaced = None if asked.replace is None else names(asked.replace)
    return ListChange(replaced, names(asked.add), names(asked.remove)).apply(current)


def _plan_name(text: str) -> str:
    """A dial plan's name from its name or distinguished name."""
    return text.partition(",")[0].removeprefix("CN=") if text.upper().startswith("CN=") else text
