"""Files and the registry over remoting: what the providers of Windows PowerShell do, ids and all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine import DLL, NOW, command, run, windows_host, windows_shell
from rehearsal.host import WindowsHost
from rehearsal.objects import plain
from rehearsal.providers import locate
from rehearsal.shells import Shell
from rehearsal.values import CommandCall, Integer

KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging"
CONFIG = r"C:\Program Files\Microsoft\Exchange Server\V15\ClientAccess\Owa\web.config"
ACL = "O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)"


@pytest.fixture
def host() -> WindowsHost:
    host = windows_host()
    host.files.put(CONFIG, b"\xef\xbb\xbf<configuration/>\r\n", sddl=ACL)
    return host


@pytest.fixture
def shell(host: WindowsHost) -> Shell:
    return windows_shell(host)


def test_a_registry_value_comes_with_its_notes(shell: Shell) -> None:
    [thing] = run(shell, command("Get-ItemProperty", LiteralPath=KEY, Name="implementationdllpath")).objects
    assert thing.type_names == ("System.Management.Automation.PSCustomObject", "System.Object")
    assert thing.extended["ImplementationDLLPath"] == DLL
    assert list(thing.extended)[1:] == ["PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider"]
    assert thing.extended["PSPath"] == r"Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE" + KEY[5:]


@pytest.mark.parametrize(
    ("call", "error_id", "category"),
    [
        (
            command("Get-ItemProperty", LiteralPath=r"HKLM:\SOFTWARE\Nothing", Name="X"),
            "PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand",
            "ObjectNotFound",
        ),
        (
            command("Get-ItemProperty", LiteralPath=KEY, Name="Nothing"),
            "System.Management.Automation.PSArgumentException,Microsoft.PowerShell.Commands.GetItemPropertyCommand",
            "InvalidArgument",
        ),
        (
            command("Get-Item", LiteralPath=r"C:\Nothing"),
            "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand",
            "ObjectNotFound",
        ),
        (
            command("Get-ChildItem", "Q:\\x"),
            "PathNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand",
            "ObjectNotFound",
        ),
        (
            command("Get-Content", "Foo:\\x"),
            "DriveNotFound,Microsoft.PowerShell.Commands.GetContentCommand",
            "ObjectNotFound",
        ),
        (
            command("Set-Content", r"C:\No\Such\folder.txt", b"x", Encoding="Byte"),
            "GetContentWriterDirectoryNotFoundError,Microsoft.PowerShell.Commands.SetContentCommand",
            "ObjectNotFound",
        ),
        (
            command("New-Item", CONFIG, ItemType="File"),
            "NewItemIOError,Microsoft.PowerShell.Commands.NewItemCommand",
            "WriteError",
        ),
    ],
)
def test_what_is_missing_is_reported_as_by_the_provider(
    shell: Shell, call: CommandCall, error_id: str, category: str
) -> None:
    [record] = run(shell, call).errors
    assert (record.error_id, record.category) == (error_id, category)


def test_a_wildcard_that_matches_nothing_is_no_error(shell: Shell) -> None:
    recorded = run(shell, command("Get-Item", r"C:\Windows\*.ini"))
    assert (recorded.objects, recorded.errors) == ([], [])
    literal = run(shell, command("Get-Item", LiteralPath=r"C:\Windows\*.ini"))
    assert len(literal.errors) == 1


def test_the_version_of_a_dll(shell: Shell) -> None:
    [info] = run(
        shell, command("Get-Item", LiteralPath=DLL), command("Select-Object", ExpandProperty="VersionInfo")
    ).objects
    assert info.type_names[0] == "System.Diagnostics.FileVersionInfo"
    assert (info.properties["FileVersion"], info.properties["FileMajorPart"]) == ("5.0.8308.0", 5)


def test_file_objects(shell: Shell) -> None:
    [thing] = run(shell, command("Get-Item", LiteralPath=CONFIG.upper())).objects
    assert thing.type_names == (
        "System.IO.FileInfo",
        "System.IO.FileSystemInfo",
        "System.MarshalByRefObject",
        "System.Object",
    )
    assert thing.properties["Length"] == Integer(21, "Int64")
    assert thing.properties["Attributes"].name == "Archive"
    assert thing.properties["LastWriteTimeUtc"] == NOW
    assert thing.properties["FullName"] == CONFIG


@pytest.mark.parametrize("how", [{"Raw": True}, {"ReadCount": 0}])
def test_bytes_come_as_one_array_with_notes(shell: Shell, how: dict[str, Any]) -> None:
    [value] = run(shell, command("Get-Content", LiteralPath=CONFIG, Encoding="Byte", **how)).objects
    assert value.base == b"\xef\xbb\xbf<configuration/>\r\n"
    assert list(value.extended) == ["PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider", "ReadCount"]
    assert value.extended["PSChildName"] == "web.config"


def test_text_comes_line_by_line_without_its_byte_order_mark(shell: Shell, host: WindowsHost) -> None:
    host.files.put(r"C:\two.txt", "\ufefföne\r\ntwo\r\n".encode())
    lines = run(shell, command("Get-Content", r"C:\two.txt")).objects
    assert [plain(line) for line in lines] == ["öne", "two"]


@given(st.binary(max_size=300))
def test_what_is_written_is_what_is_read(content: bytes) -> None:
    shell = windows_shell()
    run(shell, command("Set-Content", LiteralPath=r"C:\Windows\Temp\x", Value=content, Encoding="Byte"))
    [value] = run(shell, command("Get-Content", LiteralPath=r"c:\windows\TEMP\X", Encoding="Byte", Raw=True)).objects
    assert value.base == content


def test_an_array_of_bytes_is_written_as_well_as_a_byte_array(shell: Shell, host: WindowsHost) -> None:
    values = [Integer(1, "Byte"), 2, b"\x03"]
    recorded = run(shell, command("Set-Content", r"C:\x", values, Encoding="Byte"))
    assert recorded.errors == []
    assert host.files.find(r"C:\x").content == b"\x01\x02\x03"
    refused = run(shell, command("Set-Content", r"C:\x", "text", Encoding="Byte"))
    assert len(refused.errors) == 1
    assert host.files.find(r"C:\x").content == b"\x01\x02\x03"


def test_copying_over_a_file_keeps_its_acl_and_moving_loses_it(shell: Shell, host: WindowsHost) -> None:
    """pipelines.md: Copy-Item keeps the file there and its ACL, Move-Item -Force deletes it first."""
    new = r"C:\Windows\Temp\new.config"
    host.files.put(new, b"<new/>")
    run(shell, command("Copy-Item", LiteralPath=new, Destination=CONFIG, Force=True))
    assert (host.files.find(CONFIG).content, host.files.find(CONFIG).sddl) == (b"<new/>", ACL)
    [acl] = run(shell, command("Get-Acl", CONFIG), command("Select-Object", "Sddl")).objects
    assert acl.extended == {"Sddl": ACL}
    run(shell, command("Move-Item", LiteralPath=new, Destination=CONFIG, Force=True))
    assert host.files.find(CONFIG).sddl != ACL
    assert host.files.get(new) is None


def test_moving_onto_a_file_needs_force(shell: Shell, host: WindowsHost) -> None:
    host.files.put(r"C:\new", b"")
    [record] = run(shell, command("Move-Item", r"C:\new", CONFIG)).errors
    assert record.error_id == "MoveFileInfoItemIOError,Microsoft.PowerShell.Commands.MoveItemCommand"
    assert host.files.get(r"C:\new") is not None


@pytest.mark.parametrize(
    ("make", "error_id"),
    [
        (lambda: command("Set-Content", CONFIG, b"x", Encoding="Byte"), "GetContentWriterUnauthorizedAccessError"),
        (lambda: command("Copy-Item", DLL, CONFIG), "CopyFileInfoItemUnauthorizedAccessError"),
        (lambda: command("Remove-Item", CONFIG), "RemoveFileSystemItemUnAuthorizedAccess"),
    ],
)
def test_read_only_is_denied(shell: Shell, host: WindowsHost, make: Callable[[], CommandCall], error_id: str) -> None:
    host.files.set_attributes(CONFIG, frozenset({"Archive", "ReadOnly"}))
    [record] = run(shell, make()).errors
    assert (record.error_id.partition(",")[0], record.category) == (error_id, "PermissionDenied")
    assert host.files.find(CONFIG).content != b"x"


def test_a_hash_is_of_the_bytes(shell: Shell, host: WindowsHost) -> None:
    host.files.put(r"C:\abc", b"abc")
    [thing] = run(shell, command("Get-FileHash", LiteralPath=r"C:\abc")).objects
    assert thing.extended["Hash"] == "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"


def test_every_change_of_a_file_and_a_value_is_reported(shell: Shell, host: WindowsHost) -> None:
    changes: list[tuple[Any, ...]] = []
    host.on_change = lambda *change: changes.append(change)
    run(shell, command("Set-ItemProperty", KEY, "ImplementationDLLPath", "C:\\other.dll"))
    run(shell, command("New-Item", r"C:\Windows\Temp\a", ItemType="Directory"))
    run(shell, command("Remove-Item", r"C:\Windows\Temp\a"))
    run(shell, command("Get-Content", CONFIG))
    assert [(change[0].rpartition("\\")[2], *change[1:]) for change in changes] == [
        ("InstantMessaging", "ImplementationDLLPath", DLL, "C:\\other.dll"),
        ("a", "Exists", False, True),
        ("a", "Exists", True, False),
    ]


@pytest.mark.parametrize(
    ("path", "kind", "there"),
    [
        (DLL, "Any", True),
        (DLL, "Leaf", True),
        (DLL, "Container", False),
        (r"C:\Program Files", "Container", True),
        (KEY, "Any", True),
        (KEY + r"\Nothing", "Any", False),
        (r"Q:\x", "Any", False),
        (r"Cert:\LocalMachine\My", "Container", True),
    ],
)
def test_test_path(shell: Shell, path: str, kind: str, there: bool) -> None:
    recorded = run(shell, command("Test-Path", LiteralPath=path, PathType=kind))
    assert (recorded.objects, recorded.errors) == ([there], [])


def test_folders_list_their_children(shell: Shell) -> None:
    recorded = run(shell, command("Get-ChildItem", r"C:\Program Files", Recurse=True, Filter="*.config"))
    assert [thing.properties["Name"] for thing in recorded.objects] == ["web.config"]
    assert recorded.objects[0].text == "web.config"


def test_provider_paths_are_paths() -> None:
    located = locate(r"Microsoft.PowerShell.Core\FileSystem::C:\x\Y")
    assert (located.path, located.drive) == (r"C:\x\Y", "")
    assert locate(r"Registry::HKEY_LOCAL_MACHINE\SOFTWARE").path == r"HKEY_LOCAL_MACHINE\SOFTWARE"
