"""What became of what a past run left: each of its changes held against what is there now.

The facts are those of the section that made the changes, read afresh by a run that only looks. What the object of a
change holds now, the section itself tells (:class:`runbook.sections.reversal.Reversal`); of a change that has no such
value the section's own decision tells whether it is asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from runbook.change import Change, Decision, Finding, Json, Outcome, Severity, canonical, machine_form
from runbook.engine.past_run import PastRun, Since, key_of
from runbook.engine.undo_findings import named, shown
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.facts.query import Unread
from runbook.parameters import SectionParameters
from runbook.sections import Section
from runbook.sections.reversal import same
from runbook.sections.unread import any_unread, unread

_LEFT = (Outcome.APPLIED, Outcome.VERIFIED)
_PSEUDONYM = re.compile(r"\buser-[0-9a-f]{12}\b")
_DIGEST = "sha256"


class Standing(StrEnum):
    """Whether something is as a past run left it."""

    AS_LEFT = "as left"
    DRIFTED = "drifted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One change of a past run. ``left`` is what the run left, ``now`` what is there; ``said`` is one sentence.

    ``because`` are the ids of findings that say what happened to it.
    """

    change: Change
    standing: Standing
    left: Json
    now: Json = None
    said: str = ""
    because: tuple[str, ...] = ()

    def document(self) -> Json:
        return {
            "server": self.change.target.server,
            "object": self.change.object,
            "property": self.change.property,
            "before": self.change.before,
            "left": self.left,
            "now": self.now,
            "standing": self.standing.value,
            "said": self.said,
            "because": list(self.because),
        }


class Drift:
    """Compares ``past`` with now; ``section`` is what the run that looks is opened with.

    ``original`` are the parameters of the run that made the changes, ``since`` is what undo runs did about it.
    """

    def __init__(self, past: PastRun, section: Section[Any, Any], original: SectionParameters, since: Since) -> None:
        self.compared: tuple[Compared, ...] = ()
        """Filled by the last decision."""
        self.section = replace(section, decide=self._decide)
        self.original = original
        self._past, self._since, self._base = past, since, section

    def _decide(self, given: SectionParameters, estate: Estate, facts: Any) -> Decision:
        decision = self._base.decide(given, estate, facts)
        made = [recorded.change for recorded in self._past.changes]
        reversal = self._base.reversal

        def now(change: Change) -> Json | Unread:
            assert reversal is not None
            return reversal.present(self.original, estate, facts, change, made)

        self.compared = tuple(compare(self._past, now if reversal else None, decision, self._since))
        return replace(decision, findings=(*_findings(self.compared), *decision.findings))


def compare(
    past: PastRun, now: Callable[[Change], Json | Unread] | None, decision: Decision, since: Since
) -> Iterator[Compared]:
    """Each change that the run left standing, in the order of the record. Pure, as far as ``now`` is."""
    for change, left in _left(past):
        if past.started.redacted and _PSEUDONYM.search(canonical(machine_form(change))):
            said = "The record leaves people out, and this is about one: it can't be compared."
            yield Compared(change=change, standing=Standing.UNKNOWN, left=left, said=said)
            continue
        present = now(change) if now is not None else None
        if present is None and (now is None or change.irreversible):
            compared = _by_decision(change, left, decision)
        elif isinstance(present, Unread):
            compared = Compared(change=change, standing=Standing.UNKNOWN, left=left, said=present.why)
        else:
            compared = _by_value(change, left, present)
        yield _explained(compared, decision.findings, since) if compared.standing is Standing.DRIFTED else compared


def _left(past: PastRun) -> Iterator[tuple[Change, Json]]:
    """The last change of each thing and the value that it left; what was made has what was set on it later.

    What is only done (a recycle, a refresh) leaves no value.
    """
    last: dict[tuple[str, str, str], tuple[Change, Json]] = {}
    for recorded in past.changes:
        change = recorded.change
        if recorded.outcome not in _LEFT or change.repeats:
            continue
        key = key_of(change)
        if not change.property and change.after is None:
            last = {other: value for other, value in last.items() if other[:2] != key[:2]}
        whole = last.get((*key[:2], ""))
        if change.property and whole is not None and isinstance(whole[1], dict) and change.property in whole[1]:
            last[*key[:2], ""] = (whole[0], {**whole[1], change.property: change.after})
        last[key] = (change, change.after)
    yield from last.values()


def _by_value(change: Change, left: Json, now: Json) -> Compared:
    if same(left, now):
        return Compared(change=change, standing=Standing.AS_LEFT, left=left, now=now)
    if same(_without_digest(left), _without_digest(now)) and isinstance(left, dict):
        said = "The file has been changed since, but not in what the run set."
        return Compared(change=change, standing=Standing.AS_LEFT, left=left, now=now, said=said)
    said = f"{named(change)} is {shown(_without_digest(now))}; the run left {shown(_without_digest(left))}."
    return Compared(change=change, standing=Standing.DRIFTED, left=left, now=now, said=said)


def _by_decision(change: Change, left: Json, decision: Decision) -> Compared:
    """Of what has no value that could be read: the section asks for it again, or not, or can't say."""
    again = next((planned for planned in decision.plan.changes if key_of(planned) == key_of(change)), None)
    if again is not None:
        said = f"{named(change)} has to be done again: it is {shown(again.before)}."
        return Compared(change=change, standing=Standing.DRIFTED, left=left, now=again.before, said=said)
    held_back = [*any_unread(decision.findings), *(finding.id for finding in decision.blocking)]
    if held_back:
        said = f"Whether {named(change)} still is as it was left can't be said: {', '.join(dict.fromkeys(held_back))}."
        return Compared(change=change, standing=Standing.UNKNOWN, left=left, said=said)
    return Compared(change=change, standing=Standing.AS_LEFT, left=left, now=left)


def _explained(drifted: Compared, findings: Sequence[Finding], since: Since) -> Compared:
    """With what is known of how it came about."""
    change = drifted.change
    about = [finding for finding in findings if finding.severity is not Severity.INFO and _is_about(finding, change)]
    said = [drifted.said, *dict.fromkeys(finding.what for finding in about)]
    if same(drifted.now, change.before):
        undone = key_of(change) in since.done
        said.append("An undo of the run took it back." if undone else "That is what was there before the run.")
    return replace(drifted, said=" ".join(said), because=tuple(dict.fromkeys(finding.id for finding in about)))


def _is_about(finding: Finding, change: Change) -> bool:
    if finding.object.lower() != change.object.lower():
        return False
    return finding.server.lower() in ("", change.target.server.lower())


def _without_digest(value: Json) -> Json:
    return {name: each for name, each in value.items() if name != _DIGEST} if isinstance(value, dict) else value


def _findings(compared: Iterable[Compared]) -> Iterator[Finding]:
    for one in compared:
        if one.standing is Standing.UNKNOWN:
            yield unread(one.change.object, Unread(one.said), server=one.change.target.server)
        elif one.standing is Standing.DRIFTED:
            yield Finding(
                id="drifted-since-run",
                requirements=one.change.requirements,
                severity=Severity.WARNING,
                server=one.change.target.server,
                object=one.change.object,
                what=one.said,
                why="Somebody, or an update, has changed since what a run had set and verified.",
                remedy="Find out who wanted it. To have it again, run the section: it plans what is missing.",
            )


def standing(compared: Sequence[Compared], *, strangers: bool = False) -> Standing:
    """Of the whole record: unknown where anything is, else drifted where anything is.

    ``strangers``: another server than the one that the estate names answered, so nothing is known.
    """
    found = {one.standing for one in compared} | ({Standing.UNKNOWN} if strangers else set())
    return next((each for each in (Standing.UNKNOWN, Standing.DRIFTED) if each in found), Standing.AS_LEFT)


def check_comparable(past: PastRun, *, undone: str, resumed: str) -> None:
    """:class:`InputError` for a run that was cut off: what became of its last change isn't known from its record.

    ``undone`` and ``resumed`` are the records of the runs that took it back or went on from it since, where any did.
    """
    if past.recording.ended is not None:
        return
    if undone:
        since = f"The run whose record is {undone} took it back since: name that record."
    elif resumed:
        since = f"The run whose record is {resumed} went on from it since: name that record."
    else:
        since = f"Resume it first: `runbook resume {past.name}`."
    raise InputError(f"The run whose record is {past.name} was cut off. {since}")
