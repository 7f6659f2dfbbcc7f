"""Section *OWA enablement*: IM in OWA's own configuration (L44-L67).

Back ends come first, one after the other in the order of the parameters: web.config, then a recycle. The virtual
directories, which users see, come last, unless the parameters ask for the procedure's own order. What is known to stand
in the way of one server holds back those after it: a roll-out stops where somebody has to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from runbook.change import Change, Decision, Finding, Plan, Repair
from runbook.estate import Estate
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import (
    owa_announcement,
    owa_back_end,
    owa_directories,
    owa_failover,
    owa_readiness,
    owa_scope,
    owa_web_config,
    owa_worker,
)
from runbook.sections.organisation import reader_of
from runbook.sections.owa_enablement_facts import OwaEnablementFacts, observe, recall
from runbook.sections.owa_gate import GATE
from runbook.sections.owa_reversal import REVERSAL
from runbook.sections.owa_scope import Scope
from runbook.sections.section import Section


def decide(given: OwaEnablementParameters, estate: Estate, facts: OwaEnablementFacts) -> Decision:
    """Findings, and the plan: file and recycle, back end by back end, then the front ends' virtual directories."""
    scope = owa_scope.find(given, estate, facts)
    missing = (
        *scope.findings,
        *owa_readiness.check_read(facts.lync),
        *owa_failover.check_read(facts),
        *owa_scope.check_read(scope),
    )
    if any(finding.unknown for finding in missing) or not scope.is_whole:
        return Decision(findings=missing, plan=Plan(because=_unsettled(missing)))

    lync = tuple(owa_readiness.check(given, tuple(back.server for back in scope.back_ends), facts.lync))
    held = _ids(lync)
    behind, back_end_changes, later = _back_ends(given, estate, scope, facts, held)
    front, front_end_changes = _front_ends(estate, scope, held if given.procedure_order else later)
    findings = (*missing, *lync, *behind, *_failover(given, estate, scope, facts), *front)
    parts = (back_end_changes, front_end_changes)
    changes = tuple(change for part in (reversed(parts) if given.procedure_order else parts) for change in part)
    if not changes:
        return Decision(findings=findings, plan=Plan(because=_because(scope, findings)))
    return Decision(findings=(*findings, *owa_announcement.announce(given, changes)), plan=Plan(changes=changes))


def _back_ends(
    given: OwaEnablementParameters, estate: Estate, scope: Scope, facts: OwaEnablementFacts, held: tuple[str, ...]
) -> tuple[list[Finding], list[Change], tuple[str, ...]]:
    """Findings and changes in the order of the servers, and what holds back whatever comes after them.

    ``held`` are the ids of the findings that hold back all of them from the start.
    """
    findings: list[Finding] = []
    changes: list[Change] = []
    for back in scope.back_ends:
        assessed = owa_back_end.assess(given, estate, facts, back)
        held = tuple(dict.fromkeys((*held, *_ids(assessed.obstacles))))
        findings += [*assessed.obstacles, *_held_back(assessed.faults, held), *assessed.notes]
        findings += owa_back_end.report_ready(assessed)
        if not held:
            changes += _not_yet(changes, assessed.work)
    return findings, changes, held


def _not_yet(planned: Sequence[Change], work: Sequence[Change]) -> Iterator[Change]:
    """Without what an earlier server's turn does already: one override may be right for several servers."""
    seen = {(change.object, change.property) for change in planned if change.object.startswith("SettingOverride:")}
    return (change for change in work if (change.object, change.property) not in seen)


def _front_ends(estate: Estate, scope: Scope, held: tuple[str, ...]) -> tuple[list[Finding], list[Change]]:
    controller = estate.domain_controller or ""
    findings: list[Finding] = []
    changes: list[Change] = []
    for front in scope.front_ends:
        writer = reader_of(estate, estate.server(front.server))
        seen = tuple(owa_directories.check(front))
        findings += [*_held_back(seen, held), *owa_web_config.check_wrong_file(front)]
        findings += () if seen else (owa_directories.report_ready(front),)
        if writer is not None and not held:
            changes += owa_directories.changes(front, writer, controller)
    return findings, changes


def _failover(
    given: OwaEnablementParameters, estate: Estate, scope: Scope, facts: OwaEnablementFacts
) -> Iterator[Finding]:
    """Servers outside the scope that may have to serve its mailboxes, judged as those in it are."""
    known = {back.server: back for back in facts.back_ends}
    for refuge in owa_failover.refuges(tuple(back.server for back in scope.back_ends), facts):
        back = known.get(refuge.server)
        if back is None:
            yield owa_failover.check(refuge, lacks="the estate file doesn't name it, so nobody looked", unknown=False)
        elif unread := tuple(owa_scope.check_back_end_read(back)):
            things = ", ".join(finding.object for finding in unread)
            yield owa_failover.check(refuge, lacks=f"it couldn't be read ({things})", unknown=refuge.activates)
        else:
            right = owa_back_end.assess(given, estate, facts, back).is_right
            yield owa_failover.check(refuge, lacks="" if right else "it isn't configured for IM")


def _held_back(findings: Iterable[Finding], causes: tuple[str, ...]) -> Iterator[Finding]:
    """What the plan would mend, once what holds it back is settled."""
    for finding in findings:
        if causes and finding.repair is Repair.PLANNED:
            yield replace(finding, repair=Repair.MANUAL, caused_by=causes)
        else:
            yield finding


def _ids(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.id for finding in findings))


def _because(scope: Scope, findings: tuple[Finding, ...]) -> str:
    if any(finding.caused_by or finding.blocks for finding in findings):
        return _unsettled(findings)
    return (
        f"Settings and worker are right on {len(scope.back_ends)} back end(s), and IM is on, of type OCS, in the"
        f" virtual directories of {len(scope.front_ends)} front end(s)."
    )


def _unsettled(findings: tuple[Finding, ...]) -> str:
    ids = ", ".join(_ids(finding for finding in findings if finding.blocks and not finding.caused_by))
    return f"There is nothing that this run could do before this is settled: {ids}."


SECTION = Section(
    name="owa_enablement",
    title="OWA enablement",
    parameters=OwaEnablementParameters,
    observe=observe,
    decide=decide,
    gate=GATE,
    failed=owa_worker.failed,
    recall=recall,
    reversal=REVERSAL,
)
