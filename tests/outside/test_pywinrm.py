"""The lab's plain WinRM shell, checked by pywinrm, whose authors never saw this server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab_wire import ACCOUNTS, HOST, PASSWORD, UPN, USER, EchoOrganisation
from rehearsal.server import Lab

winrm = pytest.importorskip("winrm")
pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(EchoOrganisation(), ACCOUNTS, tmp_path_factory.mktemp("lab"))
    lab.start()
    yield lab
    lab.stop()


def session(lab: Lab, scheme: str = "http", transport: str = "ntlm", user: str = USER, password: str = PASSWORD):  # type: ignore[no-untyped-def]
    return winrm.Session(
        f"{lab.urls[HOST][scheme]}/wsman",
        auth=(user, password),
        transport=transport,
        server_cert_validation="ignore",
    )


@pytest.mark.parametrize("user", [USER, UPN])
@pytest.mark.parametrize(
    ("scheme", "transport"),
    [("http", "ntlm"), ("http", "credssp"), ("https", "ntlm"), ("https", "credssp"), ("https", "basic")],
)
def test_a_program_runs(lab: Lab, scheme: str, transport: str, user: str) -> None:
    reply = session(lab, scheme, transport, user).run_cmd("hostname")
    assert (reply.status_code, reply.std_out, reply.std_err) == (0, b"ATL-MBX-001\r\n", b"")


def test_arguments_are_split_as_a_command_line_is(lab: Lab) -> None:
    reply = session(lab).run_cmd("hostname", ["/all", '"two words"'])
    assert reply.std_out.decode().splitlines() == ["ATL-MBX-001", "/all", "two words"]


def test_what_a_program_writes_as_error_is_its_standard_error(lab: Lab) -> None:
    assert session(lab).run_cmd("complain").std_err == b"Cannot find a process.\r\n"


@pytest.mark.parametrize("program", ["frobnicate", "Write-Many"])
def test_an_unknown_program_is_what_cmd_says_of_it(lab: Lab, program: str) -> None:
    reply = session(lab).run_cmd(program)
    assert reply.status_code == 1
    assert f"'{program}' is not recognized as an internal or external command" in reply.std_err.decode()


def test_a_powershell_command_line_is_answered_and_not_run(lab: Lab) -> None:
    assert session(lab).run_ps("hostname").status_code == 1


def test_a_program_can_be_stopped(lab: Lab) -> None:
    protocol = session(lab).protocol
    shell = protocol.open_shell()
    running = protocol.run_command(shell, "wait")
    protocol.cleanup_command(shell, running)
    assert protocol.get_command_output(shell, protocol.run_command(shell, "hostname"))[2] == 0
    protocol.close_shell(shell)


def test_a_wrong_password_is_refused(lab: Lab) -> None:
    with pytest.raises(winrm.exceptions.InvalidCredentialsError):
        session(lab, password="wrong").run_cmd("hostname")
