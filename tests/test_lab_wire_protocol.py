"""Requests that no well-behaved client sends: each is answered with a fault, none costs the service anything."""

from __future__ import annotations

import base64
import re
import socket
import struct
import uuid
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from pypsrp.complex_objects import RunspacePoolState
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import RunspacePool

from lab_wire import ACCOUNTS, HOST, EchoOrganisation, command, envelope, post, runspace_pool, wsman
from rehearsal.psrp_fragments import pack_fragment
from rehearsal.server import Lab

TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
IDENTIFY = '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd"/>'


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
    with runspace_pool(lab, "https", "basic") as opened:
        yield opened


def fault_code(text: str) -> int:
    match = re.search(r'WSManFault[^>]* Code="(\d+)"', text)
    assert match is not None, text
    return int(match.group(1))


class TestHttp:
    def test_the_right_password_is_let_in(self, lab: Lab) -> None:
        status, _, body = post(lab, envelope("", IDENTIFY))
        assert status == 200
        assert "Microsoft Corporation" in body

    def test_a_wrong_password_is_401_with_what_is_offered(self, lab: Lab) -> None:
        status, headers, _ = post(lab, envelope("", IDENTIFY), password="wrong")
        assert status == 401
        assert "Basic" in headers["WWW-Authenticate"] or "Negotiate" in headers["WWW-Authenticate"]

    def test_basic_is_not_offered_where_it_would_be_read_on_the_way(self, lab: Lab) -> None:
        status, headers, _ = post(lab, b"", scheme="http")
        assert status == 401
        assert "Basic" not in str(headers)

    @pytest.mark.parametrize("path", ["/wsman", "/wsman/", "/WSMAN", "/powershell?PSVersion=4.0", "/PowerShell/"])
    def test_a_path_has_no_case_and_no_last_slash(self, lab: Lab, path: str) -> None:
        assert post(lab, envelope("", IDENTIFY), path=path)[0] == 200

    @pytest.mark.parametrize("path", ["/", "/OcsPowershell", "/wsman/x", "/owa"])
    def test_another_path_is_404_before_any_password(self, lab: Lab, path: str) -> None:
        assert post(lab, b"", path=path, password="wrong")[0] == 404

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
    def test_another_method_is_405(self, lab: Lab, method: str) -> None:
        status, headers, _ = post(lab, b"", method=method)
        assert (status, headers["Allow"]) == (405, "POST")

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Content-Length": "99999999999"}, 413),
            ({"Content-Length": "-1"}, 400),
            ({"Content-Length": "ten"}, 400),
            ({"Transfer-Encoding": "chunked"}, 411),
        ],
    )
    def test_a_body_of_unknown_or_excessive_size_is_refused(
        self, lab: Lab, headers: dict[str, str], status: int
    ) -> None:
        assert post(lab, b"", headers=headers)[0] == status

    @pytest.mark.parametrize(
        "header", ["Negotiate", "Negotiate !!!", "Negotiate AAAA", "NTLM TlRMTVNTUAAD", "CredSSP AAAA", "Bearer abc"]
    )
    def test_a_malformed_token_is_401(self, lab: Lab, header: str) -> None:
        assert post(lab, b"", headers={"Authorization": header})[0] == 401

    @pytest.mark.parametrize(
        "content_type",
        [
            "multipart/encrypted",
            'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"',
        ],
    )
    def test_a_sealed_message_without_a_context_is_400(self, lab: Lab, content_type: str) -> None:
        assert post(lab, b"--Encrypted Boundary\r\n", headers={"Content-Type": content_type})[0] == 400

    def test_a_client_that_speaks_no_tls_or_no_http_holds_up_nobody(self, lab: Lab) -> None:
        sockets = []
        for scheme in ("http", "https"):
            url = urlsplit(lab.urls[HOST][scheme])
            sockets.append(socket.create_connection((url.hostname or "", url.port or 0), 10))
        for connection in sockets:
            connection.sendall(b"\x00\xff garbage")
        assert post(lab, envelope("", IDENTIFY))[0] == 200
        for connection in sockets:
            connection.close()


class TestEnvelopes:
    @pytest.mark.parametrize(
        "body",
        [
            b"not xml",
            b"<a><b></a>",
            b"<Envelope/>",
            b"\xff\xfe\x00",
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
            b'<!DOCTYPE s:Envelope SYSTEM "file:///etc/passwd">' + envelope("x"),
            b"<a>" * 5000 + b"</a>" * 5000,
        ],
        ids=["text", "unbalanced", "no envelope", "bytes", "entity", "doctype", "deep"],
    )
    def test_what_is_no_envelope_is_a_schema_fault(self, lab: Lab, body: bytes) -> None:
        status, _, text = post(lab, body)
        assert (status, fault_code(text)) == (500, 2150858817)
        assert "root:" not in text

    def test_a_document_type_is_named_as_the_reason(self, lab: Lab) -> None:
        assert "document type" in post(lab, b"<!DOCTYPE a><a/>")[2]

    def test_a_document_that_is_too_deep_is_not_read(self, lab: Lab) -> None:
        assert "nested more than" in post(lab, b"<a>" * 5000)[2]

    def test_an_envelope_above_the_limit_is_an_encoding_fault(self, lab: Lab) -> None:
        status, _, text = post(lab, envelope(TRANSFER + "Create", "x" * 600_000))
        assert (status, fault_code(text)) == (500, 2150858805)

    def test_an_envelope_size_too_small_to_answer_in_is_an_encoding_fault(self, lab: Lab) -> None:
        text = post(lab, envelope(TRANSFER + "Create", resource=POWERSHELL, max_size=100))[2]
        assert fault_code(text) == 2150858805

    @pytest.mark.parametrize("action", ["", "urn:unknown", TRANSFER + "Put", SHELL + "/Nothing"])
    def test_an_unknown_action_is_not_supported(self, lab: Lab, action: str) -> None:
        status, _, text = post(lab, envelope(action, resource=POWERSHELL))
        assert (status, fault_code(text)) == (500, 2150858771)

    @pytest.mark.parametrize(
        ("path", "resource"),
        [
            ("/wsman", "urn:unknown"),
            ("/wsman", ""),
            ("/wsman", "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service"),
            ("/PowerShell/", SHELL + "/cmd"),
        ],
    )
    def test_an_unknown_resource_is_named(self, lab: Lab, path: str, resource: str) -> None:
        text = post(lab, envelope(TRANSFER + "Create", "<rsp:Shell/>", resource=resource), path=path)[2]
        assert fault_code(text) == 2150858811
        assert resource in text

    def test_a_fault_says_which_message_it_answers_and_which_server_answered(self, lab: Lab) -> None:
        text = post(lab, envelope("urn:unknown"))[2]
        assert f"RelatesTo>uuid:{uuid.UUID(int=1)}<" in text
        assert f'Machine="{HOST}"' in text

    @pytest.mark.parametrize(
        "action", ["Command", "Send", "Receive", "Signal", "Connect", "Disconnect", "Reconnect"], ids=str
    )
    def test_a_request_to_a_shell_that_is_not_there_says_so(self, lab: Lab, action: str) -> None:
        text = post(lab, envelope(f"{SHELL}/{action}", resource=POWERSHELL, shell_id="ABC"))[2]
        assert fault_code(text) == 2150858843
        assert "ABC" in text

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "<rsp:Other/>",
            "<rsp:Shell/>",
            '<rsp:Shell><creationXml xmlns="http://schemas.microsoft.com/powershell">!!</creationXml></rsp:Shell>',
            '<rsp:Shell><creationXml xmlns="http://schemas.microsoft.com/powershell">AAAA</creationXml></rsp:Shell>',
        ],
    )
    def test_a_shell_without_its_content_is_refused(self, lab: Lab, body: str) -> None:
        status, _, text = post(lab, envelope(TRANSFER + "Create", body, resource=POWERSHELL))
        assert status == 500
        assert fault_code(text) in (2150858817, 87)


def message(kind: int, body: bytes) -> bytes:
    """A client's PSRP message in one fragment; its object id is one that pypsrp doesn't use."""
    raw = struct.pack("<II", 2, kind) + bytes(32) + body
    return pack_fragment(10_000, 0, raw, True)


class TestMessages:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"short", "shorter than its header"),
            (pack_fragment(9, 0, b"x" * 10, True)[:-3], "shorter than its header says"),
            (pack_fragment(9, 0, b"tiny", True), "message is shorter"),
            (pack_fragment(9, 4, b"", False), "Fragment 4 of object 9"),
            (message(0x00099999, b"<Nil/>"), "0x00099999 is unknown"),
            (message(0x00021002, b"<Obj"), "can't be read"),
            (message(0x00021002, b"<!DOCTYPE a><Obj/>"), "document type"),
            (message(0x00021002, b"<Unknown/>"), "no CLIXML element"),
            (message(0x00021002, b"<Nil/>"), "properties that its type has"),
            (message(0x00021002, b'<Obj RefId="0"><MS/></Obj>'), "no call id"),
            (message(0x00041002, b"<Nil/>"), "PipelineInput message is not expected"),
            (message(0x00021101, b"<Nil/>"), "No host call"),
            (message(0x00010002, b"<Nil/>"), "negotiation failed"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_broken_message_is_a_fault_that_names_its_reason(
        self, pool: RunspacePool, data: bytes, reason: str
    ) -> None:
        with pytest.raises(WSManFaultError, match=re.escape(reason)):
            pool.shell.send("stdin", data)
        assert command(pool, "Echo", X=1).invoke() == [1]

    def test_a_pipeline_that_is_no_pipeline_is_refused_and_forgotten(self, pool: RunspacePool) -> None:
        identity = str(uuid.UUID(int=3))
        body = base64.b64encode(message(0x00021006, b'<Obj RefId="0"><MS/></Obj>')).decode()
        for _ in range(2):  # the second time would be "exists" if the first were kept
            with pytest.raises(WSManFaultError, match="properties that its type has"):
                pool.shell.command("", [body], command_id=identity)

    def test_more_than_the_largest_object_is_refused(self, pool: RunspacePool) -> None:
        pieces = (pack_fragment(9, index, b"z" * 300_000, False) for index in range(40))
        with pytest.raises(WSManFaultError, match="allowed maximum"):
            deque((pool.shell.send("stdin", piece) for piece in pieces), maxlen=0)

    def test_an_unknown_stream_is_refused(self, pool: RunspacePool) -> None:
        with pytest.raises(WSManFaultError, match="no input stream"):
            pool.shell.send("nothing", b"")

    def test_deleting_a_shell_stops_what_runs_in_it(
        self, lab: Lab, pool: RunspacePool, organisation: EchoOrganisation
    ) -> None:
        with wsman(lab, "https", "basic") as second:
            waiting = command(pool, "Wait")
            waiting.begin_invoke()
            waiting.poll_invoke()
            second.delete(pool.shell.resource_uri, selector_set=pool.shell._selector_set)
            with pytest.raises(WSManFaultError) as caught:
                waiting.poll_invoke()
        assert caught.value.code in (995, 2150858843)
        assert organisation.shells[-1].stopped.wait(10)
        pool.state = RunspacePoolState.CLOSED
