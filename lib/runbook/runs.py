"""Start a run: its folder, its ledger, its sessions."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from runbook import events
from runbook.command import Target
from runbook.credentials import Broker, EnvironmentBroker
from runbook.engine import Run
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.events import Mode
from runbook.fleet import Fleet
from runbook.ledger import Ledger
from runbook.parameters import SectionParameters
from runbook.paths import from_root
from runbook.sections import SECTIONS

RECORD_VARIABLE = "RUNBOOK_RECORD"
RECORDS = "records"


def record_folder(estate: Estate, section: str, *, records: Path | None = None) -> Path:
    """A new folder's path: ``records/<estate>/<UTC time>-<section>-<short id>``; nothing is made yet."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{now}-{section.replace('_', '-')}-{uuid.uuid4().hex[:8]}"
    return (records or from_root(RECORDS)) / estate.name / name


def open_run(
    section: str,
    parameters: SectionParameters,
    estate: Estate,
    *,
    mode: Mode,
    folder: Path | None = None,
    broker: Broker | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Run:
    """A run of ``section``, with its ledger begun in ``folder``, else ``$RUNBOOK_RECORD``, else a new record folder.

    Raises :class:`InputError` for a section that isn't there and :class:`Refused` where the folder holds a ledger.
    """
    if section not in SECTIONS:
        raise InputError(f"There is no section {section!r}. The sections are: {', '.join(SECTIONS)}.")
    given = environment.get(RECORD_VARIABLE, "")
    chosen = folder or (Path(given) if given else record_folder(estate, section))
    ledger = Ledger.create(chosen.absolute())
    ledger.append(
        events.RunStarted(
            section=section,
            mode=mode,
            estate=estate.name,
            environment=estate.environment,
            organisation=estate.organisation,
            estate_digest=estate.digest,
            parameters=parameters.model_dump(mode="json"),
            library=version("owa-im-runbook"),
        )
    )
    for note in filter(None, (parameters.change_ticket, parameters.operator_note)):
        ledger.append(events.Note(text=note))
    reached = _once(estate, ledger)
    credentials = broker or EnvironmentBroker(environment)

    def connect(writes: bool) -> Fleet:
        return Fleet(estate, credentials, writes=writes, reached=reached)

    return Run(SECTIONS[section], parameters, estate, mode=mode, ledger=ledger, connect=connect)


def _once(estate: Estate, ledger: Ledger) -> Callable[[Target], None]:
    """Record each shell the first time that it is reached. Called from the threads that open the sessions."""
    seen: set[Target] = set()
    lock = threading.Lock()

    def reached(target: Target) -> None:
        with lock:
            if target in seen:
                return
            seen.add(target)
        endpoint = estate.server(target.server).endpoint(target.shell)
        ledger.append(
            events.ServerReached(
                target=target,
                url=str(endpoint.url),
                authentication=endpoint.authentication,
                credential=endpoint.credential,
            )
        )

    return reached
