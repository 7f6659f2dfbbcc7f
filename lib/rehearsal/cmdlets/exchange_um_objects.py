"""Objects of Unified Messaging as they cross the wire. Their property sets are from memory of the product."""

from __future__ import annotations

from typing import Any

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
from rehearsal.exchange_org import DialPlan, UmSettings
from rehearsal.values import Thing
from rehearsal.world import World

DIAL_PLANS = "CN=UM DialPlan Container,"
_UM = "Microsoft.Exchange.Data.Directory.SystemConfiguration"
_URI_TYPES = {"TelExtn": 0, "E164": 1, "SipName": 2}
_SECURITY = {"Unsecured": 0, "SIPSecured": 1, "Secured": 2}
STARTUP_MODES = ("TCP", "TLS", "Dual")
IP_FAMILIES = ("Any", "IPv4Only", "IPv6Only")
STATUSES = ("Enabled", "Disabled", "NoNewCalls")


def dial_plan(world: World, plan: DialPlan) -> Thing:
    exchange = world.exchange
    identity = object_id(world, plan.name, DIAL_PLANS, depth=6)
    services = (*exchange.um_services.values(), *exchange.um_servers.values())
    members = [one.server for one in services if _in(plan.name, one.dial_plans)]
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


def um_service(world: World, settings: UmSettings) -> Thing:
    properties: dict[str, Any] = {
        "Name": settings.server,
        "MaxCallsAllowed": settings.max_calls,
        "Status": enum(f"{_UM}.ServerStatus", settings.status, STATUSES.index(settings.status)),
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


def um_server(world: World, settings: UmSettings) -> Thing:
    """The UM server of Exchange 2010: without the properties that came with 2013, and with its own listening ports."""
    thing = um_service(world, settings)
    for name in ("IPAddressFamily", "IPAddressFamilyConfigurable", "IrmLogEnabled", "IrmLogMaxAge"):
        del thing.properties[name]
    thing.properties |= {"SipTcpListeningPort": settings.sip_tcp_port, "SipTlsListeningPort": settings.sip_tls_port}
    return thing


def call_router(world: World, settings: UmSettings) -> Thing:
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
    return enum(f"{_UM}.UMStartupMode", settings.startup_mode, STARTUP_MODES.index(settings.startup_mode))


def _family(settings: UmSettings) -> Any:
    return enum(
        "Microsoft.Exchange.Data.IPAddressFamily",
        settings.ip_address_family,
        IP_FAMILIES.index(settings.ip_address_family),
    )


def _in(plan: str, plans: tuple[str, ...]) -> bool:
    return any(plan.lower() == one.lower() for one in plans)
