"""Sessions against the lab's real wire: what is believed, what is refused, and in which words."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rehearsal.server import Lab
from rehearsal.values import CommandCall, EnumValue, ErrorRecord, Integer, ListValue, Streams, TerminatingError, Thing
from remoting_lab import FRONT_END, MAILBOX, PASSWORD, USERNAME, FixedBroker, TinyOrganisation, estate, server, serving
from runbook import remoting
from runbook.command import Cmdlet, Pipeline, Shell, Switch, cmdlet
from runbook.errors import ConnectionFailed, InputError, OutcomeUnknown, WriteRefused
from runbook.remoting import PsrpSession, open_session
from runbook.result import ServerObject, State

EXCHANGE_SERVERS = Pipeline.of(cmdlet("Get-ExchangeServer"))
WRITE = Pipeline.of(cmdlet("Set-OwaVirtualDirectory", Identity="mbx\\owa"))


class Clock:
    """Monotonic seconds that move when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _server_object(call: CommandCall, streams: Streams) -> None:
    streams.output(
        Thing(
            ("Microsoft.Exchange.Data.Directory.Management.ExchangeServer", "System.Object"),
            "MBX",
            {
                "Name": "MBX",
                "ServerRole": EnumValue("Mailbox", 54, ("Microsoft.ServerRole", "System.Enum", "System.Object")),
                "Names": ListValue(("a", "b"), ("Microsoft.Exchange.Data.MultiValuedProperty`1[[System.String]]",)),
                "Size": Integer(2**40, "Int64"),
                "RawData": b"\x30\x82",
            },
            {"PSComputerName": "other.litwareinc.com"},
        )
    )


def _complains(call: CommandCall, streams: Streams) -> None:
    streams.warning("The command completed, but nothing was changed.")
    streams.error(ErrorRecord(message="It isn't there.", error_id="NotFound,X", category="ObjectNotFound"))
    streams.output("after")


def _fails(call: CommandCall, streams: Streams) -> None:
    raise TerminatingError(ErrorRecord(message="Denied.", error_id="Denied,X", category="PermissionDenied"))


def _quiet(call: CommandCall, streams: Streams) -> None:
    return


@pytest.fixture
def organisation() -> TinyOrganisation:
    return TinyOrganisation(
        {
            "Get-ExchangeServer": _server_object,
            "Get-UMService": _complains,
            "Get-Mailbox": _fails,
            "Set-OwaVirtualDirectory": _quiet,
            "Get-CsSite": _quiet,
            "Get-Date": _quiet,
        }
    )


@pytest.fixture
def lab(organisation: TinyOrganisation, tmp_path: Path) -> Iterator[Lab]:
    with serving(organisation, tmp_path) as running:
        yield running


@pytest.fixture
def connect(lab: Lab, tmp_path: Path) -> Iterator[Callable[..., PsrpSession]]:
    """``connect(shell, name=…, scheme=…, authentication=…, url=…, ca=…, broker=…, writes=…)``; closed afterwards."""
    opened: list[PsrpSession] = []

    def connect(shell: Shell = Shell.EXCHANGE, name: str = MAILBOX, **options: Any) -> PsrpSession:
        broker = options.pop("broker", FixedBroker())
        ca = options.pop("ca", tmp_path / "ca.pem")
        session_options = {key: options.pop(key) for key in ("deadline", "clock") if key in options}
        writes = options.pop("writes", True)
        host = server(lab, name, **options)
        whole = estate(host, certificate_authority=ca)
        session = open_session(host, shell, broker, estate=whole, writes=writes, **session_options)
        opened.append(session)
        return session

    yield connect
    for session in opened:
        session.close()


# What comes back


def test_objects_arrive_with_their_types(connect: Callable[..., PsrpSession]) -> None:
    result = connect().run(EXCHANGE_SERVERS)
    assert result.succeeded
    (found,) = result.objects
    assert found.type_names[0].endswith("ExchangeServer")
    assert (found.text, found["name"], found["Size"], found["RawData"]) == ("MBX", "MBX", 2**40, b"\x30\x82")
    assert found["Names"] == ("a", "b")
    role = found["ServerRole"]
    assert isinstance(role, ServerObject)
    assert (role.text, role.value) == ("Mailbox", 54)
    assert result.served_by == "other.litwareinc.com"


def test_a_non_terminating_error_is_no_success_although_the_state_is_completed(
    connect: Callable[..., PsrpSession],
) -> None:
    result = connect().run(Pipeline.of(cmdlet("Get-UMService")))
    assert result.state is State.COMPLETED
    assert not result.succeeded
    (error,) = result.errors
    assert (error.message, error.error_id, error.category) == ("It isn't there.", "NotFound,X", "ObjectNotFound")
    assert not error.terminating
    assert result.output == ("after",)
    assert result.warnings == ("The command completed, but nothing was changed.",)


def test_a_terminating_error_ends_the_pipeline_as_failed(connect: Callable[..., PsrpSession]) -> None:
    result = connect().run(Pipeline.of(cmdlet("Get-Mailbox")))
    assert result.state is State.FAILED
    assert [(error.error_id, error.terminating) for error in result.errors] == [("Denied,X", True)]


def test_a_session_runs_one_pipeline_after_another_in_one_runspace(
    connect: Callable[..., PsrpSession], organisation: TinyOrganisation
) -> None:
    session = connect()
    assert [session.run(EXCHANGE_SERVERS).succeeded for _ in range(3)] == [True] * 3
    assert len(organisation.opened) == 1


@pytest.mark.parametrize(
    ("shell", "name", "scheme", "authentication", "path", "configuration", "delegated"),
    [
        (Shell.EXCHANGE, MAILBOX, "http", "negotiate", "/PowerShell/", "Microsoft.Exchange", False),
        (Shell.WINDOWS, MAILBOX, "http", "ntlm", "/wsman", "Microsoft.PowerShell", False),
        (Shell.WINDOWS, MAILBOX, "https", "basic", "/wsman", "Microsoft.PowerShell", False),
        (Shell.LYNC, FRONT_END, "https", "credssp", "/wsman", "Microsoft.PowerShell", True),
        (Shell.LYNC, FRONT_END, "http", "credssp", "/wsman", "Microsoft.PowerShell", True),
        (Shell.LYNC_REMOTE, FRONT_END, "https", "negotiate", "/OcsPowershell", "Microsoft.PowerShell", False),
    ],
)
def test_each_shell_goes_to_its_own_endpoint(
    connect: Callable[..., PsrpSession],
    organisation: TinyOrganisation,
    shell: Shell,
    name: str,
    scheme: str,
    authentication: str,
    path: str,
    configuration: str,
    delegated: bool,
) -> None:
    connect(shell, name, scheme=scheme, authentication=authentication)
    ((host, *where, identity),) = organisation.opened
    assert (host, *where) == (name, path, configuration)
    assert identity.delegated is delegated
    assert organisation.names == (["Import-Module"] if shell is Shell.LYNC else [])


def test_a_lync_module_that_cant_be_loaded_says_so(
    connect: Callable[..., PsrpSession], organisation: TinyOrganisation
) -> None:
    organisation.commands["Import-Module"] = _fails
    with pytest.raises(ConnectionFailed, match=r"module Lync couldn't be loaded: Denied\."):
        connect(Shell.LYNC, FRONT_END)


# What is sent


def test_commands_are_never_script_text(connect: Callable[..., PsrpSession], organisation: TinyOrganisation) -> None:
    organisation.commands["C:\\Windows\\System32\\netstat.exe"] = _quiet
    session = connect(Shell.WINDOWS)
    session.run(Pipeline.of(Cmdlet("C:\\Windows\\System32\\netstat.exe", arguments=("-ano",))))
    session.run(Pipeline.of(cmdlet("Get-Date"), cmdlet("Select-Object", Property=("Year", "Day"))))
    native, piped = organisation.received
    assert [call.is_script for call in (*native, *piped)] == [False] * 3
    assert native[0].parameters == ((None, "-ano"),)
    assert piped[1].parameters == (("Property", ["Year", "Day"]),)


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Any], Any]]:
    folder = tmp_path_factory.mktemp("echo")
    organisation = TinyOrganisation({"Set-Value": _quiet})
    with serving(organisation, folder) as running:
        host = server(running, scheme="https", authentication="basic")
        whole = estate(host, certificate_authority=folder / "ca.pem")
        session = open_session(host, Shell.WINDOWS, FixedBroker(), estate=whole, writes=True)

        def echo(value: Any) -> Any:
            assert session.run(Pipeline.of(cmdlet("Set-Value", Value=value))).succeeded
            return organisation.received[-1][0].parameters[0][1]

        yield echo
        session.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(),
        st.booleans(),
        st.binary(max_size=200),
        st.integers(-(2**63), 2**63 - 1),
        st.lists(st.text(), min_size=1).map(tuple),
        st.none(),
    )
)
def test_a_parameter_arrives_as_it_was_meant(echo: Callable[[Any], Any], value: Any) -> None:
    arrived = echo(value)
    arrived = getattr(arrived, "value", arrived)
    assert arrived == (list(value) if isinstance(value, tuple) else value)
    assert isinstance(arrived, bool) is isinstance(value, bool)


@pytest.mark.parametrize(("switch", "arrives"), [(Switch.ON, True), (Switch.OFF, False)])
def test_a_switch_arrives_as_a_boolean(echo: Callable[[Any], Any], switch: Switch, arrives: bool) -> None:
    assert echo(switch) is arrives


@pytest.mark.parametrize("value", [2**63, "half a character: \ud83d"])
def test_what_the_wire_cant_carry_is_refused_before_anything_leaves(
    connect: Callable[..., PsrpSession], organisation: TinyOrganisation, value: Any
) -> None:
    with pytest.raises(InputError, match="Set-OwaVirtualDirectory -Identity"):
        connect().run(Pipeline.of(cmdlet("Set-OwaVirtualDirectory", Identity=value)))
    assert organisation.received == []


# Plan mode


@pytest.mark.parametrize(
    "pipeline",
    [
        WRITE,
        Pipeline.of(cmdlet("Get-ExchangeServer"), cmdlet("Set-OwaVirtualDirectory")),
        Pipeline.of(cmdlet("Get-ExchangeDiagnosticInfo", Server="mbx", Argument="Refresh")),
        Pipeline.of(cmdlet("Get-ExchangeServer", OutVariable="x")),
    ],
)
def test_a_session_for_reading_sends_no_write(
    connect: Callable[..., PsrpSession], organisation: TinyOrganisation, pipeline: Pipeline
) -> None:
    session = connect(writes=False)
    with pytest.raises(WriteRefused, match="nothing was sent") as refused:
        session.run(pipeline)
    assert pipeline.cmdlets[-1].name in str(refused.value)
    assert organisation.received == []
    assert session.run(EXCHANGE_SERVERS).succeeded


# Reaching a server


@pytest.mark.parametrize("authentication", ["negotiate", "ntlm", "credssp", "basic"])
def test_a_wrong_password_is_a_refused_account(connect: Callable[..., PsrpSession], authentication: str) -> None:
    with pytest.raises(ConnectionFailed, match="refused the account behind cred:admin") as failed:
        connect(Shell.WINDOWS, broker=FixedBroker("a wrong secret"), scheme="https", authentication=authentication)
    assert "a wrong secret" not in str(failed.value)


@pytest.mark.parametrize("authentication", ["negotiate", "credssp"])
def test_an_authentication_that_the_server_doesnt_offer(tmp_path: Path, authentication: str) -> None:
    organisation = TinyOrganisation({}, offered=("basic",))
    with serving(organisation, tmp_path) as running:
        host = server(running, scheme="https", authentication=authentication)
        whole = estate(host, certificate_authority=tmp_path / "ca.pem")
        with pytest.raises(ConnectionFailed, match=f"doesn't offer {authentication} authentication"):
            open_session(host, Shell.WINDOWS, FixedBroker(), estate=whole, writes=False)


def test_an_error_keeps_no_frame_that_holds_the_password(connect: Callable[..., PsrpSession]) -> None:
    with pytest.raises(ConnectionFailed) as failed:
        connect(broker=FixedBroker("a wrong secret"))
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None


def test_no_listener(connect: Callable[..., PsrpSession]) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        port = closed.server_address[1]
    with pytest.raises(ConnectionFailed, match="Nothing listens at this address"):
        connect(url=f"http://127.0.0.1:{port}")


def test_a_name_that_isnt_known(connect: Callable[..., PsrpSession]) -> None:
    with pytest.raises(ConnectionFailed, match="isn't known here"):
        connect(url="http://nowhere.invalid:5985")


def test_a_certificate_for_another_server_is_refused(
    connect: Callable[..., PsrpSession], lab: Lab, organisation: TinyOrganisation
) -> None:
    with pytest.raises(ConnectionFailed, match="certificate is for another name"):
        connect(url=lab.urls[FRONT_END]["https"])
    assert organisation.opened == []


@pytest.mark.parametrize("authentication", ["basic", "negotiate", "credssp"])
def test_tls_is_checked_for_the_real_name_whatever_the_address(
    connect: Callable[..., PsrpSession], lab: Lab, authentication: str
) -> None:
    session = connect(Shell.WINDOWS, scheme="https", authentication=authentication)
    assert MAILBOX not in lab.urls[MAILBOX]["https"]
    assert session.run(Pipeline.of(cmdlet("Get-Date"))).succeeded


def test_a_certificate_of_an_unknown_ca_is_refused_even_if_the_environment_trusts_it(
    connect: Callable[..., PsrpSession], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with pytest.raises(ConnectionFailed, match="isn't trusted"):
        connect(scheme="https", ca=None)


def test_the_environment_cant_take_the_estates_ca_away(
    connect: Callable[..., PsrpSession], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.pem").write_text("nothing")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    assert connect(scheme="https").run(EXCHANGE_SERVERS).succeeded


def test_a_ca_file_that_isnt_one(connect: Callable[..., PsrpSession], tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(InputError, match=r"bad\.pem isn't a file of CA certificates"):
        connect(scheme="https", ca=tmp_path / "bad.pem")


def test_no_proxy_of_the_environment_is_used(
    connect: Callable[..., PsrpSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert connect().run(EXCHANGE_SERVERS).succeeded
    assert connect(scheme="https").run(EXCHANGE_SERVERS).succeeded


def test_nothing_of_a_session_is_logged(
    connect: Callable[..., PsrpSession], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pypsrp", "pypsrp.wsman", "pypsrp.messages", "urllib3", "spnego"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        connect().run(Pipeline.of(cmdlet("Set-OwaVirtualDirectory", Identity="a telling name")))
    assert "a telling name" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith(("pypsrp", "urllib3", "spnego"))]


# Servers that misbehave


@pytest.fixture
def impostor() -> Iterator[Callable[[Callable[[BaseHTTPRequestHandler], None]], str]]:
    """``impostor(answer)`` is the URL of an HTTP server that answers every POST with ``answer``."""
    running: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                return

        httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        running.append(httpd)
        return f"http://127.0.0.1:{httpd.server_address[1]}"

    yield start
    for httpd in running:
        httpd.shutdown()
        httpd.server_close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_nothing_goes_there(
    connect: Callable[..., PsrpSession], impostor: Callable[..., str], status: int
) -> None:
    reached: list[str] = []
    elsewhere = impostor(lambda request: reached.append(request.path))

    def redirect(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", f"{elsewhere}/PowerShell/")
        request.send_header("Content-Length", "0")
        request.end_headers()

    with pytest.raises(ConnectionFailed, match="redirect"):
        connect(url=impostor(redirect))
    assert reached == []


def test_an_answer_that_isnt_ws_management(connect: Callable[..., PsrpSession], impostor: Callable[..., str]) -> None:
    def refuse(request: BaseHTTPRequestHandler) -> None:
        request.send_error(404)

    with pytest.raises(ConnectionFailed, match="HTTP 404"):
        connect(url=impostor(refuse))


def test_a_reply_without_end_is_cut_off_at_the_deadline(
    connect: Callable[..., PsrpSession], impostor: Callable[..., str]
) -> None:
    done = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        while not done.wait(0.01):
            try:
                request.wfile.write(b"x")
            except OSError:
                break

    try:
        with pytest.raises(ConnectionFailed, match=r"didn't finish within 0\.3 seconds"):
            connect(url=impostor(drip), deadline=0.3)
    finally:
        done.set()


# Commands that never end


@pytest.fixture
def waiting(organisation: TinyOrganisation) -> threading.Event:
    """``Set-OwaVirtualDirectory`` and ``Get-ExchangeServer`` wait until they are stopped; set when they were."""
    stopped = threading.Event()

    def wait(call: CommandCall, streams: Streams) -> None:
        if streams.stopping.wait(30):
            stopped.set()

    organisation.commands["Set-OwaVirtualDirectory"] = organisation.commands["Get-ExchangeServer"] = wait
    return stopped


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_command_that_overruns_is_stopped_and_its_outcome_unknown(
    connect: Callable[..., PsrpSession], organisation: TinyOrganisation, waiting: threading.Event, scheme: str
) -> None:
    session = connect(scheme=scheme, deadline=0.4)
    with pytest.raises(OutcomeUnknown, match=r"didn't finish within 0\.4 seconds"):
        session.run(WRITE)
    assert waiting.wait(10)
    assert organisation.names == ["Set-OwaVirtualDirectory"]
    organisation.commands["Get-ExchangeServer"] = _server_object
    assert session.run(EXCHANGE_SERVERS).succeeded
    assert len(organisation.opened) == 2


@pytest.mark.parametrize(("pipeline", "raised"), [(WRITE, OutcomeUnknown), (EXCHANGE_SERVERS, KeyboardInterrupt)])
def test_an_interrupt_stops_the_command(
    connect: Callable[..., PsrpSession],
    waiting: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    pipeline: Pipeline,
    raised: type[BaseException],
) -> None:
    session = connect()

    def interrupted(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(remoting._Pool, "_receive", interrupted)
    with pytest.raises(raised):
        session.run(pipeline)
    assert waiting.wait(10)


# A runspace that was idle


def test_a_runspace_that_was_idle_for_long_is_opened_anew(
    connect: Callable[..., PsrpSession], organisation: TinyOrganisation
) -> None:
    clock = Clock()
    session = connect(clock=clock)
    clock.now += remoting.IDLE_SECONDS - 1
    assert session.run(EXCHANGE_SERVERS).succeeded
    assert len(organisation.opened) == 1
    clock.now += remoting.IDLE_SECONDS + 1
    assert session.run(EXCHANGE_SERVERS).succeeded
    assert len(organisation.opened) == 2


def test_closing_twice_or_with_the_server_gone_raises_nothing(connect: Callable[..., PsrpSession], lab: Lab) -> None:
    session = connect()
    lab.stop()
    session.close()
    session.close()


def test_the_account_is_the_one_behind_the_reference(
    connect: Callable[..., PsrpSession], organisation: TinyOrganisation
) -> None:
    connect()
    assert organisation.opened[0][3].username == USERNAME
    assert PASSWORD not in repr(organisation.opened)
