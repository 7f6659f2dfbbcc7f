"""Going on from a run that was cut off: the same section, which first says what became of the change in between.

The section decides on fresh facts, as in any run, so what was done isn't done again. What a decision alone can't settle
is settled here: half a file is put back from the copy that was saved before, and the files that the run had made for
its own use are removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
from runbook.sections.reversal import Reversal, same
from runbook.sections.unread import unread

RESTORED = "as it was"
"""The property by which restoring a file is told apart from changing it in the same plan."""


def resumed_section(past: PastRun, section: Section[Any, Any]) -> Section[Any, Any]:
    """``section`` as it goes on from ``past``. Raises :class:`Refused` for a record that its section couldn't have
    written."""
    reversal = section.reversal
    if reversal is None:
        return section
    check_commands(past, reversal)
    became: dict[Key, str] = {}  # as the first facts tell it: later ones tell what this run did itself

    def observe(given: SectionParameters, estate: Estate) -> Observation[WithLeftovers]:
        found = yield from observed(section.observe(given, estate), past.changes, reversal)
        return found

    def decide(given: SectionParameters, estate: Estate, found: WithLeftovers) -> Decision:
        return _decision(past, section, reversal, given, estate, found, became)

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


def _decision(
    past: PastRun,
    section: Section[Any, Any],
    reversal: Reversal[Any, Any],
    given: SectionParameters,
    estate: Estate,
    found: WithLeftovers,
    became: dict[Key, str],
) -> Decision:
    """What became of the change in doubt, then what the section makes of the facts once that is settled."""
    made = tuple(recorded.change for recorded in past.changes)
    facts, findings, first = found.facts, list[Finding](), list[Change]()
    for recorded in past.changes:
        if recorded.in_doubt:
            now = reversal.present(given, estate, found.facts, recorded.change, made)
            findings.append(_told(past, recorded.change, now, became))
            if not isinstance(now, Unread) and _is_half(recorded.change, now):
                restore = reversal.take_back(recorded.change, now, None)
                if restore is not None:
                    first.append(replace(restore, property=RESTORED))
                    facts = _restored(past, reversal, facts, recorded.change)
    decision = section.decide(given, estate, facts)
    first += _of_no_use(past.changes, reversal, found, decision.plan)
    plan = Plan(changes=(*first, *decision.plan.changes)) if first else decision.plan
    return Decision(findings=(*findings, *decision.findings), plan=plan)


def _is_half(change: Change, now: Json) -> bool:
    return not same(change.before, now) and not same(change.after, now)


def _told(past: PastRun, change: Change, now: Json | Unread, became: dict[Key, str]) -> Finding:
    if isinstance(now, Unread):
        return unread(change.object, now, server=change.target.server)
    if _is_file(change) and _is_half(change, now):
        became[key_of(change)] = "It was half done, so the saved copy was restored first."
        return say.half_done(change)
    return say.cut_off(past.name, change, became.setdefault(key_of(change), _became(change, now)))


def _became(change: Change, now: Json) -> str:
    if not change.reverse:
        return "Whether it was done can't be seen; the facts tell whether it is due."
    if same(change.after, now):
        return "It was done: it isn't done again."
    if same(change.before, now):
        return "It wasn't done."
    return f"It is {say.shown(now)} now, which is neither: somebody changed it since."


def _is_file(change: Change) -> bool:
    return bool(change.property) and isinstance(change.before, dict) and "sha256" in change.before


def _restored(past: PastRun, reversal: Reversal[Any, Any], facts: Any, change: Change) -> Any:
    """The facts as they will be once the file is back, where the record holds the content that it had."""
    content = content_before(past, change)
    return facts if content is None else reversal.as_if(facts, change, content)


def _of_no_use(
    changes: tuple[Recorded, ...], reversal: Reversal[Any, Any], found: WithLeftovers, plan: Plan
) -> Iterator[Change]:
    """Files that the run had prepared and that no change of the new plan prepares again."""
    again = {(change.target, path) for change in plan.changes for path in reversal.own_files(change)}
    for recorded in changes:
        if recorded.sent:
            prepared = reversal.own_files(recorded.change)[1:]
            yield from removals(
                recorded.change, [each for each in prepared if (recorded.change.target, each) not in again], found.there
            )


def check_resumable(past: PastRun) -> None:
    """:class:`Refused` for a run that came to its end: there is nothing to go on from."""
    if past.recording.ended is not None:
        raise Refused(
            f"The run whose record is {past.name} came to its end. Run its section again for what is left to do, or"
            " `runbook undo` to take it back."
        )
