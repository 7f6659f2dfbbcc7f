"""Virtual directories and mailbox policies of Outlook Web App: what is read, changed, refused and warned of."""

from __future__ import annotations

from typing import Any

import pytest

from lab_shells import Console, exchange
from rehearsal.topologies import build_world
from rehearsal.world import World

FRONT = ["ATL-CAS-001\\owa (Default Web Site)", "ATL-CAS-002\\owa (Default Web Site)"]
BACK = ["ATL-MBX-001\\owa (Exchange Back End)", "ATL-MBX-002\\owa (Exchange Back End)"]
ON: dict[str, Any] = {"InstantMessagingEnabled": True, "InstantMessagingType": "OCS"}


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


@pytest.fixture
def shell(world: World) -> Console:
    return exchange(world)


def of_2013(identities: list[str]) -> list[str]:
    return [one for one in identities if not one.startswith("ATL-EX10")]


def test_only_front_end_directories_are_given_unless_the_back_ends_are_asked_for(shell: Console) -> None:
    assert of_2013(shell.run("Get-OwaVirtualDirectory").texts("Identity")) == FRONT
    every = shell.run("Get-OwaVirtualDirectory", ShowMailboxVirtualDirectories=True)
    assert of_2013(every.texts("Identity")) == FRONT + BACK


def test_instant_messaging_is_enabled_and_of_no_type_at_first(shell: Console) -> None:
    found = shell.run("Get-OwaVirtualDirectory", ShowMailboxVirtualDirectories=True)
    assert set(found.values("InstantMessagingEnabled")) == {True}  # L49
    assert set(found.texts("InstantMessagingType")) == {"None"}  # L51
    policy = shell.run("Get-OwaMailboxPolicy", "Default")
    assert policy.values("InstantMessagingEnabled") == [True]
    assert policy.texts("InstantMessagingType") == ["None"]


def test_a_server_limits_what_is_given_and_excludes_an_identity(shell: Console) -> None:
    assert shell.run("Get-OwaVirtualDirectory", Server="ATL-CAS-002").texts("Identity") == FRONT[1:]
    assert shell.run("Get-OwaVirtualDirectory", Server="ATL-MBX-001").output == []
    back = shell.run("Get-OwaVirtualDirectory", Server="atl-mbx-001.litwareinc.com", ShowMailboxVirtualDirectories=True)
    assert back.texts("Identity") == BACK[:1]
    assert shell.run("Get-OwaVirtualDirectory", FRONT[0], Server="ATL-CAS-001").failed is not None


@pytest.mark.parametrize(
    ("identity", "found"),
    [
        (FRONT[0].lower(), FRONT[:1]),
        ("atl-cas-002.litwareinc.com\\owa (Default Web Site)", FRONT[1:]),
        ("ATL-CAS-00?\\owa*", FRONT),
    ],
)
def test_a_directory_is_found_by_the_documented_forms_of_its_identity(
    shell: Console, identity: str, found: list[str]
) -> None:
    assert shell.run("Get-OwaVirtualDirectory", identity).texts("Identity") == found


def test_the_name_alone_means_the_connected_server(world: World) -> None:
    connected = exchange(world, "atl-cas-002.litwareinc.com")
    assert connected.run("Get-OwaVirtualDirectory", "owa (Default Web Site)").texts("Identity") == FRONT[1:]
    assert exchange(world).run("Get-OwaVirtualDirectory", "owa (Default Web Site)").errors


def test_the_distinguished_name_and_the_guid_find_it_too(shell: Console) -> None:
    (item,) = shell.run("Get-OwaVirtualDirectory", FRONT[0]).output
    for name in ("DistinguishedName", "Guid"):
        assert shell.run("Get-OwaVirtualDirectory", str(item.properties[name])).texts("Identity") == FRONT[:1]


def test_identity_null_returns_everything_and_an_unknown_one_is_an_error(shell: Console) -> None:
    everything = shell.run("Get-OwaVirtualDirectory").texts("Identity")
    assert shell.run("Get-OwaVirtualDirectory", Identity=None).texts("Identity") == everything
    (record,) = shell.run("Get-OwaVirtualDirectory", "ATL-CAS-009\\owa (Default Web Site)").errors
    assert record.reason == "ManagementObjectNotFoundException"
    policies = shell.run("Get-OwaMailboxPolicy").texts("Name")
    assert shell.run("Get-OwaMailboxPolicy", Identity=None).texts("Name") == policies
    assert shell.run("Get-OwaMailboxPolicy", "No such policy").errors


def test_the_directory_alone_says_nothing_of_the_web_server(shell: Console) -> None:
    (plain,) = shell.run("Get-OwaVirtualDirectory", FRONT[0], ADPropertiesOnly=True).output
    (full,) = shell.run("Get-OwaVirtualDirectory", FRONT[0]).output
    assert (plain.properties["FormsAuthentication"], plain.properties["Path"]) == (False, "")
    assert (full.properties["FormsAuthentication"], full.properties["WebSite"]) == (True, "Default Web Site")
    assert full.properties["Path"].endswith(r"\FrontEnd\HttpProxy\owa")


def test_the_procedures_own_line_sets_every_front_end_and_no_back_end(world: World, shell: Console) -> None:
    heard = shell.pipe("Get-OwaVirtualDirectory", "Set-OwaVirtualDirectory", ON)
    assert (heard.failed, heard.warnings) == (None, [])
    assert ["ATL-EX10-001" in record.message for record in heard.errors] == [True]  # 2010's isn't managed from here
    every = shell.run("Get-OwaVirtualDirectory", ShowMailboxVirtualDirectories=True)
    types = dict(zip(every.texts("Identity"), every.texts("InstantMessagingType"), strict=True))
    assert {name: types[name] for name in FRONT + BACK} == {
        **dict.fromkeys(FRONT, "Ocs"),
        **dict.fromkeys(BACK, "None"),
    }
    entries = [entry for entry in world.journal.entries() if "ATL-CAS" in entry.object]
    assert [(entry.object, entry.property, entry.before, entry.after) for entry in entries] == [
        (f"virtual directory {name}", "InstantMessagingType", "None", "Ocs") for name in FRONT
    ]


def test_a_back_end_directory_is_set_only_by_its_own_name(shell: Console) -> None:
    shell.run("Set-OwaVirtualDirectory", BACK[0], InstantMessagingType="Ocs")
    every = shell.run("Get-OwaVirtualDirectory", BACK[0], ShowMailboxVirtualDirectories=True)
    assert every.texts("InstantMessagingType") == ["Ocs"]


def test_a_type_that_does_not_exist_is_refused(world: World, shell: Console) -> None:
    heard = shell.run("Set-OwaVirtualDirectory", FRONT[0], InstantMessagingType="Msn")
    assert heard.failed is not None
    assert heard.failed.error_id.startswith("ParameterArgumentTransformationError")
    assert world.journal.entries() == ()


def test_a_command_that_changes_nothing_says_so(world: World, shell: Console) -> None:
    heard = shell.run("Set-OwaVirtualDirectory", FRONT[0], InstantMessagingEnabled=True)
    assert heard.warnings == [f"The command completed successfully but no settings of '{FRONT[0]}' have been modified."]
    heard = shell.run("Set-OwaMailboxPolicy", "Default", InstantMessagingType="None")
    assert heard.warnings == ["The command completed successfully but no settings of 'Default' have been modified."]
    assert world.journal.entries() == ()


def test_what_if_changes_nothing_and_confirm_asks(world: World, shell: Console) -> None:
    shell.run("Set-OwaVirtualDirectory", FRONT[0], **ON, WhatIf=True)
    shell.run("Set-OwaMailboxPolicy", "Default", **ON, WhatIf=True)
    assert shell.run("Set-OwaVirtualDirectory", FRONT[0], **ON, Confirm=True).prompts
    assert world.journal.entries() == ()


def test_a_changed_address_is_to_be_changed_for_the_control_panel_too(shell: Console) -> None:
    heard = shell.run("Set-OwaVirtualDirectory", FRONT[0], ExternalUrl="https://mail.litwareinc.com/owa")
    assert "ECP" in heard.warnings[0]
    (item,) = shell.run("Get-OwaVirtualDirectory", FRONT[0]).values("ExternalUrl")
    assert (item.type_names[0], item.text) == ("System.Uri", "https://mail.litwareinc.com/owa")


def test_lists_of_file_types_are_added_to_and_taken_from(shell: Console) -> None:
    shell.run("Set-OwaVirtualDirectory", FRONT[0], AllowedFileTypes={"Add": ".dwg", "Remove": ".zip"})
    (types,) = shell.run("Get-OwaVirtualDirectory", FRONT[0]).values("AllowedFileTypes")
    assert ".dwg" in types.items
    assert ".zip" not in types.items


def test_one_policy_or_all_of_them_can_be_set(world: World, shell: Console) -> None:
    names = shell.run("Get-OwaMailboxPolicy").texts("Name")
    shell.run("Set-OwaMailboxPolicy", "Default", InstantMessagingEnabled=True, InstantMessagingType="OCS")  # L69
    types = dict(zip(names, shell.run("Get-OwaMailboxPolicy").texts("InstantMessagingType"), strict=True))
    assert {name for name, kind in types.items() if kind == "Ocs"} == {"Default"}
    shell.pipe("Get-OwaMailboxPolicy", "Set-OwaMailboxPolicy", ON)  # L70
    assert set(shell.run("Get-OwaMailboxPolicy").texts("InstantMessagingType")) == {"Ocs"}


def test_a_policy_that_is_not_named_is_not_touched(world: World, shell: Console) -> None:
    before = world.snapshot()["exchange"]["mailbox_policies"]
    shell.run("Set-OwaMailboxPolicy", "Default", **ON)
    after = world.snapshot()["exchange"]["mailbox_policies"]
    assert {name for name in after if after[name] != before[name]} == {"Default"}


def test_one_policy_alone_is_the_default(shell: Console) -> None:
    names = shell.run("Get-OwaMailboxPolicy").texts("Name")
    assert "Default" in names
    other = next(name for name in names if name != "Default")
    shell.run("Set-OwaMailboxPolicy", other, IsDefault=True)
    defaults = dict(zip(names, shell.run("Get-OwaMailboxPolicy").values("IsDefault"), strict=True))
    assert [name for name, is_default in defaults.items() if is_default] == [other]


def test_a_renamed_policy_keeps_its_mailboxes(world: World, shell: Console) -> None:
    before = shell.run("Get-CASMailbox", Filter="OwaMailboxPolicy -eq 'Default'").texts("PrimarySmtpAddress")
    assert before
    shell.run("Set-OwaMailboxPolicy", "Default", Name="Standard")
    after = shell.run("Get-CASMailbox", Filter="OwaMailboxPolicy -eq 'Standard'").texts("PrimarySmtpAddress")
    assert before == after
    assert shell.run("Set-OwaMailboxPolicy", "Standard", Name="kiosk").failed is not None


def test_what_the_endpoint_offers_can_be_listed_there(shell: Console) -> None:
    names = shell.run("Get-Command").texts("Name")
    assert {"Get-OwaVirtualDirectory", "Set-OwaMailboxPolicy", "Select-Object"} <= set(names)
    assert not {"Get-ChildItem", "Get-CsUser", "Where-Object"} & set(names)


def test_servers_from_the_pipeline_are_servers_and_not_identities(shell: Console) -> None:
    heard = shell.pipe("Get-ExchangeServer", {"Identity": "ATL-CAS-002"}, "Get-OwaVirtualDirectory")
    assert (heard.errors, heard.texts("Identity")) == ([], FRONT[1:])
