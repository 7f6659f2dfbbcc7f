"""Undo as a section: the facts of the section that made the changes, and a plan from what its record says.

So an undo is checked, planned, confirmed, applied and verified by the same engine as any other run, and the same
decision on fresh facts says when it is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from runbook.change import Change, Decision, canonical, pipeline_json
from runbook.command import Pipeline
from runbook.engine import undo_plan
from runbook.engine.leftovers import WithLeftovers, observed
from runbook.engine.past_run import PastRun, Since
from runbook.engine.undo_plan import Undoing
from runbook.errors import Refused
from runbook.estate import Estate
from runbook.facts.query import Observation
from runbook.parameters import SectionParameters, load_parameters
from runbook.parameters_undo import UndoParameters
from runbook.readlist import why_not_read
from runbook.sections import Section, section_named
from runbook.sections.reversal import Reversal
from runbook.sections.section import Gate
from runbook.sections.undo import UNDO

_PSEUDONYM = re.compile(r"\buser-[0-9a-f]{12}\b")


def undo_section(past: PastRun, since: Callable[[], Since]) -> Section[UndoParameters, Any]:
    """The section that takes ``past`` back; ``since`` reads what earlier undo runs, and this one so far, did.

    Raises :class:`Refused` for a record of a run that can't have changed anything, of another undo, and for one that
    holds commands which its section couldn't have written.
    """
    section: Section[Any, Any] = section_named(past.started.section)
    if section.name == UNDO.name:
        raise Refused("This is the record of an undo. To have its changes again, run the section that made them.")
    reversal = section.reversal
    if reversal is None:
        raise Refused(f"The section {section.title} only looks: there is nothing to take back.")
    check_commands(past, reversal)
    original = original_parameters(past, section)

    def observe(given: UndoParameters, estate: Estate) -> Observation[WithLeftovers]:
        found = yield from observed(section.observe(original, estate), past.changes, reversal)
        return found

    def decide(given: UndoParameters, estate: Estate, found: WithLeftovers) -> Decision:
        made = tuple(recorded.change for recorded in past.changes)
        undoing = Undoing(
            past=past,
            since=since(),
            now=lambda change: reversal.present(original, estate, found.facts, change, made),
            there=found.there,
            reversal=reversal,
            along=lambda change: reversal.brings_along(original, estate, found.facts, change, made),
            anyway=given.take_back_anyway,
            with_others=given.allow_pending_topology_changes,
        )
        return undo_plan.decide(undoing)

    return Section(
        name=UNDO.name,
        title=f"{UNDO.title}: {section.title}",
        parameters=UndoParameters,
        observe=observe,
        decide=decide,
        gate=_gate(section.gate, original),
        failed=section.failed,
    )


def original_parameters(past: PastRun, section: Section[Any, Any]) -> Any:
    """What the run was told, without what only concerned its own time. :class:`InputError` where it isn't valid now."""
    given: SectionParameters = load_parameters(section.parameters, past.parameters, file=f"the record {past.name}")
    return section.reversal.anytime(given) if section.reversal is not None else given


def check_commands(past: PastRun, reversal: Reversal[Any, Any]) -> None:
    """:class:`Refused` where a change of the record holds a command that its section never writes."""
    for recorded in past.changes:
        for why in _strange(recorded.change, reversal):
            raise Refused(f"The record {past.name} isn't one that this runbook wrote: {recorded.change.object}: {why}.")
        reversal.take_back(recorded.change, recorded.change.after, None)
        if past.started.redacted and names_people([pipeline_json(each) for each in recorded.change.reverse]):
            raise Refused(
                f"The record {past.name} leaves people out, and {recorded.change.object} is about one. Take its changes"
                " back by hand."
            )


def names_people(value: Any) -> bool:
    """There are pseudonyms in it, in place of the people that are meant."""
    return bool(_PSEUDONYM.search(canonical(value)))


def _strange(change: Change, reversal: Reversal[Any, Any]) -> Iterator[str]:
    reading = [step.pipeline for step in change.conclusion] if change.repeats else []
    reading += [change.exports] if change.exports is not None else []
    acting: list[Pipeline] = [*change.reverse, *([change.command] if change.repeats else [])]
    for why in (*(reversal.refuses(each, change.target.shell) for each in acting),):
        if why:
            yield why
    for each in reading:
        if why := why_not_read(each, change.target.shell):
            yield why


def _gate(gate: Gate[Any, Any] | None, original: Any) -> Gate[UndoParameters, Any] | None:
    """The section's own gate, asked with the section's own parameters."""
    if gate is None:
        return None
    return Gate(
        observe=lambda given, estate, stage: gate.observe(original, estate, stage),
        refuses=lambda given, now: gate.refuses(original, now),
        worse=lambda given, before, now: gate.worse(original, before, now),
        settle_seconds=lambda given: gate.settle_seconds(original),
    )
