"""What may be chosen is read from the servers; what one of them doesn't tell is said, and the rest is still there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsing import Rehearsal, rehearsing
from runbook.display.choosing import Choosing
from runbook.engine.choices import read_choices
from runbook.errors import Cancelled, Refused
from runbook.estate import load_estate
from runbook.sections import SECTIONS
from runbook.sections.choices import Told, certificate_choices, stated

POOL = "atl-owa-001.litwareinc.com"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsing("split-2013", tmp_path_factory.mktemp("records")) as lab:
        yield lab


@pytest.fixture(scope="module")
def told(lab: Rehearsal) -> Told:
    return read_choices("trusted_pool", lab.estate)


def values(told: Told, name: str) -> list[str]:
    return [choice.value for choice in told.choices[name] if not choice.unusable]


def test_the_names_of_the_servers_are_offered(told: Told):
    assert "Redmond" in values(told, "site_id")
    assert values(told, "registrar_pool_fqdn") == ["atl-cs-001.litwareinc.com"]
    assert POOL in values(told, "owa_pool_fqdn"), "the Subject of the certificate"
    assert told.unread == ()


def test_a_dial_plan_that_cannot_be_used_says_why(told: Told):
    (barred,) = (choice for choice in told.choices["dial_plans"] if choice.unusable)
    assert "TelExtn" in barred.unusable


def test_a_certificate_shows_names_and_end_and_why_it_cannot_be_used(told: Told):
    best, *others = certificate_choices(told.held, POOL)
    assert best.unusable == ""
    assert POOL in best.label
    assert "until 2016-12-01" in best.label
    assert others
    assert all(choice.unusable for choice in others)
    assert any("self-signed" in choice.unusable for choice in others)
    assert certificate_choices(told.held, "other.litwareinc.com")[0].unusable, "judged by the pool that is named"


def test_policies_are_offered_with_what_they_say_now(lab: Rehearsal):
    told = read_choices("mailbox_policies", lab.estate)
    assert values(told, "policies") == values(told, "left_off") == ["Default", "Executives", "Kiosk"]


def test_a_server_that_does_not_answer_is_named_and_the_others_are_read(lab: Rehearsal, tmp_path: Path):
    text = lab.estate.path.read_text(encoding="utf-8")
    windows = lab.estate.server("atl-mbx-002.litwareinc.com").endpoints.windows
    assert windows is not None
    file = tmp_path / "estate.yaml"
    file.write_text(text.replace(str(windows.url), "https://127.0.0.1:9/wsman"), encoding="utf-8")
    ca = lab.estate.certificate_authority
    assert ca is not None
    (tmp_path / ca.name).write_bytes(ca.read_bytes())
    told = read_choices("trusted_pool", load_estate(file))
    assert any("atl-mbx-002" in line for line in told.unread)
    assert "Redmond" in values(told, "site_id")


def test_asking_can_be_cancelled(lab: Rehearsal):
    with pytest.raises(Cancelled):
        read_choices("trusted_pool", lab.estate, cancelled=lambda: True)


def test_what_the_estate_file_states_is_there_without_asking(lab: Rehearsal):
    found = stated(SECTIONS["owa_enablement"].parameters, lab.estate)
    assert [choice.value for choice in found["back_end_servers"]] == [
        "atl-mbx-001.litwareinc.com",
        "atl-mbx-002.litwareinc.com",
    ]
    assert "computer_fqdns" not in found, "no parameter of this section"


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (Refused("The account isn't known."), "The servers couldn&#x27;t be asked. The account isn&#x27;t"),
        (Cancelled("x"), "Cancelled"),
        (ZeroDivisionError("x"), "ZeroDivisionError"),
    ],
)
def test_the_form_is_free_again_however_asking_ended(raised: Exception, said: str):
    began = threading.Event()

    def read(*_: object, **__: object) -> Told:
        began.wait(10)
        raise raised

    choosing = Choosing("trusted_pool", lambda: None, lambda told: None, read)  # type: ignore[arg-type, return-value]
    ask: Any = choosing.widget.children[0].children[0]
    choosing.start()
    assert ask.disabled
    began.set()
    assert choosing.thread is not None
    choosing.thread.join(10)
    assert not ask.disabled
    assert said in choosing.widget.children[1].value
