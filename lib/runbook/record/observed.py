"""Every object that a run observed, before and after, as files: canonical JSON, and text to read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runbook.change import Json, Plan, pipeline_json
from runbook.command import Pipeline
from runbook.errors import NotRenderable
from runbook.ledger import Entry, Recording
from runbook.ledger.codec import to_json
from runbook.ledger.events import FactRead, Phase, PlanMade
from runbook.powershell import render
from runbook.render.templating import visible
from runbook.signing.strict import dumped

FOLDERS = {Phase.CHECK: "before", Phase.VERIFY: "after"}
_OTHER = re.compile(r"[^a-z0-9.]+")
_LONGEST_NAME = 80


def files(recording: Recording) -> Mapping[str, bytes]:
    """``plan.json``, and two files for each answer in ``before/`` and ``after/``, by their paths in the record."""
    found: dict[str, bytes] = {"plan.json": dumped(_plans(recording))}
    for entry in recording.entries:
        if isinstance(entry.event, FactRead):
            stem = _free(found, f"{FOLDERS[entry.event.phase]}/{_name(entry.event)}")
            found[f"{stem}.json"] = dumped(_observation(entry, entry.event))
            found[f"{stem}.txt"] = _text(entry, entry.event).encode("utf-8", "backslashreplace")
    return found


def _name(fact: FactRead) -> str:
    server = fact.target.server.partition(".")[0]
    return _OTHER.sub("-", f"{server}-{fact.query}".lower()).strip("-.")[:_LONGEST_NAME]


def _free(taken: Mapping[str, bytes], stem: str) -> str:
    """The name, numbered where the same question was asked before."""
    number, name = 1, stem
    while f"{name}.json" in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _observation(entry: Entry, fact: FactRead) -> Json:
    return {
        "event": entry.seq,
        "read_at": _moment(entry),
        "server": fact.target.server,
        "shell": fact.target.shell.value,
        "query": fact.query,
        "pipeline": pipeline_json(fact.pipeline),
        "fact": fact.fact,
        "unread": fact.unread,
    }


def _text(entry: Entry, fact: FactRead) -> str:
    head = [
        f"{fact.query} on {fact.target}",
        f"event {entry.seq}, {_moment(entry)}",
        f"PS> {powershell(fact.pipeline)}",
        "",
    ]
    said = [f"not read: {fact.unread}"] if fact.unread else list(_lines(fact.fact, 0))
    return "\n".join(map(visible, (*head, *said))) + "\n"


def _lines(value: Json, depth: int) -> Iterator[str]:
    """A value as an indented outline."""
    pad = "  " * depth
    if isinstance(value, dict) and value:
        for key, each in value.items():
            if isinstance(each, dict | list) and each:
                yield f"{pad}{key}:"
                yield from _lines(each, depth + 1)
            else:
                yield f"{pad}{key}: {_scalar(each)}"
    elif isinstance(value, list) and value:
        for each in value:
            if isinstance(each, dict | list) and each:
                first, *rest = _lines(each, depth + 1)
                yield f"{pad}- {first.strip()}"
                yield from rest
            else:
                yield f"{pad}- {_scalar(each)}"
    else:
        yield f"{pad}{_scalar(value)}"


def _scalar(value: Json) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, str):
        return value or "(empty)"
    return "(empty)" if isinstance(value, list | dict) else str(value)


def _plans(recording: Recording) -> Json:
    """The last plan of each phase: what was to be done, and what was left."""
    made = {event.phase: event for event in recording.events if isinstance(event, PlanMade)}
    return {FOLDERS[phase]: _plan(event.plan, event.digest) for phase, event in made.items()}


def _plan(plan: Plan, digest: str) -> Json:
    changes = to_json(plan.changes)
    assert isinstance(changes, list)
    lines: list[Json] = [
        {"command": powershell(change.command), "reverse": [powershell(each) for each in change.reverse]}
        for change in plan.changes
    ]
    return {"digest": digest, "because": plan.because, "changes": changes, "powershell": lines}


def powershell(pipeline: Pipeline) -> str:
    """The line that a person would type; the names of its cmdlets where it can't be written as text."""
    try:
        return render(pipeline)
    except NotRenderable:
        return " | ".join(cmdlet.name for cmdlet in pipeline.cmdlets)


def _moment(entry: Entry) -> str:
    return entry.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
