"""Pseudonyms in place of people: everywhere that a record speaks of them, the same for the same person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from record_factory import notebook
from rehearsing import rehearsing
from runbook import record
from runbook.change import Change, Plan
from runbook.command import Pipeline, Shell, Target, cmdlet
from runbook.facts.recipients import Mailbox
from runbook.inputs.personal import PERSONAL
from runbook.ledger import Ledger, read_events
from runbook.ledger.events import FactRead, Intent, Mode, Phase, PlanMade, RunStarted
from runbook.ledger.heads import redaction_key
from runbook.ledger.redaction import Redactor
from runbook.paths import STATE_VARIABLE

TARGET = Target("atl-fe-001.litwareinc.com", Shell.LYNC)
KIM = Mailbox(
    identity="litwareinc.com/Users/Kim Akers",
    user="kim@litwareinc.com",
    addresses=("SMTP:kim@litwareinc.com", "sip:kim@litwareinc.com", "X500:/o=Litware/cn=kakers"),
    server="atl-mbx-001",
    kind="UserMailbox",
    server_version="Version 15.0",
)


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor(b"key")
    made.learn((KIM,))
    return made


def test_names_and_addresses_go_and_everything_else_stays(redactor: Redactor) -> None:
    said = "Without SIP: Kim Akers (kim@litwareinc.com), on atl-mbx-001."
    found = redactor.redacted(said)
    assert "kim" not in found.lower()
    assert found.endswith("@litwareinc.com), on atl-mbx-001.")
    assert found.startswith("Without SIP: user-")
    redacted = redactor.redacted(KIM)
    assert (redacted.server, redacted.kind) == ("atl-mbx-001", "UserMailbox")
    assert "kakers" not in str(redacted)


def test_the_same_person_is_the_same_in_any_spelling_and_another_under_another_key(redactor: Redactor) -> None:
    one, other = redactor.redacted("kim@litwareinc.com"), redactor.redacted("SIP:Kim@litwareinc.com")
    assert other == f"SIP:{one}"
    assert Redactor(b"another").redacted("kim@litwareinc.com") != one


def test_a_name_inside_another_word_is_no_name(redactor: Redactor) -> None:
    assert redactor.redacted("Kim Akersson skims kimono") == "Kim Akersson skims kimono"


@example(name="AA\u0130", around="")
@example(name="\u0391\u03a3.b", around="")
@given(name=st.text(st.characters(categories=["L"]), min_size=3, max_size=12), around=st.text(max_size=20))
def test_a_known_name_is_never_left_standing(name: str, around: str) -> None:
    redactor = Redactor(b"key")
    redactor.learn(replace(KIM, identity=name))
    text = f"{around} {name} {around}"
    assert f" {name} " not in redactor.redacted(text) or "user-" in name


def test_a_redacted_plan_fits_its_own_digest_and_what_refers_to_it(tmp_path: Path, redactor: Redactor) -> None:
    command = Pipeline.of(cmdlet("Grant-CsExternalAccessPolicy", Identity="kim@litwareinc.com", PolicyName="Remote"))
    change = Change(
        target=TARGET,
        object="Kim Akers",
        property="Policy",
        before="",
        after="Remote",
        command=command,
        irreversible="-",
    )
    plan = Plan(changes=(change,))
    with Ledger.create(tmp_path, redactor=redactor) as ledger:
        ledger.append(RunStarted(section="online_hybrid", mode=Mode.APPLY, estate="litware", environment="rehearsal"))
        ledger.append(PlanMade(phase=Phase.CHECK, plan=plan, digest=plan.digest))
        ledger.append(Intent(plan=plan.digest, change=0, target=TARGET, pipeline=command))
        ledger.append(FactRead(phase=Phase.CHECK, query="q", target=TARGET, pipeline=command, fact={"Kim Akers": [1]}))
    made, intent = read_events(tmp_path).events[1:3]
    assert isinstance(made, PlanMade)
    assert isinstance(intent, Intent)
    assert intent.plan == made.digest == redactor.redacted(plan).digest != plan.digest
    assert b"im" not in (tmp_path / "events.jsonl").read_bytes().replace(b"time", b"")


def test_the_key_of_pseudonyms_stays_with_its_user(tmp_path: Path) -> None:
    environment = {STATE_VARIABLE: str(tmp_path)}
    assert redaction_key(environment) == redaction_key(environment)
    assert len(redaction_key(environment)) == 32


def test_personal_is_marked_where_the_field_is() -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Fact:
        person: Annotated[str, PERSONAL]
        place: str

    globals()["Fact"] = Fact
    learner = Redactor(b"key")
    learner.learn({"a": [Fact("Jo Brown", "Redmond")]})
    assert "Redmond" in learner.redacted("Jo Brown in Redmond")
    assert "Brown" not in learner.redacted("Jo Brown in Redmond")


def test_a_record_of_an_estate_that_redacts_names_nobody(tmp_path: Path) -> None:
    with rehearsing("minimal-2013", tmp_path) as rehearsal:
        rehearsal.estate = rehearsal.estate.model_copy(update={"redact_users": True})
        users = rehearsal.lab.ask("users")["users"]
        folder = rehearsal.run("mailbox_policies", Mode.APPLY).record
        given = notebook(f"presence_attested_user = '{users[0]['user']}'")
        (folder / "record.ipynb").write_text(given, encoding="utf-8")
        assert record.close(folder) is not None
    assert record.verify(folder).problems == ()
    written = b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).decode().lower()
    named = {word for user in users for value in _words(user) for word in [value.lower()] if word in written}
    assert users
    assert named == set()


def _words(user: object) -> list[str]:
    """Addresses and display names of a user, as the lab's control address tells them."""
    found = json.loads(json.dumps(user))
    return [value for value in found.values() if isinstance(value, str) and ("@" in value or " " in value)]
