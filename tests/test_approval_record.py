"""What a record tells of its approval, and what verify-record says of an approval that doesn't fit the run."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from approval_office import TICKET, ApprovalOffice, make_key
from rehearsal.topologies import build_world
from runbook import record
from runbook.engine import provenance
from runbook.ledger.events import Mode
from runbook.record import State, verify
from runbook.record.approver import has_approval, not_approved_by
from runbook.record.listing import listed
from runbook.signing.keys import own_key

POLICIES = "mailbox_policies"


@pytest.fixture(autouse=True)
def same_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works on the library while the tests run doesn't fail them."""
    monkeypatch.setattr(provenance, "_library", lambda: "1" * 64)


def new_office(folder: Path, **given: str) -> ApprovalOffice:
    return ApprovalOffice.of(build_world("split-2013", states=("policy-off",)), folder, own_key(), **given)


def ended(office: ApprovalOffice, approval: Path | str) -> Path:
    """A run that was carried out and has ended; its record isn't closed yet."""
    run = office.apply(approval, POLICIES)
    run.verify()
    run.finish()
    return run.ledger.path.parent


def problems(folder: Path) -> list[str]:
    """Of a record whose signer signs it as it now is."""
    assert record.close(folder) is not None
    return [str(problem) for problem in verify(folder).problems]


Forge = Callable[[ApprovalOffice, Path], None]


def other_ticket(office: ApprovalOffice, folder: Path) -> None:
    office.approve(folder / "plan.json", ticket="CHG-1")


def by_a_stranger(office: ApprovalOffice, folder: Path) -> None:
    office.approve(folder / "plan.json", key=make_key(folder / "stranger.key"))


def by_the_operator(office: ApprovalOffice, folder: Path) -> None:
    office.approve(folder / "plan.json", key=own_key())


def of_another_plan(office: ApprovalOffice, folder: Path) -> None:
    """The same changes under another nonce: not the file that was approved."""
    shutil.copy(office.plan(POLICIES), folder / "plan.json")


def without_approval(office: ApprovalOffice, folder: Path) -> None:
    (folder / "approval.json").unlink()


def without_plan(office: ApprovalOffice, folder: Path) -> None:
    (folder / "plan.json").unlink()


def damaged(office: ApprovalOffice, folder: Path) -> None:
    path = folder / "approval.json"
    path.write_bytes(path.read_bytes().replace(b'"keyid"', b'"keyed"'))


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (other_ticket, "approval.json: its ticket isn't what the ledger says"),
        (by_a_stranger, "approval.json: who signed it was no approver of the estate"),
        (by_the_operator, "approval.json: it is signed with the key that the record is signed with"),
        (of_another_plan, "approved-plan.json: it isn't the plan that the approval is about"),
        (without_approval, "approval.json: it is missing, and the ledger says that the run went by one"),
        (without_plan, "approved-plan.json: it is missing: it is what the approval is about"),
        (damaged, "approval.json: it isn't a DSSE envelope"),
    ],
)
def test_an_approval_that_was_exchanged_before_the_record_was_signed_is_named(
    tmp_path: Path, forge: Forge, told: str
) -> None:
    """An operator who forges their own record signs it well, and is found by what its files say of each other."""
    office = new_office(tmp_path)
    plan = office.plan(POLICIES)
    folder = ended(office, office.approve(plan))
    forge(office, plan.parent)
    for name, held in (("approval.json", "approval.json"), ("plan.json", "approved-plan.json")):
        (folder / held).unlink()
        if (plan.parent / name).exists():
            shutil.copy(plan.parent / name, folder / held)
    assert any(each.startswith(told) for each in problems(folder))


def test_an_approval_in_the_record_of_a_run_that_went_by_none_is_named(tmp_path: Path) -> None:
    office = new_office(tmp_path, approval="none")
    folder = ended(office, "")
    shutil.copy(office.approve(office.plan()), folder / "approval.json")
    assert problems(folder) == ["approval.json: it is here, and the run went by no approval"]


def test_the_executed_notebook_has_to_be_the_approved_one(tmp_path: Path) -> None:
    office = new_office(tmp_path)
    source = provenance.source_notebook(POLICIES)
    assert source is not None
    executed = json.loads(source.read_bytes())
    executed["cells"].insert(
        1, {"cell_type": "code", "id": "0", "source": ["x = 1"], "metadata": {"tags": ["injected-parameters"]}}
    )
    folder = ended(office, office.approve(office.plan(POLICIES)))
    (folder / "record.ipynb").write_text(json.dumps(executed), encoding="utf-8")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert problems(folder) == []
    executed["cells"][-1]["source"] = ["pass"]
    (copy / "record.ipynb").write_text(json.dumps(executed), encoding="utf-8")
    assert problems(copy) == ["approved-plan.json: the notebook isn't that of the run"]


def test_a_record_without_people_keeps_the_approval_and_not_its_plan(tmp_path: Path) -> None:
    office = new_office(tmp_path, more="redact_users: true\n")
    approval = office.approve(office.plan(POLICIES))
    plan = json.loads(approval.with_name("plan.json").read_bytes())
    folder = ended(office, approval)
    assert problems(folder) == []
    assert (folder / "approval.json").exists()
    assert not (folder / "approved-plan.json").exists()
    said = payload(folder / "approval.json")
    assert plan["plan"]["digest"].encode() not in said, "names could be tried until it fits"
    assert json.loads(said)["predicate"]["ticket"] == TICKET


@pytest.mark.parametrize("required", ["required", "none"])
def test_page_list_and_statement_say_whether_it_was_approved(tmp_path: Path, required: str) -> None:
    office = new_office(tmp_path / "estate" / "x", approval=required)
    approval = office.approve(office.plan(POLICIES)) if required == "required" else ""
    folder = ended(office, approval)
    assert problems(folder) == []
    page = (folder / "record.html").read_text(encoding="utf-8")
    told = json.loads(payload(folder / "statement.dsse.json"))["predicate"]["approval"]
    (line,) = (one for one in listed(tmp_path / "estate", "x") if one.folder == folder)
    if required == "required":
        assert f"approved by kim, key {office.approver.fingerprint[:16]}…, for {TICKET}" in page
        assert (told["verdict"], told["approver"]) == ("approved", office.approver.fingerprint)
        assert line.approval == "approved"
    else:
        assert "<dt>Approval</dt><dd>not approved</dd>" in page
        assert told["verdict"] == line.approval == "not approved"


def test_a_refused_run_says_why_on_its_page(tmp_path: Path) -> None:
    office = new_office(tmp_path)
    folder = office.whole("", POLICIES)
    assert verify(folder).state is State.UNKNOWN_SIGNER
    assert "refused: No approval is named" in (folder / "record.html").read_text(encoding="utf-8")


def payload(envelope: Path) -> bytes:
    return base64.b64decode(json.loads(envelope.read_bytes())["payload"])


def test_an_auditor_names_the_keys_that_may_have_approved(tmp_path: Path) -> None:
    office = new_office(tmp_path)
    approved = ended(office, office.approve(office.plan(POLICIES)))
    looked = office.lab.open(POLICIES, Mode.PLAN)
    looked.check()
    looked.finish()
    for folder in (approved, looked.ledger.path.parent):
        assert problems(folder) == []
    records = [verify(approved), verify(looked.ledger.path.parent)]
    assert [has_approval(each) for each in records] == [True, False]
    kim, stranger = (key.signer.public_key for key in (office.approver, make_key(tmp_path / "stranger.key")))
    assert list(not_approved_by([stranger, kim], records)) == []
    (told,) = not_approved_by([stranger], records)
    assert (told.where, office.approver.fingerprint in told.what) == (approved.name, True)


def test_a_change_that_nobody_approved_is_told_to_the_auditor(tmp_path: Path) -> None:
    office = new_office(tmp_path, approval="none")
    folder = ended(office, "")
    assert problems(folder) == []
    (told,) = not_approved_by([office.approver.signer.public_key], [verify(folder)])
    assert str(told) == f"{folder.name}: nobody approved what it changed"
