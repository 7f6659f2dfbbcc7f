"""``ro-crate-metadata.json``: what the files of a record are, for readers of RO-Crate 1.1 (Process Run Crate). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runbook.change import Json, Outcome
from runbook.signing.strict import dumped

FILE_NAME = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_STATUS = {Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED, Outcome.INCOMPLETE}
_FORMATS = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".ipynb": "application/x-ipynb+json",
    ".html": "text/html",
    ".txt": "text/plain",
    ".zip": "application/zip",
}
_MEANS = {
    "events.jsonl": "Event ledger: all that the run read, found, planned, sent and made of it, as a hash chain",
    "record.ipynb": "The executed notebook",
    "record.html": "The run told to people",
    "plan.json": "What was to be changed, and what was left to change",
    "approval.json": "Signed in-toto statement by which somebody else approved the plan",
    "approved-plan.json": "The plan file as it was approved",
    "statement.dsse.json": "Signed in-toto statement over the digests of all other files",
}


def crate(told: dict[str, Any], files: Iterable[str]) -> bytes:
    """The metadata of a record whose predicate is ``told`` and that holds ``files``."""
    names = sorted({*files, "statement.dsse.json"} - {FILE_NAME})
    title = f"{told['section']} on {told['estate']['name']} ({told['environment']}), mode {told['mode']}"
    graph: list[Json] = [
        {
            "@id": FILE_NAME,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": _CRATE},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Change record: {title}",
            "description": f"What a run of this section did, and what came of it: {told['outcome']}.",
            "datePublished": told["when"]["ended"],
            "license": "For the organisation that made the change, and for its auditors.",
            "conformsTo": {"@id": _PROFILE},
            "hasPart": [{"@id": name} for name in names],
            "mentions": {"@id": "#run"},
        },
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        _action(told, names),
        {
            "@id": "#runbook",
            "@type": "SoftwareApplication",
            "name": "owa-im-runbook",
            "softwareVersion": _version(told),
        },
        {"@id": "#operator", "@type": "Person", "name": told["who"]["operator"] or told["who"]["account"]},
        *(_file(name) for name in names),
    ]
    return dumped({"@context": f"{_CRATE}/context", "@graph": graph})


def _action(told: dict[str, Any], names: list[str]) -> Json:
    action: dict[str, Json] = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run {told['run']}: {told['outcome']}",
        "instrument": {"@id": "#runbook"},
        "agent": {"@id": "#operator"},
        "startTime": told["when"]["started"],
        "endTime": told["when"]["ended"],
        "result": [{"@id": name} for name in names],
        "actionStatus": {"@id": f"http://schema.org/{_status(told['outcome'])}"},
    }
    return {**action, "error": told["reason"]} if told["reason"] else action


def _status(outcome: str) -> str:
    return "FailedActionStatus" if Outcome(outcome) in _STATUS else "CompletedActionStatus"


def _version(told: dict[str, Any]) -> Json:
    versions = told["versions"]
    return str(versions.get("owa-im-runbook", "")) if isinstance(versions, dict) else ""


def _file(name: str) -> Json:
    suffix = f".{name.rpartition('.')[2]}"
    means = _MEANS.get(name) or ("What a server answered" if "/" in name else "Saved before a change")
    return {
        "@id": name,
        "@type": "File",
        "name": means,
        "encodingFormat": _FORMATS.get(suffix, "application/octet-stream"),
    }
