"""The organisation as an unmodified client meets it: pypsrp, real sockets, CredSSP for the second hop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import WinRMError
from pypsrp.powershell import PowerShell
from requests_credssp.exceptions import AuthenticationException

from lab_wire import command, runspace_pool
from rehearsal.presence import presence
from rehearsal.server import Lab
from rehearsal.topologies import build_world
from rehearsal.world import World

FRONT_END = "atl-fe-001.litwareinc.com"
MAILBOX = "atl-mbx-001.litwareinc.com"
OWA = "atl-owa-001.litwareinc.com"
PASSWORD = "for this test only"
LYNC: Mapping[str, Any] = {"host": FRONT_END, "username": "LITWARE\\lync-admin", "password": PASSWORD}
EXCHANGE: Mapping[str, Any] = {
    "host": MAILBOX,
    "username": "LITWARE\\exchange-admin",
    "password": PASSWORD,
    "path": "PowerShell",
    "pool": {"configuration_name": "Microsoft.Exchange"},
}
NEW_POOL: Mapping[str, Any] = {
    "Identity": OWA,
    "Registrar": "atl-cs-001.litwareinc.com",
    "Site": "Redmond",
    "RequiresReplication": False,
    "Force": True,
}


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


@pytest.fixture
def lab(world: World, tmp_path: Path) -> Iterator[Lab]:
    started = Lab(world, dict.fromkeys(world.accounts.values(), PASSWORD), tmp_path)
    started.start()
    yield started
    started.stop()


def invoke(pipeline: PowerShell) -> PowerShell:
    pipeline.invoke()
    assert not pipeline.streams.error, [str(record) for record in pipeline.streams.error]
    return pipeline


def test_the_procedure_over_credssp_makes_the_pool_known(lab: Lab, world: World) -> None:
    with runspace_pool(lab, "https", "credssp", **LYNC) as pool:
        made = invoke(command(pool, "New-CsTrustedApplicationPool", **NEW_POOL))
        assert made.output[0].types[0] == "Microsoft.Rtc.Management.Xds.DisplayExternalServer"
        assert made.output[0].adapted_properties["SiteId"] == "Site:Redmond"
        application = {"ApplicationId": "OutlookWebApp", "TrustedApplicationPoolFqdn": OWA, "Port": 5199}
        invoke(command(pool, "New-CsTrustedApplication", **application))
        invoke(command(pool, "Enable-CsTopology"))
    reasons = {reason for why in presence(world).reasons.values() for reason in why}
    assert all(reason.startswith("Outlook Web App") for reason in reasons)
    assert world.journal.entries()[0].user == "LITWARE\\lync-admin"


def test_the_same_account_without_delegation_stops_at_the_second_hop(lab: Lab, world: World) -> None:
    with runspace_pool(lab, "https", "negotiate", **LYNC) as pool:
        assert invoke(command(pool, "Get-CsSite")).output
        pipeline = command(pool, "New-CsTrustedApplicationPool", **NEW_POOL)
        pipeline.invoke()
        assert "ANONYMOUS LOGON" in str(pipeline.streams.error[0])
    assert world.journal.entries() == ()


def test_without_delegation_the_front_end_takes_no_credssp(tmp_path: Path) -> None:
    world = build_world("split-2013", states=["no-delegation"])
    lab = Lab(world, dict.fromkeys(world.accounts.values(), PASSWORD), tmp_path)
    lab.start()
    try:
        with (
            pytest.raises(AuthenticationException, match="actual: 'Negotiate'"),
            runspace_pool(lab, "https", "credssp", **LYNC) as pool,
        ):
            command(pool, "Get-CsSite").invoke()
    finally:
        lab.stop()


def test_exchange_is_changed_and_read_over_its_own_endpoint(lab: Lab, world: World) -> None:
    with runspace_pool(lab, **EXCHANGE) as pool:
        invoke(command(pool, "Set-UMService", Identity="ATL-MBX-001", DialPlans=["LitwareSipDialPlan"]))
        (server,) = invoke(command(pool, "Get-ExchangeServer", Identity="ATL-MBX-001")).output
        assert server.types[0] == "Microsoft.Exchange.Data.Directory.Management.ExchangeServer"
        assert len(invoke(command(pool, "Get-Mailbox", ResultSize="Unlimited")).output) == 196
    assert world.exchange.um_services["atl-mbx-001"].dial_plans == ("LitwareSipDialPlan",)


def test_an_account_of_another_kind_is_denied(lab: Lab) -> None:
    wrong = {**EXCHANGE, "username": "LITWARE\\windows-admin"}
    with pytest.raises(WinRMError, match=r"(?i)access is denied"), runspace_pool(lab, **wrong) as pool:
        command(pool, "Get-ExchangeServer").invoke()
