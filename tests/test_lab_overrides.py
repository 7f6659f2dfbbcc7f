"""Setting overrides of the lab's Exchange 2016 and later: kept in the directory, seen by servers, gone by in OWA.

Sources: configure-im-integration-with-owa.md and the cmdlet reference; real-world.md B1, B3.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from lab_shells import Console, Heard, exchange, front_end
from rehearsal.appcmd import APPCMD
from rehearsal.exchange_health import IM_MONITOR
from rehearsal.iis import OWA_POOL
from rehearsal.objects import member
from rehearsal.owa_editions import OWA_2016
from rehearsal.owa_web_config import back_end_with_keys
from rehearsal.presence import presence, sign_in
from rehearsal.setting_overrides import EVERY
from rehearsal.topologies import build_world
from rehearsal.world import World

DOMAIN = "litwareinc.com"
FIRST, SECOND = f"atl-mbx-001.{DOMAIN}", f"atl-mbx-002.{DOMAIN}"
POOL, OWA = f"atl-cs-001.{DOMAIN}", f"atl-owa-001.{DOMAIN}"
TOPOLOGY_SERVICE = "Microsoft.Exchange.Directory.TopologyService"
ON: dict[str, Any] = {"InstantMessagingEnabled": True, "InstantMessagingType": "OCS"}
RECORDED = Path(__file__).resolve().parents[1].parent / "shared" / "reference" / "clixml"


def parameters(world: World, server: str = FIRST) -> list[str]:
    return [f"IMServerName={POOL}", f"IMCertificateThumbprint={world.im_certificates[server]}"]


def new(world: World, name: str = "IM Override", server: str = FIRST, **scope: Any) -> Heard:
    return exchange(world, server).run(
        "New-SettingOverride",
        Name=name,
        Component="OwaServer",
        Section="IMSettings",
        Parameters=scope.pop("Parameters", parameters(world, server)),
        Reason="Configure IM",
        **scope,
    )


def ask(world: World, server: str, argument: str, process: str = TOPOLOGY_SERVICE) -> Element:
    heard = exchange(world, server).run(
        "Get-ExchangeDiagnosticInfo",
        Server=server.partition(".")[0],
        Process=process,
        Component="VariantConfiguration",
        Argument=argument,
    )
    assert (heard.failed, heard.errors) == (None, [])
    (text,) = heard.texts("Result")
    return ElementTree.fromstring(text)


def seen(world: World, server: str) -> dict[str, str | None]:
    """The settings as the documented question shows them."""
    answer = ask(world, server, "Config,Component=OwaServer", "MSExchangeMailboxAssistants")
    settings = answer.find("Components/VariantConfiguration/Configuration/OwaServer/IMSettings")
    assert settings is not None
    return {one.tag: one.text for one in settings}


def recycle(world: World, server: str) -> None:
    host = world.owa[server].host
    assert host.native[APPCMD](host, ("recycle", "apppool", f"/apppool.name:{OWA_POOL}"))[1] == 0


def apply(world: World, *servers: str) -> None:
    """Refresh and recycle, as the procedure has it, on each server."""
    for server in servers:
        ask(world, server, "Refresh")
        recycle(world, server)


def integrate_directory(world: World, *servers: str) -> None:
    for server in servers:
        shell = exchange(world, server)
        shell.pipe("Get-OwaVirtualDirectory", "Set-OwaVirtualDirectory", ON)
    for policy in ("Default", "Executives"):
        shell.run("Set-OwaMailboxPolicy", policy, **ON)


def trust(world: World, pool: str = OWA) -> None:
    lync = front_end(world)
    lync.run("New-CsTrustedApplicationPool", Identity=pool, Registrar=POOL, Site="Redmond", Force=True)
    lync.run("New-CsTrustedApplication", ApplicationId="OutlookWebApp", TrustedApplicationPoolFqdn=pool, Port=5199)
    assert lync.run("Enable-CsTopology").failed is None


def reasons(world: World) -> set[str]:
    return {reason for why in presence(world).reasons.values() for reason in why}


@pytest.fixture
def world() -> World:
    return build_world("exchange-2019-sfb2019")


@pytest.fixture
def shell(world: World) -> Console:
    return exchange(world, FIRST)


# The cmdlets


def test_an_override_shows_what_it_was_made_with(world: World, shell: Console) -> None:
    made = new(world, Server=["ATL-MBX-001", "EX16*"], MinVersion="15.01.0225.42")
    assert (made.failed, made.errors) == (None, [])
    found = shell.run("Get-SettingOverride", "im override")
    assert found.texts("Name") == ["IM Override"]
    assert found.texts("ComponentName") == ["OwaServer"]
    assert found.texts("SectionName") == ["IMSettings"]
    assert member(found.output[0], "Parameters").items == tuple(parameters(world))
    assert found.texts("Server") == ["ATL-MBX-001 EX16*"]
    assert found.texts("MinVersion") == ["15.1.225.42"]
    assert found.texts("Status") == ["Accepted"]
    assert found.texts("ModifiedBy") == ["litwareinc.com/Users/exchange-admin"]
    assert f"<P>IMServerName={POOL}</P>" in found.texts("XmlRaw")[0]
    assert len(shell.run("Get-SettingOverride", Identity=None).output) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Component": "OwaServers"}, "OwaServer"),
        ({"Section": "IMSetting"}, "IMSettings"),
        ({"Parameters": ["IMServer=a"]}, "IMServerName"),
        ({"Parameters": ["IMServerName"]}, "Name=Value"),
    ],
)
def test_names_that_nothing_knows_are_refused(world: World, shell: Console, changed: dict[str, Any], said: str) -> None:
    given = {
        "Name": "IM Override",
        "Component": "OwaServer",
        "Section": "IMSettings",
        "Parameters": parameters(world),
        "Reason": "Configure IM",
    }
    failed = shell.run("New-SettingOverride", **{**given, **changed}).failed
    assert failed is not None
    assert said in failed.message
    assert world.journal.entries() == ()


@pytest.mark.parametrize("left_out", ["Name", "Component", "Section", "Parameters", "Reason"])
def test_a_new_override_needs_all_that_is_mandatory(world: World, shell: Console, left_out: str) -> None:
    given = {
        "Name": "IM Override",
        "Component": "OwaServer",
        "Section": "IMSettings",
        "Parameters": parameters(world),
        "Reason": "Configure IM",
    }
    del given[left_out]
    failed = shell.run("New-SettingOverride", **given).failed
    assert failed is not None
    assert failed.error_id.startswith("MissingMandatoryParameter")


def test_two_overrides_cannot_have_one_name(world: World) -> None:
    new(world)
    failed = new(world, "IM OVERRIDE").failed
    assert failed is not None
    assert failed.reason == "ADObjectAlreadyExistsException"


@pytest.mark.parametrize("parameter", ["Name", "Component", "Section"])
def test_an_override_is_changed_by_its_identity_alone(world: World, shell: Console, parameter: str) -> None:
    new(world)
    failed = shell.run("Set-SettingOverride", **{parameter: "IM Override", "Reason": "x"}).failed
    assert failed is not None
    assert failed.error_id.startswith("NamedParameterNotFound")


def test_parameters_replace_the_whole_list(world: World, shell: Console) -> None:
    new(world)
    shell.run("Set-SettingOverride", "IM Override", Parameters=[f"IMCertificateThumbprint={'0' * 40}"])
    found = shell.run("Get-SettingOverride")
    assert member(found.output[0], "Parameters").items == (f"IMCertificateThumbprint={'0' * 40}",)
    apply(world, FIRST)
    assert seen(world, FIRST) == {"IMServerName": None, "IMCertificateThumbprint": "0" * 40}


def test_what_is_not_given_stays_and_a_change_of_nothing_is_said(world: World, shell: Console) -> None:
    new(world, Server="ATL-MBX-001")
    assert shell.run("Set-SettingOverride", "IM Override", Reason="Renewed").warnings == []
    found = shell.run("Get-SettingOverride")
    assert (found.texts("Server"), found.texts("Reason")) == (["ATL-MBX-001"], ["Renewed"])
    assert shell.run("Set-SettingOverride", "IM Override", Reason="Renewed").warnings


def test_removing_asks_first(world: World, shell: Console) -> None:
    new(world)
    asked = shell.run("Remove-SettingOverride", "IM Override")
    assert asked.prompts
    assert shell.run("Remove-SettingOverride", "IM Override", Confirm=False).failed is None
    assert shell.run("Get-SettingOverride").output == []
    assert shell.run("Get-SettingOverride", "IM Override").errors


def test_an_override_survives_and_is_seen_from_every_server(world: World) -> None:
    new(world)
    assert exchange(world, SECOND).run("Get-SettingOverride").texts("Name") == ["IM Override"]


# What servers and Outlook Web App see


def test_a_server_sees_an_override_after_a_refresh_and_owa_after_a_new_worker(world: World) -> None:
    integrate_directory(world, FIRST, SECOND)
    trust(world)
    new(world)
    assert seen(world, FIRST) == {"IMServerName": None, "IMCertificateThumbprint": None}
    recycle(world, FIRST)
    assert world.owa[FIRST].why_not()
    ask(world, FIRST, "Refresh")
    expected = dict(one.split("=") for one in parameters(world))
    assert seen(world, FIRST) == expected
    assert seen(world, SECOND) != expected
    assert world.owa[FIRST].why_not()
    recycle(world, FIRST)
    assert world.owa[FIRST].why_not() == ()
    assert presence(world).working > 0
    apply(world, SECOND)
    assert presence(world).working == presence(world).expected


def test_a_server_reads_overrides_by_itself_after_a_while(world: World) -> None:
    new(world)
    world.clock.tick(EVERY)
    assert seen(world, FIRST)["IMServerName"] == POOL
    exchange(world, FIRST).run("Remove-SettingOverride", "IM Override", Confirm=False)
    world.clock.tick(EVERY / 3)
    assert seen(world, FIRST)["IMServerName"] == POOL


def test_a_refresh_is_a_change_only_where_there_is_something_new(world: World) -> None:
    new(world)
    before = len(world.journal.entries())
    ask(world, FIRST, "Refresh")
    ask(world, FIRST, "Refresh")
    (entry,) = world.journal.entries()[before:]
    assert (entry.host, entry.object, entry.after) == (FIRST, "variant configuration", ["IM Override"])


def test_the_answer_lists_what_reached_the_server_with_the_recorded_names(world: World) -> None:
    new(world)
    answer = ask(world, FIRST, "Refresh")
    listed = answer.find("Components/VariantConfiguration/Overrides")
    assert listed is not None
    assert listed.get("Updated", "").endswith("Z")
    (override,) = listed
    assert [one.tag for one in override] == [
        "Name",
        "Reason",
        "ModifiedBy",
        "ComponentName",
        "SectionName",
        "Status",
        "Message",
        "Parameters",
    ]
    assert [one.text for one in override.iterfind("Parameters/Parameter")] == parameters(world)
    assert answer.findtext("ProcessInfo/fastTrainExchangeVersion") == "15.2.1544.4"
    assert answer.findtext("ProcessInfo/serverName") == "ATL-MBX-001"


def test_the_result_has_the_recorded_type_and_properties(world: World, shell: Console) -> None:
    path = RECORDED / "E16_GetExchangeDiagnosticInfo_ADTopVariantConfiguration.xml"
    if not path.is_file():
        pytest.skip("the reference data is not here")
    space = "{http://schemas.microsoft.com/powershell/2004/04}"
    (item,) = ElementTree.parse(path).getroot()
    (ours,) = shell.run("Get-ExchangeDiagnosticInfo", Process=TOPOLOGY_SERVICE, Argument="Refresh").output
    assert tuple(one.text for one in item.find(f"{space}TN") or ()) == ours.type_names
    assert [one.get("N") for one in item.find(f"{space}Props") or ()] == list(ours.properties)
    recorded = ElementTree.fromstring((item.findtext(f"{space}ToString") or "").replace("_x000D__x000A_", "\n"))
    info, mine = recorded.find("ProcessInfo"), ElementTree.fromstring(ours.text).find("ProcessInfo")
    assert [one.tag for one in info or ()] == [one.tag for one in mine or ()]


def test_a_process_that_does_not_run_is_not_asked(world: World) -> None:
    world.owa[FIRST].host.set_service_status("MSExchangeMailboxAssistants", "Stopped")
    shell = exchange(world, FIRST)
    for process in ("MSExchangeMailboxAssistants", "Nobody"):
        assert shell.run("Get-ExchangeDiagnosticInfo", Process=process, Component="VariantConfiguration").failed


@pytest.mark.parametrize(
    ("scope", "first", "second"),
    [
        ({}, True, True),
        ({"Server": "ATL-MBX-001"}, True, False),
        ({"Server": ["atl-mbx-00*"]}, True, True),
        ({"Server": FIRST}, False, False),  # the documents say not to use the FQDN
        ({"MinVersion": "15.2.1544.4"}, True, True),
        ({"MinVersion": "15.2.1544.5"}, False, False),
        ({"MaxVersion": "15.1.2507.6"}, False, False),
    ],
)
def test_a_scope_is_by_server_name_and_version(world: World, scope: dict[str, Any], first: bool, second: bool) -> None:
    new(world, **scope)
    for server in (FIRST, SECOND):
        ask(world, server, "Refresh")
    assert [seen(world, server)["IMServerName"] is not None for server in (FIRST, SECOND)] == [first, second]


def test_without_an_override_health_speaks_of_web_config_as_documented(world: World, shell: Console) -> None:
    integrate_directory(world, FIRST, SECOND)
    person = next(one for one in world.exchange.people if one.server == "ATL-MBX-001" and one.lync_enabled)
    assert sign_in(world, person.upn)
    report = shell.run("Get-ServerHealth", "ATL-MBX-001", HealthSet="OWA.Protocol.Dep")
    assert report.texts("Name") == [IM_MONITOR]
    assert report.texts("AlertValue") == ["Unhealthy"]
    assert report.texts("Error") == ["Instant Messaging Certificate Thumbprint is null or empty on web.config."]


def test_a_certificate_that_is_not_assigned_to_iis_is_not_the_one(world: World, shell: Console) -> None:
    certificates = shell.pipe("Get-ExchangeCertificate", "Select-Object", {"Property": ["Thumbprint", "Services"]})
    by_services = dict(zip(certificates.texts("Services"), certificates.texts("Thumbprint"), strict=True))
    assert by_services["IIS"] == world.im_certificates[FIRST]
    wrong = by_services["SMTP"]
    new(world, Parameters=[f"IMServerName={POOL}", f"IMCertificateThumbprint={wrong}"])
    apply(world, FIRST)
    assert any("isn't the one that is assigned to IIS" in reason for reason in reasons(world))


# Each edition by its own source


def test_2016_ignores_keys_in_web_config() -> None:
    world = build_world("exchange-2016-sfb2015", states=["leftover-web-config"])
    file = world.owa[FIRST].host.files.get(OWA_2016.web_config)
    assert file is not None
    assert file.content is not None
    assert POOL.encode() in file.content
    assert any("a setting override names no Lync pool" in reason for reason in world.owa[FIRST].why_not())
    new(world, Server="ATL-MBX-001", Parameters=[f"IMServerName=gone.{DOMAIN}", parameters(world)[1]])
    apply(world, FIRST)
    assert any(f"gone.{DOMAIN}" in reason for reason in reasons(world))


def test_2016_works_with_an_override_for_each_servers_own_certificate() -> None:
    world = build_world("exchange-2016-sfb2015")
    integrate_directory(world, FIRST, SECOND)
    for server in (FIRST, SECOND):
        assert new(world, f"IM {server}", server, Server=server.partition(".")[0]).failed is None
    apply(world, FIRST, SECOND)
    report = presence(world)
    assert (report.working, report.expected) == (168, 168)


def test_2016_with_lync_2013_is_never_said_to_work() -> None:
    world = build_world("exchange-2016-sfb2015", states=["lync-2013"])
    integrate_directory(world, FIRST, SECOND)
    for server in (FIRST, SECOND):
        new(world, f"IM {server}", server, Server=server.partition(".")[0])
    apply(world, FIRST, SECOND)
    assert presence(world).working == 0
    assert {reason.partition(": ")[2] for reason in reasons(world)} == {
        "Exchange 2016 with Lync Server 2013 is not supported (B1)"
    }


def test_the_subscription_edition_works_with_a_pool_in_the_servers_name() -> None:
    world = build_world("exchange-se-sfbse")
    server = OWA
    integrate_directory(world, server)
    trust(world)
    new(world, server=server)
    apply(world, server)
    report = presence(world)
    assert (report.working, report.expected) == (168, 168)


def test_in_a_mixed_organisation_each_version_goes_by_its_own() -> None:
    """A 2013 server ignores the override, a 2016 server web.config (issue 4, B1)."""
    world = build_world("mixed-2013-2016")
    integrate_directory(world, FIRST, SECOND)
    trust(world)
    new(world)
    apply(world, SECOND)
    ask(world, FIRST, "Refresh")
    recycle(world, FIRST)
    assert world.owa[SECOND].why_not() == ()
    assert any("web.config names no Lync pool" in reason for reason in world.owa[FIRST].why_not())
    world.owa[FIRST].host.files.write(OWA_2016.web_config, back_end_with_keys(POOL, world.im_certificates[FIRST]))
    report = presence(world)
    assert (report.working, report.expected) == (168, 168)
    exchange(world, FIRST).run("Remove-SettingOverride", "IM Override", Confirm=False)
    apply(world, FIRST, SECOND)
    assert 0 < presence(world).working < 168
    assert world.owa[FIRST].why_not() == ()


def test_2013_has_no_settings_to_show_and_takes_overrides_all_the_same() -> None:
    world = build_world("mixed-2013-2016")
    assert new(world, server=FIRST).failed is None
    answer = ask(world, FIRST, "Config,Component=OwaServer")
    assert answer.find("Components/VariantConfiguration/Configuration/OwaServer/IMSettings") is None


def test_up_to_cumulative_update_3_another_process_is_asked_in_another_way() -> None:
    world = build_world("exchange-2016-sfb2015", states=["cu3"])
    new(world)
    ask(world, FIRST, "Refresh")
    path = "Components/VariantConfiguration/Configuration/OwaServer/IMSettings/IMServerName"
    assert ask(world, FIRST, "Config").findtext(path) == POOL
    later = ask(world, FIRST, "Config,Component=OwaServer", "MSExchangeMailboxAssistants")
    assert later.find("Components/VariantConfiguration") is None


def test_2019_has_nothing_of_unified_messaging() -> None:
    world = build_world("exchange-2019-sfb2019")
    for name in ("Get-UMService", "Get-UMCallRouterSettings", "Get-UMDialPlan"):
        failed = exchange(world, FIRST).run(name).failed
        assert failed is not None
        assert failed.error_id == "CommandNotFoundException"
    services = Console(world, FIRST, "/wsman", "windows-admin").run("Get-Service", "MSExchangeUM*")
    assert services.output == []
    roles = exchange(world, FIRST).run("Test-ServiceHealth")
    assert "Unified Messaging Server Role" not in roles.texts("Role")
    assert set(roles.values("RequiredServicesRunning")) == {True}
    assert exchange(world, FIRST).run("Get-ExchangeServer").texts("ServerRole") == ["Mailbox", "Mailbox"]


def test_each_refresh_renews_the_time_of_the_reading(world: World) -> None:
    new(world)
    ask(world, FIRST, "Refresh")
    first = ask(world, FIRST, "").find("Components/VariantConfiguration/Overrides")
    world.clock.tick(timedelta(minutes=1))
    again = ask(world, FIRST, "Refresh").find("Components/VariantConfiguration/Overrides")
    assert first is not None
    assert again is not None
    assert again.get("Updated", "") > first.get("Updated", "")
