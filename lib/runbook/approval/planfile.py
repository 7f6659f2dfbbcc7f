"""``plan.json``: a plan as one person makes it and another approves it. Pure, but for the file itself.

Each change stands in it twice: as people read it (``shown``) and as the plan's digest covers it (``machine``). A run
that applies the plan makes both anew and compares them, so what was read is what is done. The file's ``nonce`` keeps
its digest from being guessed from what it says.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.change import Change, Finding, Json, Plan, digest_of, machine_form
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.parameters import SectionParameters
from runbook.powershell import readable
from runbook.secrecy import scrubbed
from runbook.signing.strict import dumped, loaded

FORMAT = "urn:x-owa-im-runbook:plan:v1"
_KEYS = {
    "format": str,
    "nonce": str,
    "section": str,
    "environment": str,
    "estate": dict,
    "parameters": dict,
    "plan": dict,
    "findings": list,
    "code": dict,
    "made": dict,
}
_PARTS: Mapping[str, Mapping[str, type]] = {
    "estate": {"name": str, "organisation": str, "sha256": str, "redact_users": bool, "approvers": list},
    "plan": {"digest": str, "because": str, "changes": list},
    "code": {"library": str, "notebook_cells": str},
    "made": {"account": str, "host": str, "operator": str, "change_ticket": str, "time": str},
    "machine": {"server": str, "shell": str, "object": str, "property": str, "stage": str, "command": list}
    | {"reverse": list, "cleanup": list},
    "shown": {"title": str, "on": str, "done_by": str, "taken_back_by": list, "irreversible": str, "disturbs": str}
    | {"consent": str, "by_hand": bool, "repeats": bool},
    "finding": {"id": str, "severity": str},
}
"""What is read of each part, and of which kind; other keys may stand beside these."""
_MOST_BYTES = 50_000_000


class NotAPlan(ValueError):
    """The bytes aren't a plan file as this library writes it; the message says in what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a plan file says. Digests are SHA-256 in hex: ``sha256`` of the file, ``digest`` of the plan in it.

    ``parameters`` are those that decide what is planned, not those of the run that planned it. ``code`` holds the
    digests of the library and of the notebook's cells, ``made`` who made the plan, where, when and in which run.
    """

    sha256: str
    section: str
    environment: str
    estate: Mapping[str, Any]
    parameters: Mapping[str, Json]
    digest: str
    changes: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    code: Mapping[str, Any]
    made: Mapping[str, Any]


def written(
    section: str,
    estate: Estate,
    parameters: SectionParameters,
    plan: Plan,
    *,
    findings: Sequence[Finding],
    code: Mapping[str, Json],
    made: Mapping[str, Json],
) -> bytes:
    """The file's bytes; :class:`InputError` where a secret would stand in it (invariant 7)."""
    changes: list[Json] = list(entries(plan))
    document: Json = {
        "format": FORMAT,
        "nonce": secrets.token_hex(16),
        "section": section,
        "environment": estate.environment.value,
        "estate": {
            "name": estate.name,
            "organisation": estate.organisation,
            "sha256": estate.digest,
            "redact_users": estate.redact_users,
            "approvers": list(estate.approver_fingerprints),
        },
        "parameters": deciding(parameters),
        "plan": {"digest": plan.digest, "because": plan.because, "changes": changes},
        "findings": [_finding(finding) for finding in findings],
        "code": dict(code),
        "made": dict(made),
    }
    if scrubbed(document) != document:
        raise InputError("The plan holds a secret that an account is known by: it isn't written down.")
    return dumped(document)


def save(path: Path, data: bytes) -> None:
    """Write a new file; :class:`InputError` where there is one already, or it can't be written."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise InputError(f"{path} is there already: it may have been approved. Name another file.") from None
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}.") from None


def check_place(path: Path) -> None:
    """:class:`InputError` where :func:`save` couldn't write a new file: known before the servers are asked."""
    save(path, b"")
    path.unlink()


def read(path: Path) -> PlanFile:
    """The plan in a file; :class:`InputError` where it can't be read, or isn't one."""
    try:
        return parsed(content(path))
    except NotAPlan as error:
        raise InputError(f"{path} isn't a plan as `runbook plan` writes it: {error}.") from None


def content(path: Path) -> bytes:
    """A file's bytes; :class:`InputError` where it can't be read, or is larger than any plan."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from None
    if len(data) > _MOST_BYTES:
        raise InputError(f"{path} is larger than any plan.")
    return data


def parsed(data: bytes) -> PlanFile:
    """What the bytes say; :class:`NotAPlan` where they aren't exactly as :func:`written` spells it."""
    try:
        found = loaded(data)
        if not isinstance(found, dict) or found.keys() != _KEYS.keys() or found["format"] != FORMAT:
            raise NotAPlan("it has other fields, or is of another version")
        if wrong := [name for name, kind in _KEYS.items() if not isinstance(found[name], kind)]:
            raise NotAPlan(f"its {wrong[0]} is of another kind")
        plan = found["plan"]
        _check_parts(found)
        machine = [change["machine"] for change in plan["changes"]]
        if digest_of(machine) != plan["digest"]:
            raise NotAPlan("its changes aren't those that its digest was made of")
        return PlanFile(
            sha256=hashlib.sha256(data).hexdigest(),
            digest=plan["digest"],
            changes=tuple({"shown": dict(each["shown"]), "machine": dict(each["machine"])} for each in plan["changes"]),
            findings=tuple(found["findings"]),
            **{name: found[name] for name in ("section", "environment", "estate", "parameters", "code", "made")},
        )
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise error if isinstance(error, NotAPlan) else NotAPlan(str(error)) from None


def _check_parts(found: Mapping[str, Any]) -> None:
    """:class:`NotAPlan` where a part isn't of the kind that it is read as."""
    parts = [(name, found[name]) for name in ("estate", "plan", "code", "made")]
    for change in found["plan"].get("changes", ()):
        parts += [(name, change[name]) for name in ("machine", "shown")]
    parts += [("finding", each) for each in found["findings"]]
    for name, part in parts:
        for key, kind in _PARTS[name].items():
            if not isinstance(part[key], kind):
                raise NotAPlan(f"{name}.{key} is of another kind")


def entries(plan: Plan) -> tuple[dict[str, Json], ...]:
    """A plan's changes as they stand in the file."""
    return tuple({"shown": _shown(change), "machine": machine_form(change)} for change in plan.changes)


def deciding(parameters: SectionParameters) -> dict[str, Json]:
    """The parameters that decide what is planned: those of the section, not those that every run has."""
    said: dict[str, Json] = parameters.model_dump(mode="json")
    return {name: value for name, value in said.items() if name not in SectionParameters.model_fields}


def _shown(change: Change) -> Json:
    return {
        "title": " · ".join(filter(None, (change.object, change.property))),
        "on": str(change.target),
        "before": change.before,
        "after": change.after,
        "saved_first": readable(change.exports) if change.exports else "",
        "prepared_by": [readable(step.pipeline) for step in change.preparation],
        "done_by": readable(change.command),
        "concluded_by": [readable(step.pipeline) for step in (*change.conclusion, *change.cleanup)],
        "taken_back_by": [readable(pipeline) for pipeline in change.reverse],
        "irreversible": change.irreversible,
        "requirements": list(change.requirements),
        "disturbs": change.disturbs,
        "consent": change.consent,
        "by_hand": change.run_locally,
        "repeats": change.repeats,
    }


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "server": finding.server,
        "object": finding.object,
    }
