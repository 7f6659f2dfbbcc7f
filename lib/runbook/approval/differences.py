"""In what a plan that is asked for now differs from the one that was approved, change by change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runbook.approval.planfile import PlanFile, entries
from runbook.change import Change, Json, Plan, canonical, machine_form

_LONGEST = 200


def drifted(planned: PlanFile, now: Plan, done: Iterable[Change] = (), *, recovers: bool = False) -> Iterator[str]:
    """One sentence for each change that is gone, new, different or in another place; none where the plans are one.

    ``done`` was sent before under the same approval: it may be asked for again, and needn't be. A run that ``recovers``
    from one that was cut off may also do what puts an approved change back (:func:`recovery`), and leave out what is
    only done once more (a recycle) where the facts, as they are then, don't ask for it.
    """
    sent = {canonical(machine_form(change)) for change in done}
    asked = {canonical(machine_form(change)) for change in now.changes}
    left = [each for each in planned.changes if canonical(each["machine"]) not in sent - asked]
    before, after = _by_key(left), _by_key(entries(now))
    allowed = recovery(planned) if recovers else frozenset()
    for key in [key for key in before if key not in after]:
        spared = recovers and before[key]["shown"]["repeats"]
        if canonical(before[key]["machine"]) not in sent and not spared:
            yield f"{_name(before[key])}: it was to be changed, and needn't be any more: {_present(before[key])}."
    for key in [key for key in after if key not in before]:
        if command_of(after[key]["machine"]) not in allowed:
            yield f"{_name(after[key])}: it has to be changed now, and no such change was approved."
    same = [key for key in before if key in after]
    for key in same:
        if canonical(dict(before[key])) != canonical(dict(after[key])):
            yield f"{_name(before[key])}: {'; '.join(_parts(before[key], after[key]))}."
    if same != [key for key in after if key in before]:
        yield "The changes come in another order than was approved."


def recovery(planned: PlanFile) -> frozenset[str]:
    """The commands by which approved changes are taken back and cleaned up after, each with where it is run."""
    found: set[str] = set()
    for each in planned.changes:
        machine = each["machine"]
        where = {name: machine[name] for name in ("server", "shell")}
        steps = [pipeline for _, pipeline, *_ in machine["cleanup"]]
        found.update(command_of({**where, "command": pipeline}) for pipeline in (*machine["reverse"], *steps))
    return frozenset(found)


def command_of(machine: Mapping[str, Any]) -> str:
    """What a change sends, and where, as one text."""
    return canonical([machine["server"], machine["shell"], machine["command"]])


def _by_key(changes: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Each change by what it is about, and numbered, since a plan may do the same thing twice."""
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for each in changes:
        key = _about(each)
        found[key, sum(known == key for known, _ in found)] = each
    return found


def _about(entry: Mapping[str, Any]) -> str:
    machine = entry["machine"]
    command = [each["name"] for each in machine["command"]]
    said = [machine[name] for name in ("server", "shell", "object", "property", "stage")]
    return canonical([*said, command])


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What differs within one change, in words: what it is now and shall be first, then how it is done."""
    one, other = before["machine"], after["machine"]
    if one["before"] != other["before"]:
        yield f"before was {_text(one['before'])} when it was planned, and is {_text(other['before'])} now"
    if one["after"] != other["after"]:
        yield f"it was to become {_text(one['after'])}, now {_text(other['after'])}"
    if (one["before"], one["after"]) != (other["before"], other["after"]):
        return
    names = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    yield f"it is done in another way now ({', '.join(names) or 'as it is shown'})"


def _present(entry: Mapping[str, Any]) -> str:
    machine = entry["machine"]
    return f"it was to go from {_text(machine['before'])} to {_text(machine['after'])}"


def _name(entry: Mapping[str, Any]) -> str:
    machine = entry["machine"]
    return f"{' · '.join(filter(None, (machine['object'], machine['property'])))} on {machine['server']}"


def _text(value: Json) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else canonical(value)
    return (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…") or "(empty)"
