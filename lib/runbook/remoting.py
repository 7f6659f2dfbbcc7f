"""Sessions over PowerShell Remoting: the only importer of pypsrp (invariant 3).

pypsrp carries the messages; everything that decides what may be believed is ours: the deadline
(:mod:`runbook.wire.deadline`), the connection (:mod:`runbook.wire.transport`), the count of messages
(:mod:`runbook.wire.messages`), the values (:mod:`runbook.wire.values`) and the question whether a command left.

    not sent                         ConnectionFailed   nothing ran
    sent, and refused outright       ConnectionFailed   nothing ran
    sent, the answer came whole      Result             what the server says, errors included
    sent, a message is missing       Result             not complete; a read is asked again, a write never
    sent, anything else              OutcomeUnknown     only facts read afresh can tell

After any failure the runspace is given up, and the next pipeline opens a new one.
pypsrp's internals are overridden in three places (transport, receiving, defragmenting); its version is pinned.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.messages import Message, MessageType
from pypsrp.powershell import Fragmenter, PowerShell, RunspacePool
from pypsrp.wsman import NAMESPACES, WSMan, WSManAction, _TransportHTTP
from requests_credssp.exceptions import AuthenticationException, NTStatusException

from runbook.command import Pipeline, Shell, Switch, Target, Value, cmdlet
from runbook.credentials import Broker, Credential
from runbook.errors import (
    ConnectionFailed,
    InputError,
    Interrupted,
    NotRenderable,
    OutcomeUnknown,
    RunbookError,
    WriteRefused,
)
from runbook.estate import Estate
from runbook.estate.endpoint import Delegation, Endpoint
from runbook.estate.server import Server
from runbook.powershell import render
from runbook.readlist import is_read, why_not_read
from runbook.result import Result, ServerError, State
from runbook.wire.answer import Answer
from runbook.wire.deadline import Clock, Deadline
from runbook.wire.faults import (
    SHELL_GONE,
    STILL_RUNNING,
    TOO_MANY_OPERATIONS,
    TOO_MANY_SHELLS,
    Explained,
    explain,
    explain_fault,
    one_line,
)
from runbook.wire.messages import Defragmenter, ProtocolFault
from runbook.wire.transport import CONNECT_SECONDS, Wire, WireAdapter, trusted
from runbook.wire.values import check_xml

DEADLINE_SECONDS = 120.0
"""For opening a session, and for each pipeline."""

CLEANUP_SECONDS = 5.0
"""On top of the deadline, to stop a pipeline and to give a runspace back."""

IDLE_SECONDS = 60.0
"""A runspace that was idle for longer is opened anew: after about two minutes message encryption over http breaks."""

POLL_SECONDS = 20
READ_ATTEMPTS = 3

_CONFIGURATION = {Shell.EXCHANGE: "Microsoft.Exchange"}
_DEFAULT_CONFIGURATION = "Microsoft.PowerShell"

_SERVICE = {Shell.EXCHANGE: "HTTP", Shell.LYNC_REMOTE: "HTTP"}
"""The SPN's service class: IIS answers for HTTP/, WinRM for host/."""

_AUTHENTICATION = (AuthenticationError, AuthenticationException, NTStatusException)
_NOT_OFFERED = ("one of the following authentication methods", "available authentication method")
"""How pypsrp and requests-credssp say that a server doesn't know the protocol at all."""

_LOGGERS = ("pypsrp", "psrpcore", "requests", "requests_credssp", "spnego", "urllib3")

_INT32, _INT64 = range(-(2**31), 2**31), range(-(2**63), 2**63)


def open_session(
    server: Server,
    shell: Shell,
    credentials: Broker,
    *,
    estate: Estate,
    writes: bool,
    deadline: float = DEADLINE_SECONDS,
    clock: Clock = time.monotonic,
) -> PsrpSession:
    """A session with one shell of one server, connected and authenticated.

    Without ``writes`` it refuses whatever :mod:`runbook.readlist` doesn't know to be a read. ``deadline`` is in
    seconds, for opening and for each pipeline. Raises :class:`ConnectionFailed`, or :class:`InputError` where the
    estate offers no such shell or the credential isn't known.
    """
    endpoint = server.endpoint(shell)
    credential = credentials.resolve(endpoint.credential)
    if endpoint.scheme == "http" and endpoint.authentication == "basic":
        raise InputError(f"{server.name}: basic authentication over http would send the password in the clear.")
    try:
        tls = trusted(estate.certificate_authority) if endpoint.scheme == "https" else None
    except OSError:  # ssl.SSLError too
        raise InputError(f"{estate.certificate_authority} isn't a file of CA certificates in PEM form.") from None
    session = PsrpSession(server, shell, credential, tls, writes=writes, deadline=deadline, clock=clock)
    session.open()
    return session


class PsrpSession:
    """One shell of one server (:class:`runbook.result.Session`). Not thread-safe: one session, one thread."""

    def __init__(
        self,
        server: Server,
        shell: Shell,
        credential: Credential,
        tls: ssl.SSLContext | None,
        *,
        writes: bool,
        deadline: float,
        clock: Clock,
    ) -> None:
        self.target = Target(server.name, shell)
        self._server = server
        self._endpoint = server.endpoint(shell)
        self._credential = credential
        self._tls = tls
        self._writes = writes
        self._seconds = deadline
        self._clock = clock
        self._deadline = Deadline(clock)
        self._wire = Wire((self._endpoint.host, self._endpoint.port), self._deadline)
        self._pool: _Pool | None = None
        self._running: PowerShell | None = None
        self._used = clock()

    @property
    def certificate_sha256(self) -> str:
        """Of the TLS certificate that the server showed, in hex; empty without TLS."""
        return self._wire.certificate_sha256

    def open(self) -> None:
        """Connect, unless it is connected. :meth:`run` does it too."""
        if self._pool is not None:
            return
        failure: RunbookError | None = None
        _pin_loggers()
        try:
            self._deadline.start(self._seconds)
            self._pool = _Pool(self._connection(), _CONFIGURATION.get(self.target.shell, _DEFAULT_CONFIGURATION))
            self._pool.open()
            if self.target.shell in (Shell.LYNC, Shell.EDGE):
                self._import_module(self._server.lync_module)
        except KeyboardInterrupt:
            self._give_up()
            raise
        except RunbookError as error:
            failure = error
        except Exception as error:
            failure = ConnectionFailed(self.target.server, *self._words(error))
        # Raised out here, so that it doesn't drag the frames along that hold the credential (invariant 7).
        if failure is not None:
            self._give_up()
            raise failure
        self._used = self._clock()

    def run(self, pipeline: Pipeline) -> Result:
        """The server's whole answer; see the table above for what is raised when."""
        reads = is_read(pipeline, self.target.shell)
        if not self._writes and not reads:
            why = why_not_read(pipeline, self.target.shell)
            raise WriteRefused(f"{self.target}: {why}. This session may only read: nothing was sent.")
        for _ in range(READ_ATTEMPTS - 1 if reads else 0):
            result = self._run_once(pipeline)
            if result.complete:
                return result
            self._give_up()  # asked again in a new runspace, whose messages are numbered anew
        return self._run_once(pipeline)

    def close(self) -> None:
        """Give the runspace back. Never raises; the server ends what can't be reached by itself."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with contextlib.suppress(Exception):
                self._deadline.start(CLEANUP_SECONDS)
                pool.close()
            pool.connection.close()

    def _run_once(self, pipeline: Pipeline) -> Result:
        if self._pool is not None and self._clock() - self._used > IDLE_SECONDS:
            self._give_up()
        self.open()
        failure: RunbookError
        self._wire.sent = False
        try:
            return self._exchange(pipeline)
        except KeyboardInterrupt:
            sent = self._wire.sent
            self._give_up()
            if not sent or is_read(pipeline, self.target.shell):
                raise
            reason = "It was interrupted from the keyboard, and the server was asked to stop it."
            failure = Interrupted(self.target.server, _command(pipeline), reason)
        except RunbookError as error:
            failure = error
        except Exception as error:
            failure = self._failure(error, pipeline)
            self._give_up()
        raise failure

    def _exchange(self, pipeline: Pipeline) -> Result:
        assert self._pool is not None
        self._deadline.start(self._seconds)
        shell = self._running = _power_shell(self._pool, pipeline)
        answer = self._pool.expect(UUID(shell.id))
        shell.begin_invoke(remote_stream_options=0)
        while answer.state is None:
            shell.poll_invoke(timeout=self._deadline.whole_seconds(at_most=POLL_SECONDS))
            if self._pool.state != RunspacePoolState.OPENED:
                raise ProtocolFault("the runspace was closed before the answer was whole")
        result = Result(
            target=self.target,
            pipeline=pipeline,
            state=answer.state,
            output=tuple(answer.output),
            errors=tuple(answer.errors),
            warnings=tuple(answer.warnings),
            complete=self._pool.nothing_lost,
            served_by=answer.served_by,
        )
        self._release(shell)
        self._used = self._clock()
        return result

    def _release(self, shell: PowerShell) -> None:
        """Free the server's side of a finished pipeline. The answer is whole, so a failure here only costs the pool."""
        self._running = None
        shell.state = PSInvocationState.COMPLETED
        self._deadline.start(CLEANUP_SECONDS)
        try:
            shell.close()
        except Exception:
            self._give_up()

    def _give_up(self) -> None:
        """Stop what runs and give the runspace back, over a new connection: the old one may be in the middle of one."""
        running, self._running = self._running, None
        pool = self._pool
        with contextlib.suppress(Exception, KeyboardInterrupt):
            if pool is not None:
                self._deadline.start(CLEANUP_SECONDS)
                pool.connection.transport.forget()
                if running is not None and running.state == PSInvocationState.RUNNING:
                    running.stop()
        self.close()

    def _connection(self) -> _Connection:
        return _Connection(
            self._endpoint,
            self.target,
            self._credential,
            _Options(self._wire, self._tls, operation_seconds=max(1, int(self._seconds))),
        )

    def _import_module(self, name: str) -> None:
        """The one command that isn't the caller's: without the module the Lync shell has no Lync cmdlets (B4)."""
        result = self._exchange(Pipeline.of(cmdlet("Import-Module", Name=name)))
        if result.state is not State.COMPLETED or result.errors:
            said = one_line(_first(result.errors))
            remedy = f"Check that the {name} management tools are installed on this server."
            raise ConnectionFailed(self.target.server, f"The module {name} couldn't be loaded: {said}", remedy)

    def _failure(self, error: Exception, pipeline: Pipeline) -> RunbookError:
        reason, remedy = self._words(error)
        if not self._wire.sent or self._refused(error):
            return ConnectionFailed(self.target.server, reason, remedy)
        return OutcomeUnknown(self.target.server, _command(pipeline), reason)

    def _refused(self, error: Exception) -> bool:
        """The server said no to the command itself. The same faults, once it has been taken on, prove nothing."""
        if self._running is None or self._running.state != PSInvocationState.NOT_STARTED:
            return False
        if isinstance(error, WSManFaultError):
            return error.code in (SHELL_GONE, TOO_MANY_SHELLS, TOO_MANY_OPERATIONS)
        return isinstance(error, _AUTHENTICATION)

    def _words(self, error: Exception) -> tuple[str, str]:
        explained = _explain(error, self._endpoint)
        if self._deadline.passed:
            explained = Explained(f"The server didn't finish within {self._seconds:g} seconds.")
        return explained.reason, explained.remedy


def _explain(error: Exception, endpoint: Endpoint) -> Explained:
    if isinstance(error, _AUTHENTICATION):
        if any(said in str(error) for said in _NOT_OFFERED):
            return Explained(
                f"The server doesn't offer {endpoint.authentication} authentication at this address.",
                "Correct `authentication` in the estate file, or enable it on the server's listener.",
            )
        return Explained(
            f"The server refused the account behind {endpoint.credential} ({endpoint.authentication}).",
            "Check user name and password, that the account isn't locked, and `authentication` in the estate file.",
        )
    if isinstance(error, WSManFaultError):
        return explain_fault(error.code, error.provider_fault or error.reason)
    if isinstance(error, WinRMTransportError):
        return Explained(
            f"The server answered with HTTP {error.code}.", "Check the path of the endpoint's URL, and its permissions."
        )
    return explain(error)


class _Options:
    """What a connection needs beside address and account."""

    def __init__(self, wire: Wire, tls: ssl.SSLContext | None, *, operation_seconds: int) -> None:
        self.wire, self.tls, self.operation_seconds = wire, tls, operation_seconds


class _Connection(WSMan):
    """WS-Management to one endpoint, over :class:`runbook.wire.transport.Wire`."""

    def __init__(self, endpoint: Endpoint, target: Target, credential: Credential, options: _Options) -> None:
        settings: dict[str, Any] = {
            "port": endpoint.port,
            "username": credential.username,
            "password": credential.password.get_secret_value(),
            "ssl": endpoint.scheme == "https",
            "path": endpoint.path.lstrip("/"),
            "auth": str(endpoint.authentication),
            "no_proxy": True,
            "connection_timeout": CONNECT_SECONDS,
            "read_timeout": options.operation_seconds + 2,
            "reconnection_retries": 0,
            "negotiate_delegate": endpoint.delegation is Delegation.KERBEROS,
            "negotiate_hostname_override": target.server,
            "negotiate_service": _SERVICE.get(target.shell, "host"),
        }
        super().__init__(target.server, operation_timeout=options.operation_seconds, **settings)
        self.transport: _Transport = _Transport(target.server, wire=options.wire, tls=options.tls, **settings)

    def receive(
        self, resource_uri: str, resource: Any, option_set: Any = None, selector_set: Any = None, timeout: Any = None
    ) -> Any:
        """As pypsrp's, but asked once: what a lost reply held isn't sent again, and an error could be missed."""
        reply = self.invoke(WSManAction.RECEIVE, resource_uri, resource, option_set, selector_set, timeout)
        return reply.find("s:Body", namespaces=NAMESPACES)


class _Transport(_TransportHTTP):
    """pypsrp's HTTP transport on a session of ours."""

    def __init__(self, server: str, *, wire: Wire, tls: ssl.SSLContext | None, **settings: Any) -> None:
        super().__init__(server, **settings)
        self._wire = wire
        self._tls = tls

    def _build_session(self) -> Any:
        session = super()._build_session()
        session.trust_env = False
        session.proxies = {}
        session.mount("https://" if self.ssl else "http://", WireAdapter(self._wire, self._tls))
        return session

    def send(self, message: bytes, **options: Any) -> bytes:
        try:
            with self._wire.bounded():
                reply: bytes = super().send(message, **options)
        except WinRMTransportError as error:
            try:
                check_xml(error.response_text.encode("utf-8", "replace"))
            except ProtocolFault:  # a web server's error page, which pypsrp would go on to parse
                raise WinRMTransportError(error.protocol, error.code, "") from None
            raise
        check_xml(reply)
        return reply

    def _send_request(self, request: Any, timeout: Any = None) -> Any:
        self._wire.carrying = bool(request.body)  # the request that only authenticates carries nothing
        try:
            return super()._send_request(request, timeout)
        finally:
            self._wire.carrying = False

    def forget(self) -> None:
        """Drop the connection and what was agreed on it; the next message authenticates anew."""
        self.close()
        self.session = None
        self.encryption = None


class _Pool(RunspacePool):
    """A runspace pool of one runspace, whose pipelines' messages come to us unparsed."""

    connection: _Connection

    def __init__(self, connection: _Connection, configuration: str) -> None:
        super().__init__(connection, configuration_name=configuration)
        self._inbox = _Inbox(connection.max_payload_size, self._serializer)
        self._fragmenter = self._inbox

    def expect(self, pipeline: UUID) -> Answer:
        """A pipeline is about to start; its messages are gathered in the answer."""
        self._inbox.defragmenter.ids.begin_answer()
        self._inbox.answer = Answer(pipeline)
        return self._inbox.answer

    @property
    def nothing_lost(self) -> bool:
        return not (self._inbox.defragmenter.ids.gap or self._inbox.defragmenter.pending)

    def _receive(self, id: str | None = None, timeout: int | None = None) -> Any:
        try:
            return super()._receive(id, timeout)
        except WSManFaultError as error:
            if error.code == STILL_RUNNING:  # nothing to tell yet, while opening too; the deadline is ours
                return []
            raise


class _Inbox(Fragmenter):
    """Gives pypsrp the pool's messages that it needs, and pipelines' messages to the answer."""

    _POOL_KINDS = (
        MessageType.SESSION_CAPABILITY,
        MessageType.RUNSPACEPOOL_STATE,
        MessageType.RUNSPACEPOOL_INIT_DATA,
        MessageType.RUNSPACE_AVAILABILITY,
        MessageType.ENCRYPTED_SESSION_KEY,
    )

    def __init__(self, max_size: int, serializer: Any) -> None:
        super().__init__(max_size, serializer)
        self.defragmenter = Defragmenter()
        self.answer: Answer | None = None

    def defragment(self, data: bytes) -> list[Any]:
        for_pypsrp = []
        for message in self.defragmenter.feed(data):
            if message.pipeline is not None:
                if self.answer is not None and message.pipeline == self.answer.pipeline:
                    self.answer.take(message)
            elif message.kind in self._POOL_KINDS:
                check_xml(message.body)
                for_pypsrp.append(Message.unpack(message.raw, self.serializer))
        return for_pypsrp


def _power_shell(pool: _Pool, pipeline: Pipeline) -> PowerShell:
    """Commands with typed parameters; never script text (invariant 2)."""
    shell = PowerShell(pool)
    for each in pipeline.cmdlets:
        shell.add_cmdlet(each.name)
        for name, value in each.parameters:
            shell.add_parameter(name, _on_the_wire(value, f"{each.name} -{name}"))
        for argument in each.arguments:
            shell.add_argument(_on_the_wire(argument, each.name))
    return shell


def _on_the_wire(value: Value, where: str) -> Any:
    """A value as pypsrp serialises it right; it sends integers over 32 bits wrong and refuses tuples."""
    if isinstance(value, Switch):
        return value.value
    if isinstance(value, tuple):
        return [_on_the_wire(each, where) for each in value]
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(f"{where}: a value holds half of a character (a lone surrogate).") from None
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT32:
        if value not in _INT64:
            raise InputError(f"{where}: {value} is larger than 64 bits.")
        element = ElementTree.Element("I64")
        element.text = str(value)
        return element
    return value


def _command(pipeline: Pipeline) -> str:
    """The pipeline for a message: as PowerShell text where it can be written, shortened."""
    try:
        return one_line(render(pipeline))
    except NotRenderable:
        return " | ".join(each.name for each in pipeline.cmdlets)


def _first(errors: tuple[ServerError, ...]) -> str:
    return errors[0].message if errors else "the server gave no reason"


def _pin_loggers() -> None:
    """Below WARNING these print parameters and messages (invariant 7); pypsrp's tracebacks are for its authors."""
    for name in {*_LOGGERS, *logging.root.manager.loggerDict}:
        if name in _LOGGERS or name.partition(".")[0] in _LOGGERS:
            logger = logging.getLogger(name)
            if logger.level < logging.WARNING and (logger.level or name in _LOGGERS):
                logger.setLevel(logging.WARNING)
    client = logging.getLogger("pypsrp")
    if not client.handlers:
        client.addHandler(logging.NullHandler())
