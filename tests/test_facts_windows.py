"""Facts of Windows: what is asked, and how an answer tells *absent* from *failed*."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from certificate_factory import Recipe
from runbook.command import Shell, Target
from runbook.errors import PipelineFailed
from runbook.facts import windows
from runbook.facts.windows import FileItem, Service
from runbook.powershell import render
from server_answers import enum, parsed, thing

HERE = Target("atl-mbx-001.litwareinc.com", Shell.WINDOWS)
DLL = r"C:\Program Files\Microsoft UCMA 4.0\Runtime\SSP\Microsoft.Rtc.Internal.Ucweb.dll"
MISSING_KEY = "PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand"
MISSING_VALUE = "System.Management.Automation.PSArgumentException,Microsoft.PowerShell.Commands.GetItemPropertyCommand"
DENIED = "System.Security.SecurityException,Microsoft.PowerShell.Commands.GetItemPropertyCommand"


def test_the_registry_value_that_l06_names() -> None:
    query = windows.im_provider_path(HERE)
    assert render(query.pipeline) == (
        r"Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging'"
        " -Name ImplementationDLLPath"
    )
    assert parsed(query, thing(ImplementationDLLPath=DLL, PSPath="Registry::HKLM")) == DLL


@pytest.mark.parametrize("error", [MISSING_KEY, MISSING_VALUE])
def test_a_missing_key_or_value_is_absent(error: str) -> None:
    assert parsed(windows.im_provider_path(HERE), errors=[error]) is None
    assert parsed(windows.ucma_version(HERE), errors=[error]) is None


@pytest.mark.parametrize("errors", [[DENIED], [MISSING_VALUE, DENIED]])
def test_any_other_error_is_a_failure(errors: list[str]) -> None:
    with pytest.raises(PipelineFailed, match="SecurityException"):
        parsed(windows.im_provider_path(HERE), errors=errors)


def test_an_absence_with_a_gap_in_the_answer_is_a_failure() -> None:
    with pytest.raises(PipelineFailed, match="lost on the way"):
        parsed(windows.im_provider_path(HERE), errors=[MISSING_VALUE], complete=False)


def test_property_names_have_no_case() -> None:
    assert parsed(windows.ucma_version(HERE), thing(VERSION="5.0.8308.0")) == "5.0.8308.0"


def test_a_file_a_folder_and_nothing() -> None:
    query = windows.item(HERE, DLL)
    assert parsed(query, thing(FullName=DLL, PSIsContainer=False)) == FileItem(path=DLL, is_folder=False)
    assert parsed(query, thing(FullName=r"C:\x", PSIsContainer=True)) == FileItem(path=r"C:\x", is_folder=True)
    assert parsed(query, errors=["PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand"]) is None


def test_the_version_of_a_file() -> None:
    assert parsed(windows.file_version(HERE, DLL), thing(FileVersion="5.0.8308.0 ")) == "5.0.8308.0"
    assert parsed(windows.file_version(HERE, DLL)) == ""


def test_services_that_are_not_installed_are_left_out() -> None:
    found = parsed(
        windows.um_services(HERE),
        thing(Name="MSExchangeUM", Status=enum("Running", 4)),
        errors=["NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand"],
    )
    assert found == (Service(name="MSExchangeUM", status="Running"),)
    assert found[0].is_running


def test_a_port_that_nobody_listens_on() -> None:
    query = windows.listeners(HERE, 5199)
    assert parsed(query, errors=["CmdletizationQuery_NotFound_LocalPort,Get-NetTCPConnection"]) == 0
    assert parsed(query, thing(LocalAddress="::", LocalPort=5199), thing(LocalAddress="0.0.0.0", LocalPort=5199)) == 2


def test_the_clock() -> None:
    now = datetime(2014, 7, 23, 10, tzinfo=UTC)
    assert parsed(windows.clock(HERE), now) == now
    with pytest.raises(ValueError, match="didn't tell the time"):
        parsed(windows.clock(HERE), "10 o'clock")


def test_certificates_are_read_from_their_der() -> None:
    made = Recipe("atl-owa-001.litwareinc.com")
    query = windows.certificates(HERE, "My")
    assert render(query.pipeline) == (
        r"Get-ChildItem -LiteralPath 'Cert:\LocalMachine\My'"
        " | Select-Object -Property 'Thumbprint', 'HasPrivateKey', 'PrivateKey', 'NotAfter', 'RawData'"
    )
    entry = thing(Thumbprint="wrong", HasPrivateKey=True, NotAfter=None, RawData=made.der())
    (found,) = parsed(query, entry)
    assert (found.thumbprint, found.has_private_key) == (made.make().thumbprint, True)
    assert found.certificate == made.make()


def test_one_unreadable_certificate_does_not_hide_the_others() -> None:
    good, bad = Recipe("a").der(), b"\x30\x00"
    found = parsed(
        windows.certificates(HERE, "Root"),
        thing(Thumbprint="ab", HasPrivateKey=False, NotAfter=None, RawData=bad),
        thing(Thumbprint="cd", HasPrivateKey=False, NotAfter=None, RawData=good),
    )
    assert found[0].certificate is None
    assert "not a readable certificate" in found[0].fault
    assert [item.subject_cn for item in windows.readable(found)] == ["a"]


def test_a_certificate_without_its_der_is_a_fault_of_the_answer() -> None:
    with pytest.raises(ValueError, match="without RawData"):
        parsed(windows.certificates(HERE, "My"), thing(Thumbprint="ab", HasPrivateKey=True))
