"""Exchange servers of every version beside each other: what setup leaves, what an endpoint offers, what OWA goes by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab_shells import Console, exchange, front_end
from rehearsal.appcmd import APPCMD
from rehearsal.cmdlet import REGISTRY
from rehearsal.exchange_versions import LATEST, V2010_RTM, ExchangeVersion, version_of
from rehearsal.host import WindowsHost
from rehearsal.iis import OWA_POOL
from rehearsal.owa_editions import OWA_2010
from rehearsal.presence import presence, sign_in
from rehearsal.registry import load_cmdlets
from rehearsal.topologies import build_world
from rehearsal.world import World

REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference" / "cmdlets.json"
POOL = "atl-cs-001.litwareinc.com"
OWA = "atl-owa-001.litwareinc.com"
CAS, MAILBOX = "atl-cas-001.litwareinc.com", "atl-mbx-001.litwareinc.com"
KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging"
ON: dict[str, Any] = {"InstantMessagingEnabled": True, "InstantMessagingType": "OCS"}

load_cmdlets()


def documented() -> dict[str, Any]:
    return json.loads(REFERENCE.read_text(encoding="utf-8")) if REFERENCE.is_file() else {}


def host_of(version: ExchangeVersion) -> WindowsHost:
    build = ".".join(map(str, LATEST[version]))
    return WindowsHost("some.litwareinc.com", lambda: None, booted=None, software={"exchange": build})  # type: ignore


def windows(world: World, host: str) -> Console:
    return Console(world, host, "/wsman", "windows-admin")


def reasons(world: World) -> set[str]:
    return {reason for why in presence(world).reasons.values() for reason in why}


@pytest.mark.parametrize(
    ("build", "version"),
    [
        ((14, 0, 639, 21), "2010"),
        ((14, 3, 123, 4), "2010"),
        ((15, 0, 1497, 2), "2013"),
        ((15, 1, 225, 42), "2016"),
        ((15, 2, 196, 0), "2019"),
        ((15, 2, 1748, 10), "2019"),
        ((15, 2, 2562, 17), "se"),
    ],
)
def test_a_version_is_told_by_the_build(build: tuple[int, int, int, int], version: str) -> None:
    assert version_of(build) == version


@pytest.mark.skipif(not REFERENCE.is_file(), reason="no cmdlet reference beside the project")
def test_each_version_offers_the_cmdlets_that_the_reference_gives_it() -> None:
    names = {ExchangeVersion.SE: "SE"}
    for declaration in REGISTRY.values():
        facts = documented().get(declaration.name)
        if declaration.module != "Exchange" or not facts:
            continue
        offered = {
            version
            for version in ExchangeVersion
            if declaration.installed is None or declaration.installed(host_of(version))
        }
        applicable = {
            version
            for version in ExchangeVersion
            if f"Exchange Server {names.get(version, version.value)}" in facts["applicable"]
        }
        assert offered == applicable, declaration.name


# Exchange 2010


@pytest.fixture
def world() -> World:
    return build_world("exchange-2010")


def test_roles_and_builds_of_2010_are_shown_as_that_version_names_them(world: World) -> None:
    found = exchange(world, CAS).run("Get-ExchangeServer")
    assert dict(zip(found.texts("Name"), found.texts("ServerRole"), strict=True)) == {
        "ATL-CAS-001": "ClientAccess, HubTransport",
        "ATL-CAS-002": "ClientAccess, HubTransport",
        "ATL-MBX-001": "Mailbox, UnifiedMessaging",
        "ATL-MBX-002": "Mailbox",
    }
    assert set(found.texts("AdminDisplayVersion")) == {"Version 14.3 (Build 123.4)"}
    directories = exchange(world, CAS).run("Get-OwaVirtualDirectory", ShowMailboxVirtualDirectories=True)
    assert directories.texts("OwaVersion") == ["Exchange2010"] * 2
    assert set(directories.texts("Path")) == {str(OWA_2010.web_config.parent).replace("Owa", "owa")}


@pytest.mark.parametrize(
    "name", ["Get-UMService", "Get-SettingOverride", "Get-ServerHealth", "Get-ServerComponentState"]
)
def test_what_came_later_is_not_on_the_endpoint_of_2010(world: World, name: str) -> None:
    failed = exchange(world, CAS).run(name).failed
    assert failed is not None
    assert failed.error_id == "CommandNotFoundException"


def test_the_um_servers_of_2010_have_a_cmdlet_of_their_own_and_are_discovered_in_a_sip_dial_plan() -> None:
    world = build_world("exchange-2010")
    shell = exchange(world, MAILBOX)
    assert shell.run("Get-UMServer").texts("Name") == ["ATL-MBX-001"]
    assert shell.run("Get-UMDialPlan").texts("UMServers") == ["ATL-MBX-001"]
    heard = shell.run("Set-UMServer", "ATL-MBX-001", DialPlans=None)
    assert (heard.failed, heard.errors) == (None, [])
    assert shell.run("Get-UMServer").texts("DialPlans") == [""]
    assert {entry.object for entry in world.journal.entries()} == {"um-server ATL-MBX-001"}


def test_its_windows_has_powershell_2(world: World) -> None:
    shell = windows(world, CAS)
    for name in ("Get-CimInstance", "Get-NetTCPConnection", "Get-FileHash", "Where-Object"):
        failed = shell.run(name).failed
        assert failed is not None, name
        assert failed.error_id == "CommandNotFoundException", name
    path = str(OWA_2010.web_config)
    refused = shell.run("Get-Content", LiteralPath=path, Encoding="Byte", Raw=True).failed
    assert refused is not None
    assert refused.error_id.startswith("NamedParameterNotFound")
    (content,) = shell.run("Get-Content", LiteralPath=path, Encoding="Byte", ReadCount=0).output
    assert bytes(content.base if hasattr(content, "base") else content).startswith(b"\xef\xbb\xbf<?xml")


def test_wmi_tells_of_workers_and_writes_times_as_wmi_does(world: World) -> None:
    found = windows(world, CAS).run("Get-WmiObject", "Win32_Process", Filter="Name='w3wp.exe'")
    assert any(f'"{OWA_POOL}"' in line for line in found.texts("CommandLine"))
    assert set(found.texts("CreationDate")) == {"20150302080000.000000+000"}
    assert "2008 R2" in windows(world, CAS).run("Get-WmiObject", Class="Win32_OperatingSystem").texts("Caption")[0]
    assert windows(world, CAS).run("Get-WmiObject", "Win32_Nothing").errors


def test_the_provider_of_2010_is_its_own_and_ucma_4_is_not_there(world: World) -> None:
    shell = windows(world, CAS)
    (path,) = shell.run("Get-ItemProperty", LiteralPath=KEY, Name="ImplementationDLLPath").texts(
        "ImplementationDLLPath"
    )
    assert path == r"C:\Program Files\Microsoft\Exchange Server\V14\ClientAccess\Owa\bin\Microsoft.Rtc.UCWeb.dll"
    assert shell.run("Test-Path", LiteralPath=path).output == [True]
    assert shell.run("Test-Path", LiteralPath=r"HKLM:\SOFTWARE\Microsoft\UCMA").output == [False]
    setup = r"HKLM:\SOFTWARE\Microsoft\ExchangeServer\v14\Setup"
    assert shell.run("Get-ItemProperty", LiteralPath=setup, Name="MsiInstallPath").texts("MsiInstallPath") == [
        "C:\\Program Files\\Microsoft\\Exchange Server\\V14\\"
    ]


def trust_pool(world: World) -> None:
    lync = front_end(world)
    lync.run("New-CsTrustedApplicationPool", Identity=OWA, Registrar=POOL, Site="Redmond", Force=True)
    lync.run("New-CsTrustedApplication", ApplicationId="OutlookWebApp", TrustedApplicationPoolFqdn=OWA, Port=5199)
    lync.run("Enable-CsTopology")


def configure_2010(world: World, host: str) -> None:
    """The cmdlet of Service Pack 1, and a new worker."""
    thumbprint = world.im_certificates[host]
    settings = {"InstantMessagingServerName": POOL, "InstantMessagingCertificateThumbprint": thumbprint}
    heard = exchange(world, host).run(
        "Set-OwaVirtualDirectory", f"{host.partition('.')[0]}\\owa (Default Web Site)", **ON, **settings
    )
    assert (heard.failed, heard.errors) == (None, [])
    recycle(world, host)


def recycle(world: World, host: str) -> None:
    machine = world.machine(host)
    assert machine is not None
    assert machine.host.native[APPCMD](machine.host, ("recycle", "apppool", f"/apppool.name:{OWA_POOL}"))[1] == 0


def set_policies(shell: Console) -> None:
    for policy in ("Default", "Executives"):
        shell.run("Set-OwaMailboxPolicy", policy, **ON)


def test_2010_is_integrated_by_its_virtual_directories_on_every_client_access_server(world: World) -> None:
    trust_pool(world)
    set_policies(exchange(world, CAS))
    configure_2010(world, CAS)
    assert presence(world).working == 0
    assert {reason.split(":")[1].strip() for reason in reasons(world) if "names no" in reason} == {
        "atl-cas-002.litwareinc.com"
    }
    configure_2010(world, "atl-cas-002.litwareinc.com")
    report = presence(world)
    assert (report.working, report.expected) == (168, 168)
    assert sign_in(world, next(iter(working(world)))) == ()
    for name in (CAS, "atl-cas-002.litwareinc.com"):
        events = [event.event_id for event in world.owa[name].host.event_log("Application").events]
        assert events == [112]


def working(world: World) -> Iterator[str]:
    report = presence(world)
    for person in world.exchange.people:
        if person.upn not in report.reasons and person.upn not in report.excluded:
            yield person.upn


def test_a_worker_of_2010_goes_by_the_directory_as_it_was_at_its_start(world: World) -> None:
    trust_pool(world)
    configure_2010(world, CAS)
    shell = exchange(world, CAS)
    shell.run(
        "Set-OwaVirtualDirectory",
        "ATL-CAS-001\\owa (Default Web Site)",
        InstantMessagingServerName="gone.litwareinc.com",
    )
    assert not any("gone.litwareinc.com" in reason for reason in reasons(world))
    recycle(world, CAS)
    assert any("gone.litwareinc.com" in reason for reason in reasons(world))


def test_rtm_is_not_integrated_and_its_file_has_keys_of_its_own() -> None:
    world = build_world("exchange-2010", states=["rtm"])
    found = exchange(world, CAS).run("Get-ExchangeServer")
    assert set(found.texts("AdminDisplayVersion")) == {f"Version 14.0 (Build {V2010_RTM[2]}.{V2010_RTM[3]})"}
    assert exchange(world, CAS).run("Search-AdminAuditLog").failed is not None
    for host in (CAS, "atl-cas-002.litwareinc.com"):
        file = world.owa[host].host.files.get(OWA_2010.web_config)
        assert file is not None
        assert file.content is not None
        for key in (b"IMPoolName", b"IMCertificateIssuer", b"IMCertificateSerialNumber"):
            assert key in file.content
        configure_2010(world, host)
    trust_pool(world)
    set_policies(exchange(world, CAS))
    report = presence(world)
    assert (report.working, report.expected) == (0, 0)
    assert any("Exchange 2010 RTM" in reason for why in report.excluded.values() for reason in why)


def test_an_object_of_another_version_is_read_and_not_changed() -> None:
    world = build_world("split-2013")
    shell = exchange(world)
    name = "ATL-EX10-001\\owa (Default Web Site)"
    assert shell.run("Get-OwaVirtualDirectory", name).texts("OwaVersion") == ["Exchange2010"]
    heard = shell.run("Set-OwaVirtualDirectory", name, **ON)
    assert [record.reason for record in heard.errors] == ["TaskInvalidOperationException"]
    assert world.journal.entries() == ()
