"""Unified Messaging: dial plans, the UM service of mailbox servers, the UM call router of client access servers.

Parameters and values are documented; the full property sets are from memory of the product (reference: recall).
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
    server_key,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import (
    CONFIGURATION_CHAIN,
    PRESENTATION_CHAIN,
    common_properties,
    enum,
    object_id,
    object_ids,
    strings,
    time_span,
)
from rehearsal.cmdlets.exchange_servers import SERVERS
from rehearsal.coercion import ListChange
from rehearsal.exchange_org import DialPlan, UmSettings
from rehearsal.objects import text_of
from rehearsal.values import Thing
from rehearsal.world import World

DIAL_PLANS = "CN=UM DialPlan Container,"
_UM = "Microsoft.Exchange.Data.Directory.SystemConfiguration"
_URI_TYPES = {"TelExtn": 0, "E164": 1, "SipName": 2}
_SECURITY = {"Unsecured": 0, "SIPSecured": 1, "Secured": 2}
_STARTUP = ("TCP", "TLS", "Dual")
_FAMILIES = ("Any", "IPv4Only", "IPv6Only")
_STATUS = ("Enabled", "Disabled", "NoNewCalls")


def _um_cmdlet(name: str) -> str:
    return command_type(name, f"{MANAGEMENT}.Tasks.UM")


@cmdlet(
    "Get-UMDialPlan",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-UMDialPlan.md",
    parameters={"Identity": identity("UMDialPlanIdParameter"), **DOMAIN_CONTROLLER},
    command_type=_um_cmdlet("Get-UMDialPlan"),
)
def get_um_dial_plan(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for plan in find(call, "Identity", world.exchange.dial_plans, _plan_name):
        call.output(_dial_plan(world, plan))


@cmdlet(
    "Get-UMService",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-UMService.md",
    parameters={"Identity": identity("UMServerIdParameter"), **DOMAIN_CONTROLLER},
    command_type=_um_cmdlet("Get-UMService"),
)
def get_um_service(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for settings in find(call, "Identity", world.exchange.um_services, server_key(call)):
        call.output(_um_service(world, settings))


@cmdlet(
    "Get-UMCallRouterSettings",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-UMCallRouterSettings.md",
    parameters={"Server": identity("ServerIdParameter"), **DOMAIN_CONTROLLER},
    command_type=_um_cmdlet("Get-UMCallRouterSettings"),
)
def get_um_call_router_settings(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for settings in find(call, "Server", world.exchange.call_routers, server_key(call)):
        call.output(_call_router(world, settings))


_CHANGES: dict[str, Parameter] = {
    "DialPlans": Parameter(kind="MultiValuedProperty", allow_empty=True),
    "IPAddressFamily": Parameter(kind="IPAddressFamily", names=_FAMILIES),
    "IPAddressFamilyConfigurable": Parameter(kind="Boolean"),
    "MaxCallsAllowed": Parameter(kind="Int32"),
    "UMStartupMode": Parameter(kind="UMStartupMode", names=_STARTUP),
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
        "Status": Parameter(kind="ServerStatus", names=_STATUS),
    },
    should_process=True,
    command_type=_um_cmdlet("Set-UMService"),
)
def set_um_service(call: Call) -> None:
    _change(call, "um-service", "Identity", world_of(call).exchange.um_services)


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


def _dial_plan(world: World, plan: DialPlan) -> Thing:
    exchange = world.exchange
    identity = object_id(world, plan.name, DIAL_PLANS, depth=6)
    members = [one.server for one in exchange.um_services.values() if _in(plan.name, one.dial_plans)]
    properties: dict[str, Any] = {
        "NumberOfDigitsInExtension": plan.digits,
        "LogonFailuresBeforeDisconnect": 3,
        "AccessTelephoneNumbers": strings([]),
        "FaxEnabled": True,
        "InputFailuresBeforeDisconnect": 3,
        "OutsideLineAccessCode": "",
        "DialByNamePrimary": enum(f"{_UM}.DialByNamePrimaryEnum", "LastFirst", 1),
        "DialByNameSecondary": enum(f"{_UM}.DialByNameSecondaryEnum", "SMTPAddress", 2),
        "AudioCodec": enum(f"{_UM}.AudioCodecEnum", "Mp3", 3),
        "DefaultLanguage": "en-US",
        "VoIPSecurity": enum(f"{_UM}.UMVoIPSecurityType", plan.voip_security, _SECURITY[plan.voip_security]),
        "MaxCallDuration": 30,
        "MaxRecordingDuration": 20,
        "RecordingIdleTimeout": 5,
        "UMServers": object_ids([object_id(world, name, SERVERS) for name in members]),
        "UMMailboxPolicies": object_ids([object_id(world, f"{plan.name} Default Policy", "CN=UM Mailbox Policies,")]),
        "UMAutoAttendants": object_ids([]),
        "UMIPGateway": object_ids([object_id(world, name, "CN=UM IPGateway Container,") for name in plan.gateways]),
        "URIType": enum(f"{_UM}.UMUriType", plan.uri_type, _URI_TYPES[plan.uri_type]),
        "SubscriberType": enum(f"{_UM}.UMSubscriberType", "Enterprise", 0),
        "GlobalCallRoutingScheme": enum(f"{_UM}.UMGlobalCallRoutingScheme", "None", 0),
        "CountryOrRegionCode": plan.country_code,
        "PhoneContext": f"{plan.name}.{exchange.domain}",
        "AdminDisplayName": "",
        "Name": plan.name,
        **common_properties(world, identity, ["top", "msExchUMDialPlan"], "ms-Exch-UM-Dial-Plan"),
    }
    return Thing((f"{_UM}.UMDialPlan", *CONFIGURATION_CHAIN), plan.name, properties)


def _um_service(world: World, settings: UmSettings) -> Thing:
    properties: dict[str, Any] = {
        "Name": settings.server,
        "MaxCallsAllowed": settings.max_calls,
        "Status": enum(f"{_UM}.ServerStatus", settings.status, _STATUS.index(settings.status)),
        "SipTcpListeningPort": 5062,
        "SipTlsListeningPort": 5063,
        "Languages": strings(["en-US"]),
        "DialPlans": _plan_ids(world, settings),
        "GrammarGenerationSchedule": strings(["Sun.2:00 AM-Sun.2:30 AM"]),
        "ExternalHostFqdn": None,
        "UMStartupMode": _startup(settings),
        "UMCertificateThumbprint": settings.certificate_thumbprint,
        "SIPAccessService": None,
        "IPAddressFamily": _family(settings),
        "IPAddressFamilyConfigurable": settings.ip_address_family_configurable,
        "IrmLogEnabled": settings.irm_log_enabled,
        "IrmLogMaxAge": time_span("30.00:00:00", 30 * 86400 * 10_000_000),
    }
    chain = ("Microsoft.Exchange.Data.Directory.Management.UMServer", *PRESENTATION_CHAIN)
    return _server_object(world, settings, chain, properties)


def _call_router(world: World, settings: UmSettings) -> Thing:
    properties: dict[str, Any] = {
        "MaxCallsAllowed": settings.max_calls,
        "SipTcpListeningPort": settings.sip_tcp_port,
        "SipTlsListeningPort": settings.sip_tls_port,
        "DialPlans": _plan_ids(world, settings),
        "UMStartupMode": _startup(settings),
        "UMCertificateThumbprint": settings.certificate_thumbprint,
        "IPAddressFamily": _family(settings),
        "IPAddressFamilyConfigurable": settings.ip_address_family_configurable,
        "Server": settings.server,
    }
    chain = (f"{_UM}.SIPFEServerConfiguration", *CONFIGURATION_CHAIN)
    return _server_object(world, settings, chain, properties)


def _server_object(world: World, settings: UmSettings, chain: tuple[str, ...], properties: dict[str, Any]) -> Thing:
    identity = object_id(world, settings.server, SERVERS)
    tail = common_properties(world, identity, ["top", "server", "msExchExchangeServer"], "ms-Exch-Exchange-Server")
    return Thing(chain, settings.server, {**properties, **tail})


def _plan_ids(world: World, settings: UmSettings) -> Any:
    return object_ids([object_id(world, name, DIAL_PLANS, depth=6) for name in settings.dial_plans])


def _startup(settings: UmSettings) -> Any:
    return enum(f"{_UM}.UMStartupMode", settings.startup_mode, _STARTUP.index(settings.startup_mode))


def _family(settings: UmSettings) -> Any:
    return enum(
        "Microsoft.Exchange.Data.IPAddressFamily",
        settings.ip_address_family,
        _FAMILIES.index(settings.ip_address_family),
    )


def _in(plan: str, plans: tuple[str, ...]) -> bool:
    return any(plan.lower() == one.lower() for one in plans)
