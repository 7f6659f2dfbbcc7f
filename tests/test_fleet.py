"""Reads over several servers at once: each server by itself, all answers in their place."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rehearsal.values import CommandCall, Streams
from remoting_lab import FRONT_END, MAILBOX, FixedBroker, TinyOrganisation, estate, server, serving
from runbook.command import Pipeline, Shell, Target, cmdlet
from runbook.credentials import Broker
from runbook.errors import ConnectionFailed, OutcomeUnknown, PipelineFailed, WriteRefused
from runbook.estate import Estate
from runbook.estate.server import Server
from runbook.facts.query import Query, Unread
from runbook.fleet import Fleet
from runbook.result import Result, Session, State

GET = Pipeline.of(cmdlet("Get-Date"))


def tiny(*names: str) -> Estate:
    return estate(
        *(
            Server.model_validate(
                {
                    "name": name,
                    "product": "exchange",
                    "version": "2013",
                    "roles": ["mailbox"],
                    "endpoints": {
                        kind: {
                            "url": f"http://127.0.10.{number}:5985/{kind}",
                            "authentication": "negotiate",
                            "credential": "cred:a",
                        }
                        for kind in ("exchange", "windows")
                    },
                }
            )
            for number, name in enumerate(names, start=1)
        )
    )


class FakeSession:
    """Answers with the server's name; ``behave`` may raise. Notes when two threads use it at once."""

    def __init__(self, target: Target, behave: Callable[[Target, Pipeline], Result | None]) -> None:
        self.target = target
        self.closed = False
        self._behave = behave
        self._busy = threading.Lock()

    def run(self, pipeline: Pipeline) -> Result:
        assert self._busy.acquire(blocking=False), "two threads talk over one session"
        try:
            answer = self._behave(self.target, pipeline)
            return answer or Result(
                target=self.target, pipeline=pipeline, state=State.COMPLETED, output=(str(self.target),)
            )
        finally:
            self._busy.release()

    def close(self) -> None:
        self.closed = True


class Opened:
    """An opener that makes fakes, and keeps them."""

    def __init__(self, behave: Callable[[Target, Pipeline], Result | None] = lambda target, pipeline: None) -> None:
        self.sessions: list[FakeSession] = []
        self.refuse: set[str] = set()
        self.attempts: Counter[str] = Counter()
        self._behave = behave

    def __call__(
        self, server: Server, shell: Shell, credentials: Broker, *, estate: Estate, writes: bool, deadline: float
    ) -> Session:
        self.attempts[server.name] += 1
        if server.name in self.refuse:
            raise ConnectionFailed(server.name, "Nothing listens at this address.")
        session = FakeSession(server.target(shell), self._behave)
        self.sessions.append(session)
        return session


def query(server: str, shell: Shell = Shell.WINDOWS, name: str = "date", parse: Any = None) -> Query[Any]:
    return Query(name, Target(server, shell), GET, parse or (lambda result: result.output[0]))


def fleet(opened: Opened, *names: str, **options: Any) -> Fleet:
    return Fleet(tiny(*names), FixedBroker(), writes=False, opener=opened, **options)


def test_answers_are_looked_up_by_their_query() -> None:
    queries = [query(name, shell) for name in ("b.x.com", "a.x.com") for shell in (Shell.EXCHANGE, Shell.WINDOWS)]
    with fleet(Opened(), "a.x.com", "b.x.com") as servers:
        answers = servers.ask(queries)
    assert [answers[each] for each in queries] == [str(each.target) for each in queries]


def test_servers_are_asked_at_once_and_one_server_in_order() -> None:
    together = threading.Barrier(3, timeout=10)
    order: list[tuple[str, Pipeline]] = []

    def behave(target: Target, pipeline: Pipeline) -> None:
        if pipeline == GET:
            together.wait()  # breaks unless all three servers are asked at the same time
        order.append((target.server, pipeline))

    names = ("a.x.com", "b.x.com", "c.x.com")
    second = Pipeline.of(cmdlet("Get-Service"))
    queries = [query(name) for name in names]
    queries += [Query("services", Target(name, Shell.WINDOWS), second, lambda result: None) for name in names]
    with fleet(Opened(behave), *names) as servers:
        servers.ask(queries)
    for name in names:
        assert [pipeline for server, pipeline in order if server == name] == [GET, second]


def test_a_session_is_opened_once_and_never_used_by_two_threads() -> None:
    opened = Opened()
    reached: list[Target] = []
    with fleet(opened, "a.x.com", reached=lambda target, _: reached.append(target)) as servers:
        assert opened.sessions == []
        with ThreadPoolExecutor(8) as threads:
            for each in [threads.submit(servers.ask, [query("a.x.com")]) for _ in range(8)]:
                each.result()
        servers.run(Target("A.X.com", Shell.WINDOWS), GET)
        assert [session.target for session in opened.sessions] == [Target("a.x.com", Shell.WINDOWS)]
    assert reached == [Target("a.x.com", Shell.WINDOWS)]
    assert opened.sessions[0].closed


def test_a_session_that_was_closed_is_opened_anew() -> None:
    opened = Opened()
    with fleet(opened, "a.x.com") as servers:
        session = servers.session(Target("a.x.com", Shell.WINDOWS))
        session.run(GET)
        session.close()
        session.run(GET)
    assert [each.closed for each in opened.sessions] == [True, True]


def test_a_server_that_isnt_reached_is_tried_once_a_round_and_the_others_are_read() -> None:
    opened = Opened()
    opened.refuse = {"a.x.com"}
    queries = [query("a.x.com"), query("a.x.com", name="again"), query("b.x.com")]
    with fleet(opened, "a.x.com", "b.x.com") as servers:
        answers = servers.ask(queries)
        assert answers[queries[0]] == answers[queries[1]] == Unread("a.x.com: Nothing listens at this address.")
        assert answers[queries[2]] == "b.x.com (windows)"
        assert opened.attempts["a.x.com"] == 1
        opened.refuse = set()
        assert servers.ask(queries)[queries[0]] == "a.x.com (windows)"


def _missing(result: Result) -> object:
    return {"Name": 1}["Version"]


def _failed(result: Result) -> object:
    raise PipelineFailed("a.x.com", "Get-Date", ("Denied.",))


@pytest.mark.parametrize(
    ("parse", "said"),
    [
        (_missing, "a.x.com (windows): date: the server's answer has no Version"),
        (_failed, "a.x.com (windows): date: a.x.com: Get-Date\nDenied."),
        (lambda result: int("x"), "a.x.com (windows): date: invalid literal for int() with base 10: 'x'"),
    ],
)
def test_an_answer_that_isnt_one_is_unread_with_the_reason(parse: Any, said: str) -> None:
    with fleet(Opened(), "a.x.com") as servers:
        asked = query("a.x.com", parse=parse)
        assert servers.ask([asked])[asked] == Unread(said)


def test_an_answer_of_which_a_part_was_lost_is_never_parsed() -> None:
    def behave(target: Target, pipeline: Pipeline) -> Result:
        return Result(target=target, pipeline=pipeline, state=State.COMPLETED, output=("half",), complete=False)

    with fleet(Opened(behave), "a.x.com") as servers:
        asked = query("a.x.com")
        answer = servers.ask([asked])[asked]
    assert isinstance(answer, Unread)
    assert "part of the server's answer was lost" in answer.why


def test_an_unknown_outcome_is_unread() -> None:
    def behave(target: Target, pipeline: Pipeline) -> Result:
        raise OutcomeUnknown(target.server, "Get-Date", "The connection broke.")

    with fleet(Opened(behave), "a.x.com") as servers:
        asked = query("a.x.com")
        assert servers.ask([asked])[asked] == Unread("a.x.com: Get-Date\nThe connection broke.")


@pytest.mark.parametrize("error", [WriteRefused("not a read"), AttributeError("a mistake")])
def test_a_mistake_in_the_library_isnt_taken_for_a_state_of_the_server(error: Exception) -> None:
    def behave(target: Target, pipeline: Pipeline) -> Result:
        raise error

    with fleet(Opened(behave), "a.x.com", "b.x.com") as servers, pytest.raises(type(error)):
        servers.ask([query("a.x.com"), query("b.x.com")])


def test_nothing_to_ask() -> None:
    with fleet(Opened(), "a.x.com") as servers:
        servers.ask([])


def test_two_real_sessions_at_once(tmp_path: Path) -> None:
    def name(call: CommandCall, streams: Streams) -> None:
        streams.output(call.parameters[0][1])

    organisation = TinyOrganisation({"Get-Content": name})
    with serving(organisation, tmp_path) as lab:
        whole = estate(
            server(lab, MAILBOX, scheme="http"),
            server(lab, FRONT_END, scheme="https", authentication="credssp"),
            certificate_authority=tmp_path / "ca.pem",
        )
        queries = [
            Query(
                f"{host} {each}",
                Target(host, Shell.WINDOWS),
                Pipeline.of(cmdlet("Get-Content", LiteralPath=f"{host} {each}")),
                lambda result: result.output[0],
            )
            for each in range(20)
            for host in (MAILBOX, FRONT_END)
        ]
        with Fleet(whole, FixedBroker(), writes=False) as servers:
            answers = servers.ask(queries)
        assert [answers[each] for each in queries] == [each.name for each in queries]
        assert len(organisation.opened) == 2
