"""What undo makes of a record and of what is there now: findings, and the plan that takes the changes back. Pure.

The changes of one property, or of one object that was made and removed, form a chain of values: before the first, after
each. The value that is there now says how many of them stand. A value of none of them was put there by somebody else,
and is left alone unless the parameters name its object; but where the run was cut off in the middle of a change to a
file, such a value is that change's own half, and what was saved before it is restored.

The last change is taken back first, server by server. What a record *repeats* (a refresh, a recycle, enabling the
topology) is done once more after the changes before it were taken back, and only then. Whether that is still to be done
is told by the ledgers of earlier undo runs and by what is there now, not by the times of files: a file that is restored
has its old time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runbook.change import Change, Decision, Finding, Json, Outcome, Plan, Step
from runbook.engine import undo_findings as say
from runbook.engine.leftovers import Place, removals
from runbook.engine.past_run import Key, Moment, PastRun, Recorded, Since, content_before, key_of
from runbook.facts.query import Unread
from runbook.sections.reversal import Reversal, same
from runbook.sections.unread import unread

CONSENT, OTHERS = "take_back_anyway", "allow_pending_topology_changes"

Present = Callable[[Change], "Json | Unread"]
_TOOK_EFFECT = (Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """Everything that a decision goes by.

    ``now`` is what the object of a change holds, ``there`` whether a file of the runbook's own is there, ``along`` what
    of other people's a repeat makes effective too. ``anyway`` names objects; ``with_others`` agrees to the latter.
    """

    past: PastRun
    since: Since
    now: Present
    reversal: Reversal  # type: ignore[type-arg]
    there: Mapping[Place, bool | Unread] = field(default_factory=dict)
    along: Callable[[Change], str] = lambda change: ""
    anyway: tuple[str, ...] = ()
    with_others: bool = False


@dataclass(slots=True)
class _Found:
    """What was made out so far, by place in the record."""

    findings: list[Finding] = field(default_factory=list)
    back: dict[int, Change] = field(default_factory=dict)
    """Changes that take one back."""
    is_back: set[int] = field(default_factory=set)
    """Changes that took effect and were taken back since."""
    leftovers: dict[int, list[Change]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)


def decide(undoing: Undoing) -> Decision:
    """Findings for what can't or needn't be taken back, and the plan for the rest."""
    past = undoing.past
    sent = sum(recorded.may_stand for recorded in past.changes)
    found = _Found(findings=[say.of_record(past.name, past.started.section, sent)])
    for places in _chains(undoing.past.changes):
        _judge(undoing, places, found)
    for place, recorded in enumerate(past.changes):
        if recorded.change.irreversible and recorded.may_stand and not _belongs_to_another(past, place):
            found.findings.append(say.irreversible(recorded.change))
    for name in undoing.anyway:
        if name.lower() not in found.named:
            found.findings.append(say.not_in_record(name, undoing.past.name))
    changes = tuple(_in_order(undoing, found))
    if held := [change for change in changes if undoing.along(change) and not undoing.with_others]:
        found.findings += [say.brings_along(change, undoing.along(change), OTHERS) for change in held]
        return Decision(findings=tuple(found.findings), plan=Plan(because=_held(found)))
    if changes:
        return Decision(findings=tuple(found.findings), plan=Plan(changes=changes))
    return Decision(findings=tuple(found.findings), plan=Plan(because=_because(undoing.past, found)))


def _chains(changes: Sequence[Recorded]) -> Iterator[list[int]]:
    """Places of the changes that may stand and can be taken back, those of one thing together, in their order."""
    chains: dict[Key, list[int]] = {}
    for place, recorded in enumerate(changes):
        if recorded.may_stand and recorded.change.reverse:
            server, object, property = key_of(recorded.change)
            chain = chains.setdefault((server, object, "" if _is_existence(recorded.change) else property), [])
            if chain and _is_again(changes[chain[-1]].change, recorded.change):
                chain[-1] = place  # the same change, sent once more after it failed
            else:
                chain.append(place)
    yield from chains.values()


def _is_existence(change: Change) -> bool:
    """The object is made or removed, as one value."""
    return None in (change.before, change.after) and isinstance(change.before or change.after, dict)


def _is_again(one: Change, other: Change) -> bool:
    return same(one.before, other.before) and same(one.after, other.after)


def _judge(undoing: Undoing, places: list[int], found: _Found) -> None:
    chain = [undoing.past.changes[place] for place in places]
    values = [undoing.now(recorded.change) for recorded in chain]
    found.named.update(_names(chain[0].change))
    if lost := next((value for value in values if isinstance(value, Unread)), None):
        change = chain[0].change
        found.findings.append(unread(change.object, lost, server=change.target.server))
        return
    known = [value for value in values if not isinstance(value, Unread)]
    stand = _standing(chain, known)
    consent, half = "", False
    if stand is None:
        half = _is_half(undoing, chain[-1])
        if not half and not _names(chain[0].change) & {name.lower() for name in undoing.anyway}:
            found.findings.append(say.changed_since(chain[-1].change, known[-1], CONSENT))
            return
        consent, stand = ("" if half else CONSENT), len(chain)
        found.findings.append(say.half_done(chain[-1].change) if half else say.overruled(chain[-1].change, known[-1]))
    for place, recorded in zip(places[stand:], chain[stand:], strict=True):
        if recorded.outcome in _TOOK_EFFECT:
            found.is_back.add(place)
            found.findings.append(say.is_back(recorded.change))
    last = chain[-1].change
    saved, *prepared = undoing.reversal.own_files(last) or ("",)
    of_no_use = (*prepared, *([saved] if stand == 0 else []))
    found.leftovers[places[-1]] = list(removals(last, of_no_use, undoing.there))
    for number in reversed(range(stand)):
        is_last = number == stand - 1
        change = _inverse(undoing, chain[number].change, known[number] if is_last else chain[number].change.after)
        found.back[places[number]] = replace(change, consent=consent)


def _standing(chain: Sequence[Recorded], values: Sequence[Json]) -> int | None:
    """How many of the chain's changes stand; ``None`` where what is there is none of its values."""
    if same(chain[0].change.before, values[0]):
        return 0
    stand = (number for number, each in enumerate(chain, 1) if same(each.change.after, values[number - 1]))
    return next(stand, None)


def _is_half(undoing: Undoing, last: Recorded) -> bool:
    """The change, or taking it back, was cut off while it went on; of objects of the directory there are no halves."""
    doubtful = last.outcome in (None, Outcome.UNKNOWN) or key_of(last.change) in undoing.since.in_doubt
    return doubtful and undoing.reversal.take_back(last.change, last.change.after, None) is not None


def _names(change: Change) -> set[str]:
    """What the parameters may call it."""
    return {change.object.lower(), f"{change.target.server} {change.object}".lower()}


def _inverse(undoing: Undoing, change: Change, now: Json) -> Change:
    made = undoing.reversal.take_back(change, now, _lost_copy(undoing, change))
    if made is not None:
        return made
    repeated = {each.change.command for each in undoing.past.changes if each.change.repeats}
    first, *more = [pipeline for pipeline in change.reverse if pipeline not in repeated]
    return Change(
        target=change.target,
        object=change.object,
        property=change.property,
        before=now,
        after=change.before,
        command=first,
        conclusion=tuple(Step(what="Take back the rest of it", pipeline=pipeline) for pipeline in more),
        reverse=(change.command,),
        requirements=change.requirements,
        run_locally=change.run_locally,
        stage=change.stage,
    )


def _lost_copy(undoing: Undoing, change: Change) -> bytes | None:
    """What the copy of a file held that the run saved and that isn't there any more, where the record has it."""
    saved = undoing.reversal.own_files(change)[:1]
    gone = any(undoing.there.get((change.target, path)) is False for path in saved)
    return content_before(undoing.past, change) if gone else None


def _in_order(undoing: Undoing, found: _Found) -> Iterator[Change]:
    """Backwards by stage; each repeat right after the changes that it is for, however early their stage came."""
    changes = undoing.past.changes
    stages = [list(group) for _, group in itertools.groupby(range(len(changes)), lambda n: changes[n].change.stage)]
    stage_of = {place: number for number, group in enumerate(stages) for place in group}
    after: dict[int, list[Change]] = {}
    for place, recorded in enumerate(changes):
        if recorded.change.repeats and not _comes_again(changes, place):
            served = [each for each in range(place) if _serves(recorded.change, changes[each].change)]
            if _is_needed(undoing, found, recorded.change, served):
                where = min((stage_of[each] for each in served if each in found.back), default=stage_of[place])
                after.setdefault(where, []).append(
                    _once_more(recorded.change, OTHERS if undoing.along(recorded.change) else "")
                )
    for number in reversed(range(len(stages))):
        for place in reversed(stages[number]):
            yield from (found.back[place],) if place in found.back else ()
            yield from found.leftovers.get(place, ())
        yield from after.get(number, ())


def _comes_again(changes: Sequence[Recorded], place: int) -> bool:
    """The record does the same once more later, so this time needn't be repeated."""
    key = key_of(changes[place].change)
    return any(key_of(each.change) == key for each in changes[place + 1 :])


def _belongs_to_another(past: PastRun, place: int) -> bool:
    """A repeat that only made effective what can be taken back; it is no change of its own then."""
    repeat = past.changes[place].change
    before = (each.change for each in past.changes[:place] if each.may_stand and each.change.reverse)
    return repeat.repeats and any(_serves(repeat, change) for change in before)


def _serves(repeat: Change, change: Change) -> bool:
    return not change.repeats and (change.stage == repeat.stage or change.shared)


def _is_needed(undoing: Undoing, found: _Found, repeat: Change, served: Sequence[int]) -> bool:
    if any(place in found.back for place in served):
        return True
    back = [key_of(undoing.past.changes[place].change) for place in served if place in found.is_back]
    taken = [undoing.since.intended[key] for key in back if key in undoing.since.intended]
    done = undoing.since.done.get(key_of(repeat))
    if taken and _was_recycled(undoing, repeat, max(taken)):
        return False
    if taken:
        return done is None or done < max(taken)
    return bool(back) and done is None and _still_works_with_it(undoing, repeat)


def _was_recycled(undoing: Undoing, repeat: Change, taken: Moment) -> bool:
    """An undo was cut off while it recycled the workers, and none of those that it had seen is there any more."""
    key, now = key_of(repeat), undoing.now(repeat)
    before = undoing.since.workers.get(repeat.target.server, frozenset())
    sent = key in undoing.since.in_doubt and undoing.since.intended[key] > taken
    return sent and isinstance(now, list) and bool(before) and not before & {str(each) for each in now}


def _still_works_with_it(undoing: Undoing, repeat: Change) -> bool:
    """Somebody took the settings back by hand, and the server still works with those of the record."""
    now = undoing.now(repeat)
    if isinstance(now, list):
        return bool(undoing.past.workers.get(repeat.target.server, frozenset()) & {str(each) for each in now})
    return isinstance(repeat.after, dict) and not isinstance(now, Unread) and same(repeat.after, now)


def _once_more(repeat: Change, consent: str) -> Change:
    """A refresh leads to what was there before; others come to what they came to the first time."""
    before, after = repeat.before, repeat.after
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        before, after = after, before
    return replace(repeat, before=before, after=after, consent=consent, shared=False)


def _held(found: _Found) -> str:
    ids = dict.fromkeys(finding.id for finding in found.findings if finding.blocks)
    return f"Nothing is planned until this is settled: {', '.join(ids)}."


def _because(past: PastRun, found: _Found) -> str:
    if any(finding.blocks for finding in found.findings):
        ids = dict.fromkeys(finding.id for finding in found.findings if finding.blocks)
        return f"Nothing else of it is left to take back; this needs your word or your hand: {', '.join(ids)}."
    if not any(recorded.may_stand for recorded in past.changes):
        return f"The run whose record is {past.name} changed nothing."
    return f"Everything that can be taken back of {past.name} is as it was before."
