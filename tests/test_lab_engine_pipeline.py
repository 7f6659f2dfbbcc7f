"""Statements, streams and endpoints: what a runspace does with what a client sends."""

from __future__ import annotations

from typing import Any

import pytest

from lab_engine import Recorded, command, run, windows_host, windows_shell
from rehearsal.cmdlet import ACTING, REGISTRY
from rehearsal.host import Service, WindowsHost
from rehearsal.shells import Shell, open_shell
from rehearsal.values import CommandCall, Identity, TerminatingError, Thing

COUNT = command("Measure-Object")


def exchange(version: str = "15.0.847.32") -> Shell:
    return windows_shell(windows_host(software={"exchange": version}), "/PowerShell/")


def names(recorded: Recorded) -> list[str]:
    return [thing.properties["ServiceName"] for thing in recorded.objects]


@pytest.fixture
def services() -> WindowsHost:
    host = windows_host()
    for name in ("Alpha", "Beta", "Gamma"):
        host.add_service(Service(name, f"The {name} service", "Running" if name != "Beta" else "Stopped"))
    return host


@pytest.mark.parametrize("path", ["/PowerShell/", "/OcsPowershell"])
def test_a_script_on_a_restricted_endpoint_is_refused(path: str) -> None:
    """about_Language_Modes: ``ParserError: (…:String) [], ParseException``, ``ScriptsNotAllowed``."""
    shell = windows_shell(windows_host(software={"exchange": "15.0"}), path)
    failure = run(shell, CommandCall("$ExecutionContext", True)).failure
    assert failure is not None
    assert (failure.error_id, failure.category, failure.reason) == (
        "ScriptsNotAllowed",
        "ParserError",
        "ParseException",
    )
    assert "no-language mode" in failure.message


def test_a_script_on_the_windows_endpoint_is_said_not_to_be_simulated() -> None:
    failure = run(windows_shell(), CommandCall("Get-Date | ft", True)).failure
    assert failure is not None
    assert failure.error_id == "RehearsalRunsCmdletsOnly"


@pytest.mark.parametrize(
    ("path", "name", "there"),
    [
        ("/PowerShell/", "Select-Object", True),
        ("/PowerShell/", "Measure-Object", True),
        ("/PowerShell/", "Where-Object", False),
        ("/PowerShell/", "Sort-Object", False),
        ("/PowerShell/", "Get-Content", False),
        ("/OcsPowershell", "Select-Object", True),
        ("/OcsPowershell", "Get-Service", False),
        ("/wsman", "Where-Object", True),
        ("/wsman", "Get-OwaVirtualDirectory", False),
        ("/wsman", "Get-CsPool", False),
    ],
)
def test_a_cmdlet_is_where_a_real_server_has_it(path: str, name: str, there: bool) -> None:
    """real-world B4: restricted endpoints have Select-Object and Measure-Object beside their own cmdlets."""
    shell = windows_shell(windows_host(software={"exchange": "15.0.847.32"}), path)
    failure = run(shell, CommandCall(name, False)).failure
    missing = failure is not None and failure.error_id == "CommandNotFoundException"
    assert missing is not there
    if missing and failure:
        assert (failure.category, failure.target_name, failure.target_type) == ("ObjectNotFound", name, "String")


def test_get_file_hash_came_with_version_4() -> None:
    old = windows_shell(windows_host(software={"powershell": "3.0"}))
    assert run(old, command("Get-FileHash", r"C:\Windows")).error_ids == ["CommandNotFoundException"]


def test_an_unknown_command_stops_the_pipeline_before_it_begins(services: WindowsHost) -> None:
    recorded = run(windows_shell(services), command("Get-Service"), command("Get-Nonsense"))
    assert recorded.error_ids == ["CommandNotFoundException"]
    assert recorded.objects == []


def test_objects_stream_and_first_ends_the_commands_before_it(services: WindowsHost) -> None:
    recorded = run(windows_shell(services), command("Get-Service"), command("Select-Object", First=2))
    assert names(recorded) == ["Alpha", "Beta"]


def test_first_takes_no_more_input_than_it_needs() -> None:
    fed = iter(["a", "b", "c", "d"])
    recorded = run(windows_shell(), command("Select-Object", First=2), pipeline_input=fed)
    assert (recorded.objects, list(fed)) == (["a", "b"], ["c", "d"])


def test_first_still_lets_later_commands_finish(services: WindowsHost) -> None:
    recorded = run(windows_shell(services), command("Get-Service"), command("Select-Object", First=2), COUNT)
    assert recorded.objects[0].properties["Count"] == 2


def test_pipeline_input_binds_by_value_and_by_property_name(services: WindowsHost) -> None:
    by_value = run(windows_shell(services), command("Get-Service"), pipeline_input=["Beta", "Alpha"])
    assert names(by_value) == ["Beta", "Alpha"]
    thing = Thing(("Selected.X",), None, {}, {"ServiceName": "Gamma"})
    assert names(run(windows_shell(services), command("Get-Service"), pipeline_input=[thing])) == ["Gamma"]


def test_what_nothing_takes_is_not_bound() -> None:
    recorded = run(windows_shell(), command("Get-CimInstance", "Win32_Process"), pipeline_input=["x"])
    assert [name.partition(",")[0] for name in recorded.error_ids] == ["InputObjectNotBound"]


def test_error_action(services: WindowsHost) -> None:
    shell = windows_shell(services)
    wanted = ["Nonsense", "Alpha"]
    plain = run(shell, command("Get-Service", wanted))
    assert (names(plain), len(plain.errors), plain.failure) == (["Alpha"], 1, None)
    quiet = run(shell, command("Get-Service", wanted, ErrorAction="SilentlyContinue"))
    assert (names(quiet), quiet.errors, quiet.failure) == (["Alpha"], [], None)
    stopped = run(shell, command("Get-Service", wanted, ErrorAction="Stop"))
    assert stopped.failure is not None
    assert stopped.failure.error_id == "NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand"
    assert stopped.failure.message.startswith("The running command stopped because the preference variable")
    assert stopped.objects == []


def test_statements_run_one_after_another_and_survive_an_error(services: WindowsHost) -> None:
    """PowerShell.BatchInvocationWorkItem adds the exception to the error stream and goes on."""
    recorded = run(
        windows_shell(services),
        command("Get-Nonsense", ends_statement=True),
        command("Get-Service", "Alpha", ends_statement=True),
        command("Get-Service", "Gamma", ends_statement=True),
    )
    assert names(recorded) == ["Alpha", "Gamma"]
    assert (recorded.error_ids, recorded.failure) == (["CommandNotFoundException"], None)


def test_error_action_stop_ends_all_statements(services: WindowsHost) -> None:
    recorded = run(
        windows_shell(services),
        command("Get-Service", "Nonsense", ErrorAction="Stop", ends_statement=True),
        command("Get-Service", "Alpha", ends_statement=True),
    )
    assert recorded.failure is not None
    assert recorded.objects == []


def test_what_if_changes_nothing(services: WindowsHost) -> None:
    changes: list[Any] = []
    services.on_change = lambda *change: changes.append(change)
    shell = windows_shell(services)
    run(shell, command("Restart-Service", "Alpha", WhatIf=True))
    assert changes == []
    run(shell, command("Restart-Service", "Alpha"))
    assert [change[2:] for change in changes] == [("Running", "Stopped"), ("Stopped", "Running")]


def test_confirm_asks_the_host_and_fails_where_there_is_none(services: WindowsHost) -> None:
    shell = windows_shell(services)
    alone = run(shell, command("Restart-Service", "Alpha", Confirm=True))
    assert alone.failure is not None
    assert 'Performing the operation "Restart-Service" on target "The Alpha service (Alpha)".' in alone.prompts[0]
    answered = Recorded(answers=[3])
    run(shell, command("Restart-Service", ["Alpha", "Gamma"], Confirm=True), streams=answered)
    assert len(answered.prompts) == 1  # "No to All" answers for the second as well


def test_a_stop_ends_the_pipeline_quietly(services: WindowsHost) -> None:
    recorded = run(windows_shell(services), command("Get-Service"), streams=Recorded(stop_after=1))
    assert (names(recorded), recorded.failure) == (["Alpha"], None)


def test_a_change_is_told_whose_it_is(services: WindowsHost) -> None:
    actors: list[Any] = []
    services.on_change = lambda *change: actors.append(ACTING.get())
    run(windows_shell(services), command("Restart-Service", "Alpha"))
    assert {(actor.command, actor.user, actor.path) for actor in actors} == {
        ("Restart-Service", "LITWARE\\admin", "/wsman")
    }
    assert ACTING.get() is None


def test_a_wrong_configuration_does_not_open() -> None:
    with pytest.raises(TerminatingError):
        open_shell(windows_host(), None, "/PowerShell/", "Microsoft.PowerShell", Identity("x", False))


def test_variables_and_modules_live_as_long_as_the_runspace() -> None:
    shell = windows_shell()
    before = run(shell, command("Get-Variable", "LASTEXITCODE", ValueOnly=True))
    assert before.error_ids == ["VariableNotFound,Microsoft.PowerShell.Commands.GetVariableCommand"]
    lines = run(shell, command(r"C:\Windows\System32\HOSTNAME.EXE"))
    assert lines.objects == ["ATL-MBX-001"]
    assert run(shell, command("Get-Variable", "LASTEXITCODE", ValueOnly=True)).objects == [0]
    assert run(shell, command("Import-Module", "Lync")).error_ids == [
        "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand"
    ]


def test_netstat_lists_what_listens() -> None:
    from rehearsal.host import Listener

    host = windows_host()
    host.listeners.append(Listener(5075, 4242))
    lines = run(windows_shell(host), command("netstat", "-ano")).objects
    assert any(line.split() == ["TCP", "0.0.0.0:5075", "0.0.0.0:0", "LISTENING", "4242"] for line in lines)


def test_lyncs_module_has_its_name_of_the_product() -> None:
    for software, module in (({"lync": "5.0.8308.0"}, "Lync"), ({"skype-for-business": "6.0"}, "SkypeForBusiness")):
        shell = windows_shell(windows_host(software=software))
        recorded = run(
            shell,
            command("Import-Module", module),
        )
        assert recorded.error_ids == []
        listed = run(shell, command("Get-Module")).objects
        assert module in [thing.properties["Name"] for thing in listed]


def test_every_cmdlet_says_where_it_is_from() -> None:
    windows_shell()
    assert len(REGISTRY) > 25
    assert not [one.name for one in REGISTRY.values() if not one.source or not one.module]
