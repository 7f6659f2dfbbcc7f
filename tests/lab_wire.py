"""A tiny organisation behind the lab's wire, and ways to reach it: what the wire's contract tests share."""

from __future__ import annotations

import base64
import http.client
import ssl
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from rehearsal.server import Lab
from rehearsal.values import (
    CommandCall,
    EnumValue,
    ErrorRecord,
    Identity,
    ListValue,
    SecureText,
    Streams,
    TerminatingError,
    Thing,
)

HOST = "atl-mbx-001.litwareinc.com"
OTHER_HOST = "atl-fe-001.litwareinc.com"
USER = "LITWARE\\admin"
UPN = "admin@litwareinc.com"
PASSWORD = "correct horse"
OTHER_USER = "LITWARE\\reader"
ACCOUNTS = {USER: PASSWORD, OTHER_USER: "battery staple"}

MULTI_VALUED = (
    "Microsoft.Exchange.Data.MultiValuedProperty`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, "
    "PublicKeyToken=b77a5c561934e089]]",
    "Microsoft.Exchange.Data.MultiValuedPropertyBase",
    "System.Object",
)
SERVER = Thing(
    ("Microsoft.Exchange.Data.Directory.Management.ExchangeServer", "System.Object"),
    "ATL-MBX-001\r\n<first>",
    {
        "Name": "ATL-MBX-001",
        "IsMailboxServer": True,
        "Aliases": ListValue(("a", "b"), MULTI_VALUED),
        "Edition": EnumValue("Standard", 1, ("Microsoft.Exchange.Data.Edition", "System.Enum", "System.Object")),
    },
    {"RunspaceId": uuid.UUID(int=7)},
)
NOT_FOUND = ErrorRecord(
    message="Cannot find a process.",
    error_id="NoProcessFoundForGivenName,Microsoft.PowerShell.Commands.GetProcessCommand",
    category="ObjectNotFound",
    exception_type="Microsoft.PowerShell.Commands.ProcessCommandException",
    activity="Get-Process",
    target_name="nothing",
    target_type="String",
)


class EchoShell:
    """Runs a few commands that exercise the wire and nothing else."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.seen: list[CommandCall] = []
        self.stopped = Event()

    def run(self, commands: Sequence[CommandCall], pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        self.seen.extend(commands)
        for call in commands:
            if call.is_script:
                streams.output(f"script {call.name.splitlines()[0]}")
                continue
            command = getattr(self, "_" + call.name.replace("-", "_").lower(), None)
            if command is None:
                raise TerminatingError(
                    ErrorRecord(
                        message=f"The term '{call.name}' is not recognized.",
                        error_id="CommandNotFoundException",
                        category="ObjectNotFound",
                        exception_type="System.Management.Automation.CommandNotFoundException",
                        target_name=call.name,
                        target_type="String",
                    )
                )
            command(call, pipeline_input, streams)

    def _echo(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        for _, value in call.parameters:
            streams.output(value)
        for value in pipeline_input or ():
            streams.output(value)

    def _whoami(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.output(self.identity.username)
        streams.output(self.identity.delegated)

    def _get_server(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.output(SERVER)

    def _write_all(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.output("before")
        streams.error(NOT_FOUND)
        streams.warning("careful")
        streams.verbose("detail")
        streams.debug("depth")
        streams.information("note", "Write-All", ["tag"])
        streams.progress("Working", "half", 50)
        streams.output("after")

    def _fail(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.output("before")
        raise TerminatingError(NOT_FOUND)

    def _fail_oddly(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        raise TerminatingError(ErrorRecord(message="odd", error_id="Odd", target=object()))

    def _break(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        raise ZeroDivisionError("a fault of the simulation")

    def _ask(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.prompt("Confirm", "Are you sure?", ["&Yes", "&No"])

    def _complain(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.error(NOT_FOUND)

    def _wait(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.output("waiting")
        if streams.stopping.wait(60):
            self.stopped.set()
        streams.output("never seen")

    def _write_many(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        given = dict(call.parameters)
        for index in range(given["Count"]):
            streams.output(f"{index}:" + "x" * given["Size"])

    def _reveal(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        (secret,) = (value for _, value in call.parameters)
        streams.output(secret.value if isinstance(secret, SecureText) else f"not secret: {type(secret).__name__}")
        streams.output(secret)

    def _get_command(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        for name in ("Echo", "Fail"):
            streams.output(Thing(("System.Management.Automation.CmdletInfo", "System.Object"), name, {"Name": name}))

    def _hostname(self, call: CommandCall, pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        streams.output("ATL-MBX-001")
        for _, argument in call.parameters:
            streams.output(argument)


class EchoOrganisation:
    """Two hosts; ``reader`` may not open a shell, and ``Nowhere`` is no configuration."""

    def __init__(self) -> None:
        self.shells: list[EchoShell] = []

    def endpoints(self) -> Mapping[str, Sequence[str]]:
        return {HOST: ["/PowerShell/", "/wsman"], OTHER_HOST: ["/wsman"]}

    def authentications(self, host: str, path: str) -> Sequence[str]:
        return ["negotiate", "ntlm", "basic", "credssp"]

    def open_shell(self, host: str, path: str, configuration: str, identity: Identity) -> EchoShell:
        if identity.username == OTHER_USER:
            raise TerminatingError(
                ErrorRecord(message="Access is denied.", error_id="AccessDenied", category="PermissionDenied")
            )
        if configuration == "Nowhere":
            raise TerminatingError(ErrorRecord(message="Cannot find the Nowhere session configuration.", error_id="X"))
        shell = EchoShell(identity)
        self.shells.append(shell)
        return shell


def wsman(lab: Lab, scheme: str = "http", auth: str = "negotiate", **overrides: Any) -> WSMan:
    """pypsrp's connection to the lab's first host."""
    url = urlsplit(lab.urls[overrides.pop("host", HOST)][scheme])
    settings: dict[str, Any] = {
        "username": USER,
        "password": PASSWORD,
        "path": "wsman",
        "cert_validation": False,
        "no_proxy": True,
        **overrides,
    }
    return WSMan(url.hostname or "", port=url.port, ssl=scheme == "https", auth=auth, **settings)


@contextmanager
def runspace_pool(
    lab: Lab, scheme: str = "http", auth: str = "negotiate", *, pool: Mapping[str, Any] | None = None, **overrides: Any
) -> Iterator[RunspacePool]:
    """An open runspace pool, closed with its connection."""
    with wsman(lab, scheme, auth, **overrides) as connection, RunspacePool(connection, **(pool or {})) as opened:
        yield opened


def command(pool: RunspacePool, name: str, **parameters: Any) -> PowerShell:
    """A pipeline of one command, not yet run."""
    return PowerShell(pool).add_cmdlet(name).add_parameters(parameters)


def post(
    lab: Lab,
    body: bytes,
    *,
    path: str = "/wsman",
    password: str = PASSWORD,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    scheme: str = "https",
) -> tuple[int, Mapping[str, str], str]:
    """A request that no well-behaved client sends: (status, headers, body). Basic over https."""
    url = urlsplit(lab.urls[HOST][scheme])
    connection: http.client.HTTPConnection
    if scheme == "https":
        context = ssl.create_default_context(cadata=lab.ca_pem.decode())
        context.check_hostname = False  # connecting to the address; the name has a test of its own
        connection = http.client.HTTPSConnection(url.hostname or "", url.port, context=context, timeout=20)
    else:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=20)
    credentials = base64.b64encode(f"{USER}:{password}".encode()).decode()
    sent = {"Authorization": f"Basic {credentials}", "Content-Type": "application/soap+xml", **(headers or {})}
    try:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read().decode()
    finally:
        connection.close()


def envelope(action: str, body: str = "", *, resource: str = "", shell_id: str = "", max_size: int = 153600) -> bytes:
    """A WS-Management request."""
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" '
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>'
        f"<a:Action>{action}</a:Action><a:MessageID>uuid:{uuid.UUID(int=1)}</a:MessageID>"
        f"<w:ResourceURI>{resource}</w:ResourceURI><w:MaxEnvelopeSize>{max_size}</w:MaxEnvelopeSize>"
        f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
