"""What a session for reading lets through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.command import Cmdlet, Pipeline, Shell, Switch, cmdlet
from runbook.readlist import READS, Read, is_read, why_not_read

NETSTAT = "C:\\Windows\\System32\\netstat.exe"
CERTIFICATES = cmdlet("Get-ChildItem", Path="Cert:\\LocalMachine\\My")


@pytest.mark.parametrize(
    ("shell", "commands"),
    [
        (Shell.EXCHANGE, [cmdlet("Get-ExchangeServer", Identity="a"), cmdlet("Select-Object", Property=("Name",))]),
        (Shell.EXCHANGE, [cmdlet("Get-OwaVirtualDirectory", Server="a", ADPropertiesOnly=Switch.ON)]),
        (Shell.EXCHANGE, [cmdlet("Get-ExchangeDiagnosticInfo", Server="a", Argument="Config,Component=OwaServer")]),
        (Shell.LYNC, [cmdlet("Export-CsConfiguration", AsBytes=Switch.ON)]),
        (Shell.LYNC, [cmdlet("Get-CsTopology", AsXml=Switch.ON)]),
        (Shell.LYNC, [CERTIFICATES]),
        (Shell.LYNC_REMOTE, [cmdlet("Get-CsSite"), cmdlet("Select-Object", Property=("DisplayName", "SiteId"))]),
        (Shell.EDGE, [cmdlet("Get-CsHostingProvider", LocalStore=Switch.ON), cmdlet("Select-Object", Property="Name")]),
        (Shell.EDGE, [cmdlet("Get-CsAccessEdgeConfiguration", LocalStore=Switch.ON)]),
        (Shell.WINDOWS, [CERTIFICATES, cmdlet("Select-Object", Property=("Thumbprint", "RawData"))]),
        (Shell.WINDOWS, [cmdlet("Get-Content", LiteralPath="C:\\a", Encoding="Byte", Raw=Switch.ON)]),
        (Shell.WINDOWS, [cmdlet("Get-WinEvent", LogName="Application", FilterXPath="*", ErrorAction="Stop")]),
        (Shell.WINDOWS, [cmdlet("Get-CimInstance", ClassName="Win32_Process", Filter="Name='w3wp.exe'")]),
        (Shell.WINDOWS, [Cmdlet(NETSTAT, arguments=("-ano",))]),
    ],
)
def test_reads(shell: Shell, commands: list[Cmdlet]) -> None:
    assert why_not_read(Pipeline(tuple(commands)), shell) == ""


@pytest.mark.parametrize(
    ("shell", "command", "because"),
    [
        (Shell.EXCHANGE, cmdlet("Set-OwaVirtualDirectory", Identity="a"), "Set-OwaVirtualDirectory isn't on the list"),
        (Shell.EXCHANGE, cmdlet("Get-ExchangeDiagnosticInfo", Argument="Refresh"), "-Argument with this value"),
        (Shell.EXCHANGE, cmdlet("Get-ExchangeDiagnosticInfo", Argument="Config,Refresh"), "-Argument with this value"),
        (Shell.EXCHANGE, cmdlet("Get-ExchangeServer", OutVariable="a"), "-outvariable isn't on the list"),
        (Shell.EXCHANGE, cmdlet("Get-ExchangeServer", PipelineVariable="a"), "-pipelinevariable isn't on the list"),
        (Shell.EXCHANGE, cmdlet("Get-ExchangeServer", Ident="a"), "-ident isn't on the list"),
        (Shell.EXCHANGE, cmdlet("Get-ExchangeServer", ErrorAction="Inquire"), "only continue"),
        (Shell.EXCHANGE, cmdlet("Get-Content", Path="a"), "isn't known to be a read in the exchange shell"),
        (Shell.LYNC_REMOTE, CERTIFICATES, "isn't known to be a read in the lync-remote shell"),
        (Shell.LYNC, cmdlet("Export-CsConfiguration", FileName="C:\\a.zip"), "only reads with -AsBytes"),
        (Shell.LYNC, cmdlet("Export-CsConfiguration", AsBytes=Switch.OFF), "-AsBytes with this value"),
        (Shell.LYNC, cmdlet("Export-CsConfiguration", AsBytes=Switch.ON, FileName="C:\\a"), "-filename isn't on"),
        (Shell.LYNC, cmdlet("Get-CsWindowsService", Report="C:\\a.html"), "isn't on the list"),
        (Shell.LYNC, cmdlet("Enable-CsTopology", WhatIf=Switch.ON), "Enable-CsTopology isn't on the list"),
        (Shell.EDGE, cmdlet("Get-CsHostingProvider"), "only reads with -LocalStore"),
        (Shell.EDGE, cmdlet("Get-CsHostingProvider", LocalStore=Switch.OFF), "-LocalStore with this value"),
        (Shell.EDGE, cmdlet("Get-CsPool"), "isn't known to be a read in the edge shell"),
        (Shell.EDGE, CERTIFICATES, "isn't known to be a read in the edge shell"),
        (Shell.WINDOWS, cmdlet("Get-CimInstance", ClassName="Win32_Product"), "-ClassName with this value"),
        (Shell.WINDOWS, cmdlet("Get-CimInstance", Query="select * from Win32_Product"), "only reads with -ClassName"),
        (Shell.WINDOWS, cmdlet("Get-Content", Path="a", Wait=Switch.ON), "-wait isn't on the list"),
        (Shell.WINDOWS, cmdlet("Out-File", FilePath="a"), "isn't on the list"),
        (Shell.WINDOWS, Cmdlet(NETSTAT, arguments=("-ano", "-b")), "isn't a program known to only read"),
        (Shell.WINDOWS, Cmdlet("C:\\Temp\\netstat.exe", arguments=("-ano",)), "isn't a program known to only read"),
        (Shell.EXCHANGE, Cmdlet(NETSTAT, arguments=("-ano",)), "isn't a program known to only read"),
    ],
)
def test_writes_and_what_isnt_known_are_refused_with_the_reason(shell: Shell, command: Cmdlet, because: str) -> None:
    reason = why_not_read(Pipeline.of(command), shell)
    assert because in reason
    assert not is_read(Pipeline.of(cmdlet("Select-Object"), command), shell)


def test_letter_case_makes_no_difference() -> None:
    assert is_read(Pipeline.of(Cmdlet("Get-ExchangeServer", (("IDENTITY", "a"),))), Shell.EXCHANGE)


@given(st.sampled_from(READS), st.sampled_from(["Set", "New", "Remove", "Enable", "Clear", "Invoke", "Start"]))
def test_no_other_verb_gets_in_by_its_noun(read: Read, verb: str) -> None:
    noun = read.name.partition("-")[2]
    assert not any(is_read(Pipeline.of(Cmdlet(f"{verb}-{noun}")), shell) for shell in Shell)


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12), st.sampled_from(READS), st.sampled_from(Shell))
def test_a_parameter_that_isnt_spelled_out_is_refused(name: str, read: Read, shell: Shell) -> None:
    known = {parameter.lower() for parameter in read.parameters} | {"erroraction", "warningaction"}
    if name not in known:
        assert not is_read(Pipeline.of(Cmdlet(read.name, ((name, "continue"),))), shell)


def test_every_listed_cmdlet_and_parameter_exists() -> None:
    reference = Path(__file__).parents[2] / "shared" / "reference" / "cmdlets.json"
    if not reference.is_file():
        pytest.skip("no reference data beside this checkout")
    documented = json.loads(reference.read_text("utf-8"))
    for read in READS:
        if read.name in documented:
            spelled = {parameter.lower() for parameter in documented[read.name]["parameters"]}
            assert {parameter.lower() for parameter in read.parameters} <= spelled, read.name
