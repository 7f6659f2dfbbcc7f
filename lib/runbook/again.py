"""Runs that go by an earlier record: undo takes its changes back, resume goes on from it, drift looks what became.

A record is read as untrusted input. It has to be intact by its chain and, where it was closed, by its signature; it has
to be of this estate; and no command in it is sent that its section couldn't have written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runbook import record
from runbook.change import Change, Finding
from runbook.credentials import Broker
from runbook.engine import undo_findings
from runbook.engine.drift import Drift, check_comparable
from runbook.engine.lock import still_running
from runbook.engine.opening import check_accounts, chosen_folder, open_run, record_folder, records_folder
from runbook.engine.past_run import PastRun, Since, gone_on_by, past_run, since, taken_back_by
from runbook.engine.resume import check_resumable, resumed_section
from runbook.engine.run import Run
from runbook.engine.undo import names_people, original_parameters, undo_section
from runbook.errors import InputError, Refused
from runbook.estate import Estate
from runbook.ledger import FILE_NAME
from runbook.ledger.events import EarlierRun, Mode, Relation
from runbook.ledger.tickets import tickets
from runbook.parameters import SectionParameters, load_parameters
from runbook.parameters_undo import UndoParameters
from runbook.paths import from_root
from runbook.record import State, Verified
from runbook.sections import UNDO, section_named
from runbook.signing.keys import known_key

RESUMES_VARIABLE = "RUNBOOK_RESUMES"
"""The folder of the record that this one run goes on from, as whoever starts its kernel chose it."""


def open_any(section: str, parameters: SectionParameters, estate: Estate, *, mode: Mode, **more: Any) -> Run:
    """A run of a section, the undo that the parameters are of, or what ``$RUNBOOK_RESUMES`` names to go on from.

    Arguments are those of :func:`open_run`.
    """
    if resumed := os.environ.get(RESUMES_VARIABLE, ""):
        return open_resumed(Path(resumed), estate, mode=mode, parameters=parameters, **more)
    if isinstance(parameters, UndoParameters):
        return open_undo(parameters, estate, mode=mode, **more)
    return open_run(section, parameters, estate, mode=mode, **more)


def open_undo(
    parameters: UndoParameters,
    estate: Estate,
    *,
    mode: Mode,
    folder: Path | None = None,
    broker: Broker | None = None,
    environment: Mapping[str, str] = os.environ,
    interactive: bool = False,
) -> Run:
    """A run that takes back what ``parameters.record`` tells of, with a record of its own that names the first one.

    Raises :class:`InputError` where there is no such record or it is of another estate, and :class:`Refused` where it
    was altered, or nothing in it can be taken back.
    """
    given = parameters.record
    found, past = read(find_record(given, environment) if given else last_change(estate, environment), estate)
    own = (folder or chosen_folder(estate, "undo", environment)).absolute()
    beside = {past.folder.parent, own.parent}
    section = undo_section(past, lambda: since(past.run, beside))
    run = open_run(
        section,
        parameters,
        estate,
        mode=mode,
        folder=own,
        broker=broker,
        environment=environment,
        interactive=interactive,
    )
    follow(run, Relation.UNDOES, past, found)
    run.notices = (*run.notices, *_notices(found, environment))
    return run


def check_beforehand(parameters: SectionParameters, estate: Estate, section: str) -> None:
    """What :func:`open_any` would refuse for want of a record or an account, before anything is begun.

    Raises :class:`InputError` and :class:`Refused` as :func:`open_undo` and :func:`check_accounts`.
    """
    if isinstance(parameters, UndoParameters):
        _, past = read(find_record(parameters.record) if parameters.record else last_change(estate), estate)
        check_accounts(undo_section(past, Since), parameters, estate)
    else:
        check_accounts(section, parameters, estate)


def open_drift(
    folder: Path,
    estate: Estate,
    *,
    own: Path | None = None,
    broker: Broker | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Run, Drift]:
    """A run that looks what became of what the run whose record is in ``folder`` left, and its comparison.

    Its own record lies beside that one unless ``own`` names a folder. Raises :class:`InputError` and :class:`Refused`
    as :func:`open_undo`, and :class:`Refused` for a run that was cut off, or of a section that changes nothing.
    """
    _, past = read(folder, estate)
    beside = _beside(past, environment)
    check_comparable(past, undone=taken_back_by(past.run, beside), resumed=gone_on_by(past.run, beside))
    made = past
    if past.started.section == UNDO.name:
        _, made = read(find_record(str(past.parameters.get("record", "")), environment), estate)
    section = section_named(made.started.section)
    if not section.changes_things:
        raise Refused(f"The section {section.title} only looks: its run left nothing to compare.")
    undone = since(past.run, beside)
    drift = Drift(past, section, original_parameters(made, section), undone)
    chosen = own or folder.absolute().parent / record_folder(estate, section.name, environment=environment).name
    return open_run(
        drift.section,
        drift.original,
        estate,
        mode=Mode.CHECK,
        folder=chosen,
        broker=broker,
        environment=environment,
    ), drift


def open_resumed(
    folder: Path,
    estate: Estate,
    *,
    mode: Mode,
    parameters: SectionParameters | None = None,
    own: Path | None = None,
    broker: Broker | None = None,
    environment: Mapping[str, str] = os.environ,
    interactive: bool = False,
) -> Run:
    """A run that goes on from the one in ``folder``, which was cut off; ``own`` is the new record's folder.

    It is a run of the same section with a record of its own, which names the first and how far that went: the first
    can't be written to any more. Its ``parameters`` are those of the first unless others are given. Raises
    :class:`Refused` where that one came to its end, still goes on or was altered, and :class:`InputError` where it is
    of another estate.
    """
    found, past = read(folder, estate)
    check_going_on(past, environment)
    if (holder := still_running(past.run, environment)) is not None:
        raise Refused(f"That run still goes on: {holder}.")
    parameters = parameters or resumed_parameters(past)
    more: dict[str, Any] = {"mode": mode, "broker": broker, "environment": environment, "interactive": interactive}
    if isinstance(parameters, UndoParameters):
        run = open_undo(parameters, estate, folder=own, **more)
    else:
        section = resumed_section(_gone_on_from(past, estate), section_named(past.started.section))
        run = open_run(section, parameters, estate, folder=own, **more)
    follow(run, Relation.RESUMES, past, found)
    run.sent_before = tuple(_sent_before(past, estate, environment))
    return run


def check_going_on(past: PastRun, environment: Mapping[str, str] = os.environ) -> None:
    """:class:`Refused` where a run came to its end, or was taken back since: nothing is there to go on from."""
    check_resumable(past, taken_back_by(past.run, _beside(past, environment)))


def _beside(past: PastRun, environment: Mapping[str, str]) -> set[Path]:
    """Where runs lie that went by this one: beside its record, and where records of its estate go."""
    return {past.folder.absolute().parent, records_folder(environment) / past.started.estate}


def _sent_before(past: PastRun, estate: Estate, environment: Mapping[str, str]) -> Iterator[Change]:
    """What a run sent, and what those sent that it went on from itself."""
    yield from (recorded.change for recorded in past.changes if recorded.may_stand)
    for event in past.recording.events:
        if isinstance(event, EarlierRun) and event.relation is Relation.RESUMES:
            beside = past.folder.parent / event.record.rpartition("/")[2]
            _, earlier = read(beside if beside.is_dir() else find_record(event.record, environment), estate)
            yield from _sent_before(earlier, estate, environment)


def _gone_on_from(past: PastRun, estate: Estate) -> tuple[PastRun, ...]:
    """The run, and those before it that it was to go on from itself, as far as their records are beside its own."""
    runs = [past]
    while True:
        named = [event for event in runs[-1].recording.events if isinstance(event, EarlierRun)]
        earlier = next((event.record for event in named if event.relation is Relation.RESUMES), "")
        folder = past.folder.parent / earlier.rpartition("/")[2]
        if not earlier or not (folder / FILE_NAME).is_file() or folder in [each.folder for each in runs]:
            return tuple(runs)
        runs.append(read(folder, estate)[1])


def resumed_parameters(past: PastRun) -> SectionParameters:
    """What the run was told; :class:`Refused` where its record leaves out the people whom that named.

    The change ticket is the one that its plan was confirmed with, where somebody typed one then.
    """
    given = dict(past.parameters)
    if confirmed := tickets(past.recording.events).confirmed:
        given["change_ticket"] = confirmed[-1]
    if past.started.redacted and names_people(given):
        raise Refused(
            f"The record {past.name} leaves people out, whom its parameters name. Run its section again with its"
            " parameter file: what was done isn't done again."
        )
    section = section_named(past.started.section)
    parameters: SectionParameters = load_parameters(section.parameters, given, file=f"the record {past.name}")
    return parameters


def find_record(given: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of a record: a path, from the project's root where it is relative, or as ``runbook records`` lists it.

    :class:`InputError` where there is none.
    """
    candidates = [from_root(given, environment), records_folder(environment) / given]
    for path in candidates:
        if (path / FILE_NAME).is_file():
            return path.absolute()
    raise InputError(f"There is no record {given}: no {FILE_NAME} in {candidates[0]}.")


def last_change(estate: Estate, environment: Mapping[str, str] = os.environ) -> Path:
    """The record of the last run that changed something in this estate; :class:`InputError` where there is none."""
    records = records_folder(environment) / estate.name
    for ledger in sorted(records.glob(f"*/{FILE_NAME}"), reverse=True):
        with suppress(InputError):
            past = past_run(ledger.parent)
            is_undo = past.started.section == UNDO.name
            if not is_undo and any(recorded.sent for recorded in past.changes):
                return ledger.parent
    raise InputError(f"No run in {records} has changed anything. Name the record that is to be taken back.")


def read(folder: Path, estate: Estate) -> tuple[Verified, PastRun]:
    """A record that is intact and of this estate, as it was verified and as it is read."""
    found = record.verify(folder)
    if found.state is State.ALTERED:
        raise Refused(f"The record {folder} isn't as it was written, so nothing is done by it: {found.problems[0]}.")
    past = past_run(folder)
    of = (past.started.estate, past.started.environment)
    if of != (estate.name, estate.environment):
        raise InputError(
            f"The record {folder} is of the estate {of[0]} ({of[1]}), not of {estate.name} ({estate.environment})."
        )
    return found, past


def follow(run: Run, relation: Relation, past: PastRun, found: Verified) -> None:
    """Name the earlier run in the new one's ledger, so that the new statement covers how far the earlier went."""
    last = past.recording.entries[-1]
    run.ledger.append(
        EarlierRun(
            relation=relation,
            earlier=past.run,
            record=past.name,
            events=last.seq,
            head=last.digest,
            statement=found.head if found.fingerprint else "",
            signer=found.fingerprint,
        )
    )


def _notices(found: Verified, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    key = known_key(environment)
    if not found.fingerprint or (key is not None and key.keyid == found.fingerprint):
        return ()
    return (undo_findings.signed_by_another(found.fingerprint),)
