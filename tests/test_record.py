"""The evidence bundle: what a closed record holds, what shows when it was altered, and who signed it."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from record_factory import Office, notebook
from record_mutations import missed, snapshot
from runbook import record
from runbook.cli import app
from runbook.errors import InputError, Refused
from runbook.ledger import read_events
from runbook.record import State, crate, verify
from runbook.record.listing import listed
from runbook.signing.keys import KEY_VARIABLE, own_key, public_key

MUTATIONS = 300
"""The whole, over records of a rehearsal: ``python tests/record_mutations.py``."""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed record that tests only read."""
    return Office(tmp_path_factory.mktemp("office")).record("a", "b")


def stated(folder: Path) -> Any:
    envelope = json.loads((folder / "statement.dsse.json").read_bytes())
    return json.loads(base64.b64decode(envelope["payload"]))


def invoke(office: Office, *arguments: object) -> Any:
    return CliRunner().invoke(app, [str(each) for each in arguments], env=office.environment)


def test_a_record_verifies_with_only_its_folder_and_the_public_key(office: Office) -> None:
    folder = office.record("a", "b")
    pem = invoke(office, "key", "export").stdout
    elsewhere = office.root / "elsewhere"
    shutil.copytree(folder, elsewhere / "handed over")
    (elsewhere / "signer.pem").write_text(pem)
    shutil.rmtree(office.records)
    shutil.rmtree(office.root / "state")
    known = invoke(office, "verify-record", elsewhere / "handed over", "--key", elsewhere / "signer.pem")
    assert known.exit_code == 0, known.output
    unknown = invoke(office, "verify-record", elsewhere / "handed over")
    assert unknown.exit_code == 4, unknown.output
    assert "signer not established" in unknown.output
    assert "no trusted time" in unknown.output
    assert "Not proved: without an anchor" in unknown.output


def test_what_is_proved_and_what_isnt_is_one_document_for_machines(office: Office) -> None:
    folder = office.record("a")
    (key := office.root / "signer.pem").write_text(invoke(office, "key", "export").stdout)
    unknown = invoke(office, "verify-record", folder, "--json")
    told = json.loads(unknown.stdout)
    assert told["exit_code"] == unknown.exit_code == 4
    (one,) = told["records"]
    assert (one["intact"], one["state"], one["problems"]) == (True, "intact, signer not established", [])
    assert any("--key" in words for words in told["not_proved"])
    known = json.loads(invoke(office, "verify-record", folder, "--json", "--key", key).stdout)
    assert known["exit_code"] == 0
    assert not any("--key" in words for words in known["not_proved"])
    page = folder / "record.html"
    page.write_bytes(page.read_bytes() + b" ")
    altered = invoke(office, "verify-record", office.records, "--json", "--key", key)
    told = json.loads(altered.stdout)
    assert told["exit_code"] == altered.exit_code == 1
    (one,) = told["records"]
    assert (one["intact"], [each["where"] for each in one["problems"]]) == (False, ["record.html"])
    assert told["proved"] == [], "nothing is said to be proved of what was altered"


def test_another_key_than_the_signers_is_told(office: Office, tmp_path: Path) -> None:
    folder = office.record("a")
    other = own_key({"RUNBOOK_STATE": str(tmp_path / "other")})
    (tmp_path / "other.pem").write_text(other.pem)
    done = invoke(office, "verify-record", folder, "--key", tmp_path / "other.pem")
    assert done.exit_code == 1
    assert other.fingerprint in done.output


def test_the_statement_says_who_did_what_when_from_where_and_with_what_outcome(bundle: Path) -> None:
    statement = stated(bundle)
    told = statement["predicate"]
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    names = {subject["name"] for subject in statement["subject"]}
    assert names == set(snapshot(bundle)) - {"statement.dsse.json"}
    assert told["environment"] == "rehearsal"
    assert told["outcome"] == "verified"
    assert told["who"]["account"]
    assert told["who"]["operator"] == "Kim Akers"
    assert told["from"]["host"]
    assert told["when"]["started"] <= told["when"]["ended"]
    assert told["when"]["utc_offset"] == "+02:00"
    assert (told["change_ticket"], told["operator_note"]) == ("CHG-4711", "Agreed with the change board.")
    assert [server["credential"] for server in told["servers"]] == []  # the fake fleet reports none
    (first, second) = told["changes"]
    assert (first["object"], first["before"], first["after"]) == ("Pool:a", None, "a")
    assert first["powershell"] == "New-CsTrustedApplicationPool -Identity a"
    assert [each["outcome"] for each in second["outcomes"]] == ["applied", "verified"]
    assert {finding["id"] for finding in told["findings"]} == {"pool-missing"}
    assert told["signer"]["fingerprint"]


@pytest.mark.parametrize("typed", ["CHG-B", "CHG-4711", ""])
def test_the_statement_names_the_ticket_that_was_confirmed_and_the_parameters_beside_it(
    office: Office, typed: str
) -> None:
    run = office.open("a")
    run.check()
    run.apply(confirmed_by="Kim Akers, button Apply", ticket=typed)
    run.verify()
    run.finish()
    office.close(run.ledger.path.parent)
    told = stated(run.ledger.path.parent)["predicate"]
    assert (told["change_ticket"], told["change_ticket_in_parameters"]) == (typed or "CHG-4711", "CHG-4711")
    assert [confirmed["ticket"] for confirmed in told["confirmations"]] == [typed]


def test_every_observed_object_is_there_before_and_after_for_people_and_machines(bundle: Path) -> None:
    files = snapshot(bundle)
    before, after = (json.loads(files[f"{when}/atl-fe-001-names.json"]) for when in ("before", "after"))
    assert (before["fact"], after["fact"]) == ([], ["a", "b"])
    assert "- a" in files["after/atl-fe-001-names.txt"].decode()
    plan = json.loads(files["plan.json"])
    assert len(plan["before"]["changes"]) == 2
    assert plan["after"]["changes"] == []


def test_the_crate_names_every_file_and_the_run(bundle: Path) -> None:
    crate = json.loads((bundle / "ro-crate-metadata.json").read_bytes())
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert {part["@id"] for part in entities["./"]["hasPart"]} == set(snapshot(bundle)) - {"ro-crate-metadata.json"}
    assert entities["#run"]["@type"] == "CreateAction"
    assert entities["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}


def test_a_record_without_its_notebook_says_so(office: Office) -> None:
    folder = office.record("a", with_notebook=False)
    assert stated(folder)["predicate"]["notebook"]["in_record"] is False
    assert verify(folder).state is State.UNKNOWN_SIGNER


def test_random_mutations_are_all_found_and_named(bundle: Path) -> None:
    found, kinds = missed(bundle, MUTATIONS, 20130203)
    assert found == []
    assert kinds.total() == MUTATIONS


def rewritten(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def problems(folder: Path) -> str:
    return "\n".join(map(str, verify(folder).problems))


def test_an_altered_line_and_an_altered_cell_are_named_by_their_numbers(office: Office) -> None:
    folder = office.record("a")
    rewritten(folder, "events.jsonl", '"by":"the test"', '"by":"the boss"')
    rewritten(folder, "record.ipynb", "output 2", "output 9")
    number = next(n for n, line in enumerate((folder / "events.jsonl").open(), 1) if "the boss" in line)
    said = problems(folder)
    assert f"events.jsonl:{number + 1}: the hash that it holds isn't that of line {number}" in said
    assert "record.ipynb: cell 2 was altered" in said


def test_a_signature_made_anew_with_another_key_shows_to_whoever_knows_the_right_one(office: Office) -> None:
    folder = office.record("a")
    right = own_key(office.environment).signer.public_key
    (folder / "statement.dsse.json").unlink()
    (folder / "before" / "atl-fe-001-names.txt").write_text("all is well\n")
    record.close(folder, environment={"RUNBOOK_STATE": str(office.root / "forger")})
    assert verify(folder).state is State.UNKNOWN_SIGNER
    found = verify(folder, key=right)
    assert found.state is State.OTHER_SIGNER, "it isn't called altered: nobody can say that from a wrong key"
    (tmp := office.root / "right.pem").write_text(own_key(office.environment).pem)
    said = invoke(office, "verify-record", folder, "--key", tmp)
    assert said.exit_code == 1
    assert "signed with another key" in said.output
    assert "Proved:" not in said.output


def test_nothing_can_be_added_to_a_signature(office: Office) -> None:
    folder = office.record("a")
    path = folder / "statement.dsse.json"
    envelope = json.loads(path.read_bytes())
    envelope["signatures"][0]["approved-by"] = "kim, reviewed and closed"
    path.write_text(json.dumps(envelope, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    assert verify(folder).state is State.ALTERED


def test_a_folder_that_holds_no_record_is_bad_input_and_no_accusation(office: Office) -> None:
    folder = office.record("a")
    for other in (folder / "before", office.records.parent):
        done = invoke(office, "verify-record", other)
        assert (done.exit_code, "altered" in done.output) == (2, False)


def test_a_folder_may_be_called_anything_so_the_ledger_says_what_it_is(office: Office, tmp_path: Path) -> None:
    other = shutil.copytree(office.record("a"), tmp_path / "20990101T000000Z-mailbox-policies-deadbeef")
    assert "by its ledger: trusted_pool, begun 20" in invoke(office, "verify-record", other).output


def test_of_several_records_nothing_is_said_to_be_proved_where_one_was_altered(office: Office) -> None:
    office.record("a")
    rewritten(office.record("b"), "record.html", "<", "< ")
    done = invoke(office, "verify-record", office.records)
    assert done.exit_code == 1
    assert "✔" in done.output
    assert "Proved:" not in done.output


def test_a_run_that_was_cut_off_stays_open_and_is_listed_first(office: Office) -> None:
    closed = office.record("a")
    run = office.open("b")
    run.check()
    run.ledger.close()
    assert record.close(run.ledger.path.parent, environment=office.environment) is None
    newest = office.record("c")
    ours = own_key(office.environment).signer.public_key
    found = listed(office.root / "records", key=ours)
    assert [one.folder for one in found] == [run.ledger.path.parent, newest, closed]
    assert [one.state for one in found] == [State.OPEN, State.SIGNED, State.SIGNED]
    done = invoke(office, "records", "litware", "--records", office.root / "records", "--json")
    assert [one["open"] for one in json.loads(done.stdout)["records"]] == [True, False, False]
    assert invoke(office, "verify-record", run.ledger.path.parent).exit_code == 1


def test_a_crash_in_the_middle_of_a_line_is_told_from_tampering(office: Office) -> None:
    run = office.open("a")
    run.check()
    run.ledger.close()
    with run.ledger.path.open("ab") as file:
        file.write(b'{"actor":"ki')
    assert read_events(run.ledger.path).torn
    assert verify(run.ledger.path.parent).state is State.OPEN
    data = run.ledger.path.read_bytes()
    run.ledger.path.write_bytes(data.replace(b'"phase":"check"', b'"phase":"chEck"', 1))
    assert verify(run.ledger.path.parent).state is State.ALTERED


def test_a_record_is_closed_once(office: Office) -> None:
    folder = office.record("a")
    with pytest.raises(Refused, match="signed once"):
        record.close(folder, environment=office.environment)


def cut_short(office: Office, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose process was killed while its record was being closed."""
    folder = office.run("a")
    with monkeypatch.context() as patch:
        patch.setattr(crate, "crate", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            office.close(folder)
    (folder / "plan.json").write_bytes((folder / "plan.json").read_bytes()[:-9])
    return folder


def test_a_record_whose_closing_was_cut_short_is_neither_altered_nor_intact_and_can_be_closed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut_short(office, monkeypatch)
    assert verify(folder).state is State.UNCLOSED
    told = invoke(office, "verify-record", folder)
    assert told.exit_code == 1
    assert "Closing the record was interrupted, or it was taken away" in told.output
    assert "close-record" in told.output
    assert "altered" not in told.output
    assert "intact" not in told.output
    listing = invoke(office, "records", "litware", "--records", office.root / "records", "--json")
    assert [one["open"] for one in json.loads(listing.stdout)["records"]] == [True]
    done = invoke(office, "close-record", folder)
    assert done.exit_code == 0, done.output
    assert verify(folder).state is State.UNKNOWN_SIGNER
    assert stated(folder)["predicate"]["closed"]["time"] > stated(folder)["predicate"]["when"]["ended"]
    again = invoke(office, "close-record", folder)
    assert again.exit_code == 1
    assert "can't be closed: intact" in again.output


def test_what_a_killed_process_left_half_written_is_no_part_of_the_record(office: Office) -> None:
    folder = office.run("a")
    (folder / ".record.ipynb.x1y2").write_text('{"cells"')
    office.close(folder)
    assert not list(folder.glob(".*"))
    assert verify(folder).state is State.UNKNOWN_SIGNER


def test_a_statement_that_was_taken_away_is_not_signed_anew(office: Office) -> None:
    folder = office.record("a")
    (folder / "statement.dsse.json").unlink()
    done = invoke(office, "close-record", folder)
    assert done.exit_code == 1
    assert "took it away" in done.output
    assert verify(folder).state is State.UNCLOSED


def test_only_a_run_that_ended_with_a_whole_ledger_can_be_closed(office: Office) -> None:
    run = office.open("a")
    run.ledger.close()
    assert invoke(office, "close-record", run.ledger.path.parent).exit_code == 1
    folder = office.run("b")
    rewritten(folder, "events.jsonl", '"by":"the test"', '"by":"the boss"')
    assert verify(folder).state is State.ALTERED
    assert invoke(office, "close-record", folder).exit_code == 1


def test_a_broken_ledger_is_never_signed(office: Office) -> None:
    folder = office.run("a")
    rewritten(folder, "events.jsonl", '"by":"the test"', '"by":"the boss"')
    with pytest.raises(InputError, match=r"events.jsonl:\d+"):
        record.close(folder, environment=office.environment)


def test_a_key_is_made_once_and_only_its_owner_may_read_it(office: Office) -> None:
    first = own_key(office.environment)
    assert first.made
    assert not own_key(office.environment).made
    assert own_key(office.environment).fingerprint == first.fingerprint
    assert public_key(first.pem.encode(), "it").keyid == first.fingerprint
    shown = invoke(office, "key", "show").stdout
    assert first.fingerprint in shown
    assert "PRIVATE" not in shown
    if os.name != "nt":
        assert first.path.stat().st_mode & 0o777 == 0o600
        first.path.chmod(0o644)
        with pytest.raises(InputError, match="Others may read"):
            own_key(office.environment)


def test_another_key_can_be_named(office: Office, tmp_path: Path) -> None:
    key = own_key({"RUNBOOK_STATE": str(tmp_path / "vault")})
    named = office.environment | {KEY_VARIABLE: str(key.path)}
    folder = office.run("a")
    closed = record.close(folder, environment=named)
    assert closed is not None
    assert closed.fingerprint == key.fingerprint
    assert not (office.root / "state" / "signing-key.pem").exists()


def test_json_that_two_readers_could_take_for_two_things_is_refused_though_it_is_signed(office: Office) -> None:
    folder = office.run("a", with_notebook=False)
    text = notebook("1")
    (folder / "record.ipynb").write_text(text.replace('"nbformat": 4,', '"nbformat": 4, "nbformat": 5,'))
    office.close(folder)
    assert "record.ipynb: a key stands twice" in problems(folder)


def test_what_isnt_a_record_is_bad_input(office: Office, tmp_path: Path) -> None:
    assert invoke(office, "verify-record", tmp_path / "nothing").exit_code == 2
    folder = office.record("a")
    (tmp_path / "no.pem").write_text("no key")
    assert invoke(office, "verify-record", folder, "--key", tmp_path / "no.pem").exit_code == 2
