"""Facts of Lync: topology as published, and the events that tell what is known."""

from __future__ import annotations

import pytest

from runbook.command import Shell, Target
from runbook.errors import PipelineFailed
from runbook.facts import lync
from runbook.facts.lync import KnownServerEvent, Site, TrustedApplication, TrustedComputer, TrustedPool
from runbook.powershell import render
from server_answers import parsed, thing

HERE = Target("atl-fe-001.litwareinc.com", Shell.LYNC)
OWA = "atl-owa-001.litwareinc.com"
POOL = thing(
    PoolFqdn=OWA,
    Registrar="Registrar:atl-cs-001.litwareinc.com",
    SiteId="Site:Redmond",
    RequiresReplication=False,
    TreatAsAuthenticated=True,
    ThrottleAsServer=True,
    OutboundOnly=False,
)


def test_sites_have_an_identity_a_name_and_an_id() -> None:
    found = parsed(lync.sites(HERE), thing(Identity="Site:Redmond", DisplayName="Redmond HQ", SiteID=1))
    assert found == (Site(identity="Site:Redmond", display_name="Redmond HQ", site_id="1"),)


def test_a_pool_is_a_registrar_by_its_services() -> None:
    row = {"Computers": ("fe.a.b",), "Site": "Site:Redmond"}
    registrar, edge = parsed(
        lync.pools(HERE),
        thing(Fqdn="cs.a.b", Services=("UserServer:cs.a.b", "Registrar:cs.a.b"), **row),
        thing(Fqdn="edge.a.b", Services=("EdgeServer:edge.a.b",), **row),
    )
    assert (registrar.is_registrar, edge.is_registrar) == (True, False)


def test_trusted_pools() -> None:
    (found,) = parsed(lync.trusted_pools(HERE), POOL)
    assert found == TrustedPool(
        fqdn=OWA,
        registrar="atl-cs-001.litwareinc.com",
        site="Site:Redmond",
        requires_replication=False,
        treat_as_authenticated=True,
        throttle_as_server=True,
        outbound_only=False,
    )


def test_a_pool_without_a_registrar() -> None:
    (found,) = parsed(lync.trusted_pools(HERE), thing(**{**POOL.properties, "Registrar": None}))
    assert found.registrar == ""


def test_a_flag_that_is_not_one_is_a_fault() -> None:
    with pytest.raises(ValueError, match="RequiresReplication should be True or False"):
        parsed(lync.trusted_pools(HERE), thing(**{**POOL.properties, "RequiresReplication": "False"}))


def test_applications_and_computers() -> None:
    identity = f"{OWA}/urn:application:outlookwebapp"
    row = {"TrustedApplicationPoolFqdn": OWA, "ApplicationId": "urn:application:outlookwebapp", "Port": 5199}
    assert parsed(lync.trusted_applications(HERE), thing(Identity=identity, **row)) == (
        TrustedApplication(identity=identity, pool=OWA, application_id="outlookwebapp", port=5199),
    )
    assert parsed(lync.trusted_computers(HERE), thing(Fqdn=OWA, Pool=OWA)) == (TrustedComputer(fqdn=OWA, pool=OWA),)


def test_no_pools_is_an_answer_and_an_error_is_not() -> None:
    assert parsed(lync.trusted_pools(HERE)) == ()
    with pytest.raises(PipelineFailed, match="SqlConnectionFailed"):
        parsed(lync.trusted_pools(HERE), errors=["SqlConnectionFailed,Microsoft.Rtc"])


def test_the_default_certificate() -> None:
    query = lync.default_certificate(HERE)
    assert parsed(query, thing(Use="Default", Thumbprint="ab12")) == "AB12"
    assert parsed(query) is None


@pytest.mark.parametrize(
    ("version", "edition"),
    [
        ("Microsoft Lync Server 2013 (5.0.8308.0): Volume license key installed.", "2013"),
        ("Skype for Business Server 2015 (6.0.9319.0): Volume license key installed.", "2015"),
        ("Skype for Business Server 2019 (7.0.2046.0): Volume license key installed.", "2019"),
        ("?", ""),
    ],
)
def test_the_edition_of_a_server_version(version: str, edition: str) -> None:
    assert parsed(lync.server_version(HERE), version) == version
    assert lync.edition(version) == edition


def test_events_are_asked_for_by_id_and_come_oldest_first() -> None:
    query = lync.known_server_events(HERE)
    assert render(query.pipeline).startswith(
        "Get-WinEvent -LogName 'Lync Server' -FilterXPath '*[System[EventID=14492 or"
    )
    found = parsed(
        query,
        thing(Id=14493, RecordId=12, Message=f"Server FQDN: {OWA.upper()}, Version: 6"),
        thing(Id=14492, RecordId=3, Message="Known servers.\r\n\r\nServer FQDN: a.b.com, Version: 6\r\nfe-1.b.com (0)"),
    )
    assert found == (
        KnownServerEvent(id=14492, record=3, names=("a.b.com", "fe-1.b.com")),
        KnownServerEvent(id=14493, record=12, names=(OWA,)),
    )


def test_no_events_is_an_answer() -> None:
    error = "NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand"
    assert parsed(lync.known_server_events(HERE), errors=[error]) == ()
    with pytest.raises(PipelineFailed, match="NoMatchingLogsFound"):
        parsed(lync.known_server_events(HERE), errors=["NoMatchingLogsFound,Microsoft.PowerShell.Commands"])


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("5.0.8308.0 at 10.0.0.1 on 2014-07-23", ()),
        ("See http://go.microsoft.com/fwlink for help", ()),
        ("user sip:owa@litwareinc.com", ()),
        ("ATL-OWA-001.litwareinc.com;Version=6", ("atl-owa-001.litwareinc.com",)),
        ("a.b.com, a.b.com", ("a.b.com", "a.b.com")),
        ("(fe-1.litwareinc.com).", ("fe-1.litwareinc.com",)),
    ],
)
def test_host_names_in_a_text_of_unknown_wording(message: str, names: tuple[str, ...]) -> None:
    assert lync.host_names(message) == names
