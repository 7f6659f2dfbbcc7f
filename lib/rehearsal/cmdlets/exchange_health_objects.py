"""Component states, service checks and monitors as they cross the wire."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rehearsal.cmdlets.exchange_objects import enum, strings
from rehearsal.exchange_health import ACTIVE, HEALTHY, IM_MONITOR, UNHEALTHY, ComponentState, Monitor
from rehearsal.exchange_org import ExchangeServer
from rehearsal.values import EnumValue, Thing
from rehearsal.world import World

_CONFIGURABLE = ("Microsoft.Exchange.Data.ConfigurableObject", "System.Object")
_MANAGEMENT = "Microsoft.Exchange.Data.Directory.Management"
_MONITORING = "Microsoft.Exchange.Monitoring"
_STATES = {"Inactive": 0, ACTIVE: 1, "Draining": 2}
_ALERTS = {"Unknown": 0, HEALTHY: 1, "Degraded": 2, UNHEALTHY: 3}


def component_state(world: World, server: ExchangeServer, component: str) -> Thing:
    """The state of one component with what each requester wants, in the registry (local) and the directory (remote)."""
    health = world.exchange.health
    requests = [_request(one) for one in health.requests(server.name, component)]
    state = health.state(server.name, component)
    properties: dict[str, Any] = {
        "LocalStates": requests,
        "RemoteStates": requests,
        "ServerFqdn": server.fqdn,
        "Component": component,
        "State": enum("Microsoft.Exchange.Data.Directory.ServiceState", state, _STATES[state]),
        "Identity": server.name,
        "IsValid": True,
        "ObjectState": _object_state(),
    }
    chain = (f"{_MANAGEMENT}.ServerComponentStatePresentationObject", *_CONFIGURABLE)
    return Thing(chain, f"{server.name}\\{component}", properties)


def services_status(role: str, required: Sequence[str], running: Collection[str]) -> Thing:
    """Whether the services that a role requires run; ``running`` has their names in lower case."""
    up = [name for name in required if name.lower() in running]
    down = [name for name in required if name.lower() not in running]
    chain = (f"{_MONITORING}.ExchangeServicesStatus", *_CONFIGURABLE)
    properties: dict[str, Any] = {
        "Role": role,
        "RequiredServicesRunning": not down,
        "ServicesNotRunning": strings(down),
        "ServicesRunning": strings(up),
        "Identity": None,
        "IsValid": True,
        "ObjectState": _object_state(),
    }
    return Thing(chain, chain[0], properties)


def health_report(world: World, server: ExchangeServer, health_set: str, monitors: Sequence[Monitor]) -> Thing:
    """One health set of a server: unhealthy as soon as one of its monitors is."""
    entries = [monitor_health(world, server, monitor) for monitor in monitors]
    worst = max((entry.properties["AlertValue"] for entry in entries), key=lambda value: value.number)
    changed = max(entry.properties["LastTransitionTime"] for entry in entries)
    properties: dict[str, Any] = {
        "Server": server.name,
        "State": entries[0].properties["CurrentHealthSetState"],
        "HealthSet": health_set,
        "HealthGroup": _group(health_set),
        "AlertValue": worst,
        "LastTransitionTime": changed,
        "MonitorCount": len(entries),
        "HaImpactingMonitorCount": 0,
        "Entries": entries,
        "Identity": f"{server.name}\\{health_set}",
        "IsValid": True,
        "ObjectState": _object_state(),
    }
    return Thing((f"{_MONITORING}.ConsolidatedHealth", *_CONFIGURABLE), f"{server.name}\\{health_set}", properties)


def monitor_health(world: World, server: ExchangeServer, monitor: Monitor) -> Thing:
    """One monitor. That of instant messaging follows how the provider's start went, if it was tried."""
    message, since = _alert(world, server, monitor)
    value = UNHEALTHY if message else HEALTHY
    state = "NotApplicable"
    if monitor.component != "None":
        effective = world.exchange.health.state(server.name, monitor.component)
        state = "Online" if effective == ACTIVE else "Offline"
    properties: dict[str, Any] = {
        "Server": server.name,
        "CurrentHealthSetState": enum(
            f"{_MONITORING}.MonitorServerComponentState", state, {"Online": 4, "Offline": 2, "NotApplicable": 1}[state]
        ),
        "Name": monitor.name,
        "TargetResource": "",
        "HealthSetName": monitor.health_set,
        "HealthGroupName": _group(monitor.health_set),
        "AlertValue": enum(f"{_MONITORING}.MonitorAlertState", value, _ALERTS[value]),
        "FirstAlertObservedTime": since if message else None,
        "Description": "",
        "IsHaImpacting": False,
        "ServerComponentName": monitor.component,
        "LastTransitionTime": since,
        "LastExecutionTime": world.clock.now(),
        "Error": message,
        "Exception": "",
        "Identity": f"{monitor.health_set}\\{monitor.name}",
        "IsValid": True,
        "ObjectState": _object_state(),
    }
    chain = (f"{_MONITORING}.MonitorHealthEntry", *_CONFIGURABLE)
    return Thing(chain, f"{monitor.health_set}\\{monitor.name}", properties)


def _alert(world: World, server: ExchangeServer, monitor: Monitor) -> tuple[str, Any]:
    """What the monitor has against the server ('' for nothing), and since when it says so."""
    found = world.exchange.health.alert(server.name, monitor.name)
    if found is not None:
        return found.message, found.time
    owa = world.owa.get(server.fqdn)
    if monitor.name == IM_MONITOR and owa is not None and owa.initialised and owa.obstacles:
        return owa.obstacles[0].reason.removeprefix("Outlook Web App: "), world.clock.now()
    return "", world.epoch


def _request(one: ComponentState) -> Thing:
    chain = ("Microsoft.Exchange.Data.Directory.ServerComponentStateData", "System.Object")
    return Thing(
        chain,
        chain[0],
        {
            "Requester": one.requester,
            "State": enum("Microsoft.Exchange.Data.Directory.ServiceState", one.state, _STATES[one.state]),
            "Timestamp": one.time,
            "Component": one.component,
        },
    )


def _group(health_set: str) -> str:
    first = health_set.partition(".")[0]
    return {"AD": "ServiceComponents", "DataProtection": "KeyDependencies"}.get(first, "CustomerTouchPoints")


def _object_state() -> EnumValue:
    return enum("Microsoft.Exchange.Data.ObjectState", "New", 0)
