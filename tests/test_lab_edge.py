"""The lab's Edge Server: in no domain, managed over https with an account of its own, and only its own copy to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import AuthenticationError, WinRMError
from ruamel.yaml import YAML

from lab_shells import Console, Heard
from lab_wire import command, runspace_pool
from rehearsal.cmdlet import REGISTRY, CmdletDeclaration
from rehearsal.estate_file import write_estate
from rehearsal.machines import Machine
from rehearsal.server import Lab
from rehearsal.topologies import build_world
from rehearsal.values import TerminatingError
from rehearsal.world import World

EDGE = "atl-edge-001.litwareinc.com"
PASSWORD = "for this test only"
OWN = {"Get-CsCertificate", "Get-CsServerVersion", "New-CsClsProvider"}
"""What needs neither the Central Management store nor Active Directory."""
ASKS_DIRECTORY = {"Get-CsUser", "Get-CsEffectivePolicy"}
"""What looks for the user in Active Directory first."""


@pytest.fixture
def world() -> World:
    return build_world("hybrid-21vianet")


def edge(world: World, account: str = "edge-admin") -> Console:
    return Console(world, EDGE, "/wsman", account)


def mandatory(declaration: CmdletDeclaration) -> dict[str, Any]:
    """Something for every parameter without which the cmdlet would not begin."""
    given: dict[str, Any] = {}
    for name, one in declaration.parameters.items():
        if one.mandatory and (not one.sets or declaration.default_set in one.sets):
            known = {"Boolean": True, "Int32": 5000, "UInt16": 5000}
            given[name] = one.names[0] if one.names else known.get(one.kind, "atl-x-001.litwareinc.com")
    return given


def error(heard: Heard) -> str:
    return heard.failed.error_id.partition(",")[0] if heard.failed else ""


def test_nothing_of_lync_works_there_but_what_is_on_the_computer_itself(world: World) -> None:
    names = [one for one in REGISTRY.values() if one.module == "Lync" and "ClsLogging" not in one.name]
    assert len(names) > 30
    for declaration in names:
        heard = edge(world).run(declaration.name, **mandatory(declaration))
        expected = "" if declaration.name in OWN else "SqlConnectionFailed"
        if declaration.name in ASKS_DIRECTORY:
            expected = "DomainNotFound"
        assert error(heard) == expected, declaration.name
    assert world.journal.entries() == ()


def test_its_own_copy_can_be_read(world: World) -> None:
    for declaration in REGISTRY.values():
        if declaration.module == "Lync" and "LocalStore" in declaration.parameters:
            given = mandatory(declaration) | {"LocalStore": True}
            assert edge(world).run(declaration.name, **given).failed is None, declaration.name


def test_only_the_account_of_the_computer_itself_is_let_in(world: World) -> None:
    assert world.accounts["edge-admin"] == "ATL-EDGE-001\\edge-admin"
    for account in ("lync-admin", "windows-admin", "exchange-admin"):
        with pytest.raises(TerminatingError):
            edge(world, account)


def estate(world: World, directory: Path) -> dict[str, Any]:
    urls = {one.name: {"http": "http://127.0.0.1:1", "https": "https://127.0.0.1:2"} for one in world.machines.values()}
    path = write_estate(world, urls, b"", directory, "litware")
    servers = YAML(typ="safe").load(path)["servers"]
    found: dict[str, Any] = next(server for server in servers if server["name"] == EDGE)
    return found


def test_the_estate_file_names_its_endpoint_and_its_credential(world: World, tmp_path: Path) -> None:
    found = estate(world, tmp_path)
    assert (found["product"], found["version"], found["roles"]) == ("skype-for-business", "2015", ["edge"])
    (endpoint,) = found["endpoints"].values()
    assert endpoint == {
        "url": "https://127.0.0.1:2/wsman",
        "authentication": "negotiate",
        "credential": "cred:edge-admin",
    }


def test_behind_a_firewall_it_is_named_without_an_endpoint(tmp_path: Path) -> None:
    world = build_world("hybrid-21vianet", states=["edge-blocked"])
    assert estate(world, tmp_path)["endpoints"] == {}
    assert EDGE not in world.endpoints()
    edge_server = world.machine(EDGE)
    assert isinstance(edge_server, Machine)
    assert world.federation.replica(EDGE) is not None, "it still receives what is written"


@pytest.fixture
def lab(world: World, tmp_path: Path) -> Iterator[Lab]:
    started = Lab(world, {name: f"{PASSWORD} {name}" for name in world.accounts.values()}, tmp_path)
    started.start()
    yield started
    started.stop()


def test_over_the_wire_the_local_account_reads_the_copy(lab: Lab, world: World) -> None:
    account = world.accounts["edge-admin"]
    with runspace_pool(
        lab, "https", "negotiate", host=EDGE, username=account, password=f"{PASSWORD} {account}"
    ) as pool:
        pipeline = command(pool, "Get-CsAccessEdgeConfiguration", LocalStore=True)
        (found,) = pipeline.invoke()
        assert found.adapted_properties["AllowFederatedUsers"] is False
        kind = "Microsoft.Rtc.Management.WritableConfig.Settings.Edge.DisplayAccessEdgeSettingsDnsSrvRouting"
        assert found.types[0] == kind


def test_over_the_wire_an_account_of_the_domain_is_refused(lab: Lab, world: World) -> None:
    account = world.accounts["lync-admin"]
    given: dict[str, Any] = {"host": EDGE, "username": account, "password": f"{PASSWORD} {account}"}
    with pytest.raises((AuthenticationError, WinRMError)), runspace_pool(lab, "https", "negotiate", **given):
        pass
