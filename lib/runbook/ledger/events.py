"""What can be said of a run: one class for each kind of line in a ledger.

All that a run read, found, planned, sent and made of it stands in these and nowhere else, so that it can be
reconstructed from them alone. They are checked when they are made; a change is named by its place in the plan, from 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from runbook.change import Finding, Json, Outcome, Plan
from runbook.command import Pipeline, Target
from runbook.inputs.personal import PERSONAL

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


class Mode(StrEnum):
    """What a run may do. ``CHECK`` and ``PLAN`` can't write (invariant 4)."""

    CHECK = "check"
    PLAN = "plan"
    APPLY = "apply"


class Verdict(StrEnum):
    """Whether somebody else approved what a run applies."""

    APPROVED = "approved"
    NOT_APPROVED = "not approved"
    """Nobody was asked."""
    REFUSED = "refused"


class Phase(StrEnum):
    """Facts are read, and decided on, before anything is changed and again after it."""

    CHECK = "check"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The root of all events."""

    _filled: ClassVar[tuple[str, ...]] = ()
    """Fields that are never empty."""

    def __post_init__(self) -> None:
        for name in self._filled:
            if not getattr(self, name):
                raise ValueError(f"{type(self).__name__} needs {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The first line: what is run, where, by whom, with which code. ``parameters`` hold references, no secret.

    ``operator`` is the name that was given beside the account that every line has. ``utc_offset`` is the computer's, as
    ``+02:00``. Digests are SHA-256 in hex: ``code_digests`` of the library and of the section's notebook in the
    project, ``certificate_authority`` of each certificate that TLS trusts for this estate. ``anchors`` is where the
    head of the record is sent at the end; ``redacted``: people stand under pseudonyms.
    """

    section: str
    mode: Mode
    estate: str
    environment: str
    organisation: str = ""
    estate_digest: str = ""
    parameters: Json = None
    library: str = ""
    operator: str = ""
    utc_offset: str = ""
    versions: Json = None
    code_digests: Json = None
    certificate_authority: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    redacted: bool = False
    approval: str = ""
    """Whether the estate asks for approved plans: ``required`` or ``none``."""
    approvers: tuple[str, ...] = ()
    """Fingerprints of the keys that may approve there."""

    _filled: ClassVar[tuple[str, ...]] = ("section", "estate", "environment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Event):
    """What the operator wrote, or what the runbook has to say beside its findings."""

    text: str

    _filled: ClassVar[tuple[str, ...]] = ("text",)


class Relation(StrEnum):
    """What a run has to do with an earlier one."""

    UNDOES = "undoes"
    RESUMES = "resumes"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun(Event):
    """The run that this one takes back or goes on from, and how far its record went when it was read.

    ``earlier`` is its run id, ``record`` its folder below that of all records, ``events`` and ``head`` the number of
    its lines and the hash of the last. ``statement`` is the SHA-256 of its signed statement and ``signer`` the
    fingerprint of the key, both empty for a record that is open: signed here, its lines can't be altered later without
    that showing.
    """

    relation: Relation
    earlier: str
    record: str
    events: int
    head: str
    statement: str = ""
    signer: str = ""

    _filled: ClassVar[tuple[str, ...]] = ("earlier", "record")

    def __post_init__(self) -> None:
        super(EarlierRun, self).__post_init__()
        _check_digest(self.head)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReached(Event):
    """A session was opened: the server by its real name, where it was reached, and as whom (a reference).

    ``certificate_sha256`` is that of the TLS certificate it showed, in hex; empty where there was no TLS.
    """

    target: Target
    url: str
    authentication: str
    credential: str
    certificate_sha256: str = ""

    _filled: ClassVar[tuple[str, ...]] = ("url", "authentication", "credential")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRead(Event):
    """One query's answer: the fact as JSON, or why there is none."""

    phase: Phase
    query: str
    target: Target
    pipeline: Pipeline
    fact: Json = None
    unread: str = ""

    _filled: ClassVar[tuple[str, ...]] = ("query",)

    def __post_init__(self) -> None:
        super(FactRead, self).__post_init__()
        if self.unread and self.fact is not None:
            raise ValueError("a fact was read, or it wasn't")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecorded(Event):
    """What a check says of the facts."""

    phase: Phase
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade(Event):
    """The whole plan. Its digest stands beside it, so that a plan that was altered later doesn't fit."""

    phase: Phase
    plan: Plan
    digest: str

    def __post_init__(self) -> None:
        super(PlanMade, self).__post_init__()
        if self.digest != self.plan.digest:
            raise ValueError("the digest isn't the plan's")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanConfirmed(Event):
    """Somebody, or a parameter, said yes to exactly this plan. ``consents`` are the parameters that were set for it.

    ``ticket`` is the change ticket, and ``typed`` what was typed, word for word, by whoever confirmed it by hand.
    """

    digest: str
    by: str
    consents: tuple[str, ...] = ()
    ticket: str = ""
    typed: tuple[str, ...] = ()

    _filled: ClassVar[tuple[str, ...]] = ("by",)

    def __post_init__(self) -> None:
        super(PlanConfirmed, self).__post_init__()
        _check_digest(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalJudged(Event):
    """Before the first intent of a plan: whether somebody else approved it, and what forbids to apply it.

    ``approver`` is the fingerprint of the key that signed, ``account`` what the approver's computer said of who used
    it; ``approved`` and ``expires`` are UTC. The approval itself and the plan file stand beside the ledger.
    """

    plan: str
    verdict: Verdict
    required: bool
    reasons: tuple[str, ...] = ()
    approver: str = ""
    account: str = ""
    ticket: str = ""
    approved: str = ""
    expires: str = ""

    def __post_init__(self) -> None:
        super(ApprovalJudged, self).__post_init__()
        _check_digest(self.plan)
        if (self.verdict is Verdict.REFUSED) != bool(self.reasons):
            raise ValueError("what isn't applied for want of approval says why, and nothing else does")
        if self.verdict is Verdict.APPROVED and not self.approver:
            raise ValueError("an approval names its approver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Event):
    """A file of the record, beside the ledger: what was read in full before a change."""

    file: str
    sha256: str
    size: int
    change: int | None = None

    def __post_init__(self) -> None:
        super(Exported, self).__post_init__()
        _check_digest(self.sha256)
        if not _FILE.match(self.file):
            raise ValueError(f"not the name of a file in the record: {self.file!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Event):
    """On disk before the pipeline leaves (invariant 5). ``reverses``: it undoes the change instead of doing it."""

    plan: str
    change: int
    target: Target
    pipeline: Pipeline
    reverses: bool = False

    def __post_init__(self) -> None:
        super(Intent, self).__post_init__()
        _check_digest(self.plan)
        if self.change < 0:
            raise ValueError("a change is named by its place in the plan, from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken(Event):
    """On disk before a step of a change leaves, between the change's intent and its outcome."""

    plan: str
    change: int
    what: str
    pipeline: Pipeline

    _filled: ClassVar[tuple[str, ...]] = ("what",)

    def __post_init__(self) -> None:
        super(StepTaken, self).__post_init__()
        _check_digest(self.plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAsked(Event):
    """How a server was before or after its stage, and why that stops the roll-out, where it does."""

    stage: str
    after: bool
    health: Json = None
    stops: str = ""

    _filled: ClassVar[tuple[str, ...]] = ("stage",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited(Event):
    """A look at what comes about by itself: what is still missing, or nothing. ``over``: it isn't looked at again."""

    pending: str
    seconds: int
    """Since the first look."""
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecorded(Event):
    """What became of a change: after its pipeline came back, and again once the facts were read afresh."""

    plan: str
    change: int
    outcome: Outcome
    detail: str = ""
    served_by: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    output: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super(OutcomeRecorded, self).__post_init__()
        _check_digest(self.plan)
        if self.outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED) and not (self.detail or self.errors):
            raise ValueError(f"an outcome {self.outcome} says why")


class Answer(StrEnum):
    """What may be done after a change that failed."""

    RETRY = "retry"
    SKIP = "skip"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureAnswered(Event):
    """What somebody decided after a change failed, or after the plan was cancelled before it."""

    plan: str
    change: int
    answer: Answer
    by: str
    reason: str = ""

    _filled: ClassVar[tuple[str, ...]] = ("by",)

    def __post_init__(self) -> None:
        super(FailureAnswered, self).__post_init__()
        _check_digest(self.plan)
        if self.answer is Answer.SKIP and not self.reason:
            raise ValueError("a change that is skipped says why")


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked(Event):
    """Somebody asked the run to stop at the next safe point."""

    by: str

    _filled: ClassVar[tuple[str, ...]] = ("by",)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed(Event):
    """A step of the run raised an error: its kind, what it said, and where in the code."""

    kind: str
    said: str
    traceback: str = ""

    _filled: ClassVar[tuple[str, ...]] = ("kind",)


class Audit(StrEnum):
    """How something that was run on Exchange stands in its admin audit log."""

    THERE = "there"
    OTHER_NAME = "there, under another name"
    """Everything fits but the account, which Exchange may write by another name than it signs in with."""
    DIFFERENT = "there, and not as it was sent"
    MISSING = "missing"
    """The log's own delay is over, and it takes this cmdlet."""
    NOT_YET = "not yet there"
    NOT_LOGGED = "not logged"
    """The log is off, or its settings leave this cmdlet out."""
    NOT_RUN = "no entry, and it may never have run"
    UNREAD = "not read"
    OTHERS = "somebody else's"
    UNSENT = "under the same account, not from this run"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """A command of ours with its entry, or an entry of somebody else's on one of the same objects.

    ``plan`` and ``change`` name ours, and are empty for those; ``time``, by the server's clock, and ``caller`` are the
    entry's.
    """

    standing: Audit
    command: str
    object: str
    plan: str = ""
    change: int | None = None
    caller: Annotated[str, PERSONAL] = ""
    time: datetime | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLogCompared(Event):
    """Exchange's admin audit log held against what this run sent to Exchange, one entry to one command.

    ``since`` and ``until`` bound the commands, by the clock that ``clock`` names; ``looked`` is when the log was last
    searched, ``None`` where it wasn't. ``uncovered`` counts what was sent that this log never holds.
    """

    rows: tuple[AuditRow, ...]
    others: tuple[AuditRow, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    looked: datetime | None = None
    clock: str = ""
    uncovered: int = 0
    said: str = ""

    def __post_init__(self) -> None:
        super(AuditLogCompared, self).__post_init__()
        if any(row.change is None for row in self.rows) or any(row.change is not None for row in self.others):
            raise ValueError("rows are of changes, and others are not")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """The last line; a ledger without one is a run that was cut off."""

    outcome: Outcome
    reason: str = ""


EVENTS: tuple[type[Event], ...] = (
    RunStarted,
    Note,
    EarlierRun,
    ServerReached,
    FactRead,
    FindingRecorded,
    PlanMade,
    PlanConfirmed,
    ApprovalJudged,
    Exported,
    Intent,
    StepTaken,
    GateAsked,
    Awaited,
    OutcomeRecorded,
    FailureAnswered,
    CancelAsked,
    StepFailed,
    AuditLogCompared,
    RunEnded,
)


def _check_digest(digest: str) -> None:
    if not _DIGEST.match(digest):
        raise ValueError("not a SHA-256 in lower-case hexadecimal digits")
