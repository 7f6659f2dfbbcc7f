"""Replies that are lost or altered on the way: no wrong claim, no command sent twice."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from rehearsal.values import CommandCall, ErrorRecord, Streams
from remoting_lab import FixedBroker, TinyOrganisation, estate, server, serving
from runbook import remoting
from runbook.command import Pipeline, Shell, cmdlet
from runbook.errors import ConnectionFailed, OutcomeUnknown
from runbook.remoting import PsrpSession, open_session
from runbook.wire import transport
from runbook.wire.messages import Kind
from runbook.wire.transport import WireAdapter

READ = Pipeline.of(cmdlet("Get-Date"))
WRITE = Pipeline.of(cmdlet("Set-Content", LiteralPath="C:\\x", Value="y"))

_ACTION = re.compile(rb"<wsa:Action[^>]*>[^<]*/(\w+)</wsa:Action>")
_STREAM = re.compile(rb"(<rsp:Stream[^>]*>)([^<]*)(</rsp:Stream>)")

Fault = Callable[[str, Callable[[], requests.Response]], requests.Response]


def _complains(call: CommandCall, streams: Streams) -> None:
    streams.output("before")
    streams.error(ErrorRecord(message="No.", error_id="No,X"))
    streams.output("after")


class Harness:
    """A session over https and basic authentication, so that the wire can be read, and faulted, in the clear."""

    def __init__(self, session: PsrpSession, organisation: TinyOrganisation) -> None:
        self.session = session
        self.organisation = organisation
        self.fault: Fault = lambda action, send: send()
        self.actions: list[str] = []


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    organisation = TinyOrganisation({"Get-Date": _complains, "Set-Content": _complains})
    holder: list[Harness] = []

    class FaultyAdapter(WireAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
            def send() -> requests.Response:
                return WireAdapter.send(self, request, *args, **options)

            body = request.body
            found = _ACTION.search(body) if isinstance(body, bytes) else None
            if not holder or found is None:
                return send()
            action = found.group(1).decode()
            holder[0].actions.append(action)
            return holder[0].fault(action, send)

    monkeypatch.setattr(remoting, "WireAdapter", FaultyAdapter)
    with serving(organisation, tmp_path) as lab:
        host = server(lab, scheme="https", authentication="basic")
        whole = estate(host, certificate_authority=tmp_path / "ca.pem")
        session = open_session(host, Shell.WINDOWS, FixedBroker(), estate=whole, writes=True, deadline=20)
        holder.append(Harness(session, organisation))
        yield holder[0]
        session.close()


def _lose_reply(wanted: str) -> Fault:
    """The server gets the request, its reply never arrives."""

    def fault(action: str, send: Callable[[], requests.Response]) -> requests.Response:
        response = send()
        if action == wanted:
            response.close()
            raise requests.ReadTimeout("lost")
        return response

    return fault


def _break_first(wanted: str, error: Exception) -> Fault:
    """The connection breaks before a byte of the request is on it."""

    def fault(action: str, send: Callable[[], requests.Response]) -> requests.Response:
        if action == wanted:
            raise error
        return send()

    return fault


def _altered(alter: Callable[[bytes], bytes]) -> Fault:
    """Every Receive reply's body goes through ``alter``."""

    def fault(action: str, send: Callable[[], requests.Response]) -> requests.Response:
        response = send()
        if action == "Receive":
            response._content = alter(response.content)
        return response

    return fault


def _without(kind: Kind) -> Callable[[bytes], bytes]:
    """Drops every message of a kind from a Receive reply, as a reply that was lost in between would."""

    def drop(found: re.Match[bytes]) -> bytes:
        data, kept = base64.b64decode(found.group(2)), b""
        while data:
            length = 21 + int.from_bytes(data[17:21], "big")
            fragment, data = data[:length], data[length:]
            if int.from_bytes(fragment[25:29], "little") != kind:
                kept += fragment
        return found.group(1) + base64.b64encode(kept) + found.group(3)

    return lambda body: _STREAM.sub(drop, body)


@pytest.mark.parametrize("lost", ["Command", "Receive"])
@pytest.mark.parametrize("pipeline", [READ, WRITE])
def test_a_lost_reply_leaves_the_outcome_unknown_and_nothing_is_sent_twice(
    harness: Harness, lost: str, pipeline: Pipeline
) -> None:
    harness.fault = _lose_reply(lost)
    with pytest.raises(OutcomeUnknown, match="stopped answering") as unknown:
        harness.session.run(pipeline)
    assert pipeline.cmdlets[0].name in unknown.value.command
    assert harness.actions.count("Command") == 1
    assert harness.organisation.names.count(pipeline.cmdlets[0].name) == 1


def test_a_command_that_never_left_is_a_failed_connection(harness: Harness) -> None:
    harness.fault = _break_first("Command", requests.ConnectionError("broken"))
    with pytest.raises(ConnectionFailed):
        harness.session.run(WRITE)
    assert harness.organisation.received == []


def test_after_a_failure_the_next_pipeline_gets_a_new_runspace(harness: Harness) -> None:
    harness.fault = _lose_reply("Receive")
    with pytest.raises(OutcomeUnknown):
        harness.session.run(WRITE)
    harness.fault = lambda action, send: send()
    assert harness.session.run(READ).output == ("before", "after")
    assert len(harness.organisation.opened) == 2


def test_a_write_whose_error_was_lost_is_not_complete_and_not_sent_again(harness: Harness) -> None:
    harness.fault = _altered(_without(Kind.ERROR))
    result = harness.session.run(WRITE)
    assert not result.errors
    assert not result.complete
    assert not result.succeeded
    assert harness.organisation.names == ["Set-Content"]


def test_a_read_whose_error_was_lost_is_asked_again(harness: Harness) -> None:
    times: list[str] = []

    def once(body: bytes) -> bytes:
        altered = _without(Kind.ERROR)(body)
        if altered != body:
            times.append("lost")
        return altered if len(times) == 1 else body

    harness.fault = _altered(once)
    result = harness.session.run(READ)
    assert result.complete
    assert [error.message for error in result.errors] == ["No."]
    assert harness.organisation.names == ["Get-Date", "Get-Date"]


def test_a_read_that_always_loses_a_message_is_given_up_as_not_complete(harness: Harness) -> None:
    harness.fault = _altered(_without(Kind.ERROR))
    assert not harness.session.run(READ).complete
    assert harness.organisation.names == ["Get-Date"] * remoting.READ_ATTEMPTS


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (lambda body: b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + body, "document type"),
        (lambda body: b"<a>" * 300 + b"</a>" * 300, "nested"),
        (lambda body: _STREAM.sub(rb"\1AAAA\3", body), "cut short"),
        (lambda body: b"not XML", "ParseError"),
        (lambda body: body.replace(b"RelatesTo>uuid:", b"RelatesTo>uuid:0"), "WinRMError"),
    ],
)
def test_an_answer_that_cant_be_believed_is_an_unknown_outcome(
    harness: Harness, alter: Callable[[bytes], bytes], said: str
) -> None:
    harness.fault = _altered(alter)
    with pytest.raises(OutcomeUnknown, match=said):
        harness.session.run(WRITE)


def test_a_reply_without_measure_is_cut_off(harness: Harness) -> None:
    def fault(action: str, send: Callable[[], requests.Response]) -> requests.Response:
        response = send()
        if action == "Receive":
            endless = itertools.repeat(b" " * 1024)
            response.raw.stream = transport._limited(lambda *_, **__: endless)
        return response

    harness.fault = fault
    with pytest.raises(OutcomeUnknown, match="larger than 16 MiB"):
        harness.session.run(WRITE)


def test_a_runspace_that_the_server_ended_is_a_failed_connection(harness: Harness) -> None:
    pool = harness.session._pool
    assert pool is not None
    pool.shell.close()  # as the server's own idle timeout would
    with pytest.raises(ConnectionFailed, match="ended this session"):
        harness.session.run(WRITE)
    assert harness.organisation.received == []
    assert harness.session.run(WRITE).output == ("before", "after")
