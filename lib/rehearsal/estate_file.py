"""The estate file: what a client must know to manage the simulated servers under their real names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from rehearsal.machines import Machine
from rehearsal.world import World

FILE_NAME = "estate.yaml"
AUTHORITY_NAME = "ca.pem"

_COMMENT = "Written by the rehearsal lab; addresses, ports and the certificate authority are of this run only."


def write_estate(
    world: World, urls: Mapping[str, Mapping[str, str]], authority: bytes, directory: Path, organisation_slug: str
) -> Path:
    """Write ``estate.yaml`` and ``ca.pem`` to ``directory`` and return the estate file's absolute path.

    ``urls`` maps a host name to the base URLs of its listeners by scheme; ``authority`` is the PEM certificate of the
    CA that signed them. No secret goes into either file.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / AUTHORITY_NAME).write_bytes(authority)
    document = {
        "name": f"{organisation_slug}-{world.topology}",
        "environment": "rehearsal",
        "organisation": world.exchange.name,
        "certificate_authority": AUTHORITY_NAME,
        "domain_controller": world.exchange.domain_controller,
        "servers": [
            _server(machine, urls.get(machine.name, {}))
            for machine in world.machines.values()
            if machine.endpoints or "edge" in machine.roles
        ],
    }
    path = (directory / FILE_NAME).resolve()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 120
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"# {_COMMENT}\n")
        yaml.dump(document, file)
    return path


def _server(machine: Machine, urls: Mapping[str, str]) -> dict[str, Any]:
    server: dict[str, Any] = {
        "name": machine.name,
        "product": machine.product,
        "version": DoubleQuotedScalarString(machine.version),
        "roles": list(machine.roles),
    }
    if machine.pool:
        server["pool"] = machine.pool
    if machine.site:
        server["site"] = machine.site
    server["endpoints"] = {
        endpoint.kind: {
            "url": urls[endpoint.scheme] + endpoint.path,
            "authentication": endpoint.authentication,
            "credential": f"cred:{endpoint.accounts[0]}",
        }
        for endpoint in machine.endpoints
    }
    return server
