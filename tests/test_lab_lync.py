"""The Lync cmdlets: what they ask, refuse, store and show (office-docs-powershell, real-world.md)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from lab_shells import Console, Heard, front_end, lync_remote
from rehearsal.topologies import build_world
from rehearsal.values import TerminatingError
from rehearsal.world import World

OWA = "atl-owa-001.litwareinc.com"
REGISTRAR = "atl-cs-001.litwareinc.com"
POOL: Mapping[str, Any] = {"Identity": OWA, "Registrar": REGISTRAR, "Site": "Redmond", "RequiresReplication": False}
APPLICATION: Mapping[str, Any] = {"ApplicationId": "OutlookWebApp", "TrustedApplicationPoolFqdn": OWA, "Port": 5199}
WRITES = (
    ("New-CsTrustedApplicationPool", {**POOL, "Force": True}),
    ("Set-CsTrustedApplicationPool", {"Identity": OWA, "OutboundOnly": True}),
    ("Remove-CsTrustedApplicationPool", {"Identity": OWA}),
    ("New-CsTrustedApplication", APPLICATION),
    ("Set-CsTrustedApplication", {"Identity": f"{OWA}/OutlookWebApp", "Port": 5200}),
    ("Remove-CsTrustedApplication", {"Identity": f"{OWA}/OutlookWebApp"}),
    ("New-CsTrustedApplicationComputer", {"Identity": "a.litwareinc.com", "Pool": OWA, "Force": True}),
    ("Remove-CsTrustedApplicationComputer", {"Identity": OWA}),
    ("Enable-CsTopology", {}),
)


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


@pytest.fixture
def shell(world: World) -> Console:
    return front_end(world)


@pytest.fixture
def with_pool(shell: Console) -> Console:
    assert shell.run("New-CsTrustedApplicationPool", **POOL, Force=True).failed is None
    return shell


def error_id(heard: Heard) -> str:
    """The first half of the FullyQualifiedErrorId of whatever went wrong."""
    record = heard.failed or heard.errors[0]
    return record.error_id.partition(",")[0]


def test_the_pool_of_the_procedure_comes_back_with_the_sites_identity(with_pool: Console) -> None:
    found = with_pool.run("Get-CsTrustedApplicationPool", OWA)
    assert found.output[0].type_names[0] == "Microsoft.Rtc.Management.Xds.DisplayExternalServer"
    (properties,) = (item.properties for item in found.output)
    assert properties["Identity"] == f"TrustedApplicationPool:{OWA}"
    assert properties["SiteId"] == "Site:Redmond"
    assert properties["Registrar"] == f"Registrar:{REGISTRAR}"
    assert (properties["RequiresReplication"], properties["TreatAsAuthenticated"]) == (False, True)
    assert with_pool.run("Get-CsTrustedApplicationComputer").texts("Fqdn") == [OWA]


def test_a_pool_replicates_and_throttles_as_a_server_unless_told_otherwise(shell: Console) -> None:
    made = shell.run(
        "New-CsTrustedApplicationPool", OWA, Site="redmond", Registrar=f"Registrar:{REGISTRAR}", Force=True
    )
    assert made.values("RequiresReplication") == made.values("ThrottleAsServer") == [True]
    status = shell.run("Get-CsManagementStoreReplicationStatus", OWA)
    assert status.values("UpToDate") == [False]


def test_a_change_warns_that_it_is_not_enabled(shell: Console) -> None:
    assert (
        "Enable-CsTopology must still be run"
        in shell.run("New-CsTrustedApplicationPool", **POOL, Force=True).warnings[0]
    )


@pytest.mark.parametrize("extra", [{}, {"Confirm": False}])
def test_a_computer_without_an_account_is_asked_about_whatever_confirm_says(
    world: World, shell: Console, extra: dict[str, Any]
) -> None:
    heard = shell.run("New-CsTrustedApplicationPool", **POOL, **extra)
    assert heard.failed is not None
    assert "not found in Active Directory" in heard.prompts[0]
    assert world.lync.published.trusted_pools == ()


def test_a_computer_with_an_account_is_not_asked_about(shell: Console) -> None:
    heard = shell.run("New-CsTrustedApplicationPool", **POOL, ComputerFqdn="atl-mbx-001.litwareinc.com")
    assert (heard.failed, heard.prompts) == (None, [])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Site": "Redmond Headquarters"}, "SiteNotFound"),
        ({"Site": "Site:Redmond"}, "SiteNotFound"),
        ({"Registrar": OWA}, "RegistrarNotFound"),
        ({"Registrar": "atl-edge-001.litwareinc.com"}, "RegistrarNotFound"),
        ({"Identity": "atl owa"}, "InvalidFqdn"),
        ({"Identity": "owa"}, "InvalidFqdn"),
    ],
)
def test_a_wrong_name_is_refused_and_nothing_is_published(
    world: World, shell: Console, change: dict[str, Any], expected: str
) -> None:
    assert error_id(shell.run("New-CsTrustedApplicationPool", **{**POOL, **change}, Force=True)) == expected
    assert world.journal.entries() == ()


def test_a_pool_that_does_not_exist_yet_needs_a_site(shell: Console) -> None:
    assert error_id(shell.run("New-CsTrustedApplicationPool", OWA, Registrar=REGISTRAR, Force=True)) == "SiteMissing"


def test_a_pool_is_not_made_twice(with_pool: Console) -> None:
    assert error_id(with_pool.run("New-CsTrustedApplicationPool", **POOL, Force=True)) == "PoolExists"


def test_what_if_publishes_nothing(world: World, shell: Console) -> None:
    assert shell.run("New-CsTrustedApplicationPool", **POOL, Force=True, WhatIf=True).output == []
    assert world.lync.published.trusted_pools == ()


def test_an_application_is_stored_with_prefix_in_lower_case_and_found_under_both_names(with_pool: Console) -> None:
    with_pool.run("New-CsTrustedApplication", **APPLICATION)
    identity = f"{OWA}/urn:application:outlookwebapp"
    for wanted in (f"{OWA}/OutlookWebApp", identity, None):
        found = with_pool.run("Get-CsTrustedApplication", *([wanted] if wanted else []))
        assert found.texts("Identity") == [identity]
        assert (found.values("Port"), found.texts("LegacyApplicationName")) == ([5199], ["outlookwebapp"])
    by_key = with_pool.run("Get-CsTrustedApplication", ApplicationId="OUTLOOKWEBAPP", TrustedApplicationPoolFqdn=OWA)
    assert by_key.texts("Identity") == [identity]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ApplicationId": "Other"}, "PortInUse"),
        ({"Port": 6000}, "ApplicationExists"),
        ({"ApplicationId": "Outlook Web App"}, "InvalidApplicationId"),
        ({"ApplicationId": ""}, "ParameterArgumentValidationErrorEmptyStringNotAllowed"),
        ({"ApplicationId": "Other", "Port": 65536}, "InvalidPort"),
        ({"ApplicationId": "Other", "Port": 0}, "InvalidPort"),
        ({"TrustedApplicationPoolFqdn": REGISTRAR}, "PoolNotFound"),
    ],
)
def test_an_application_needs_a_free_port_a_new_clean_id_and_a_pool(
    with_pool: Console, change: dict[str, Any], expected: str
) -> None:
    with_pool.run("New-CsTrustedApplication", **APPLICATION)
    assert error_id(with_pool.run("New-CsTrustedApplication", **{**APPLICATION, **change})) == expected


def test_one_port_may_serve_in_two_pools(with_pool: Console) -> None:
    other = "atl-owa-002.litwareinc.com"
    with_pool.run("New-CsTrustedApplication", **APPLICATION)
    with_pool.run("New-CsTrustedApplicationPool", **{**POOL, "Identity": other}, Force=True)
    made = with_pool.run("New-CsTrustedApplication", **{**APPLICATION, "TrustedApplicationPoolFqdn": other})
    assert made.values("Port") == [5199]


def test_removing_a_pool_takes_its_applications_and_computers_along(world: World, with_pool: Console) -> None:
    with_pool.run("New-CsTrustedApplication", **APPLICATION)
    with_pool.pipe("Get-CsTrustedApplicationPool", "Remove-CsTrustedApplicationPool")
    assert world.lync.published.trusted_pools == world.lync.published.applications == ()


def test_a_pool_without_registrar_cannot_be_removed_until_it_has_one(world: World, shell: Console) -> None:
    shell.run("New-CsTrustedApplicationPool", OWA, Site="Redmond", Force=True)
    assert error_id(shell.run("Remove-CsTrustedApplicationPool", OWA)) == "RegistrarMissing"
    shell.run("Set-CsTrustedApplicationPool", OWA, Registrar=REGISTRAR)
    assert shell.run("Remove-CsTrustedApplicationPool", OWA).failed is None
    assert world.lync.published.trusted_pools == ()


def test_a_computer_cannot_join_a_pool_whose_computer_has_the_pools_name(with_pool: Console) -> None:
    added = with_pool.run("New-CsTrustedApplicationComputer", "atl-mbx-001.litwareinc.com", Pool=OWA)
    assert error_id(added) == "SingleComputerPool"


def test_computers_join_and_leave_a_pool_with_computers_of_their_own(shell: Console) -> None:
    first, second = "atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com"
    shell.run("New-CsTrustedApplicationPool", **POOL, ComputerFqdn=first)
    shell.run("New-CsTrustedApplicationComputer", second, Pool=OWA)
    assert shell.run("Get-CsTrustedApplicationComputer", Pool=OWA).texts("Identity") == [first, second]
    shell.run("Remove-CsTrustedApplicationComputer", first)
    assert shell.run("Get-CsTrustedApplicationComputer").texts("Identity") == [second]


@pytest.mark.parametrize(("name", "parameters"), WRITES, ids=[name for name, _ in WRITES])
def test_a_topology_write_without_delegation_stops_at_sql_server(
    world: World, name: str, parameters: dict[str, Any]
) -> None:
    heard = front_end(world, delegated=False).run(name, **parameters)
    assert heard.failed is not None
    assert "ANONYMOUS LOGON" in heard.failed.message
    assert world.journal.entries() == ()


@pytest.mark.parametrize(("name", "parameters"), WRITES, ids=[name for name, _ in WRITES])
def test_no_topology_write_exists_on_the_remote_administration_endpoint(
    world: World, name: str, parameters: dict[str, Any]
) -> None:
    assert error_id(lync_remote(world).run(name, **parameters)) == "CommandNotFoundException"


def test_reading_needs_no_delegation(world: World) -> None:
    for console in (front_end(world, delegated=False), lync_remote(world)):
        assert console.run("Get-CsSite").texts("SiteId") == ["Redmond", "2"]


def test_the_site_id_is_not_the_display_name(shell: Console) -> None:
    found = shell.pipe("Get-CsSite", "Select-Object", {"Property": ["DisplayName", "SiteID"]})
    assert next(zip(found.texts("DisplayName"), found.texts("SiteID"), strict=True)) == (
        "Redmond Headquarters",
        "Redmond",
    )
    assert shell.run("Get-CsSite", "Redmond").texts("Identity") == ["Site:Redmond"]
    assert error_id(shell.run("Get-CsSite", "Site:Redmond")) == "ItemNotFound"


def test_get_shows_what_is_published_before_it_is_enabled(with_pool: Console) -> None:
    assert with_pool.run("Get-CsPool", OWA).texts("Fqdn") == [OWA]
    assert with_pool.run("Get-CsService", TrustedApplicationPool=True).texts("PoolFqdn") == [OWA]
    assert OWA in with_pool.run("Get-CsTopology", AsXml=True).output[0].text


def test_the_exported_configuration_is_a_zip_that_changes_with_the_topology(shell: Console) -> None:
    (before,) = shell.run("Export-CsConfiguration", AsBytes=True).output
    assert shell.run("Export-CsConfiguration", AsBytes=True).output == [before]
    shell.run("New-CsTrustedApplicationPool", **POOL, Force=True)
    (after,) = shell.run("Export-CsConfiguration", AsBytes=True).output
    assert after != before
    assert OWA in zipfile.ZipFile(io.BytesIO(after)).read("DocItemSet.xml").decode()


def test_an_edge_server_reaches_no_central_store(world: World) -> None:
    edge = Console(world, "atl-edge-001.litwareinc.com", "/wsman", "edge-admin", delegated=True)
    assert error_id(edge.run("Get-CsPool")) == "SqlConnectionFailed"
    assert edge.run("Get-CsTopology", LocalStore=True).failed is None


def test_users_are_found_by_address_and_filter(world: World, shell: Console) -> None:
    assert len(shell.run("Get-CsUser").output) == 196
    person = next(one for one in world.exchange.people if one.lync_enabled)
    assert shell.run("Get-CsUser", person.upn).texts("SipAddress") == [person.sip_address]
    disabled = shell.run("Get-CsUser", Filter="Enabled -eq $false")
    assert len(disabled.output) == 4


def test_the_certificate_of_a_front_end_is_in_the_pools_name(shell: Console) -> None:
    found = shell.run("Get-CsCertificate", Type=["Default"])
    assert found.texts("Subject") == [f"CN={REGISTRAR}"]


def test_an_account_that_is_no_administrator_there_is_kept_out(world: World) -> None:
    with pytest.raises(TerminatingError, match="Access is denied"):
        Console(world, "atl-fe-001.litwareinc.com", "/OcsPowershell", "exchange-admin")
