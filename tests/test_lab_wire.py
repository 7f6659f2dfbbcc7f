"""The lab's wire, as the unmodified pypsrp sees it.

What is asserted is what Windows does: MS-PSRP and MS-WSMV by section, or what pypsrp's own handling of Windows
shows.
"""

from __future__ import annotations

import os
import socket
import ssl
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.serializer import TaggedValue
from pypsrp.wsman import NAMESPACES
from requests_credssp.exceptions import NTStatusException

from lab_wire import (
    ACCOUNTS,
    HOST,
    MULTI_VALUED,
    OTHER_HOST,
    OTHER_USER,
    PASSWORD,
    UPN,
    USER,
    EchoOrganisation,
    command,
    runspace_pool,
    wsman,
)
from rehearsal.server import Lab
from rehearsal.wsman import Quotas


@pytest.fixture(scope="module")
def organisation() -> EchoOrganisation:
    return EchoOrganisation()


@pytest.fixture(scope="module")
def lab(organisation: EchoOrganisation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(organisation, ACCOUNTS, tmp_path_factory.mktemp("lab"))
    lab.start()
    yield lab
    lab.stop()


@pytest.fixture
def pool(lab: Lab) -> Iterator[RunspacePool]:
    with runspace_pool(lab) as opened:
        yield opened


class TestAuthentication:
    @pytest.mark.parametrize("user", [USER, UPN, USER.lower()])
    @pytest.mark.parametrize(
        ("scheme", "auth", "delegated"),
        [
            ("http", "negotiate", False),
            ("http", "ntlm", False),
            ("http", "credssp", True),
            ("https", "negotiate", False),
            ("https", "ntlm", False),
            ("https", "credssp", True),
            ("https", "basic", False),
        ],
    )
    def test_each_scheme_says_who_is_connected_and_only_credssp_delegates(
        self, lab: Lab, scheme: str, auth: str, delegated: bool, user: str
    ) -> None:
        with runspace_pool(lab, scheme, auth, username=user) as pool:
            assert command(pool, "WhoAmI").invoke() == [USER, delegated]

    @pytest.mark.parametrize("auth", ["negotiate", "ntlm", "basic"])
    def test_a_wrong_password_is_401(self, lab: Lab, auth: str) -> None:
        connection = wsman(lab, "https", auth, password="wrong")
        with pytest.raises(AuthenticationError, match="Failed to authenticate"):
            RunspacePool(connection).open()

    def test_credssp_refuses_a_wrong_password_and_accepts_the_right_one_afterwards(self, lab: Lab) -> None:
        with pytest.raises(NTStatusException, match="0x8009030c"):  # SEC_E_LOGON_DENIED
            RunspacePool(wsman(lab, auth="credssp", password="wrong")).open()
        with runspace_pool(lab, auth="credssp") as pool:
            assert command(pool, "WhoAmI").invoke() == [USER, True]

    def test_an_unknown_user_is_401(self, lab: Lab) -> None:
        with pytest.raises(AuthenticationError):
            RunspacePool(wsman(lab, username="LITWARE\\nobody")).open()

    def test_basic_is_not_offered_over_http(self, lab: Lab) -> None:
        with pytest.raises(AuthenticationError):
            RunspacePool(wsman(lab, "http", "basic", encryption="never")).open()

    def test_an_unencrypted_message_over_http_is_not_served(self, lab: Lab, organisation: EchoOrganisation) -> None:
        before = len(organisation.shells)
        with pytest.raises((AuthenticationError, WinRMTransportError)):
            RunspacePool(wsman(lab, "http", "ntlm", encryption="never")).open()
        assert len(organisation.shells) == before

    def test_a_connection_counts_only_where_its_authentication_is_accepted(self, tmp_path: Path) -> None:
        class Strict(EchoOrganisation):
            def authentications(self, host: str, path: str) -> Sequence[str]:
                return ["credssp"] if path == "/wsman" else ["negotiate"]

        lab = Lab(Strict(), ACCOUNTS, tmp_path)
        lab.start()
        try:
            with runspace_pool(lab, path="PowerShell/") as pool:
                pool.connection.transport.endpoint = lab.urls[HOST]["http"] + "/wsman"
                with pytest.raises((AuthenticationError, WinRMTransportError)):
                    command(pool, "WhoAmI").invoke()
                pool.state = RunspacePoolState.CLOSED
        finally:
            lab.stop()

    def test_a_message_can_be_encrypted_over_https_too(self, lab: Lab) -> None:
        with runspace_pool(lab, "https", "negotiate", encryption="always") as pool:
            assert command(pool, "WhoAmI").invoke() == [USER, False]

    def test_two_labs_with_the_same_account_and_different_passwords_live_in_one_process(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        other = Lab(EchoOrganisation(), {USER: "another"}, tmp_path)
        other.start()
        try:
            with runspace_pool(other, password="another") as pool, runspace_pool(lab) as first:
                assert command(pool, "WhoAmI").invoke() == command(first, "WhoAmI").invoke()
            with pytest.raises(AuthenticationError):
                RunspacePool(wsman(other)).open()
        finally:
            other.stop()

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
    def test_the_credential_store_is_its_owners_alone(self, tmp_path: Path) -> None:
        Lab(EchoOrganisation(), ACCOUNTS, tmp_path)
        stores = [path for path in tmp_path.iterdir() if PASSWORD in path.read_text()]
        assert stores
        assert all(path.stat().st_mode & 0o077 == 0 for path in stores)


class TestListeners:
    def test_each_host_has_an_address_and_a_certificate_for_its_real_name(self, lab: Lab) -> None:
        assert lab.urls[HOST]["https"] != lab.urls[OTHER_HOST]["https"]
        context = ssl.create_default_context(cadata=lab.ca_pem.decode())
        for host in (HOST, OTHER_HOST):
            url = urlsplit(lab.urls[host]["https"])
            assert url.hostname is not None
            assert url.hostname.startswith("127.")
            with (
                socket.create_connection((url.hostname, url.port or 0), 10) as plain,
                context.wrap_socket(plain, server_hostname=host) as secure,
            ):
                assert secure.version() in ("TLSv1.2", "TLSv1.3")

    def test_the_certificate_is_refused_for_another_name(self, lab: Lab) -> None:
        url = urlsplit(lab.urls[HOST]["https"])
        context = ssl.create_default_context(cadata=lab.ca_pem.decode())
        with (
            socket.create_connection((url.hostname or "", url.port or 0), 10) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname=OTHER_HOST)

    def test_a_path_that_the_host_does_not_serve_is_404(self, lab: Lab) -> None:
        with pytest.raises(WinRMTransportError) as caught:
            RunspacePool(wsman(lab, host=OTHER_HOST, path="PowerShell/")).open()
        assert caught.value.code == 404

    def test_stopping_closes_what_was_open(self, tmp_path: Path) -> None:
        lab = Lab(EchoOrganisation(), ACCOUNTS, tmp_path)
        lab.start()
        url = urlsplit(lab.urls[HOST]["http"])
        with socket.create_connection((url.hostname or "", url.port or 0), 10) as open_before:
            open_before.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert b"405" in open_before.recv(4096)
            lab.stop()
        with pytest.raises((ConnectionError, TimeoutError)):
            socket.create_connection((url.hostname or "", url.port or 0), 2)


class TestPipelines:
    def test_values_return_as_they_were_sent(self, pool: RunspacePool) -> None:
        values = ["text & <tag> _x0041_ \r\n\U0001f600", 7, True, None, b"\x00\xff", ["a", 1], uuid.UUID(int=5)]
        pipeline = PowerShell(pool).add_cmdlet("Echo")
        for value in values:
            pipeline.add_argument(value)
        assert pipeline.invoke() == values

    def test_parameters_arrive_in_order_with_their_names(
        self, pool: RunspacePool, organisation: EchoOrganisation
    ) -> None:
        PowerShell(pool).add_cmdlet("Echo").add_parameter("First", 1).add_argument("second").add_parameter("T").invoke()
        call = organisation.shells[-1].seen[-1]
        assert call.parameters == (("First", 1), (None, "second"), ("T", None))
        assert not call.is_script

    def test_a_script_arrives_as_a_script(self, pool: RunspacePool, organisation: EchoOrganisation) -> None:
        PowerShell(pool).add_script("Get-Process | Stop-Process").invoke()
        assert organisation.shells[-1].seen[-1].is_script

    def test_several_statements_mark_where_each_ends(self, pool: RunspacePool, organisation: EchoOrganisation) -> None:
        pipeline = PowerShell(pool).add_cmdlet("Echo").add_argument(1).add_cmdlet("Echo").add_argument(2)
        output = pipeline.add_statement().add_cmdlet("Echo").add_argument(3).invoke()
        assert output == [1, 2, 3]
        assert [call.ends_statement for call in organisation.shells[-1].seen] == [False, True, True]

    def test_pipeline_input_streams_in(self, pool: RunspacePool) -> None:
        def values() -> Iterator[object]:
            for index in range(5):
                yield f"item {index}"

        assert command(pool, "Echo").invoke(input=values()) == [f"item {index}" for index in range(5)]

    def test_an_object_keeps_its_type_chain_and_typed_members(self, pool: RunspacePool) -> None:
        (server,) = command(pool, "Get-Server").invoke()
        assert server.types == ["Microsoft.Exchange.Data.Directory.Management.ExchangeServer", "System.Object"]
        assert server.to_string == "ATL-MBX-001\r\n<first>"
        assert server.adapted_properties["Name"] == "ATL-MBX-001"
        assert server.adapted_properties["IsMailboxServer"] is True
        assert server.adapted_properties["Edition"].to_string == "Standard"
        assert tuple(server.adapted_properties["Aliases"].types) == MULTI_VALUED
        assert "<LST><S>a</S><S>b</S></LST>" in server.adapted_properties["Aliases"]._xml
        assert server.extended_properties["RunspaceId"] == uuid.UUID(int=7)

    def test_every_stream_arrives(self, pool: RunspacePool) -> None:
        pipeline = command(pool, "Write-All")
        assert pipeline.invoke() == ["before", "after"]
        assert pipeline.state == PSInvocationState.COMPLETED
        streams = pipeline.streams
        assert [str(entry.message) for entry in streams.warning] == ["careful"]
        assert [str(entry.message) for entry in streams.verbose] == ["detail"]
        assert [str(entry.message) for entry in streams.debug] == ["depth"]
        assert [str(entry) for entry in streams.warning] == ["careful"]
        assert [entry.message_data for entry in streams.information] == ["note"]
        assert [(entry.activity, entry.percent_complete) for entry in streams.progress] == [("Working", 50)]
        assert len(streams.error) == 1

    def test_a_non_terminating_error_keeps_its_category_and_id(self, pool: RunspacePool) -> None:
        pipeline = command(pool, "Write-All")
        pipeline.invoke()
        (error,) = pipeline.streams.error
        assert error.fq_error == "NoProcessFoundForGivenName,Microsoft.PowerShell.Commands.GetProcessCommand"
        assert (error.category, error.activity, error.target_name, error.target_type) == (
            13,
            "Get-Process",
            "nothing",
            "String",
        )
        assert error.reason == "ProcessCommandException"
        assert error.message == "ObjectNotFound: (nothing:String) [Get-Process], ProcessCommandException"
        assert error.exception.adapted_properties["Message"] == "Cannot find a process."
        assert str(error) == "Cannot find a process."
        assert not pipeline.had_errors

    def test_a_terminating_error_fails_the_pipeline_and_keeps_the_output_before_it(self, pool: RunspacePool) -> None:
        pipeline = command(pool, "Fail")
        assert pipeline.invoke() == ["before"]
        assert pipeline.state == PSInvocationState.FAILED
        assert pipeline.had_errors
        assert pipeline.streams.error[0].fq_error.startswith("NoProcessFoundForGivenName")
        assert command(pool, "Echo", X=1).invoke() == [1]

    @pytest.mark.parametrize(
        ("name", "reason"), [("Break", "a fault of the simulation"), ("Fail-Oddly", "object has no CLIXML form")]
    )
    def test_a_fault_of_the_simulation_reaches_the_client(self, pool: RunspacePool, name: str, reason: str) -> None:
        pipeline = command(pool, name)
        pipeline.invoke()
        assert pipeline.state == PSInvocationState.FAILED
        assert reason in str(pipeline.streams.error[0])

    def test_a_prompt_is_refused_where_the_client_has_no_host(self, pool: RunspacePool) -> None:
        pipeline = command(pool, "Ask")
        pipeline.invoke()
        assert pipeline.state == PSInvocationState.FAILED
        (error,) = pipeline.streams.error
        assert error.fq_error == "HostFunctionNotImplemented"
        assert "does not support user interaction" in str(error)
        assert "Are you sure?" in str(error)

    def test_a_secure_string_arrives_as_one_and_returns_encrypted(self, pool: RunspacePool) -> None:
        pool.exchange_keys()
        pipeline = PowerShell(pool).add_cmdlet("Reveal").add_argument(TaggedValue("SS", "s3cret \U0001f600"))
        assert pipeline.invoke() == ["s3cret \U0001f600", "s3cret \U0001f600"]

    def test_output_larger_than_an_envelope_arrives_whole(self, pool: RunspacePool) -> None:
        output = command(pool, "Write-Many", Count=3, Size=700_000).invoke()
        assert [len(text) for text in output] == [700_002] * 3

    def test_no_reply_exceeds_the_envelope_that_the_client_asked_for(self, lab: Lab) -> None:
        sizes = []
        with runspace_pool(lab, "https", "basic", max_envelope_size=20000) as pool:
            send = pool.connection.transport.send

            def measured(message: bytes, **options: object) -> bytes:
                reply = send(message, **options)
                sizes.append(len(reply))
                return reply

            pool.connection.transport.send = measured
            assert len(command(pool, "Write-Many", Count=500, Size=200).invoke()) == 500
        assert max(sizes) <= 20000
        assert len(sizes) > 5

    def test_a_request_larger_than_an_envelope_arrives_whole(self, pool: RunspacePool) -> None:
        assert command(pool, "Echo", Value="y" * 1_500_000).invoke() == ["y" * 1_500_000]

    def test_object_ids_have_no_gap(self, pool: RunspacePool) -> None:
        seen = []
        defragment = pool._fragmenter.defragment

        def watched(data: bytes) -> list[object]:
            position = 0
            while position < len(data):
                seen.append(int.from_bytes(data[position : position + 8], "big"))
                position += 21 + int.from_bytes(data[position + 17 : position + 21], "big")
            return defragment(data)

        pool._fragmenter.defragment = watched
        command(pool, "Write-Many", Count=50, Size=10).invoke()
        command(pool, "Write-All").invoke()
        assert seen == list(range(seen[0], seen[0] + len(seen)))

    def test_a_stopped_pipeline_stops_and_the_pool_lives_on(self, pool: RunspacePool) -> None:
        pipeline = command(pool, "Wait")
        pipeline.begin_invoke()
        pipeline.poll_invoke()
        assert pipeline.output == ["waiting"]
        pipeline.stop()
        assert pipeline.state == PSInvocationState.STOPPED
        assert command(pool, "Echo", X=1).invoke() == [1]

    def test_a_receive_that_waits_learns_of_the_stop(self, lab: Lab, pool: RunspacePool) -> None:
        pipeline = command(pool, "Wait")
        pipeline.begin_invoke()
        pipeline.poll_invoke()
        pool.shell.signal("powershell/signal/ctrl_c", pipeline.id)
        pipeline.end_invoke()
        assert pipeline.state == PSInvocationState.STOPPED
        assert pipeline.streams.error[0].fq_error == "PipelineStopped"
        assert pipeline.output == ["waiting"]

    def test_a_pipeline_that_waits_for_input_can_be_stopped(self, pool: RunspacePool) -> None:
        pipeline = command(pool, "Echo")
        states = []

        def values() -> Iterator[object]:
            yield "one"
            yield "two"
            pipeline.poll_invoke()
            pool.shell.signal("powershell/signal/ctrl_c", pipeline.id)
            while pipeline.state == PSInvocationState.RUNNING and len(states) < 5:
                pipeline.poll_invoke(timeout=5)
                states.append(pipeline.state)
            yield "three"

        pipeline.begin_invoke(input=values())
        assert states[-1] == PSInvocationState.STOPPED
        assert pipeline.output[0] == "one"

    def test_a_pipeline_waits_for_the_one_runspace_of_its_pool(self, pool: RunspacePool) -> None:
        first = command(pool, "Wait")
        first.begin_invoke()
        first.poll_invoke()
        second = command(pool, "Echo", X=2)
        second.begin_invoke()
        first.stop()
        assert second.end_invoke() == [2]

    def test_a_larger_pool_runs_pipelines_at_the_same_time(self, lab: Lab) -> None:
        with runspace_pool(lab, pool={"max_runspaces": 2}) as pool:
            assert pool.get_available_runspaces() == 2
            first = command(pool, "Wait")
            first.begin_invoke()
            first.poll_invoke()
            assert command(pool, "Echo", X=2).invoke() == [2]
            assert pool.get_available_runspaces() == 1
            first.stop()

    def test_runspaces_can_be_counted_changed_and_reset(self, pool: RunspacePool) -> None:
        pool.max_runspaces = 3
        pool.min_runspaces = 2
        assert pool.get_available_runspaces() == 3
        pool.reset_runspace_state()
        assert command(pool, "Echo", X=1).invoke() == [1]

    def test_command_metadata_is_answered(self, pool: RunspacePool) -> None:
        assert [entry.name for entry in pool.get_command_metadata("*")] == ["Echo", "Fail"]

    def test_the_operation_timeout_is_a_fault_and_the_pipeline_runs_on(self, pool: RunspacePool) -> None:
        pipeline = command(pool, "Wait")
        pipeline.begin_invoke()
        pipeline.poll_invoke()
        pool.connection.operation_timeout = 0.01
        with pytest.raises(WSManFaultError) as caught:
            pool.shell.receive("stdout", command_id=pipeline.id)
        assert caught.value.code == 2150858793
        pipeline.poll_invoke()
        assert pipeline.state == PSInvocationState.RUNNING
        pipeline.stop()

    def test_two_clients_at_once_get_what_is_theirs(self, lab: Lab) -> None:
        def client(number: int) -> bool:
            with runspace_pool(lab, auth="ntlm") as pool:
                return all(command(pool, "Echo", X=number).invoke() == [number] for _ in range(5))

        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(client, range(4)))


class TestShells:
    def test_a_deleted_shell_is_gone(self, pool: RunspacePool) -> None:
        pool.connection.delete(pool.shell.resource_uri, selector_set=pool.shell._selector_set)
        with pytest.raises(WSManFaultError) as caught:
            command(pool, "Echo", X=1).invoke()
        assert caught.value.code == 2150858843
        pool.state = RunspacePoolState.CLOSED  # nothing is left for the fixture to close

    def test_a_shell_is_its_owners_alone(self, lab: Lab, pool: RunspacePool) -> None:
        stranger = wsman(lab, username=OTHER_USER, password=ACCOUNTS[OTHER_USER])
        with pytest.raises(WSManFaultError) as caught:
            stranger.delete(pool.shell.resource_uri, selector_set=pool.shell._selector_set)
        assert caught.value.code == 2150858843

    def test_a_refused_shell_is_access_denied(self, lab: Lab) -> None:
        with pytest.raises(WSManFaultError, match="Access is denied") as caught:
            RunspacePool(wsman(lab, username=OTHER_USER, password=ACCOUNTS[OTHER_USER])).open()
        assert caught.value.code == 5

    def test_an_unknown_configuration_is_named(self, lab: Lab) -> None:
        with pytest.raises(WSManFaultError, match="Nowhere") as caught:
            RunspacePool(wsman(lab), configuration_name="Nowhere").open()
        assert caught.value.code == 2150859099

    def test_a_pool_is_alive_until_it_is_closed(self, pool: RunspacePool) -> None:
        assert pool.is_alive()
        pool.connection.delete(pool.shell.resource_uri, selector_set=pool.shell._selector_set)
        assert not pool.is_alive()

    def test_an_unknown_command_id_is_a_fault(self, pool: RunspacePool) -> None:
        with pytest.raises(WSManFaultError) as caught:
            pool.shell.receive("stdout", command_id=str(uuid.UUID(int=9)))
        assert caught.value.code == 2150858843

    def test_disconnecting_is_refused(self, pool: RunspacePool) -> None:
        with pytest.raises(WSManFaultError) as caught:
            pool.disconnect()
        assert caught.value.code == 2150859205

    def test_too_many_shells_and_too_many_commands_meet_the_quota(self, tmp_path: Path) -> None:
        lab = Lab(EchoOrganisation(), ACCOUNTS, tmp_path, quotas=Quotas(shells=1, operations=1))
        lab.start()
        try:
            with runspace_pool(lab) as pool:
                with pytest.raises(WSManFaultError) as shells:
                    RunspacePool(wsman(lab)).open()
                waiting = command(pool, "Wait")
                waiting.begin_invoke()
                with pytest.raises(WSManFaultError) as operations:
                    command(pool, "Echo", X=1).invoke()
                waiting.stop()
        finally:
            lab.stop()
        assert (shells.value.code, operations.value.code) == (2150859173, 2150859174)

    def test_the_envelope_size_can_be_asked_for(self, lab: Lab) -> None:
        config = wsman(lab).get_server_config()
        assert config.findtext("cfg:Config/cfg:MaxEnvelopeSizekb", namespaces=NAMESPACES) == "500"
