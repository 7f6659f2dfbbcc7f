"""Changes, plans, outcomes and findings: what a section decides, and what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from runbook.command import Cmdlet, Pipeline, Switch, Target, Value

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


class Severity(StrEnum):
    """``ERROR``: the integration doesn't work, or a change would break something. ``WARNING``: it works, or
    would, with a reservation. ``INFO``: an observation of a healthy estate."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Repair(StrEnum):
    """Who mends what a finding says."""

    NONE = "none"
    """Nothing to mend."""
    PLANNED = "planned"
    """A change of the plan beside it mends it."""
    CONSENT = "consent"
    """The plan would mend it, once a named parameter says so."""
    MANUAL = "manual"
    """A person has to, outside this runbook; the remedy says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check says of the facts.

    ``requirements`` are the ids of the procedure's statements (``L30``); ``caused_by`` names findings, by id,
    of which this one is only a consequence.
    """

    id: str
    requirements: tuple[str, ...]
    severity: Severity
    what: str
    why: str
    remedy: str
    server: str = ""
    object: str = ""
    caused_by: tuple[str, ...] = ()
    repair: Repair = Repair.MANUAL
    unknown: bool = False
    """What it speaks of couldn't be established: a run that ends with it is *unknown*, not failed."""

    @property
    def blocks(self) -> bool:
        """It is an error, and no change of the plan mends it."""
        return self.severity is Severity.ERROR and self.repair is not Repair.PLANNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A pipeline beside the command of a change, and what it must give back for the change to go on.

    ``gives_sha256`` is the digest, in hex, of the bytes that it must give back (a file read back); ``gives`` is the one
    value, as text. Where both are empty, success is enough. ``decides`` marks what the facts of the section can't tell
    afterwards (the rights of a file before the change): another answer is a failure, whatever the facts say.
    """

    what: str
    pipeline: Pipeline
    gives_sha256: str = ""
    gives: str = ""
    decides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One property of one object: before, after, the command that does it, the command that reverses it.

    For an object that is made or removed, ``property`` is empty and one of ``before`` and ``after`` is ``None``.
    ``reverse`` is empty where there is no way back; ``irreversible`` then says why and what to do instead.
    ``run_locally`` marks a command that this session may not send (second hop): it is printed instead,
    and the facts are read afterwards as for any other. ``exports`` names what is read into the record
    before the command runs (``real-world`` B1: the configuration before Enable-CsTopology).

    ``repeats`` marks what has to be done once more after the changes before it were taken back (a refresh, a recycle).

    ``preparation`` runs before the command and touches the object itself only to read it; ``conclusion`` runs after it,
    in the same runspace; ``cleanup`` runs in any case and may fail. Changes of one ``stage`` (a server) are carried out
    together, and the section's gate is asked before the first and after the last of them. ``shared``: what it changes
    also counts for servers whose stages come later, so their repeats belong to it too.
    """

    target: Target
    object: str
    property: str
    before: Json
    after: Json
    command: Pipeline
    reverse: tuple[Pipeline, ...] = ()
    irreversible: str = ""
    requirements: tuple[str, ...] = ()
    disturbs: str = ""
    consent: str = ""
    run_locally: bool = False
    exports: Pipeline | None = None
    preparation: tuple[Step, ...] = ()
    conclusion: tuple[Step, ...] = ()
    cleanup: tuple[Step, ...] = ()
    stage: str = ""
    repeats: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        if bool(self.reverse) == bool(self.irreversible):
            raise ValueError(f"{self.object}: a change says how it is reversed, or why it can't be")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An ordered tuple of changes; an empty one says why nothing is needed (``because``)."""

    changes: tuple[Change, ...] = ()
    because: str = ""

    def __post_init__(self) -> None:
        if not self.changes and not self.because:
            raise ValueError("an empty plan says why nothing is needed")

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over everything the plan would do, in order."""
        return digest_of([machine_form(change) for change in self.changes])


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a section makes of its facts: everything found, and what it would do about it."""

    findings: tuple[Finding, ...]
    plan: Plan

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.blocks)


class Outcome(StrEnum):
    """What became of a change, or of a whole run."""

    VERIFIED = "verified"
    NOT_NEEDED = "not needed"
    PLANNED = "planned"
    APPLIED = "applied"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    INCOMPLETE = "incomplete"


def canonical(value: Json) -> str:
    """JSON with one spelling for one value: sorted keys, no white space, no escaped letters."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def pipeline_json(pipeline: Pipeline) -> Json:
    """A pipeline as JSON that keeps every type apart (a switch isn't a Boolean)."""
    return [_cmdlet_json(cmdlet) for cmdlet in pipeline.cmdlets]


def _cmdlet_json(cmdlet: Cmdlet) -> Json:
    return {
        "name": cmdlet.name,
        "parameters": [[name, _value_json(value)] for name, value in cmdlet.parameters],
        "arguments": list(cmdlet.arguments),
    }


def _value_json(value: Value) -> Json:
    if isinstance(value, Switch):
        return {"switch": value.value}
    if isinstance(value, bytes):
        return {"sha256": hashlib.sha256(value).hexdigest(), "length": len(value)}
    if isinstance(value, tuple):
        return list[Any](value)
    return value


def digest_of(machine_forms: Sequence[Json]) -> str:
    """The digest of the plan whose changes have these machine forms, in order."""
    return hashlib.sha256(canonical(list(machine_forms)).encode()).hexdigest()


def machine_form(change: Change) -> dict[str, Json]:
    """Everything that a change would do, as the digest of its plan covers it; bytes by their SHA-256."""
    return {
        "server": change.target.server,
        "shell": change.target.shell.value,
        "object": change.object,
        "property": change.property,
        "before": change.before,
        "after": change.after,
        "command": pipeline_json(change.command),
        "reverse": [pipeline_json(pipeline) for pipeline in change.reverse],
        "run_locally": change.run_locally,
        "consent": change.consent,
        "stage": change.stage,
        "preparation": _steps_json(change.preparation),
        "conclusion": _steps_json(change.conclusion),
        "cleanup": _steps_json(change.cleanup),
    }


def _steps_json(steps: tuple[Step, ...]) -> Json:
    return [[step.what, pipeline_json(step.pipeline), step.gives_sha256, step.gives] for step in steps]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOutcome:
    """What became of one change, and what the server or the facts said of it."""

    change: Change
    outcome: Outcome
    said: tuple[str, ...] = ()
