"""Lync's objects as they cross the wire.

Names that are also parameters or stand in examples are documented; the rest of the property sets, and the type chains
beyond the documented output type, are assumed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from rehearsal.lync_topology import LYNC_2013, LyncPool, Site, TopologyDocument, TrustedApplication, TrustedPool
from rehearsal.values import EnumValue, Integer, ListValue, Thing

XDS = "Microsoft.Rtc.Management.Xds"
DEPLOY = "Microsoft.Rtc.Management.Deploy.Internal"
_PORTS = ("AudioPort", "AppSharingPort", "VideoPort")


def texts(items: Iterable[str]) -> ListValue:
    """List of String."""
    element = "System.String, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
    return ListValue(tuple(items), (f"System.Collections.Generic.List`1[[{element}]]", "System.Object"))


def enum(type_name: str, name: str, number: int) -> EnumValue:
    return EnumValue(name, number, (type_name, "System.Enum", "System.ValueType", "System.Object"))


def thing(kind: str, text: str, properties: dict[str, Any], *more: str) -> Thing:
    return Thing((kind, *more, "System.Object"), text, properties)


def trusted_pool(document: TopologyDocument, pool: TrustedPool) -> Thing:
    """DisplayExternalServer. SiteId shows the site's Identity, though -Site took the SiteId (documented)."""
    identity = f"TrustedApplicationPool:{pool.fqdn}"
    ports = dict(pool.ports)
    properties: dict[str, Any] = {
        "Identity": identity,
        "Registrar": f"Registrar:{pool.registrar}" if pool.registrar else None,
        "FileStore": None,
        "ThrottleAsServer": pool.throttle_as_server,
        "TreatAsAuthenticated": pool.treat_as_authenticated,
        "OutboundOnly": pool.outbound_only,
        "RequiresReplication": pool.requires_replication,
    }
    for name in _PORTS:
        start = ports.get(f"{name}Start")
        properties[f"{name}Start"] = None if start is None else Integer(start, "UInt16")
        properties[f"{name}Count"] = Integer(ports.get(f"{name}Count", 0), "UInt16")
    properties |= {
        "Applications": texts(one.application_id for one in document.applications_of(pool.fqdn)),
        "DependentServiceList": texts([]),
        "ServiceId": f"{site_number(document, pool.site)}-ExternalServer-{pool.service_number}",
        "SiteId": pool.site,
        "PoolFqdn": pool.fqdn,
        "Version": LYNC_2013,
        "Role": "TrustedApplicationPool",
    }
    return thing(f"{XDS}.DisplayExternalServer", identity, properties, f"{XDS}.DisplayService")


def trusted_application(document: TopologyDocument, application: TrustedApplication) -> Thing:
    """DisplayTrustedApplication, with the GRUUs that the cmdlet makes up for computers and service (documented)."""
    pool = document.trusted_pool(application.pool)
    domain = document.sip_domains[0]
    computers = pool.computers if pool else ()
    protocol = ("Tcp", 1) if application.tcp else ("Mtls", 0)
    return thing(
        f"{XDS}.DisplayTrustedApplication",
        application.identity,
        {
            "Identity": application.identity,
            "ComputerGruus": texts(f"{name} {_gruu(name, application, domain)}" for name in computers),
            "ServiceGruu": _gruu(application.pool, application, domain),
            "Protocol": enum(f"{XDS}.ListenProtocol", *protocol),
            "ApplicationId": application.application_id,
            "TrustedApplicationPoolFqdn": application.pool,
            "Port": application.port,
            "LegacyApplicationName": application.legacy_name,
        },
    )


def computer(fqdn: str, pool: str, kind: str = f"{XDS}.DisplayComputer") -> Thing:
    return thing(kind, fqdn, {"Identity": fqdn, "Pool": pool, "Fqdn": fqdn})


def site(document: TopologyDocument, one: Site) -> Thing:
    pools = [pool.fqdn for pool in document.pools if pool.site == one.identity]
    trusted = [pool.fqdn for pool in document.trusted_pools if pool.site == one.identity]
    services = [f"{role}:{pool.fqdn}" for pool in document.pools if pool.site == one.identity for role in pool.services]
    return thing(
        f"{DEPLOY}.Site+CentralSite",
        one.identity,
        {
            "Identity": one.identity,
            "Services": texts([*services, *(f"TrustedApplicationPool:{fqdn}" for fqdn in trusted)]),
            "Pools": texts([*pools, *trusted]),
            "FederationRoute": one.federation_route,
            "XmppFederationRoute": None,
            "DefaultPersistentChatPool": None,
            "Description": None,
            "DisplayName": one.display_name,
            "SiteType": enum(f"{DEPLOY}.SiteType", "CentralSite", 0),
            "ParentSite": None,
            "SiteId": one.site_id,
        },
        f"{DEPLOY}.Site",
    )


def pool(document: TopologyDocument, one: LyncPool | TrustedPool) -> Thing:
    """A Cluster: Lync's own pools and trusted application pools alike."""
    services = one.services if isinstance(one, LyncPool) else ("TrustedApplicationPool",)
    return thing(
        f"{DEPLOY}.Cluster",
        one.fqdn,
        {
            "Identity": one.fqdn,
            "Services": texts(f"{role}:{one.fqdn}" for role in services),
            "Computers": texts(one.computers),
            "Fqdn": one.fqdn,
            "BackupPoolFqdn": None,
            "Site": one.site,
        },
    )


def service(document: TopologyDocument, role: str, one: LyncPool, number: int) -> Thing:
    """A service of one of Lync's own pools."""
    identity = f"{role}:{one.fqdn}"
    return thing(
        f"{XDS}.Display{role}",
        identity,
        {
            "Identity": identity,
            "DependentServiceList": texts([]),
            "ServiceId": f"{site_number(document, one.site)}-{role}-{number}",
            "SiteId": one.site,
            "PoolFqdn": one.fqdn,
            "Version": LYNC_2013,
            "Role": role,
        },
        f"{XDS}.DisplayService",
    )


def site_number(document: TopologyDocument, identity: str) -> int:
    return next(number for number, one in enumerate(document.sites, start=1) if one.identity == identity)


def _gruu(name: str, application: TrustedApplication, domain: str) -> str:
    short = application.application_id.rpartition(":")[2]
    digest = hashlib.sha256(f"{name}/{application.application_id}".encode()).digest()[:16]
    opaque = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return f"sip:{name}@{domain};gruu;opaque=srvr:{short}:{opaque}"
