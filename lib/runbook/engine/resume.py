"""Going on from a run that was cut off: the same section, which first says what became of the change in between.

The section decides on fresh facts, as in any run, so what was done isn't done again. What a decision alone can't settle
is settled here: half a file is put back from the copy that was saved before, and the files that the run had made for
its own use are removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runbook.change import Change, Decision, Finding, Json, Plan
from runbook.engine import undo_findings as say
from runbook.engine.leftovers import WithLeftovers, observed, removals
from runbook.engine.past_run import Key, PastRun, Recorded, content_before, key_of
from runbook.engine.undo import check_commands
from runbook.errors import Refused
from runbook.estate import Estate
from runbook.facts.query import Observation, Unread
from runbook.parameters import SectionParameters
from runbook.sections import Section
from runbook.sections.reversal import RESTORED, Reversal, same
from runbook.sections.unread import unread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """What is gone on with: the runs, the newest first, each of which went on from the next; and their section."""

    runs: Sequence[PastRun]
    section: Section[Any, Any]
    reversal: Reversal[Any, Any]
    became: dict[Key, str] = field(default_factory=dict)
    """What the first facts told of each change in doubt; later ones tell what this run did itself."""

    @property
    def changes(self) -> tuple[Recorded, ...]:
        return tuple(recorded for run in self.runs for recorded in run.changes)

    def in_doubt(self) -> Iterator[tuple[PastRun, Change]]:
        """The changes that were under way at the end of a run, but for objects that a later run got to."""
        later: set[tuple[str, str]] = set()
        for run in self.runs:
            sent = [recorded for recorded in run.changes if recorded.sent]
            for recorded in sent:
                if recorded.in_doubt and _thing(recorded.change) not in later:
                    yield run, recorded.change
            later |= {_thing(recorded.change) for recorded in sent}


def resumed_section(runs: Sequence[PastRun], section: Section[Any, Any]) -> Section[Any, Any]:
    """``section`` as it goes on from the first of ``runs``, which itself went on from the next, and so on.

    Raises :class:`Refused` for a record that its section couldn't have written.
    """
    reversal = section.reversal
    if reversal is None:
        return section
    for past in runs:
        check_commands(past, reversal)
    cut = _Cut(runs=runs, section=section, reversal=reversal)

    def observe(given: SectionParameters, estate: Estate) -> Observation[WithLeftovers]:
        found = yield from observed(section.observe(given, estate), cut.changes, reversal)
        return found

    def decide(given: SectionParameters, estate: Estate, found: WithLeftovers) -> Decision:
        return _decision(cut, given, estate, found)

    def recall(found: WithLeftovers, builds: Any) -> WithLeftovers:
        assert section.recall is not None
        return replace(found, facts=section.recall(found.facts, builds))

    def tables(given: SectionParameters, estate: Estate, found: WithLeftovers) -> Any:
        assert section.tables is not None
        return section.tables(given, estate, found.facts)

    return replace(
        section,
        observe=observe,
        decide=decide,
        recall=recall if section.recall else None,
        tables=tables if section.tables else None,
    )


def _decision(cut: _Cut, given: SectionParameters, estate: Estate, found: WithLeftovers) -> Decision:
    """What became of the changes in doubt, then what the section makes of the facts once that is settled."""
    made = tuple(recorded.change for recorded in cut.changes)
    facts, findings, first = found.facts, list[Finding](), list[Change]()
    for past, change in cut.in_doubt():
        now = cut.reversal.present(given, estate, found.facts, change, made)
        half = not isinstance(now, Unread) and _is_half(cut, change, now)
        findings.append(_told(cut, past, change, now, half=half))
        if half and not isinstance(now, Unread):
            restore = cut.reversal.take_back(change, now, None)
            if restore is not None:
                first.append(replace(restore, property=RESTORED))
                facts = _restored(cut, facts, replace(change, before=restore.after))
    decision = cut.section.decide(given, estate, facts)
    first += _of_no_use(cut, found, decision.plan)
    plan = Plan(changes=(*first, *decision.plan.changes)) if first else decision.plan
    return Decision(findings=(*findings, *decision.findings), plan=plan)


def _thing(change: Change) -> tuple[str, str]:
    return change.target.server.lower(), change.object.lower()


def _is_half(cut: _Cut, change: Change, now: Json) -> bool:
    """A file that is none of those that the runs found or were to write."""
    whole = {
        _digest(value)
        for each in (recorded.change for recorded in cut.changes)
        if _thing(each) == _thing(change) and _is_file(each)
        for value in ((each.after,) if each.property == RESTORED else (each.before, each.after))
    }
    return _is_file(change) and _digest(now) not in whole


def _told(cut: _Cut, past: PastRun, change: Change, now: Json | Unread, *, half: bool) -> Finding:
    if isinstance(now, Unread):
        return unread(change.object, now, server=change.target.server)
    if half:
        cut.became[key_of(change)] = "It was half done, so the saved copy was restored first."
        return say.half_done(change)
    return say.cut_off(past.name, change, cut.became.setdefault(key_of(change), _became(change, now)))


def _became(change: Change, now: Json) -> str:
    if not change.reverse and not _is_file(change):
        return "Whether it was done can't be seen; the facts tell whether it is due."
    if same(change.after, now):
        return "It was done: it isn't done again."
    if same(change.before, now):
        return "It wasn't done."
    return f"It is {say.shown(now)} now, which is neither: somebody changed it since."


def _is_file(change: Change) -> bool:
    return bool(change.property) and bool(_digest(change.before) or _digest(change.after))


def _digest(value: Json) -> str:
    return str(value.get("sha256", "")) if isinstance(value, dict) else ""


def _restored(cut: _Cut, facts: Any, change: Change) -> Any:
    """The facts as they will be once the file is back, where a record holds the content that it had."""
    held = (content_before(past, change) for past in cut.runs)
    content = next((each for each in held if each is not None), None)
    return facts if content is None else cut.reversal.as_if(facts, change, content)


def _of_no_use(cut: _Cut, found: WithLeftovers, plan: Plan) -> Iterator[Change]:
    """Files that the runs had prepared and that no change of the new plan prepares again."""
    taken = {(change.target, path) for change in plan.changes for path in cut.reversal.own_files(change)}
    for recorded in cut.changes:
        prepared = cut.reversal.own_files(recorded.change)[1:] if recorded.sent else ()
        left = [path for path in prepared if (recorded.change.target, path) not in taken]
        taken |= {(recorded.change.target, path) for path in left}
        yield from removals(recorded.change, left, found.there)


def check_resumable(past: PastRun, undone: str = "") -> None:
    """:class:`Refused` for a run that came to its end, or that the run with the record ``undone`` took back since."""
    if past.recording.ended is not None:
        raise Refused(
            f"The run whose record is {past.name} came to its end. Run its section again for what is left to do, or"
            " `runbook undo` to take it back."
        )
    if undone:
        raise Refused(
            f"The run whose record is {past.name} was taken back since, by the run whose record is {undone}. Going on"
            f" from it would do that again. To have its changes, run the section {past.started.section} afresh."
        )
