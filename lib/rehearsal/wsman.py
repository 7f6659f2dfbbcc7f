"""The WS-Management service of one simulated organisation (MS-WSMV 3.1, DSP0226).

Takes a decrypted request and returns an HTTP status and a body; knows nothing of sockets or authentication.
Whatever it doesn't know is answered with the fault that Windows gives, never with silence.
"""

from __future__ import annotations

import base64
import logging
import time
import uuid
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from rehearsal import wsman_faults as faults
from rehearsal.psrp import RunspacePoolShell
from rehearsal.remote_shell import RemoteShell, ShellClosedError, ShellError, UnknownCommandError
from rehearsal.soap import FaultError, Request, fault_response, invalid_request, name, read_request, response
from rehearsal.values import Identity, OpenShell, Organisation, TerminatingError
from rehearsal.winrs import CommandShell

_log = logging.getLogger(__name__)

_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_POWERSHELL = "http://schemas.microsoft.com/powershell/"
_CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
_IDENTIFY = "{http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd}Identify"

MAX_ENVELOPE_BYTES = 512000
"""MaxEnvelopeSizekb of Windows Server 2012 and later: 500."""

_ENVELOPE_OVERHEAD = 2048
_SMALLEST_ENVELOPE = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """WinRM's limits per user; Windows Server 2012's defaults."""

    shells: int = 30
    operations: int = 1500


@dataclass(slots=True)
class _Entry:
    host: str
    shell_id: str
    resource: str
    owner: str
    shell: RemoteShell
    opened: float
    used: float
    idle_timeout: float = 7200.0


class WsmanService:
    """All shells of all hosts. :meth:`handle` may be called from many threads."""

    def __init__(self, organisation: Organisation, quotas: Quotas | None = None) -> None:
        self._organisation = organisation
        self._quotas = quotas or Quotas()
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._lock = Lock()

    def handle(self, host: str, path: str, identity: Identity, data: bytes) -> tuple[int, bytes]:
        """Answer one request of an authenticated user: (200, response) or (500, fault)."""
        message_id = ""
        try:
            request = read_request(data, MAX_ENVELOPE_BYTES)
            message_id = request.message_id
            return 200, self._dispatch(request, host, path, identity)
        except FaultError as fault:
            return 500, fault_response(fault, message_id, host)
        except UnknownCommandError as fault:
            return 500, fault_response(faults.unknown_command(str(fault)), message_id, host)
        except ShellClosedError:
            return 500, fault_response(faults.aborted(), message_id, host)
        except ShellError as fault:
            return 500, fault_response(faults.invalid_parameter(str(fault)), message_id, host)
        except Exception as fault:
            _log.exception("A request broke the simulated WS-Management service")
            return 500, fault_response(faults.internal(fault), message_id, host)

    def close(self) -> None:
        """End every shell and wake every waiting Receive."""
        with self._lock:
            entries = list(self._entries.values())
            self._entries.clear()
        for entry in entries:
            entry.shell.close()

    def _dispatch(self, request: Request, host: str, path: str, identity: Identity) -> bytes:
        if request.body is not None and request.body.tag == _IDENTIFY:
            return response(request, _IDENTITY, suffix="")
        if request.max_envelope_size < _SMALLEST_ENVELOPE:
            raise faults.envelope_too_small(_SMALLEST_ENVELOPE)
        if request.action == _TRANSFER + "Get" and request.resource == _CONFIG:
            return response(request, _CONFIGURATION)
        if request.action == _TRANSFER + "Create":
            return self._create(request, host, path, identity)
        action = _ACTIONS.get(request.action)
        if action is None:
            raise faults.unknown_action()
        if not request.resource.lower().startswith((_POWERSHELL, _SHELL)):
            raise faults.unknown_resource(request.resource)
        entry = self._entry(request, host, identity)
        try:
            return action(self, request, entry)
        finally:
            entry.used = time.monotonic()

    def _create(self, request: Request, host: str, path: str, identity: Identity) -> bytes:
        body = _body(request, "rsp:Shell")
        resource = request.resource
        shell_id = (body.get("ShellId") or str(uuid.uuid4())).upper()
        configuration = _configuration(resource, path)
        if configuration is None:
            raise faults.unknown_resource(resource)
        self._check_quota(host, shell_id, identity)

        def open_runspace() -> OpenShell:
            return self._organisation.open_shell(host, path, configuration, identity)

        shell: RemoteShell
        try:
            if resource.lower().startswith(_POWERSHELL):
                shell = RunspacePoolShell(open_runspace, identity.username, host)
                creation = body.find(f"{{{_POWERSHELL.rstrip('/')}}}creationXml")
                if creation is None or not creation.text:
                    raise invalid_request("A PowerShell shell needs creationXml.")
                shell.start(creation.text.strip())
            else:
                shell = CommandShell(open_runspace())
        except TerminatingError as refusal:
            raise faults.refused(refusal) from refusal
        now = time.monotonic()
        entry = _Entry(host, shell_id, resource, identity.username, shell, now, now)
        with self._lock:
            self._entries[host, shell_id] = entry
        created = (
            "<x:ResourceCreated>"
            f"<a:Address>http://{escape(host)}{escape(path)}</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{escape(resource)}</w:ResourceURI>"
            f'<w:SelectorSet><w:Selector Name="ShellId">{escape(shell_id)}</w:Selector></w:SelectorSet>'
            "</a:ReferenceParameters></x:ResourceCreated>"
        )
        return response(request, created + _describe(entry))

    def _check_quota(self, host: str, shell_id: str, identity: Identity) -> None:
        now = time.monotonic()
        with self._lock:
            for key, entry in list(self._entries.items()):
                if now - entry.used > entry.idle_timeout and not entry.shell.running():
                    del self._entries[key]
                    entry.shell.close()
            if (host, shell_id) in self._entries:
                raise faults.shell_exists(shell_id)
            owned = sum(e.host == host and e.owner == identity.username for e in self._entries.values())
        if owned >= self._quotas.shells:
            raise faults.too_many_shells(self._quotas.shells)

    def _command(self, request: Request, entry: _Entry) -> bytes:
        with self._lock:
            mine = [e for e in self._entries.values() if e.host == entry.host and e.owner == entry.owner]
        if sum(e.shell.running() for e in mine) >= self._quotas.operations:
            raise faults.too_many_operations(self._quotas.operations)
        body = _body(request, "rsp:CommandLine")
        command_id = (body.get("CommandId") or str(uuid.uuid4())).upper()
        arguments = [element.text or "" for element in body.findall(name("rsp:Arguments"))]
        entry.shell.command(command_id, body.findtext(name("rsp:Command")) or "", arguments)
        return response(
            request, f"<rsp:CommandResponse><rsp:CommandId>{escape(command_id)}</rsp:CommandId></rsp:CommandResponse>"
        )

    def _send(self, request: Request, entry: _Entry) -> bytes:
        for stream in _body(request, "rsp:Send").findall(name("rsp:Stream")):
            try:
                data = base64.b64decode(stream.text or "", validate=True)
            except (Base64Error, ValueError) as fault:
                raise invalid_request(f"The stream is no base64: {fault}") from fault
            end = (stream.get("End") or "").lower() == "true"
            entry.shell.send(_command_id(stream), stream.get("Name", ""), data, end)
        return response(request, "<rsp:SendResponse/>")

    def _receive(self, request: Request, entry: _Entry) -> bytes:
        wanted = _body(request, "rsp:Receive").find(name("rsp:DesiredStream"))
        command_id = _command_id(wanted) if wanted is not None else None
        limit = (min(request.max_envelope_size, MAX_ENVELOPE_BYTES) - _ENVELOPE_OVERHEAD) * 3 // 4
        delivery = entry.shell.receive(command_id, limit, request.operation_timeout)
        if delivery is None:
            raise faults.timed_out()
        target = f' CommandId="{escape(command_id)}"' if command_id else ""
        streams = "".join(
            f'<rsp:Stream Name="{stream}"{target}>{base64.b64encode(data).decode()}</rsp:Stream>'
            for stream, data in delivery.streams
        )
        state = ""
        if command_id:
            code = "" if delivery.exit_code is None else f"<rsp:ExitCode>{delivery.exit_code}</rsp:ExitCode>"
            label = f"{_SHELL}/CommandState/{'Done' if delivery.done else 'Running'}"
            state = f'<rsp:CommandState{target} State="{label}">{code}</rsp:CommandState>'
        return response(request, f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>")

    def _signal(self, request: Request, entry: _Entry) -> bytes:
        body = _body(request, "rsp:Signal")
        entry.shell.signal(_command_id(body), (body.findtext(name("rsp:Code")) or "").strip())
        return response(request, "<rsp:SignalResponse/>")

    def _delete(self, request: Request, entry: _Entry) -> bytes:
        with self._lock:
            self._entries.pop((entry.host, entry.shell_id), None)
        entry.shell.close()
        return response(request, "")

    def _get(self, request: Request, entry: _Entry) -> bytes:
        return response(request, _describe(entry))

    def _disconnected(self, request: Request, entry: _Entry) -> bytes:
        raise faults.no_disconnect()

    def _entry(self, request: Request, host: str, identity: Identity) -> _Entry:
        shell_id = request.selectors.get("ShellId", "").upper()
        with self._lock:
            entry = self._entries.get((host, shell_id))
        if entry is None or entry.owner != identity.username:
            raise faults.unknown_shell(shell_id)
        return entry


_ACTIONS: dict[str, Callable[[WsmanService, Request, _Entry], bytes]] = {
    _TRANSFER + "Get": WsmanService._get,
    _TRANSFER + "Delete": WsmanService._delete,
    _SHELL + "/Command": WsmanService._command,
    _SHELL + "/Send": WsmanService._send,
    _SHELL + "/Receive": WsmanService._receive,
    _SHELL + "/Signal": WsmanService._signal,
    _SHELL + "/Disconnect": WsmanService._disconnected,
    _SHELL + "/Reconnect": WsmanService._disconnected,
    _SHELL + "/Connect": WsmanService._disconnected,
}

_IDENTITY = (
    '<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
    "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
    "<wsmid:ProductVersion>OS: 6.3.9600 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse>"
)
_CONFIGURATION = (
    f'<cfg:Config xmlns:cfg="{_CONFIG}"><cfg:MaxEnvelopeSizekb>{MAX_ENVELOPE_BYTES // 1024}</cfg:MaxEnvelopeSizekb>'
    "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms><cfg:MaxBatchItems>32000</cfg:MaxBatchItems></cfg:Config>"
)


def _describe(entry: _Entry) -> str:
    age = max(int(time.monotonic() - entry.opened), 0)
    idle = max(int(time.monotonic() - entry.used), 0)
    return (
        f"<rsp:Shell><rsp:ShellId>{escape(entry.shell_id)}</rsp:ShellId>"
        f"<rsp:ResourceUri>{escape(entry.resource)}</rsp:ResourceUri><rsp:Owner>{escape(entry.owner)}</rsp:Owner>"
        f"<rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:IdleTimeOut>PT{entry.idle_timeout:.3f}S</rsp:IdleTimeOut>"
        f"<rsp:InputStreams>{entry.shell.input_streams}</rsp:InputStreams>"
        f"<rsp:OutputStreams>{entry.shell.output_streams}</rsp:OutputStreams>"
        f"<rsp:State>Connected</rsp:State><rsp:ShellRunTime>P0DT0H0M{age}S</rsp:ShellRunTime>"
        f"<rsp:ShellInactivity>P0DT0H0M{idle}S</rsp:ShellInactivity></rsp:Shell>"
    )


def _configuration(resource: str, path: str) -> str | None:
    """The session configuration that a resource URI names; None when it is no shell of this endpoint.

    Exchange's and Lync's endpoints are IIS applications with PowerShell alone; cmd shells are /wsman's.
    """
    if resource.lower().startswith(_POWERSHELL):
        return resource[len(_POWERSHELL) :].partition("?")[0]
    if resource.lower() == _SHELL + "/cmd" and path.strip("/").lower() == "wsman":
        return "Microsoft.PowerShell"
    return None


def _body(request: Request, prefixed: str) -> ElementTree.Element:
    if request.body is None or request.body.tag != name(prefixed):
        raise invalid_request(f"The body of this action is {prefixed.partition(':')[2]}.")
    return request.body


def _command_id(element: ElementTree.Element) -> str | None:
    command_id = element.get("CommandId")
    return command_id.upper() if command_id else None
