"""Approval as people do it: with the command, over the wire, against the lab."""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from approval_office import TICKET, make_key, with_approvers
from rehearsing import Rehearsal, rehearsing
from runbook.paths import ROOT_VARIABLE, STATE_VARIABLE
from runbook.signing.keys import key_in

ROOT = Path(__file__).parents[1]
PARAMETERS = ROOT / "parameters" / "rehearsal" / "mailbox-policies.yaml"
SECTION = "mailbox-policies"
SOMEBODY_ELSE = "from runbook.ledger import origin; origin.actor = lambda: 'kim'; "


@dataclass
class Desk:
    """The lab with an estate file that asks for approval, and somebody who types commands before it.

    ``project`` is a copy of the library and the notebooks, which may be altered.
    """

    lab: Rehearsal
    folder: Path
    project: Path

    @property
    def parameters(self) -> Path:
        path = self.folder / "mailbox-policies.yaml"
        path.write_text(f"{PARAMETERS.read_text(encoding='utf-8')}\nchange_ticket: {TICKET}\n", encoding="utf-8")
        return path

    def type(self, *arguments: str | Path, somebody_else: bool = False) -> subprocess.CompletedProcess[str]:
        """``runbook …``; somebody else has another account and another key, as on another computer."""
        code = f"{SOMEBODY_ELSE if somebody_else else ''}import sys; from runbook.cli import main; main()"
        state = self.folder / ("kims-state" if somebody_else else "state")
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            env={
                **os.environ,
                "PYTHONUTF8": "1",
                "PYTHONPATH": str(self.project / "lib"),
                ROOT_VARIABLE: str(self.project),
                STATE_VARIABLE: str(state),
            },
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            check=False,
        )

    def run(self, *more: str | Path) -> subprocess.CompletedProcess[str]:
        given = ("--estate", self.lab.estate.path, "-f", self.parameters, "--records", self.folder / "records")
        return self.type("run", SECTION, *given, "--mode", "apply", "--json", *more)

    def plan(self, output: Path) -> subprocess.CompletedProcess[str]:
        given = ("--estate", self.lab.estate.path, "-f", self.parameters, "--records", self.folder / "records")
        return self.type("plan", SECTION, *given, "-o", output)

    def page(self, done: subprocess.CompletedProcess[str]) -> str:
        """The record of a run, as people read it."""
        record = Path(json.loads(done.stdout)["sections"][0]["record"])
        return html.unescape((record / "record.html").read_text(encoding="utf-8"))

    def drift(self, record: Path) -> subprocess.CompletedProcess[str]:
        return self.type("drift", "--record", record, "--estate", self.lab.estate.path, "--json")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with rehearsing("split-2013", folder / "records", ["policy-off"]) as lab:
        approver = make_key(folder / "kim.key")
        lab.estate = with_approvers(lab.estate.path, approver)
        yield Desk(lab, folder, copied(folder / "project"))


@contextmanager
def altered_file(file: Path) -> Iterator[None]:
    """One word of it is another, for as long as it lasts."""
    before = file.read_bytes()
    assert b"which" in before
    file.write_bytes(before.replace(b"which", b"that", 1))
    try:
        yield
    finally:
        file.write_bytes(before)


def copied(project: Path) -> Path:
    """What the commands run from, so that nobody who works on the project meanwhile alters it between two of them."""
    for part in ("lib/runbook", "notebooks"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__", "conftest.py"))
    return project


def test_a_plan_is_made_approved_and_applied_with_three_commands(desk: Desk) -> None:
    plan = desk.folder / "plan.json"
    made = desk.plan(plan)
    assert made.returncode == 0, made.stderr
    assert "1. OwaMailboxPolicy:Default" in made.stdout
    again = desk.plan(plan)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    looks = len(list((desk.folder / "records").glob("*/*")))
    nowhere = desk.plan(desk.folder / "nosuch" / "plan.json")
    assert (nowhere.returncode, "can't be written" in nowhere.stderr) == (2, True), nowhere.stderr
    assert len(list((desk.folder / "records").glob("*/*"))) == looks, "no server was asked for a plan without a place"

    refused = desk.run()
    assert refused.returncode == 1
    assert desk.lab.mutations() == []
    assert "No approval is named" in desk.page(refused)

    signing = ("approve", plan, "--ticket", TICKET, "--key", desk.folder / "kim.key")
    unasked = desk.type(*signing, somebody_else=True)
    assert (unasked.returncode, "--yes signs without asking" in unasked.stderr) == (2, True), unasked.stderr
    assert not plan.with_name("approval.json").exists()
    unnamed = desk.type("approve", plan, "--ticket", "", "--yes", somebody_else=True)
    assert (unnamed.returncode, "for one ticket; name it" in unnamed.stderr) == (2, True), unnamed.stderr

    approved = desk.type(*signing, "--yes", somebody_else=True)
    assert approved.returncode == 0, approved.stderr
    assert "1. OwaMailboxPolicy:Default" in approved.stdout
    assert "PS> Set-OwaMailboxPolicy" in approved.stdout
    with altered_file(desk.project / "lib" / "runbook" / "sections" / "route.py"):
        other = desk.run("--approval", "approval.json")
    assert (other.returncode, desk.lab.mutations()) == (1, []), other.stderr
    assert "The library isn't the one that the plan was made with" in desk.page(other)

    done = desk.run("--approval", "approval.json")
    assert done.returncode == 0, desk.page(done)
    assert desk.lab.mutations() != []

    record = Path(json.loads(done.stdout)["sections"][0]["record"])
    (desk.folder / "operator.pem").write_text(desk.type("key", "export").stdout, encoding="ascii")
    (desk.folder / "kim.pem").write_text(key_in(desk.folder / "kim.key").pem, encoding="ascii")
    by = ("--key", desk.folder / "operator.pem")
    verified = desk.type("verify-record", record, *by, "--approver", desk.folder / "kim.pem")
    assert verified.returncode == 0, verified.stdout
    unknown = desk.type("verify-record", record, *by)
    assert (unknown.returncode, "whose key approved the plan" in unknown.stdout) == (0, True)
    other = desk.type("verify-record", record, *by, "--approver", desk.folder / "operator.pem")
    assert (other.returncode, "isn't one of those that were given" in other.stdout) == (1, True)
    lines = desk.type("records", "--records", desk.folder / "records").stdout
    assert "verified · approved" in lines
    assert "refused · approval refused" in lines

    as_left = desk.drift(record)
    assert as_left.returncode == 0, as_left.stderr
    assert {one["standing"] for one in json.loads(as_left.stdout)["changes"]} == {"as left"}

    back = desk.folder / "back" / "plan.json"
    back.parent.mkdir()
    planned = desk.type("plan", "undo", "--record", record, "--estate", desk.lab.estate.path, "-o", back)
    assert planned.returncode == 0, planned.stderr
    undo = ("undo", record, "--estate", desk.lab.estate.path, "--mode", "apply", "--ticket", "CHG-2")
    given = ("--ticket", "CHG-2", "--key", desk.folder / "kim.key", "--yes")
    assert desk.type("approve", back, *given, somebody_else=True).returncode == 0
    undone = desk.type(*undo, "--approval", back.with_name("approval.json"))
    assert undone.returncode == 0, undone.stdout + undone.stderr

    drifted = desk.drift(record)
    assert drifted.returncode == 1, drifted.stderr
    changes = json.loads(drifted.stdout)["changes"]
    assert {one["standing"] for one in changes} == {"drifted"}
    assert all("An undo of the run took it back." in one["said"] for one in changes)


def test_what_is_no_plan_is_not_signed(desk: Desk) -> None:
    path = desk.folder / "other.json"
    path.write_text("{}\n", encoding="utf-8")
    done = desk.type("approve", path, "--ticket", TICKET)
    assert (done.returncode, "isn't a plan" in done.stderr) == (2, True)
    for expires, said in (("yesterday", "this isn't a time"), ("2020-01-01", "that has passed")):
        done = desk.type("approve", path, "--ticket", TICKET, "--expires", expires)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_headless_change_of_production_without_a_ticket_is_bad_input(desk: Desk) -> None:
    """Exit code 2, before anything is contacted or recorded."""
    estate = desk.folder / "production.yaml"
    text = desk.lab.estate.path.read_text(encoding="utf-8").replace("environment: rehearsal", "environment: production")
    estate.write_text(text.replace("certificate_authority: ca.pem", ""), encoding="utf-8")
    given = ("--estate", estate, "-f", PARAMETERS, "--records", desk.folder / "none")
    done = desk.type("run", SECTION, *given, "--mode", "apply")
    assert (done.returncode, "needs a change ticket" in done.stderr) == (2, True), done.stderr
    assert not (desk.folder / "none").exists()
