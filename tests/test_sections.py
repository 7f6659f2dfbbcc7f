"""What the sections make of their facts: every decision case, and what holds of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook.change import Decision, Finding, Severity
from runbook.parameters import load_parameters
from runbook.powershell import render
from runbook.sections import SECTIONS, Section
from runbook.sections.disable_im_facts import DisableImFacts
from runbook.sections.mailbox_policies_facts import MailboxPoliciesFacts
from runbook.sections.online_hybrid_facts import OnlineHybridFacts
from runbook.sections.owa_enablement_facts import OwaEnablementFacts
from runbook.sections.prerequisites_facts import PrerequisitesFacts
from runbook.sections.tracing import TracingFacts
from runbook.sections.trusted_pool_facts import TrustedPoolFacts
from runbook.sections.verification_facts import VerificationFacts
from section_cases import CASES, estate, facts, load, merged

FOLDERS = {
    "prerequisites": ("prerequisites", PrerequisitesFacts),
    "trusted_pool": ("trusted_pool", TrustedPoolFacts),
    "owa_enablement": ("owa_enablement", OwaEnablementFacts),
    "mailbox_policies": ("mailbox_policies", MailboxPoliciesFacts),
    "online_hybrid": ("online_hybrid", OnlineHybridFacts),
    "disable_im": ("disable_im", DisableImFacts),
    "verification": ("verification", VerificationFacts),
    "tracing": ("tracing", TracingFacts),
}
FILES = sorted(path for folder in FOLDERS for path in (CASES / folder).glob("[!_]*.yaml"))


def decide(folder: str, changes: dict[str, Any]) -> Decision:
    name, kind = FOLDERS[folder]
    document = merged(folder, changes)
    section: Section[Any, Any] = SECTIONS[name]
    given = load_parameters(section.parameters, document["parameters"])
    return section.decide(given, estate(document["estate"]), facts(kind, document["facts"]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path) -> None:
    case = load(path)
    decision = decide(path.parent.name, case.get("set") or {})
    assert [finding for finding in _compact(decision) if finding["severity"] != "info"] == _expected(case, decision)
    informed = {finding.id for finding in decision.findings if finding.severity is Severity.INFO}
    assert set(case.get("also") or ()) <= informed
    said = {name for found in decision.findings for name in (found.id, f"{found.id} {found.server}")}
    assert not set(case.get("never") or ()) & said
    planned = [[change.command.cmdlets[0].name, change.object] for change in decision.plan.changes]
    assert planned == (case.get("changes") or [])
    for text in case.get("because") or ():
        assert text in decision.plan.because
    commands = [render(change.command) for change in decision.plan.changes]
    for text in case.get("commands") or ():
        assert text in commands


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_finding_is_fit_to_be_read(path: Path) -> None:
    for finding in decide(path.parent.name, load(path).get("set") or {}).findings:
        assert finding.requirements
        for words in (finding.what, finding.why, finding.remedy):
            assert words.endswith((".", ".)"))
            assert words[0].isupper() or words[0] in "'{" or words.split()[0][0].islower()
            assert "None" not in words
            assert "Unread" not in words


@pytest.mark.parametrize("folder", FOLDERS)
def test_ids_are_unique_with_server_and_object_and_causes_are_there(folder: str) -> None:
    for path in (CASES / folder).glob("[!_]*.yaml"):
        findings = decide(folder, load(path).get("set") or {}).findings
        keys = [(finding.id, finding.server, finding.object) for finding in findings]
        assert len(keys) == len(set(keys)), path.name
        ids = {finding.id for finding in findings}
        assert all(set(finding.caused_by) <= ids for finding in findings), path.name


def _case(folder: str, name: str) -> Decision:
    return decide(folder, load(CASES / folder / f"{name}.yaml").get("set") or {})


@pytest.mark.parametrize(("name", "locally"), [("missing", False), ("one-delegates", False), ("no-delegation", True)])
def test_without_delegation_every_topology_command_is_for_a_local_shell(name: str, locally: bool) -> None:
    changes = _case("trusted_pool", name).plan.changes
    assert {change.run_locally for change in changes} == {locally}


def test_changes_go_to_the_front_end_whose_second_hop_works() -> None:
    targets = {str(change.target) for change in _case("trusted_pool", "one-delegates").plan.changes}
    assert targets == {"atl-fe-002.litwareinc.com (lync)"}


def test_the_configuration_is_exported_before_the_topology_is_enabled() -> None:
    changes = _case("trusted_pool", "missing").plan.changes
    exported = [render(change.exports) for change in changes if change.exports is not None]
    assert exported == ["Export-CsConfiguration -AsBytes"]
    assert changes[-1].exports is not None


def test_consents_are_named_by_the_changes_that_need_them() -> None:
    cases = ("pending-consent", "dial-plans", "duplicate-foreign-consent", "missing")
    named = [{change.consent for change in _case("trusted_pool", name).plan.changes} - {""} for name in cases]
    assert named == [
        {"allow_pending_topology_changes"},
        {"allow_dial_plan_changes"},
        {"allow_removing_other_applications"},
        set(),
    ]


@pytest.mark.parametrize(
    ("name", "requirements", "words"),
    [
        ("colocated", "L17 L18 L19 L20", "it hosts a SipName dial plan"),
        ("colocated-not-in-dial-plan", "L17 L18 L26", "it hosts no SipName dial plan"),
        ("missing", "L17 L18 L26", "aren't both on this computer"),
    ],
)
def test_the_route_is_explained(name: str, requirements: str, words: str) -> None:
    route = next(finding for finding in _case("trusted_pool", name).findings if finding.id == "um-route")
    assert route.requirements == tuple(requirements.split())
    assert words in route.what


def _compact(decision: Decision) -> list[dict[str, Any]]:
    return sorted(map(_row, decision.findings), key=_order)


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "server": finding.server,
        "requirements": list(finding.requirements),
        "repair": finding.repair.value,
        "caused_by": list(finding.caused_by),
    }


def _expected(case: dict[str, Any], decision: Decision) -> list[dict[str, Any]]:
    """The case's findings, filled up with what it leaves open."""
    rows = [{"severity": "error", "server": "", "repair": "manual", "caused_by": [], **row} for row in case["findings"]]
    return sorted(rows, key=_order)


def _order(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["id"], row["server"], str(row["requirements"])
