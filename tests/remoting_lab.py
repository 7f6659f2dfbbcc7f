"""A tiny organisation behind the lab's real wire, for tests of the library's side of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from rehearsal.server import Lab
from rehearsal.values import CommandCall, ErrorRecord, Identity, Streams, TerminatingError
from runbook.credentials import Credential
from runbook.estate import Estate
from runbook.estate.server import Server

USERNAME = "LITWARE\\admin"
PASSWORD = "correct horse battery staple"

MAILBOX = "mbx.litwareinc.com"
FRONT_END = "fe.litwareinc.com"

Behaviour = Callable[[CommandCall, Streams], None]


class Shell:
    """A runspace in which each known command name is a function; the others aren't there."""

    def __init__(self, organisation: TinyOrganisation) -> None:
        self._organisation = organisation

    def run(self, commands: Sequence[CommandCall], pipeline_input: Iterable[Any] | None, streams: Streams) -> None:
        self._organisation.received.append(tuple(commands))
        behaviour = self._organisation.commands.get(commands[0].name)
        if behaviour is None:
            raise TerminatingError(
                ErrorRecord(
                    message=f"The term '{commands[0].name}' is not recognized.",
                    error_id="CommandNotFoundException",
                    category="ObjectNotFound",
                    target_name=commands[0].name,
                )
            )
        behaviour(commands[0], streams)


class TinyOrganisation:
    """An Exchange server and a Front End. ``received`` is every pipeline that arrived."""

    def __init__(
        self,
        commands: Mapping[str, Behaviour],
        *,
        offered: Sequence[str] = ("basic", "ntlm", "negotiate", "credssp"),
    ) -> None:
        self.commands = {"Import-Module": lambda call, streams: None, **commands}
        self.received: list[tuple[CommandCall, ...]] = []
        self._offered = offered
        self.opened: list[tuple[str, str, str, Identity]] = []
        self._lock = threading.Lock()

    def endpoints(self) -> Mapping[str, Sequence[str]]:
        return {MAILBOX: ("/PowerShell/", "/wsman"), FRONT_END: ("/wsman", "/OcsPowershell")}

    def authentications(self, host: str, path: str) -> Sequence[str]:
        return self._offered

    def open_shell(self, host: str, path: str, configuration: str, identity: Identity) -> Shell:
        with self._lock:
            self.opened.append((host, path, configuration, identity))
        return Shell(self)

    @property
    def names(self) -> list[str]:
        return [commands[0].name for commands in self.received]


class FixedBroker:
    """One account behind every reference."""

    def __init__(self, password: str = PASSWORD) -> None:
        self._password = password

    def resolve(self, reference: str) -> Credential:
        return Credential(USERNAME, SecretStr(self._password))


@contextmanager
def serving(organisation: TinyOrganisation, directory: Path) -> Iterator[Lab]:
    lab = Lab(organisation, {USERNAME: PASSWORD}, directory)
    lab.start()
    try:
        yield lab
    finally:
        lab.stop()


def server(
    lab: Lab, name: str = MAILBOX, *, scheme: str = "http", authentication: str = "negotiate", url: str = ""
) -> Server:
    """A server of the estate; ``url`` in place of where the lab listens."""
    base = url or lab.urls[name][scheme]
    common = {"authentication": authentication, "credential": "cred:admin"}
    if name == MAILBOX:
        exchange = {**common, "authentication": "negotiate" if authentication == "credssp" else authentication}
        return Server.model_validate(
            {
                "name": name,
                "product": "exchange",
                "version": "2013",
                "roles": ["mailbox"],
                "endpoints": {
                    "exchange": {"url": f"{base}/PowerShell/", **exchange},
                    "windows": {"url": f"{base}/wsman", **common},
                },
            }
        )
    return Server.model_validate(
        {
            "name": name,
            "product": "lync",
            "version": "2013",
            "roles": ["front-end"],
            "pool": "pool.litwareinc.com",
            "endpoints": {
                "windows": {"url": f"{base}/wsman", **common},
                "lync-remote": {"url": f"{base}/OcsPowershell", **common},
            },
        }
    )


def estate(*servers: Server, certificate_authority: Path | None = None) -> Estate:
    return Estate.model_validate(
        {
            "name": "tiny",
            "environment": "rehearsal",
            "organisation": "Litware",
            "certificate_authority": certificate_authority,
            "servers": servers,
        }
    )
