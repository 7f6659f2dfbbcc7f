"""An override and its way to Outlook Web App as an unmodified client goes it, and how the audit log answers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pypsrp.powershell import PowerShell

from lab_wire import command, runspace_pool
from rehearsal.admin_audit_log import INDEXED_AFTER
from rehearsal.server import Lab
from rehearsal.topologies import build_world
from rehearsal.world import World

SERVER = "atl-mbx-001.litwareinc.com"
POOL = "atl-cs-001.litwareinc.com"
PASSWORD = "for this test only"
EXCHANGE: Mapping[str, Any] = {
    "host": SERVER,
    "username": "LITWARE\\exchange-admin",
    "password": PASSWORD,
    "path": "PowerShell",
    "pool": {"configuration_name": "Microsoft.Exchange"},
}
WINDOWS: Mapping[str, Any] = {"host": SERVER, "username": "LITWARE\\windows-admin", "password": PASSWORD}
DIAGNOSTICS = {"Server": "ATL-MBX-001", "Component": "VariantConfiguration"}


@pytest.fixture
def world() -> World:
    return build_world("exchange-2016-sfb2015")


@pytest.fixture
def lab(world: World, tmp_path: Path) -> Iterator[Lab]:
    started = Lab(world, dict.fromkeys(world.accounts.values(), PASSWORD), tmp_path)
    started.start()
    yield started
    started.stop()


def invoke(pipeline: PowerShell) -> list[Any]:
    output: list[Any] = pipeline.invoke()
    assert not pipeline.streams.error, [str(record) for record in pipeline.streams.error]
    return output


def written(thing: Any, name: str) -> str:
    """A multivalued property as it crossed the wire: the client keeps its XML."""
    (found,) = thing.adapted_properties[name].property_sets
    return str(found)


def test_an_override_reaches_outlook_web_app_by_the_documented_commands(lab: Lab, world: World) -> None:
    values = [f"IMServerName={POOL}", f"IMCertificateThumbprint={world.im_certificates[SERVER]}"]
    given = {"Component": "OwaServer", "Section": "IMSettings", "Parameters": values, "Reason": "Configure IM"}
    with runspace_pool(lab, "http", "negotiate", **EXCHANGE) as pool:
        (made,) = invoke(command(pool, "New-SettingOverride", Name="IM Override", Server="ATL-MBX-001", **given))
        assert all(f"<S>{value}</S>" in written(made, "Parameters") for value in values)
        service = "Microsoft.Exchange.Directory.TopologyService"
        invoke(command(pool, "Get-ExchangeDiagnosticInfo", Process=service, Argument="Refresh", **DIAGNOSTICS))
        asked = {"Process": "MSExchangeMailboxAssistants", "Argument": "Config,Component=OwaServer"}
        (answer,) = invoke(command(pool, "Get-ExchangeDiagnosticInfo", **asked, **DIAGNOSTICS))
        found = ElementTree.fromstring(answer.adapted_properties["Result"])
        assert found.findtext(".//OwaServer/IMSettings/IMServerName") == POOL
        world.clock.tick(INDEXED_AFTER)
        (entry,) = invoke(command(pool, "Search-AdminAuditLog", Cmdlets=["New-SettingOverride"]))
        assert f'<S N="Value">{";".join(values)}</S>' in written(entry, "CmdletParameters")
    assert world.owa[SERVER].why_not()
    with runspace_pool(lab, "http", "negotiate", **WINDOWS) as pool:
        invoke(command(pool, "Restart-WebAppPool", Name="MSExchangeOWAAppPool"))
    assert world.owa[SERVER].why_not() == ()
