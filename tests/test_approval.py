"""An estate that asks for approval applies an approved plan as it was approved, and nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from approval_office import SECTION, TICKET, ApprovalOffice, altered, judged, judgements, make_key, said
from rehearsal.topologies import build_world
from runbook import record
from runbook.approval.judge import Applicant, Judgement, Presented, judge
from runbook.change import Outcome
from runbook.engine import provenance
from runbook.engine.clearance import check_given
from runbook.engine.provenance import cells_digest, code_digests
from runbook.engine.run import Run
from runbook.errors import InputError
from runbook.estate import Environment, load_estate
from runbook.ledger.events import Mode, Verdict
from runbook.ledger.origin import actor
from runbook.parameters import SectionParameters
from runbook.record import verify
from runbook.signing.keys import KEY_VARIABLE, own_key


@pytest.fixture(autouse=True)
def same_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works on the library while the tests run doesn't fail them."""
    monkeypatch.setattr(provenance, "_library", lambda: "1" * 64)


@pytest.fixture
def office(tmp_path: Path) -> ApprovalOffice:
    return ApprovalOffice.of(build_world("split-2013"), tmp_path)


def assert_refused(office: ApprovalOffice, run: Run, *reasons: str) -> None:
    """Nothing was sent, every change is refused, and each reason is said and recorded."""
    assert office.mutations == 0
    assert {result.outcome for result in run.results} == {Outcome.REFUSED}
    told = judged(run)
    assert told.verdict is Verdict.REFUSED
    assert len(told.reasons) == len(reasons), told.reasons
    for reason, expected in zip(told.reasons, reasons, strict=True):
        assert expected in reason
        assert expected in said(run)
    assert run.finish() is Outcome.REFUSED


def test_an_approved_plan_is_applied_and_its_approval_joins_the_record(office: ApprovalOffice) -> None:
    folder = office.whole(office.approve(office.plan()))
    told = judged(folder)
    assert (told.verdict, told.approver, told.ticket) == (Verdict.APPROVED, office.approver.fingerprint, TICKET)
    assert office.mutations > 0
    assert {"approval.json", "approved-plan.json"} <= {path.name for path in folder.iterdir()}
    assert verify(folder).problems == ()


def test_without_an_approval_nothing_is_applied(office: ApprovalOffice) -> None:
    assert_refused(office, office.apply(), "No approval is named")


def test_an_operator_approves_nothing_of_their_own(tmp_path: Path) -> None:
    office = ApprovalOffice.of(build_world("split-2013"), tmp_path, own_key())
    approval = office.approve(office.plan(), key=own_key())
    assert_refused(office, office.apply(approval), "the operator's own key")


def test_another_key_under_the_operators_account_is_self_approval_too(office: ApprovalOffice) -> None:
    approval = office.approve(office.plan(), account=actor().upper())
    assert_refused(office, office.apply(approval), f"by the account {actor()}, which applies it")


def test_a_second_key_of_the_operator_makes_nobody_else_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing the record with another key doesn't make the operator's own key somebody else's."""
    own = own_key()
    office = ApprovalOffice.of(build_world("split-2013"), tmp_path, own)
    approval = office.approve(office.plan(), key=own)
    monkeypatch.setenv(KEY_VARIABLE, str(make_key(tmp_path / "other.key").path))
    assert_refused(office, office.apply(approval), "the operator's own key")


def test_who_is_no_approver_of_the_estate_approves_nothing(office: ApprovalOffice, tmp_path: Path) -> None:
    approval = office.approve(office.plan(), key=make_key(tmp_path / "stranger.key"))
    assert_refused(office, office.apply(approval), "isn't one of the estate's approvers")


def test_an_approval_that_has_expired_or_comes_from_the_future_is_none(office: ApprovalOffice) -> None:
    plan = office.plan()
    old = office.approve(plan, now=datetime.now(UTC) - timedelta(days=8))
    assert_refused(office, office.apply(old), "expired on")
    early = office.approve(plan, now=datetime.now(UTC) + timedelta(hours=1))
    assert_refused(office, office.apply(early), "a clock is wrong")


def test_an_approval_is_for_its_ticket(office: ApprovalOffice) -> None:
    approval = office.approve(office.plan(), ticket="CHG-1")
    assert_refused(office, office.apply(approval), f"for the ticket CHG-1, and the run's change_ticket is {TICKET}")
    assert_refused(office, office.apply(approval, change_ticket=""), "change_ticket is none")


def test_a_ticket_that_was_typed_counts(office: ApprovalOffice) -> None:
    run = office.check(office.approve(office.plan()), change_ticket="")
    run.apply(confirmed_by="the test", ticket=TICKET)
    assert judged(run).verdict is Verdict.APPROVED


@pytest.mark.parametrize("file", ["plan.json", "approval.json"])
def test_any_altered_byte_is_found(office: ApprovalOffice, file: str) -> None:
    """Of either file, wherever it stands; the two are judged as bytes, without a run."""
    approval = office.approve(office.plan())
    run = office.check(approval)
    files = {name: approval.with_name(name).read_bytes() for name in ("plan.json", "approval.json")}
    applicant = Applicant(
        section=run.section.name,
        estate=run.estate,
        parameters=run.parameters,
        plan=run.plan,
        code=code_digests(run.section.name),
        account=actor(),
        keys=frozenset({own_key().fingerprint}),
        now=datetime.now(UTC),
        ticket=TICKET,
    )

    def judgement(**changed: bytes) -> Judgement:
        given = {**files, **changed}
        return judge(applicant, Presented(approval=given["approval.json"], plan=given["plan.json"]))

    assert judgement().is_approved
    data = files[file]
    for place in random.Random(4711).sample(range(len(data)), 300):
        other = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert not judgement(**{file: other}).is_approved, f"byte {place}"
    assert not judgement(**{file: data + b"\n"}).is_approved
    assert not judgement(**{file: data[:-1]}).is_approved


def reorder(document: dict[str, Any]) -> None:
    document["plan"]["changes"].reverse()


def retarget(document: dict[str, Any]) -> None:
    document["plan"]["changes"][0]["machine"]["server"] = "atl-fe-002.litwareinc.com"


def embellish(document: dict[str, Any]) -> None:
    document["plan"]["changes"][0]["shown"]["done_by"] = "Get-Nothing"


def lengthen(document: dict[str, Any]) -> None:
    document["plan"]["changes"].append(document["plan"]["changes"][0])


@pytest.mark.parametrize("change", [reorder, retarget, embellish, lengthen])
def test_a_plan_that_was_altered_after_its_approval_isn_t_the_approved_one(
    office: ApprovalOffice, change: Callable[[dict[str, Any]], None]
) -> None:
    approval = office.approve(office.plan())
    altered(approval.with_name("plan.json"), change)
    assert_refused(office, office.apply(approval), "isn't the one that was approved")


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (reorder, ["another order"]),
        (retarget, ["it was to be changed, and needn't be any more", "no such change was approved"]),
        (embellish, ["it is done in another way now (as it is shown)"]),
        (lengthen, ["it was to be changed, and needn't be any more"]),
    ],
)
def test_an_approved_plan_that_isn_t_what_the_facts_ask_for_is_refused(
    office: ApprovalOffice, change: Callable[[dict[str, Any]], None], reasons: list[str]
) -> None:
    """Somebody approved what the runbook never planned: order, server, or words that hide what is done."""
    plan = office.plan()
    altered(plan, change)
    assert_refused(office, office.apply(office.approve(plan)), *reasons)


def test_a_plan_for_another_estate_file_is_refused(office: ApprovalOffice) -> None:
    approval = office.approve(office.plan())
    path = office.lab.estate.path
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}# a word more\n", encoding="utf-8")
    office.lab.estate = load_estate(path)
    assert_refused(office, office.apply(approval), "The estate file was altered since the plan was made")
    path.write_text(text.replace("name: litware-split-2013\n", "name: other\n"), encoding="utf-8")
    office.lab.estate = load_estate(path)
    assert_refused(
        office, office.apply(approval), "is for the estate litware-split-2013 (rehearsal), this run is for other"
    )


def test_an_approver_whose_key_file_was_exchanged_after_the_plan_is_none(office: ApprovalOffice) -> None:
    """The estate file names a file, and is the same to the byte."""
    folder = office.folder
    kim, other = office.approver, make_key(folder / "other.key")
    path = office.lab.estate.path
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("approvers:\n", "approvers:\n  - second.pem\n"), encoding="utf-8")
    (folder / "second.pem").write_text(make_key(folder / "second.key").pem, encoding="ascii")
    office.lab.estate = load_estate(path)
    plan = office.plan()
    (folder / "second.pem").write_text(other.pem, encoding="ascii")
    office.lab.estate = load_estate(path)
    assert_refused(office, office.apply(office.approve(plan, key=kim)), "A file with an approver's public key")


def test_a_plan_with_other_parameters_is_refused(office: ApprovalOffice) -> None:
    approval = office.approve(office.plan())
    run = office.apply(approval, application_port=5200)
    assert "The parameter application_port was 5199 when the plan was made, and is 5200." in judged(run).reasons
    assert office.mutations == 0


def test_a_plan_of_another_section_is_refused(tmp_path: Path) -> None:
    office = ApprovalOffice.of(build_world("split-2013", states=("policy-off",)), tmp_path)
    approval = office.approve(office.plan())
    run = office.apply(approval, "mailbox_policies")
    assert_refused(office, run, "of the section trusted_pool, this run is of mailbox_policies")


def test_who_the_operator_is_and_what_they_note_isn_t_part_of_the_plan(office: ApprovalOffice) -> None:
    run = office.apply(office.approve(office.plan()), operator="Kim Akers", operator_note="As agreed.")
    assert judged(run).verdict is Verdict.APPROVED


@pytest.mark.parametrize(("part", "called"), [("library", "library"), ("notebook_cells", "section's notebook")])
def test_an_altered_library_or_notebook_is_refused(
    office: ApprovalOffice, part: str, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = office.approve(office.plan())
    found = code_digests(SECTION)
    monkeypatch.setattr(provenance, "code_digests", lambda *_: {**found, part: "0" * 64})
    assert_refused(office, office.apply(approval), f"The {called} isn't the one that the plan was made with")


def test_what_a_notebook_does_decides_and_not_what_it_shows_or_is_told() -> None:
    source = provenance.source_notebook(SECTION)
    assert source is not None
    digest = cells_digest(source.read_bytes())

    def after(change: Callable[[list[dict[str, Any]]], object]) -> str:
        notebook = json.loads(source.read_bytes())
        change(notebook["cells"])
        return cells_digest(json.dumps(notebook, indent=2).encode())

    code = next(n for n, c in enumerate(json.loads(source.read_bytes())["cells"]) if "check()" in "".join(c["source"]))
    given = {"cell_type": "code", "source": "x = 1", "metadata": {"tags": ["injected-parameters"]}}
    assert after(lambda cells: cells[code].update(outputs=[], execution_count=7)) == digest
    assert after(lambda cells: cells.insert(2, given)) == digest
    assert after(lambda cells: cells[code].update(source="pass")) != digest
    assert after(lambda cells: cells.pop()) != digest
    assert cells_digest(b"[]") == cells_digest(b"no notebook") == ""


def set_policy(office: ApprovalOffice, name: str, **settings: object) -> None:
    """Somebody sets an OWA mailbox policy by other means."""
    policies = office.lab.world.exchange.owa.policies
    policies[name] = replace(policies[name], settings={**policies[name].settings, **settings})


@pytest.fixture
def policies_off(tmp_path: Path) -> ApprovalOffice:
    return ApprovalOffice.of(build_world("split-2013", states=("policy-off",)), tmp_path)


def test_an_estate_that_drifted_is_refused_with_what_differs(policies_off: ApprovalOffice) -> None:
    approval = policies_off.approve(policies_off.plan("mailbox_policies"))
    set_policy(policies_off, "executives", InstantMessagingType="Ocs")
    set_policy(policies_off, "default", InstantMessagingEnabled=True)
    set_policy(policies_off, "kiosk", InstantMessagingEnabled=True)
    names = "InstantMessagingEnabled, InstantMessagingType"
    assert_refused(
        policies_off,
        policies_off.apply(approval, "mailbox_policies"),
        f"OwaMailboxPolicy:Executives · {names} on atl-cas-001.litwareinc.com: it was to be changed, and needn't be",
        f'OwaMailboxPolicy:Default · {names} on atl-cas-001.litwareinc.com: before was [false,"None"] when it was '
        'planned, and is [true,"None"] now.',
    )


def test_what_drifts_between_check_and_apply_is_refused_too(policies_off: ApprovalOffice) -> None:
    run = policies_off.check(policies_off.approve(policies_off.plan("mailbox_policies")), "mailbox_policies")
    set_policy(policies_off, "executives", InstantMessagingType="Ocs")
    run.apply(confirmed_by="the test")
    assert "has changed since this plan was shown" in said(run)
    assert policies_off.mutations == 0


def test_what_is_left_of_an_approved_plan_is_approved_and_no_more(policies_off: ApprovalOffice) -> None:
    """A run that was stopped after its first change goes on under the same approval, and not beyond it."""
    run = policies_off.check(policies_off.approve(policies_off.plan("mailbox_policies")), "mailbox_policies")
    _, second = run.plan.changes
    run.control.watch = lambda doing: run.control.cancel("the test") if doing.change == 0 else None
    run.apply(confirmed_by="the test")
    run.control.watch = lambda doing: None
    run.control.renew()
    run.again()
    assert run.plan.changes == (second,)
    run.apply(confirmed_by="the test")
    run.verify()
    assert run.finish() is Outcome.VERIFIED
    folder = run.ledger.path.parent
    assert [event.verdict for event in judgements(folder)] == [Verdict.APPROVED] * 2
    assert record.close(folder) is not None
    assert verify(folder).problems == ()


def test_a_run_that_goes_on_from_another_is_covered_by_the_approval_of_the_whole(policies_off: ApprovalOffice) -> None:
    approval = policies_off.approve(policies_off.plan("mailbox_policies"))
    cut_off = policies_off.check(approval, "mailbox_policies")
    first, second = cut_off.plan.changes
    cut_off.control.watch = lambda doing: cut_off.control.cancel("the test") if doing.change == 0 else None
    cut_off.apply(confirmed_by="the test")
    cut_off.finish()
    alone = policies_off.apply(approval, "mailbox_policies")
    assert "it was to be changed, and needn't be any more" in said(alone)
    alone.finish()
    run = policies_off.check(approval, "mailbox_policies")
    run.sent_before = (first,)
    run.apply(confirmed_by="the test")
    run.verify()
    assert [result.change for result in run.results] == [second]
    assert judged(run).verdict is Verdict.APPROVED
    assert run.finish() is Outcome.VERIFIED


def test_an_approval_that_does_not_fit_is_refused_where_none_is_asked_for(tmp_path: Path) -> None:
    office = ApprovalOffice.of(build_world("split-2013"), tmp_path, approval="none")
    run = office.apply(office.approve(office.plan(), ticket="CHG-1"))
    assert_refused(office, run, "for the ticket CHG-1")


def test_a_run_that_nobody_approved_says_so(tmp_path: Path) -> None:
    office = ApprovalOffice.of(build_world("split-2013"), tmp_path, approval="none")
    run = office.apply()
    assert judged(run).verdict is Verdict.NOT_APPROVED
    assert office.mutations > 0


def test_an_approval_that_is_not_there_is_bad_input(office: ApprovalOffice, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json can't be read"):
        office.check(tmp_path / "nowhere.json")
    approval = office.approve(office.plan())
    approval.with_name("plan.json").unlink()
    assert_refused(office, office.apply(approval), "plan.json can't be read")


def test_a_headless_change_of_production_needs_a_ticket(office: ApprovalOffice) -> None:
    """Before anything is contacted or recorded; whoever sits before a notebook is asked there."""
    production = office.lab.estate.model_copy(update={"environment": Environment.PRODUCTION})
    nobody = {"parameters": SectionParameters(), "estate": production}
    with pytest.raises(InputError, match="needs a change ticket"):
        check_given(**nobody, mode=Mode.APPLY, interactive=False)
    check_given(**nobody, mode=Mode.APPLY, interactive=True)
    check_given(**nobody, mode=Mode.PLAN, interactive=False)
    check_given(SectionParameters(change_ticket=TICKET), production, mode=Mode.APPLY, interactive=False)
    office.lab.estate = production
    with pytest.raises(InputError, match="needs a change ticket"):
        office.check(change_ticket="")
    assert not list(office.folder.glob("*/events.jsonl"))
