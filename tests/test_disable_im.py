"""Instant messaging off in OWA: what is planned leaves nothing to do, and is taken back to what it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runbook.change import Decision, Severity
from runbook.command import Pipeline
from runbook.engine.observe import observe
from runbook.parameters_disable import DisableImParameters
from runbook.sections import SECTIONS
from runbook.sections.disable_im_facts import DisableImFacts
from section_cases import CASES, estate, facts, load, merged
from test_sections_observe import Asker

SECTION = SECTIONS["disable_im"]
BASE: DisableImFacts = facts(DisableImFacts, merged("disable_im", {})["facts"])
ESTATE = estate()


@st.composite
def organisations(draw: st.DrawFn) -> DisableImFacts:
    def directory(found: Any) -> Any:
        kind = draw(st.sampled_from(["None", "None", "Ocs"]))
        return replace(found, im_enabled=draw(st.booleans()), im_type=kind)

    fronts: Any = BASE.front_ends
    return replace(
        BASE, front_ends=tuple(replace(each, directories=tuple(map(directory, each.directories))) for each in fronts)
    )


def decide(found: DisableImFacts, *, consent: bool) -> Decision:
    given = DisableImParameters(disable_in_spite_of_integration=consent)
    decision: Decision = SECTION.decide(given, ESTATE, found)
    return decision


def run(found: DisableImFacts, pipeline: Pipeline) -> DisableImFacts:
    (command,) = pipeline.cmdlets
    assert command.name == "Set-OwaVirtualDirectory"
    value = command.value("InstantMessagingEnabled")
    fronts: Any = found.front_ends
    return replace(
        found,
        front_ends=tuple(
            replace(
                front,
                directories=tuple(
                    replace(each, im_enabled=value) if each.identity == command.value("Identity") else each
                    for each in front.directories
                ),
            )
            for front in fronts
        ),
    )


@given(organisations(), st.booleans())
def test_applied_nothing_is_left_to_do_and_undone_all_is_as_it_was(found: DisableImFacts, consent: bool) -> None:
    changes = decide(found, consent=consent).plan.changes
    after = found
    for change in changes:
        after = run(after, change.command)
    assert decide(after, consent=consent).plan.changes == ()
    for change in reversed(changes):
        for pipeline in change.reverse:
            after = run(after, pipeline)
    assert after == found


@given(organisations())
def test_an_integration_is_never_ended_without_consent(found: DisableImFacts) -> None:
    decision = decide(found, consent=False)
    fronts: Any = found.front_ends
    integrated = any(each.im_type == "Ocs" for front in fronts for each in front.directories)
    assert not (integrated and decision.plan.changes)
    assert integrated == any(finding.id == "integration-in-place" for finding in decision.findings)
    assert {change.consent for change in decide(found, consent=True).plan.changes} <= {
        "disable_in_spite_of_integration" if integrated else ""
    }
    assert all(finding.severity is not Severity.ERROR for finding in decide(found, consent=True).findings)


def test_a_back_ends_directory_is_never_among_them_and_older_files_are_not_read() -> None:
    document = load(CASES / "_estate.yaml")
    document["servers"][2]["version"] = "2010"
    asker = Asker()
    found = observe(SECTION.observe(DisableImParameters(), estate(document)), asker)
    assert not any("ShowMailboxVirtualDirectories" in str(query.pipeline) for query in asker.queries)
    assert [file.server for file in found.files] == ["atl-mbx-002.litwareinc.com"]


def test_it_is_no_step_of_the_procedure() -> None:
    assert [name for name, section in SECTIONS.items() if not section.in_procedure] == ["disable_im", "tracing"]
