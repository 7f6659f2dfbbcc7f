"""The health of Exchange servers as managed availability sees it: component states, and monitors in health sets.

A component is active unless a requester made it something else; only that requester can make it active again
(documented: vanhybrid.com 2013/07/14). The components of each role, and the choice of monitors, are from memory; the
health set OWA.Protocol.Dep and its monitor are named in Microsoft's health-set documentation (real-world.md B1, B3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

ACTIVE, INACTIVE, DRAINING = "Active", "Inactive", "Draining"
SERVER_WIDE = "ServerWideOffline"
REQUESTERS = ("HealthAPI", "Maintenance", "Sidelined", "Functional", "Deployment")
HEALTHY, UNHEALTHY = "Healthy", "Unhealthy"
IM_MONITOR = "OwaIMInitializationFailedMonitor"

_EVERY_SERVER = (SERVER_WIDE, "Monitoring", "RecoveryActionsEnabled")
_MAILBOX = ("HubTransport", "HighAvailability")
_CLIENT_ACCESS = (
    "FrontendTransport",
    "AutoDiscoverProxy",
    "ActiveSyncProxy",
    "EcpProxy",
    "EwsProxy",
    "ImapProxy",
    "OabProxy",
    "OwaProxy",
    "PopProxy",
    "PushNotificationsProxy",
    "RpsProxy",
    "RwsProxy",
    "RpcProxy",
    "UMCallRouter",
    "XropProxy",
    "MapiProxy",
)
_CLOUD_ONLY = ("ForwardSyncDaemon", "ProvisioningRps")
"""Inactive on every server on premises."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor of a health set; ``component`` is the server component that it belongs to, or None."""

    name: str
    health_set: str
    component: str = "None"


_ALWAYS = (
    Monitor("ActiveDirectoryConnectivityMonitor", "AD"),
    Monitor("HealthManagerHeartbeatMonitor", "Monitoring"),
)
_MAILBOX_MONITORS = (
    Monitor("OwaSelfTestMonitor", "OWA.Protocol"),
    Monitor("OwaDeepTestMonitor", "OWA.Protocol"),
    Monitor(IM_MONITOR, "OWA.Protocol.Dep"),
    Monitor("OwaCtpMonitor", "OWA"),
    Monitor("EacSelfTestMonitor", "ECP"),
    Monitor("DatabaseAvailabilityMonitor", "DataProtection", "HighAvailability"),
    Monitor("MSExchangeUMServiceMonitor", "UM.Protocol"),
)
_CLIENT_ACCESS_MONITORS = (
    Monitor("OwaProxyTestMonitor", "OWA.Proxy", "OwaProxy"),
    Monitor("EcpProxyTestMonitor", "ECP.Proxy", "EcpProxy"),
    Monitor("UMCallRouterMonitor", "UM.CallRouter", "UMCallRouter"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    """What one requester wants of a component."""

    component: str
    requester: str
    state: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """What a monitor has against the server, since when."""

    message: str
    time: datetime


@dataclass(slots=True)
class HealthBook:
    """Requested component states by (server, component, requester), alerts by (server, monitor); all lower case."""

    states: dict[tuple[str, str, str], ComponentState] = field(default_factory=dict)
    alerts: dict[tuple[str, str], Alert] = field(default_factory=dict)

    def requests(self, server: str, component: str) -> tuple[ComponentState, ...]:
        wanted = (server.lower(), component.lower())
        return tuple(one for key, one in sorted(self.states.items()) if key[:2] == wanted)

    def state(self, server: str, component: str) -> str:
        """The component's state: inactive as long as any requester, or the whole server's, wants it so."""
        if component in _CLOUD_ONLY:
            return INACTIVE
        wanted = [one.state for one in self.requests(server, component)]
        wanted += [one.state for one in self.requests(server, SERVER_WIDE)]
        return next((state for state in (INACTIVE, DRAINING) if state in wanted), ACTIVE)

    def alert(self, server: str, monitor: str) -> Alert | None:
        return self.alerts.get((server.lower(), monitor.lower()))


def components(*, mailbox: bool, client_access: bool, um: bool) -> Iterator[str]:
    """The components of a server with these roles; ``um``: its version has Unified Messaging."""
    yield from _EVERY_SERVER
    if mailbox:
        yield from _MAILBOX
    if client_access:
        yield from (one for one in _CLIENT_ACCESS if um or not one.startswith("UM"))
    yield from _CLOUD_ONLY


def monitors(*, mailbox: bool, client_access: bool, um: bool) -> Iterator[Monitor]:
    """The monitors that run on a server with these roles; ``um``: its version has Unified Messaging."""
    yield from _ALWAYS
    found = (_MAILBOX_MONITORS if mailbox else ()) + (_CLIENT_ACCESS_MONITORS if client_access else ())
    yield from (one for one in found if um or not one.health_set.startswith("UM"))
