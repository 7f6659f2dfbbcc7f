"""Commands are values that can't hold script text, an alias or a parameter given twice."""

from __future__ import annotations

import pytest

from runbook.command import Cmdlet, Pipeline, cmdlet
from runbook.errors import InputError


@pytest.mark.parametrize(
    "name",
    [
        "ls",
        "Get-Item; Remove-Item",
        "& calc",
        "{ Get-Item }",
        "Get-Item\n",
        "",
        r"relative\tool.exe",
        "C:\\a.ps1",
        'C:\\a".exe',
    ],
)
def test_only_a_cmdlet_or_the_full_path_of_a_program_is_a_command(name: str) -> None:
    with pytest.raises(InputError, match="not a cmdlet"):
        Cmdlet(name)


def test_a_program_takes_arguments_and_a_cmdlet_named_parameters() -> None:
    recycle = Cmdlet(r"C:\Windows\System32\inetsrv\appcmd.exe", arguments=("recycle", "apppool"))
    assert recycle.is_native
    assert not cmdlet("Get-Item").is_native
    with pytest.raises(InputError):
        Cmdlet("Get-Item", arguments=("x",))
    with pytest.raises(InputError):
        Cmdlet(r"C:\tool.exe", (("Path", "x"),))


def test_a_parameter_is_given_once_whatever_its_case() -> None:
    with pytest.raises(InputError, match="given twice"):
        Cmdlet("Get-Item", (("Path", "a"), ("path", "b")))


@pytest.mark.parametrize("name", ["-Path", "Pa th", "Path:", "", "Päth"])
def test_a_parameter_name_is_letters_and_digits(name: str) -> None:
    with pytest.raises(InputError, match="not a parameter name"):
        Cmdlet("Get-Item", ((name, "a"),))


def test_a_value_is_found_by_the_name_in_any_case() -> None:
    assert cmdlet("Get-CsSite", Identity="Redmond").value("identity") == "Redmond"
    assert cmdlet("Get-CsSite").value("Identity") is None


def test_a_pipeline_is_never_empty() -> None:
    with pytest.raises(InputError):
        Pipeline(())
