"""Component states, required services and managed availability: what a roll-out looks at before and after a server.

The properties of what Test-ServiceHealth gives are recorded (CSS-Exchange E16 TestServiceHealth export), those of the
others from memory of the product and from the tables of the Exchange Team Blog (Managed Availability and Server Health,
2013-06-26).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_health_objects import (
    component_state,
    health_report,
    monitor_health,
    services_status,
)
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    MANAGEMENT,
    check_domain_controller,
    command_type,
    fail,
    find_server,
    identity,
    world_of,
)
from rehearsal.exchange_health import (
    ACTIVE,
    DRAINING,
    INACTIVE,
    REQUESTERS,
    ComponentState,
    Monitor,
    components,
    monitors,
)
from rehearsal.exchange_org import ExchangeServer
from rehearsal.exchange_services import role_services
from rehearsal.exchange_versions import FROM_2013, offered_by

_MONITORING = f"{MANAGEMENT}.Monitoring"
_SERVER = identity("ServerIdParameter", mandatory=True)


@cmdlet(
    "Get-ServerComponentState",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-ServerComponentState.md; vanhybrid.com 2013/07/14",
    parameters={"Identity": _SERVER, "Component": Parameter(), **DOMAIN_CONTROLLER},
    command_type=command_type("Get-ServerComponentState"),
    installed=offered_by(*FROM_2013),
)
def get_server_component_state(call: Call) -> None:
    check_domain_controller(call)
    if server := find_server(call, "Identity"):
        for component in _components(call, server):
            call.output(component_state(world_of(call), server, component))


@cmdlet(
    "Set-ServerComponentState",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="office-docs-powershell Set-ServerComponentState.md; -LocalOnly, -RemoteOnly and the time-out are ignored",
    parameters={
        "Identity": _SERVER,
        "Component": Parameter(mandatory=True),
        "Requester": Parameter(mandatory=True, values=REQUESTERS),
        "State": Parameter(kind="ServiceState", mandatory=True, names=(INACTIVE, ACTIVE, DRAINING)),
        "LocalOnly": SWITCH,
        "RemoteOnly": SWITCH,
        "TimeoutInSeconds": Parameter(kind="Int32"),
        **DOMAIN_CONTROLLER,
    },
    should_process=True,
    command_type=command_type("Set-ServerComponentState"),
    installed=offered_by(*FROM_2013),
)
def set_server_component_state(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    server = find_server(call, "Identity")
    if server is None:
        return
    for component in _components(call, server):
        requester = str(call.get("Requester"))
        if call.should_process(f"{server.name}\\{component}"):
            wanted = ComponentState(
                component=component, requester=requester, state=str(call.get("State")), time=world.clock.now()
            )
            key = (server.name.lower(), component.lower(), requester.lower())
            world.put(f"component {component} of {server.name}", world.exchange.health.states, key, wanted)


@cmdlet(
    "Test-ServiceHealth",
    module="Exchange",
    basis=Basis.RECORDED,
    source="CSS-Exchange E16 TestServiceHealth export; office-docs-powershell Test-ServiceHealth.md",
    parameters={
        "Server": identity("ServerIdParameter"),
        "ActiveDirectoryTimeout": Parameter(kind="Int32"),
        "MonitoringContext": Parameter(kind="Boolean"),
        **DOMAIN_CONTROLLER,
    },
    should_process=True,
    confirm_impact="Low",
    command_type=command_type("Test-ServiceHealth", _MONITORING),
)
def test_service_health(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    own = world.exchange.find_server(call.host.name)
    server = own if call.get("Server") is None else find_server(call, "Server")
    machine = world.machine(server.fqdn) if server else None
    if server is None or machine is None:
        return
    for role, names in role_services(server):
        running = {name.lower() for name, one in machine.host.services.items() if one.status == "Running"}
        call.output(services_status(role, names, running))


@cmdlet(
    "Get-HealthReport",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-HealthReport.md; Exchange Team Blog 2013-06-26; the switches that group are taken and ignored",
    parameters={
        "Identity": _SERVER,
        "HealthSet": Parameter(),
        "HaImpactingOnly": SWITCH,
        "RollupGroup": SWITCH,
        "GroupSize": Parameter(kind="Int32"),
        "MinimumOnlinePercent": Parameter(kind="Int32"),
    },
    command_type=command_type("Get-HealthReport", _MONITORING),
    installed=offered_by(*FROM_2013),
)
def get_health_report(call: Call) -> None:
    server = find_server(call, "Identity")
    if server is None:
        return
    sets: dict[str, list[Monitor]] = {}
    for monitor in _monitors(call, server):
        sets.setdefault(monitor.health_set, []).append(monitor)
    for name in sorted(sets):
        call.output(health_report(world_of(call), server, name, sets[name]))


@cmdlet(
    "Get-ServerHealth",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-ServerHealth.md; Exchange Team Blog 2013-06-26",
    parameters={"Identity": _SERVER, "HealthSet": Parameter(), "HaImpactingOnly": SWITCH},
    command_type=command_type("Get-ServerHealth", _MONITORING),
    installed=offered_by(*FROM_2013),
)
def get_server_health(call: Call) -> None:
    if server := find_server(call, "Identity"):
        for monitor in _monitors(call, server):
            call.output(monitor_health(world_of(call), server, monitor))


def _components(call: Call, server: ExchangeServer) -> list[str]:
    """The server's components, or the one that -Component names."""
    every = list(components(mailbox=server.is_mailbox, client_access=server.is_client_access, um=_um(server)))
    wanted = call.get("Component")
    if wanted is None:
        return every
    found = [name for name in every if name.lower() == str(wanted).lower()]
    if not found:
        fail(call, f"The component '{wanted}' isn't valid on server '{server.name}'.", "ArgumentException")
    return found


def _monitors(call: Call, server: ExchangeServer) -> Iterator[Monitor]:
    """The monitors on the server, of one health set where -HealthSet names it."""
    wanted: Any = call.get("HealthSet")
    for monitor in monitors(mailbox=server.is_mailbox, client_access=server.is_client_access, um=_um(server)):
        if wanted is None or monitor.health_set.lower() == str(wanted).lower():
            yield monitor


def _um(server: ExchangeServer) -> bool:
    """Whether what belongs to Unified Messaging, its call router included, is on servers of this version."""
    return server.version.has_um
