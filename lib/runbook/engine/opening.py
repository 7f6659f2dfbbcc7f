"""Start a run: its folder, its ledger, its sessions."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runbook.change import Finding, Severity
from runbook.command import Target
from runbook.credentials import Broker, default_broker
from runbook.engine import provenance
from runbook.engine.clearance import check_given
from runbook.engine.lock import EstateLock, Holder
from runbook.engine.run import Run
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.fleet import Fleet
from runbook.ledger import Ledger, events
from runbook.ledger.events import Mode
from runbook.ledger.heads import OPENED, Heads, head_of, place_of, redaction_key
from runbook.ledger.redaction import Redactor
from runbook.parameters import SectionParameters
from runbook.paths import from_root
from runbook.sections import Section, section_named

RECORD_VARIABLE = "RUNBOOK_RECORD"
"""The folder of this one run, as whoever starts its kernel chose it."""

_SHORTEST_SECRET = 6
"""A shorter one could stand in any text by chance."""

RECORDS_VARIABLE = "RUNBOOK_RECORDS"
"""The folder of all records; ``records`` in the project's root otherwise."""


def record_folder(
    estate: Estate, section: str, *, records: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Path:
    """A new folder's path: ``records/<estate>/<UTC time>-<section>-<short id>``; nothing is made yet."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{now}-{section.replace('_', '-')}-{uuid.uuid4().hex[:8]}"
    return (records or records_folder(environment)) / estate.name / name


def chosen_folder(estate: Estate, section: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of a run about to begin: ``$RUNBOOK_RECORD``, else a new one."""
    given = environment.get(RECORD_VARIABLE, "")
    return Path(given) if given else record_folder(estate, section, environment=environment)


def records_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of all records: ``$RUNBOOK_RECORDS``, else ``records`` in the project's root."""
    return from_root(environment.get(RECORDS_VARIABLE) or "records", environment)


def open_run(
    section: str | Section[Any, Any],
    parameters: SectionParameters,
    estate: Estate,
    *,
    mode: Mode,
    folder: Path | None = None,
    broker: Broker | None = None,
    environment: Mapping[str, str] = os.environ,
    interactive: bool = False,
) -> Run:
    """A run of ``section``, with its ledger begun in ``folder``, else ``$RUNBOOK_RECORD``, else a new record folder.

    Raises :class:`InputError` for a section that isn't there, and :class:`Refused` where the folder holds a ledger or,
    for a run that may change something, where another one has the right to change the estate.
    """
    chosen_section = section_named(section) if isinstance(section, str) else section
    check_given(parameters, estate, mode=mode, interactive=interactive)
    check_accounts(chosen_section, parameters, estate, broker=broker, environment=environment)
    chosen = folder or chosen_folder(estate, chosen_section.name, environment)
    started = events.RunStarted(
        section=chosen_section.name,
        mode=mode,
        estate=estate.name,
        environment=estate.environment,
        organisation=estate.organisation,
        estate_digest=estate.digest,
        parameters=parameters.model_dump(mode="json"),
        library=version("owa-im-runbook"),
        operator=parameters.operator,
        utc_offset=provenance.utc_offset(),
        versions=provenance.versions(),
        code_digests=provenance.code_digests(chosen_section.name, environment),
        certificate_authority=provenance.certificates(estate.certificate_authority),
        anchors=(estate.anchor,) if estate.anchor else (),
        redacted=estate.redact_users,
        approval=estate.approval.value,
        approvers=estate.approver_fingerprints,
    )
    run, lock = uuid.uuid4().hex, None
    if mode is Mode.APPLY and chosen_section.changes_things:
        lock = EstateLock.take(
            estate, section=chosen_section.name, run=run, record=chosen.absolute(), environment=environment
        )
    try:
        ledger = begin(chosen.absolute(), started, parameters, environment, run=run)
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    for note in filter(None, (parameters.change_ticket, parameters.operator_note)):
        ledger.append(events.Note(text=note))
    reached = _once(estate, ledger)
    credentials = broker or default_broker(environment)

    def connect(writes: bool) -> Fleet:
        return Fleet(estate, credentials, writes=writes, reached=reached)

    def account(target: Target) -> str:
        return credentials.resolve(estate.server(target.server).endpoint(target.shell).credential).username

    opened = Run(chosen_section, parameters, estate, mode=mode, ledger=ledger, connect=connect, account=account)
    opened.lock = lock
    opened.notices = tuple(map(_taken_over, lock.taken_over if lock else ()))
    return opened


def begin(
    folder: Path,
    started: events.RunStarted,
    parameters: SectionParameters,
    environment: Mapping[str, str],
    *,
    run: str = "",
) -> Ledger:
    """A run's ledger with its first line, which follows what the last run of this estate left in the same place."""
    redactor = Redactor(redaction_key(environment)) if started.redacted else None
    heads = Heads(started.estate, environment)
    with heads.held():
        ledger = Ledger.create(folder, run=run, previous=heads.last(place_of(folder)), redactor=redactor)
        ledger.learn(parameters)
        entry = ledger.append(started)
        heads.add(head_of(entry, folder, state=OPENED, estate=started.estate, head=entry.digest))
    return ledger


def check_accounts(
    section: str | Section[Any, Any],
    parameters: SectionParameters,
    estate: Estate,
    *,
    broker: Broker | None = None,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Every account that the section starts with is known, and none of its secrets stands among the parameters.

    Raises :class:`InputError` before anything is contacted or recorded.
    """
    credentials = broker or default_broker(environment)
    said = json.dumps(parameters.model_dump(mode="json"), ensure_ascii=False)
    chosen = section_named(section) if isinstance(section, str) else section
    targets = {query.target for query in next(chosen.observe(parameters, estate), ())}
    for reference in sorted({estate.server(one.server).endpoint(one.shell).credential for one in targets}):
        secret = credentials.resolve(reference).password.get_secret_value()
        if len(secret) >= _SHORTEST_SECRET and json.dumps(secret, ensure_ascii=False)[1:-1] in said:
            raise InputError(f"A parameter holds the password of {reference}. Take it out: parameters are recorded.")


def _once(estate: Estate, ledger: Ledger) -> Callable[[Target, str], None]:
    """Record each shell the first time that it is reached. Called from the threads that open the sessions."""
    seen: set[Target] = set()
    lock = threading.Lock()

    def reached(target: Target, certificate: str) -> None:
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
                certificate_sha256=certificate,
            )
        )

    return reached


def _taken_over(gone: Holder) -> Finding:
    return Finding(
        id="lock-taken-over",
        requirements=(),
        severity=Severity.WARNING,
        object=gone.record,
        what=f"Another run was entered as changing this estate: {gone}. Its process is gone.",
        why="It was cut off, so a change of its may have been left half done, and its record is open.",
        remedy=f"`runbook resume` with the record {gone.record} tells what became of its last change, and goes on.",
    )
