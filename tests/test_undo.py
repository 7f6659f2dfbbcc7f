"""Undo gives back the world as it was, leaves alone what others changed since, and trusts no record blindly.

What is compared is the lab's whole world, file by file and value by value (:mod:`world_state`), not what the runbook
says of it. All topologies in all their start states: ``python tests/undo_everywhere.py``.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from broken_world import broken, fitting
from memory_lab import MemoryLab
from rehearsal.exchange_owa import ENABLED, TYPE
from rehearsal.faults import FAULTS
from rehearsal.faults.fault import Where
from rehearsal.faults.scenario import bring_about
from rehearsal.host import WindowsHost
from rehearsal.owa_application import WEB_CONFIG
from rehearsal.topologies import build_world
from runbook.change import Outcome, Severity
from runbook.errors import InputError, Refused
from runbook.ledger import FILE_NAME, Ledger, read_events
from runbook.ledger.events import EarlierRun, Intent, Mode, PlanConfirmed, PlanMade, RunEnded
from runbook.ledger.plans import planned_changes
from undo_everywhere import AUTOMATIC, SECTIONS, everything_back, fault_back
from undoing import applied, opened_undo, through, undone
from world_state import differences, state

BACK = "atl-mbx-001.litwareinc.com"
SLICE = [
    ("split-2013", "duplicate"),
    ("dag-2013", "file-held"),
    ("exchange-2010", ""),
    ("exchange-2016-sfb2015", "back-ends-on"),
    ("exchange-se-sfbse", ""),
    ("mixed-2013-2016", ""),
    ("hybrid-worldwide", "wrong-proxy"),
]


@pytest.mark.parametrize(("topology", "start"), SLICE, ids=lambda value: value or "-")
def test_apply_and_undo_give_back_the_same_world_and_a_second_undo_does_nothing(
    topology: str, start: str, tmp_path: Path
) -> None:
    for back in everything_back(topology, start, tmp_path):
        assert back.left == [], back.section
        assert back.verdict in (Outcome.VERIFIED, Outcome.NOT_NEEDED), back.section
        assert (back.second_plan, back.second_mutations) == (0, 0), back.section


@pytest.mark.parametrize("fault", AUTOMATIC[::3])
def test_what_was_mended_is_broken_again_exactly_as_it_was(fault: str, tmp_path: Path) -> None:
    back = fault_back(fault, fitting()[fault][0], tmp_path)
    assert back.left == [] or back.impossible, "or it says why it can't"
    assert (back.second_plan, back.second_mutations) == (0, 0)


@pytest.fixture
def lab(tmp_path: Path) -> MemoryLab:
    return MemoryLab.of(build_world("split-2013"), tmp_path)


def host(lab: MemoryLab) -> WindowsHost:
    found = lab.world.machine(BACK)
    assert found is not None
    return found.host


def set_policy(lab: MemoryLab, **settings: object) -> str:
    """Somebody sets values of the policy Default; the object as the runbook names it."""
    side = lab.world.exchange.owa
    found = side.policies["default"]
    side.policies["default"] = replace(found, settings={**found.settings, **settings})
    return "OwaMailboxPolicy:Default"


def policy(lab: MemoryLab) -> tuple[object, object]:
    settings = lab.world.exchange.owa.policies["default"].settings
    return settings[ENABLED], settings[TYPE]


def ready(lab: MemoryLab) -> Path:
    """The record of OWA's enablement, once the trusted pool is there."""
    applied(lab, "trusted_pool")
    return applied(lab, "owa_enablement")


def ids(run: object, severity: Severity = Severity.WARNING) -> list[str]:
    graver = (Severity.WARNING, Severity.ERROR) if severity is Severity.WARNING else tuple(Severity)
    return [finding.id for finding in run.decision.findings if finding.severity in graver]  # type: ignore[attr-defined]


def test_the_undo_has_a_record_of_its_own_that_names_the_first_and_its_statement(lab: MemoryLab) -> None:
    first = applied(lab, "mailbox_policies")
    run = undone(lab, first)
    (named,) = [event for event in read_events(run.ledger.path).events if isinstance(event, EarlierRun)]
    recording = read_events(first)
    assert (named.relation.value, named.earlier) == ("undoes", recording.entries[0].run)
    assert named.record.endswith(f"/{first.name}")
    assert (named.events, named.head) == (recording.entries[-1].seq, recording.entries[-1].digest)
    assert len(named.statement) == 64
    assert first.name in (run.ledger.path.parent / "record.html").read_text(encoding="utf-8")


def test_a_plan_names_everything_and_sends_nothing(lab: MemoryLab) -> None:
    record, before = applied(lab, "mailbox_policies"), len(lab.world.journal.entries())
    run = opened_undo(lab, record, Mode.PLAN)
    assert len(run.check().plan.changes) == 2
    run.apply(confirmed_by="a test")
    run.verify()
    assert run.finish() is Outcome.PLANNED
    assert len(lab.world.journal.entries()) == before


def test_what_somebody_changed_since_is_named_and_left_alone(lab: MemoryLab) -> None:
    record = applied(lab, "mailbox_policies")
    object = set_policy(lab, InstantMessagingEnabled=False)
    run = undone(lab, record)
    (said,) = [finding for finding in run.decision.findings if finding.id == "undo-changed-since"]
    assert said.object == object
    assert '[false,"Ocs"]' in said.what
    assert policy(lab) == (False, "Ocs")
    assert [result.outcome for result in run.results] == [Outcome.VERIFIED], "the other one is taken back"
    assert read_events(run.ledger.path).ended.outcome is Outcome.INCOMPLETE  # type: ignore[union-attr]


def test_it_goes_back_all_the_same_where_the_parameters_name_it_and_the_record_says_who_agreed(lab: MemoryLab) -> None:
    before = policy(lab)
    record = applied(lab, "mailbox_policies")
    run = undone(lab, record, take_back_anyway=[set_policy(lab, InstantMessagingEnabled=False)])
    assert policy(lab) == before
    (confirmed,) = [event for event in read_events(run.ledger.path).events if isinstance(event, PlanConfirmed)]
    assert confirmed.consents == ("take_back_anyway",)


def test_a_name_that_the_record_does_not_have_is_told(lab: MemoryLab) -> None:
    run = opened_undo(lab, applied(lab, "mailbox_policies"), Mode.PLAN, take_back_anyway=["OwaMailboxPolicy:Defualt"])
    run.check()
    assert "undo-unknown-object" in ids(run)


def test_what_is_as_before_already_needs_nothing(lab: MemoryLab) -> None:
    enabled, kind = policy(lab)
    record = applied(lab, "mailbox_policies")
    object = set_policy(lab, InstantMessagingEnabled=enabled, InstantMessagingType=kind)
    run = opened_undo(lab, record)
    plan = run.check().plan
    assert object not in {change.object for change in plan.changes}
    (said,) = [finding for finding in run.decision.findings if finding.id == "undo-not-needed"]
    assert said.object == object


def test_a_file_that_somebody_edited_since_stays_and_its_server_is_not_recycled(lab: MemoryLab) -> None:
    record = ready(lab)
    computer = host(lab)
    edited = computer.files.find(WEB_CONFIG).content + b"<!-- mine -->"  # type: ignore[operator]
    computer.files.write(WEB_CONFIG, edited)
    worker = computer.web.pools["msexchangeowaapppool"].worker  # type: ignore[union-attr]
    run = undone(lab, record)
    assert computer.files.find(WEB_CONFIG).content == edited
    assert computer.web.pools["msexchangeowaapppool"].worker == worker  # type: ignore[union-attr]
    assert BACK not in {result.change.stage for result in run.results}
    assert "undo-changed-since" in ids(run)


def test_a_worker_older_than_the_restored_file_is_recycled_though_the_file_has_its_old_time(lab: MemoryLab) -> None:
    before = host(lab).files.find(WEB_CONFIG)
    record = ready(lab)
    run = undone(lab, record)
    restored = host(lab).files.find(WEB_CONFIG)
    assert (restored.content, restored.written) == (before.content, before.written)
    order = [(result.change.stage, result.change.property) for result in run.results]
    assert order.index((BACK, "appSettings")) + 1 == order.index((BACK, "worker"))


def test_a_file_whose_saved_copy_somebody_removed_is_restored_from_the_record(lab: MemoryLab) -> None:
    before = host(lab).files.find(WEB_CONFIG).content
    record = ready(lab)
    for file in host(lab).files:
        if "web.runbook-" in file.path.name:
            host(lab).files.delete(file)
    undone(lab, record)
    assert host(lab).files.find(WEB_CONFIG).content == before
    assert not [file for file in host(lab).files if "web.runbook-" in file.path.name]


def test_settings_taken_back_by_hand_still_lack_refresh_and_recycle_that_nobody_did(tmp_path: Path) -> None:
    lab = MemoryLab.of(build_world("exchange-2016-sfb2015"), tmp_path)
    record = applied(lab, "owa_enablement")
    for override in list(lab.world.exchange.overrides.overrides.values()):
        lab.world.remove_override(override)
    plan = opened_undo(lab, record, Mode.PLAN).check().plan
    assert {change.property for change in plan.changes if change.repeats} == {"in effect", "worker"}


def test_other_peoples_application_in_the_pool_keeps_the_pool(lab: MemoryLab) -> None:
    record = applied(lab, "trusted_pool")
    session = lab.fleet(True)
    front = lab.estate.lync()[0].name
    from runbook.command import Pipeline, Shell, Switch, Target, cmdlet

    pool = "atl-owa-001.litwareinc.com"
    made = cmdlet(
        "New-CsTrustedApplication",
        ApplicationId="Theirs",
        TrustedApplicationPoolFqdn=pool,
        Port=5300,
        Force=Switch.ON,
        Confirm=Switch.OFF,
    )
    session.run(Target(front, Shell.LYNC), Pipeline.of(made))
    run = undone(lab, record)
    assert "undo-changed-since" in ids(run)
    assert pool in {each.fqdn for each in lab.world.lync.published.trusted_pools}


def test_enabling_what_somebody_else_published_needs_their_word(lab: MemoryLab) -> None:
    record = applied(lab, "trusted_pool")
    bring_about(lab.world, [(FAULTS["topology-pending-changes"], Where())])
    run = opened_undo(lab, record, Mode.PLAN)
    assert not run.check().plan.changes
    assert "undo-brings-along" in ids(run)
    agreed = opened_undo(lab, record, Mode.PLAN, allow_pending_topology_changes=True)
    (enable,) = [change for change in agreed.check().plan.changes if change.object == "topology"]
    assert enable.consent == "allow_pending_topology_changes"


def test_what_has_no_way_back_is_named_with_what_to_do_instead(tmp_path: Path) -> None:
    lab, _ = broken(tmp_path, "split-2013", [FAULTS["pool-without-registrar"]])
    run = opened_undo(lab, applied(lab, "trusted_pool"), Mode.PLAN)
    run.check()
    said = [finding.what for finding in run.decision.findings if finding.id == "undo-impossible"]
    assert any("can be changed, but not taken away" in each for each in said)
    assert any("What is enabled stays so" in each for each in said), "nothing goes back that it could enable"


def test_a_partial_run_is_taken_back_as_far_as_it_went(tmp_path: Path) -> None:
    lab = MemoryLab.of(build_world("dag-2013", states=("file-held",)), tmp_path)
    applied(lab, "trusted_pool")
    before = state(lab.world)
    record = applied(lab, "owa_enablement")
    recording = read_events(record)
    sent = [event for event in recording.events if isinstance(event, Intent)]
    assert len(sent) < len(planned_changes(recording)), "the roll-out stopped at the file that is held"
    undone(lab, record)
    assert differences(before, state(lab.world)) == []


def test_an_altered_record_is_refused(lab: MemoryLab) -> None:
    record = applied(lab, "mailbox_policies")
    ledger = record / FILE_NAME
    ledger.write_bytes(ledger.read_bytes().replace(b"OwaMailboxPolicy", b"OwaMailboxPolicz", 1))
    with pytest.raises(Refused, match="isn't as it was written"):
        opened_undo(lab, record)


def test_a_record_written_anew_with_commands_of_nobodys_is_refused(lab: MemoryLab, tmp_path: Path) -> None:
    """Whoever can sign can write what they like: but no command that the section couldn't have written."""
    record = applied(lab, "mailbox_policies")
    forged = tmp_path / "forged"
    recording = read_events(record)
    with Ledger.create(forged) as ledger:
        digests: dict[str, str] = {}
        for event in recording.events:
            if isinstance(event, PlanMade):
                made = event.plan
                evil = tuple(
                    replace(change, reverse=tuple(_with_another_name(each) for each in change.reverse))
                    for change in made.changes
                )
                plan = replace(made, changes=evil)
                digests[event.digest] = plan.digest
                event = replace(event, plan=plan, digest=plan.digest)
            elif (plan_digest := getattr(event, "plan", None)) in digests:
                event = replace(event, plan=digests[str(plan_digest)])  # type: ignore[call-arg]
            elif isinstance(event, PlanConfirmed):
                event = replace(event, digest=digests[event.digest])
            elif isinstance(event, RunEnded):
                break  # an open record needs no signature at all
            ledger.append(event)
    with pytest.raises(Refused, match="Remove-Mailbox is no command of this section"):
        opened_undo(lab, forged)


def _with_another_name(pipeline: object) -> object:
    from runbook.command import Pipeline, cmdlet

    return Pipeline.of(cmdlet("Remove-Mailbox", Identity="everybody"))


def test_a_record_of_another_estate_is_no_record_to_go_by(lab: MemoryLab) -> None:
    record = applied(lab, "mailbox_policies")
    other = MemoryLab(lab.world, lab.estate.model_copy(update={"name": "contoso"}), lab.folder, count=50)
    with pytest.raises(InputError, match="is of the estate"):
        opened_undo(other, record)


def test_an_undo_is_not_undone_nor_what_only_looked(lab: MemoryLab) -> None:
    undo = undone(lab, applied(lab, "mailbox_policies")).ledger.path.parent
    with pytest.raises(Refused, match="run the section that made them"):
        opened_undo(lab, undo)
    looked = through(lab.open("prerequisites", Mode.APPLY)).ledger.path.parent
    with pytest.raises(Refused, match="only looks"):
        opened_undo(lab, looked)


def test_a_run_that_changed_nothing_leaves_nothing_to_take_back(lab: MemoryLab) -> None:
    applied(lab, "mailbox_policies")
    plan = opened_undo(lab, applied(lab, "mailbox_policies")).check().plan
    assert "changed nothing" in plan.because


def test_a_record_that_somebody_else_signed_is_told(lab: MemoryLab, monkeypatch: pytest.MonkeyPatch) -> None:
    record = applied(lab, "mailbox_policies")
    monkeypatch.setenv("RUNBOOK_STATE", str(lab.folder / "another-user"))
    run = opened_undo(lab, record, Mode.PLAN)
    run.check()
    assert "record-of-another" in ids(run)


def test_a_copy_of_a_record_is_as_good_as_the_record(lab: MemoryLab, tmp_path: Path) -> None:
    record = applied(lab, "mailbox_policies")
    before = len(opened_undo(lab, record, Mode.PLAN).check().plan.changes)
    copied = tmp_path / "elsewhere" / record.name
    shutil.copytree(record, copied)
    assert len(opened_undo(lab, copied, Mode.PLAN).check().plan.changes) == before


def test_every_section_that_changes_something_can_be_taken_back() -> None:
    from runbook.sections import SECTIONS as ALL

    assert {name for name, section in ALL.items() if section.changes_things} == {
        name for name, section in ALL.items() if section.reversal is not None
    }
    assert set(SECTIONS) <= set(ALL)
