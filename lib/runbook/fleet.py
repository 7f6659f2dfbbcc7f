"""Sessions with all servers of an estate, and reads over several of them at once.

One worker, one connection and one runspace pool per server and shell: pypsrp isn't thread-safe, and one pool shared
by threads gave answers that were silently wrong (``remoting-notes``). A lane is a server; whoever uses one of its
sessions holds the lane, so that two threads never talk over one session.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

from runbook.command import Pipeline, Shell, Target
from runbook.credentials import Broker
from runbook.errors import Cancelled, ConnectionFailed, OutcomeUnknown, PipelineFailed
from runbook.estate import Estate
from runbook.estate.server import Server
from runbook.facts.query import Answers, Query, Unread
from runbook.remoting import DEADLINE_SECONDS, open_session
from runbook.result import Result, Session

MOST_SERVERS_AT_ONCE = 16


class Opener(Protocol):
    """:func:`runbook.remoting.open_session`, or a stand-in."""

    def __call__(
        self, server: Server, shell: Shell, credentials: Broker, *, estate: Estate, writes: bool, deadline: float
    ) -> Session: ...


@runtime_checkable
class Certified(Protocol):
    """A session that knows which TLS certificate its server showed."""

    @property
    def certificate_sha256(self) -> str: ...


class Fleet:
    """Opens sessions when they are first needed, at most one for each server and shell, and closes them all.

    ``reached`` is called whenever a session was opened, from the thread that opened it, with the target and the SHA-256
    of the TLS certificate that it showed (empty without TLS).
    """

    def __init__(
        self,
        estate: Estate,
        credentials: Broker,
        *,
        writes: bool,
        deadline: float = DEADLINE_SECONDS,
        reached: Callable[[Target, str], None] | None = None,
        opener: Opener = open_session,
    ) -> None:
        self._estate = estate
        self._reached = reached

        def connect(target: Target) -> Session:
            server = estate.server(target.server)
            return opener(server, target.shell, credentials, estate=estate, writes=writes, deadline=deadline)

        self._connect = connect
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()

    def session(self, target: Target) -> Session:
        """The session with that shell; nothing is opened before its first ``run``, which may raise ConnectionFailed."""
        return _Lent(self._lane(target.server), target)

    def run(self, target: Target, pipeline: Pipeline) -> Result:
        """Run one pipeline there; see :class:`runbook.result.Session`."""
        return self.session(target).run(pipeline)

    def ask(
        self,
        queries: Iterable[Query[Any]],
        *,
        told: Callable[[Query[Any]], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Answers:
        """Answers to independent queries: several servers at once, the queries of one server in their order.

        ``told`` is called before each query, from the thread that asks it. Once ``cancelled``, the queries under way
        are answered, no other is asked, and ``Cancelled`` is raised.

        What couldn't be read is an :class:`Unread` that says why; a server that isn't reached is tried once a round. A
        query that isn't a read raises ``WriteRefused``: that is a mistake in the library, not a state of a server.
        """
        asked = list(dict.fromkeys(queries))
        by_server: dict[str, list[Query[Any]]] = {}
        for query in asked:
            by_server.setdefault(query.target.server.lower(), []).append(query)
        if not by_server:
            return Answers({})
        stop = threading.Event()
        with ThreadPoolExecutor(min(len(by_server), MOST_SERVERS_AT_ONCE), "server") as workers:
            rounds = [
                workers.submit(self._ask_server, each, lambda: stop.is_set() or cancelled(), told)
                for each in by_server.values()
            ]
            try:
                found = [answer for each in rounds for answer in each.result()]
            except BaseException:  # Ctrl-C as well: the others finish the query they are at and no more
                stop.set()
                raise
        answers = dict(found)
        if len(answers) < len(asked):
            raise Cancelled("Reading was cancelled: not everything was asked. Nothing was changed by it.")
        return Answers({query: answers[query] for query in asked})

    def close(self) -> None:
        """Close every session. Never raises."""
        with self._lock:
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.close()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _lane(self, server: str) -> _Lane:
        with self._lock:
            return self._lanes.setdefault(server.lower(), _Lane(self._open))

    def _open(self, target: Target) -> Session:
        session = self._connect(target)
        if self._reached is not None:
            self._reached(target, session.certificate_sha256 if isinstance(session, Certified) else "")
        return session

    def _ask_server(
        self,
        queries: Sequence[Query[Any]],
        stops: Callable[[], bool],
        told: Callable[[Query[Any]], None] | None,
    ) -> list[tuple[Query[Any], Any]]:
        unreached: dict[Target, Unread] = {}
        answers: list[tuple[Query[Any], Any]] = []
        for query in queries:
            if stops():
                break
            if told is not None:
                told(query)
            if query.target in unreached:
                answers.append((query, unreached[query.target]))
                continue
            try:
                answer = _parsed(query, self.run(query.target, query.pipeline))
            except ConnectionFailed as error:
                answer = unreached[query.target] = Unread(str(error))
            except OutcomeUnknown as error:
                answer = Unread(str(error))
            answers.append((query, answer))
        return answers


class _Lane:
    """One server's sessions, and who may use them now."""

    def __init__(self, connect: Callable[[Target], Session]) -> None:
        self._connect = connect
        self._sessions: dict[Shell, Session] = {}
        self._held = threading.RLock()

    def run(self, target: Target, pipeline: Pipeline) -> Result:
        with self._held:
            session = self._sessions.get(target.shell)
            if session is None:
                session = self._sessions[target.shell] = self._connect(target)
            return session.run(pipeline)

    def close(self, shell: Shell | None = None) -> None:
        with self._held:
            for each in [shell] if shell is not None else list(self._sessions):
                session = self._sessions.pop(each, None)
                if session is not None:
                    session.close()


class _Lent:
    """A lane's session, opened at its first pipeline (:class:`runbook.result.Session`)."""

    def __init__(self, lane: _Lane, target: Target) -> None:
        self._lane = lane
        self._target = target

    def run(self, pipeline: Pipeline) -> Result:
        return self._lane.run(self._target, pipeline)

    def close(self) -> None:
        """Close it now; the next ``run`` opens another, as a read-back after a change wants (invariant 5)."""
        self._lane.close(self._target.shell)


def _parsed(query: Query[Any], result: Result) -> Any:
    if not result.complete:
        return Unread(f"{query.target}: part of the server's answer was lost on the way. Run it again.")
    try:
        return query.parse(result)
    except (PipelineFailed, ValueError, LookupError) as error:
        return Unread(f"{query.target}: {query.name}: {_words(error)}")


def _words(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the server's answer has no {error.args[0]}"
    return str(error) or type(error).__name__
