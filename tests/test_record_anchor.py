"""Heads of records kept elsewhere: a run that was taken away, or a record that its signer made anew, shows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from record_factory import Office, notebook
from runbook import record
from runbook.cli import app
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.ledger import read_events
from runbook.ledger.heads import Heads, read_heads
from runbook.record.links import read_anchor, verify_all, verify_one
from runbook.record.verify import State


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, anchors=(str(tmp_path / "anchor"),))


def anchor(office: Office) -> Any:
    return read_anchor(str(office.root / "anchor"))


def all_problems(office: Office, *, anchored: bool = True) -> list[str]:
    records, missing = verify_all(office.records, anchor=anchor(office) if anchored else None)
    return [str(problem) for one in records for problem in one.problems] + [str(problem) for problem in missing]


def made_anew(office: Office, folder: Path) -> None:
    """What somebody can do who has the signer's key: sign an altered record again."""
    (folder / "statement.dsse.json").unlink()
    forger = Office(office.root / "forger")
    (forger.root / "state").mkdir(parents=True)
    shutil.copy(office.root / "state" / "signing-key.pem", forger.root / "state")
    record.close(folder, environment=forger.environment)


def test_the_runs_of_an_estate_follow_each_other(office: Office) -> None:
    one, two = office.record("a"), office.record("b")
    first, second = read_events(one).entries[0], read_events(two).entries[0]
    assert first.previous == "0" * 64
    assert second.previous == verify_one(one).head
    assert all_problems(office) == []
    assert [head.state for head in read_heads(office.root / "anchor" / "litware.jsonl")] == ["opened", "closed"] * 2


def test_a_whole_run_that_was_taken_away_from_the_middle_is_missed_by_the_next(office: Office) -> None:
    office.record("a")
    shutil.rmtree(office.record("b"))
    last = office.record("c")
    assert all_problems(office, anchored=False) == [
        f"{last.name}: the record that it follows isn't here, or isn't as it was"
    ]


def test_the_newest_run_that_was_taken_away_is_missed_by_the_anchor_alone(office: Office) -> None:
    office.record("a")
    gone = office.record("b")
    shutil.rmtree(gone)
    assert all_problems(office, anchored=False) == []
    (problem,) = all_problems(office)
    assert problem.startswith(f"{gone.name}: the anchor has this run")


def test_a_run_that_was_cut_off_and_taken_away_is_missed_too(office: Office) -> None:
    run = office.open("a")
    run.ledger.close()
    shutil.rmtree(run.ledger.path.parent)
    office.record("b")
    assert len(all_problems(office)) == 2  # by the anchor, and by the run after it


def test_a_record_that_its_signer_altered_and_signed_anew_shows_by_the_anchor_alone(office: Office) -> None:
    folder = office.record("a")
    (folder / "record.ipynb").write_text(notebook("all = 'well'"), encoding="utf-8")
    head = verify_one(folder).head
    made_anew(office, folder)
    assert verify_one(folder).state is State.UNKNOWN_SIGNER
    found = verify_one(folder, anchor=anchor(office))
    assert found.state is State.ALTERED
    assert "isn't the statement of then" in str(found.problems[0])
    assert verify_one(folder, anchor=head).state is State.ALTERED


def test_a_tail_that_was_cut_off_shows_by_the_anchor(office: Office) -> None:
    folder = office.record("a")
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    for name in ("before", "after"):
        shutil.rmtree(folder / name)
    for name in ("statement.dsse.json", "plan.json", "ro-crate-metadata.json", "record.html", "record.ipynb"):
        (folder / name).unlink()
    (folder / "events.jsonl").write_bytes(b"".join(lines[:-1]))
    assert verify_one(folder).state is State.OPEN, "as if it had been interrupted"
    assert verify_one(folder, anchor=anchor(office)).state is State.ALTERED


def test_a_single_head_is_an_anchor_for_its_record(office: Office) -> None:
    folder, other = office.record("a"), office.record("b")
    head = verify_one(folder).head
    assert verify_one(folder, anchor=head).state is State.UNKNOWN_SIGNER
    assert verify_one(other, anchor=head).state is State.ALTERED
    with pytest.raises(InputError, match="single record"):
        verify_all(office.records, anchor=head)


def test_how_far_an_anchor_reaches_is_said(office: Office) -> None:
    folder = office.record("a")
    heads = office.root / "anchor"
    (kept,) = heads.glob("*.jsonl")
    statement, ledger = verify_one(folder).head, verify_one(folder).lines[-1]

    def said(given: str) -> str:
        done = CliRunner().invoke(app, ["verify-record", str(folder), "--anchor", given])
        assert done.exit_code == 4, done.output
        return done.output

    for whole in (statement, str(heads)):
        assert "Proved: it is the record whose head the anchor kept" in said(whole)
        assert "anew" not in said(whole).replace("sign anew", "")
    assert "Proved: its ledger is the one" in said(ledger)
    assert "it vouches for its ledger" in said(ledger)
    kept.write_text("".join(line for line in kept.read_text().splitlines(keepends=True) if '"opened"' in line))
    assert "it vouches for its having been begun" in said(str(heads))
    assert "Proved: it" not in said(str(heads)), "its files could all have been made anew"


def test_a_run_that_the_anchor_never_saw_is_told(office: Office, tmp_path: Path) -> None:
    office.record("a")
    stranger = Office(tmp_path / "stranger").record("a")
    assert verify_one(stranger, anchor=anchor(office)).state is State.ALTERED


def test_verify_record_takes_the_folder_of_an_estate(office: Office) -> None:
    office.record("a")
    shutil.rmtree(office.record("b"))
    key = office.root / "key.pem"
    key.write_text(record.own_key(office.environment).pem)
    arguments = ["verify-record", str(office.records), "--key", str(key)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    done = CliRunner().invoke(app, [*arguments, "--anchor", str(office.root / "anchor")])
    assert done.exit_code == 1
    assert "isn't here" in done.output


def test_an_anchor_that_isnt_reached_is_told_and_gets_what_it_missed_at_the_next_run(office: Office) -> None:
    blocked = office.root / "anchor"
    blocked.write_text("a file where the folder should be")
    closed = office.close(office.run("a"))
    assert len(closed.problems) == 1
    assert "couldn't be sent" in closed.problems[0]
    blocked.unlink()
    assert office.close(office.run("b")).problems == ()
    assert all_problems(office) == []


@pytest.mark.skipif(shutil.which("git") is None, reason="needs the program git")
def test_heads_go_to_a_git_remote(tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    office = Office(tmp_path, anchors=(f"git+{remote.as_uri()}",))
    first, second = office.run("a"), office.run("b")
    assert office.close(first).problems == ()
    assert office.close(second).problems == ()
    clone = tmp_path / "auditor"
    subprocess.run(["git", "clone", "--quiet", str(remote), str(clone)], check=True)
    _, missing = verify_all(office.records, anchor=read_anchor(str(clone)))
    assert missing == ()
    log = subprocess.run(["git", "-C", str(clone), "log", "--oneline"], check=True, capture_output=True).stdout
    assert len(log.splitlines()) == 2


def test_a_list_of_heads_that_isnt_one_is_refused_with_its_line(office: Office) -> None:
    office.record("a")
    path = Heads("litware", office.environment).path
    path.write_bytes(path.read_bytes().replace(b'"state":"closed"', b'"state": "closed"'))
    with pytest.raises(InputError, match=r"litware.jsonl:2"):
        read_anchor(str(path))


def test_an_estate_names_its_anchor_without_a_secret(tmp_path: Path) -> None:
    server = {"name": "mbx.litwareinc.com", "product": "exchange", "version": "2013", "roles": ["mailbox"]}
    endpoint = {"authentication": "kerberos", "credential": "cred:x"}
    given = {
        "name": "litware",
        "environment": "production",
        "organisation": "Litware, Inc.",
        "servers": [{**server, "endpoints": {"windows": endpoint}}],
    }
    with pytest.raises(ValueError, match="password"):
        Estate.model_validate({**given, "anchor": "git+https://me:pw@host/x.git"})
    folder = Estate.model_validate({**given, "anchor": "heads"}, context={"folder": tmp_path}).anchor
    assert folder == str(tmp_path / "heads")
