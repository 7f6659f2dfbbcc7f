"""What a roll-out looks at before and after a server: component states, services, managed availability."""

from __future__ import annotations

import pytest

from lab_shells import Console, exchange
from rehearsal.exchange_health import IM_MONITOR
from rehearsal.presence import sign_in
from rehearsal.topologies import build_world
from rehearsal.world import World

CAS = "ATL-CAS-001"
MAILBOX = "ATL-MBX-001"


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


@pytest.fixture
def shell(world: World) -> Console:
    return exchange(world)


def state(shell: Console, component: str, server: str = CAS) -> list[str]:
    return shell.run("Get-ServerComponentState", server, Component=component).texts("State")


def test_every_component_is_active_but_those_of_the_cloud(shell: Console) -> None:
    found = shell.run("Get-ServerComponentState", CAS)
    states = dict(zip(found.texts("Component"), found.texts("State"), strict=True))
    assert {name for name, one in states.items() if one == "Inactive"} == {"ForwardSyncDaemon", "ProvisioningRps"}
    assert "OwaProxy" in states
    assert "OwaProxy" not in shell.run("Get-ServerComponentState", MAILBOX).texts("Component")


def test_a_component_is_active_again_only_when_every_requester_wants_it(world: World, shell: Console) -> None:
    for requester in ("Maintenance", "HealthAPI"):
        shell.run("Set-ServerComponentState", CAS, Component="OwaProxy", Requester=requester, State="Inactive")
    assert state(shell, "OwaProxy") == ["Inactive"]
    shell.run("Set-ServerComponentState", CAS, Component="OwaProxy", Requester="Maintenance", State="Active")
    assert state(shell, "OwaProxy") == ["Inactive"]
    (found,) = shell.run("Get-ServerComponentState", CAS, Component="owaproxy").output
    wanted = {one.properties["Requester"]: one.properties["State"].name for one in found.properties["LocalStates"]}
    assert wanted == {"Maintenance": "Active", "HealthAPI": "Inactive"}
    shell.run("Set-ServerComponentState", CAS, Component="OwaProxy", Requester="HealthAPI", State="Active")
    assert state(shell, "OwaProxy") == ["Active"]
    assert [entry.property for entry in world.journal.entries()][-1] in ("state", "time")


def test_the_whole_server_offline_takes_its_components_along(shell: Console) -> None:
    shell.run("Set-ServerComponentState", CAS, Component="ServerWideOffline", Requester="Maintenance", State="Inactive")
    assert set(shell.run("Get-ServerComponentState", CAS).texts("State")) == {"Inactive"}
    assert state(shell, "HubTransport", MAILBOX) == ["Active"]


@pytest.mark.parametrize(
    "wrong", [{"Component": "Nothing"}, {"Requester": "Somebody"}, {"State": "Broken"}, {"Component": "HubTransport"}]
)
def test_an_unknown_component_requester_or_state_is_refused(
    world: World, shell: Console, wrong: dict[str, str]
) -> None:
    parameters = {"Component": "OwaProxy", "Requester": "Maintenance", "State": "Inactive", **wrong}
    assert shell.run("Set-ServerComponentState", CAS, **parameters).failed is not None
    assert world.journal.entries() == ()


def test_services_are_tested_role_by_role(world: World, shell: Console) -> None:
    found = shell.run("Test-ServiceHealth", MAILBOX)
    assert found.texts("Role") == [
        "Mailbox Server Role",
        "Client Access Server Role",
        "Unified Messaging Server Role",
        "Hub Transport Server Role",
    ]
    assert found.values("RequiredServicesRunning") == [True] * 4
    machine = world.machine(MAILBOX)
    assert machine is not None
    machine.host.set_service_status("MSExchangeIS", "Stopped")
    after = shell.run("Test-ServiceHealth", MAILBOX)
    assert after.values("RequiredServicesRunning") == [False, True, True, True]
    assert after.texts("ServicesNotRunning")[0] == "MSExchangeIS"
    assert shell.run("Test-ServiceHealth").values("RequiredServicesRunning") == [False, True, True, True]
    assert shell.run("Test-ServiceHealth", "ATL-MBX-002").values("RequiredServicesRunning") == [True] * 4


def test_a_health_set_is_unhealthy_as_soon_as_one_of_its_monitors_is(world: World, shell: Console) -> None:
    before = shell.run("Get-HealthReport", MAILBOX)
    assert set(before.texts("AlertValue")) == {"Healthy"}
    assert {"OWA", "OWA.Protocol", "OWA.Protocol.Dep"} <= set(before.texts("HealthSet"))
    world.alert(MAILBOX, "OwaDeepTestMonitor", "The probe failed.")
    (report,) = shell.run("Get-HealthReport", MAILBOX, HealthSet="owa.protocol").output
    assert (report.properties["AlertValue"].name, report.properties["MonitorCount"]) == ("Unhealthy", 2)
    monitors = shell.run("Get-ServerHealth", MAILBOX, HealthSet="OWA.Protocol")
    assert dict(zip(monitors.texts("Name"), monitors.texts("AlertValue"), strict=True)) == {
        "OwaSelfTestMonitor": "Healthy",
        "OwaDeepTestMonitor": "Unhealthy",
    }
    world.alert(MAILBOX, "OwaDeepTestMonitor", None)
    assert set(shell.run("Get-HealthReport", MAILBOX).texts("AlertValue")) == {"Healthy"}


def test_the_monitor_of_instant_messaging_follows_a_start_that_was_tried(world: World, shell: Console) -> None:
    def monitor() -> list[str]:
        found = shell.run("Get-ServerHealth", MAILBOX, HealthSet="OWA.Protocol.Dep")
        assert found.texts("Name") == [IM_MONITOR]
        return found.texts("AlertValue")

    assert monitor() == ["Healthy"]  # nobody has tried
    on = {"InstantMessagingEnabled": True, "InstantMessagingType": "OCS"}
    shell.pipe("Get-OwaVirtualDirectory", "Set-OwaVirtualDirectory", on)
    someone = next(
        person.upn
        for person in world.exchange.people
        if person.server == MAILBOX and world.exchange.owa.mailboxes[person.upn].policy is None
    )
    sign_in(world, someone)
    assert monitor() == ["Unhealthy"]
    (error,) = shell.run("Get-ServerHealth", MAILBOX, HealthSet="OWA.Protocol.Dep").texts("Error")
    assert "web.config" in error


def test_a_monitor_of_a_component_is_offline_with_it(shell: Console) -> None:
    shell.run("Set-ServerComponentState", CAS, Component="OwaProxy", Requester="Maintenance", State="Inactive")
    found = shell.run("Get-HealthReport", CAS)
    states = dict(zip(found.texts("HealthSet"), found.texts("State"), strict=True))
    assert (states["OWA.Proxy"], states["ECP.Proxy"], states["AD"]) == ("Offline", "Online", "NotApplicable")


@pytest.mark.parametrize("name", ["Get-ServerComponentState", "Get-HealthReport", "Get-ServerHealth"])
def test_a_server_that_does_not_exist_is_an_error(shell: Console, name: str) -> None:
    (record,) = shell.run(name, "ATL-MBX-009").errors
    assert record.reason == "ManagementObjectNotFoundException"
