"""What past records of an estate tell about a server: by which build it was last found right. Reads records only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runbook.errors import InputError
from runbook.ledger import FILE_NAME, read_events
from runbook.ledger.events import FactRead, FindingRecorded

READY = "back-end-ready"
_SERVERS = "exchange-servers"


def builds_when_ready(folder: Path, *, without: Path | None = None) -> Mapping[str, str]:
    """Server (lower-case FQDN) → the version that Exchange told when a run last found it configured.

    ``folder`` holds the records of one estate, ``without`` is the record that is being written. A record that can't be
    read tells nothing.
    """
    found: dict[str, str] = {}
    for ledger in sorted(folder.glob(f"*/{FILE_NAME}")):
        if without is not None and ledger.parent == without:
            continue
        try:
            found |= _ready(ledger)
        except InputError:
            continue
    return found


def _ready(ledger: Path) -> Mapping[str, str]:
    versions: dict[str, str] = {}
    ready: list[str] = []
    for event in read_events(ledger).events:
        if isinstance(event, FactRead) and event.query == _SERVERS and isinstance(event.fact, list):
            for server in event.fact:
                if isinstance(server, dict):
                    versions[str(server.get("fqdn", "")).lower()] = str(server.get("version", ""))
        elif isinstance(event, FindingRecorded) and event.finding.id == READY:
            ready.append(event.finding.server.lower())
    return {server: versions[server] for server in ready if versions.get(server)}
