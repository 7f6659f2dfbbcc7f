"""How an estate stands: by its records, with the broken link marked, what is next, and links to the notebooks."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from rehearsing import Rehearsal, rehearsing
from runbook.change import Outcome
from runbook.cli.lab import in_environment
from runbook.display.standing_now import StandingNow
from runbook.display.start_page import notebooks, overview
from runbook.engine.opening import RECORDS_VARIABLE
from runbook.engine.parameter_files import PARAMETERS_VARIABLE
from runbook.errors import Cancelled, InputError, RunbookError
from runbook.ledger.events import Mode
from runbook.record import State, verify
from runbook.sections import SECTIONS
from runbook.standing import overview as stands
from runbook.standing.changed import changed
from runbook.standing.look import Looking, look_around
from runbook.standing.page import page

PROCEDURE = [name for name, section in SECTIONS.items() if section.in_procedure]
LINK = "Exchange back end to Lync pool atl-cs-001, mutual TLS"


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """An organisation in which nothing is integrated yet, and every section looked at once."""
    records = tmp_path_factory.mktemp("records")
    with rehearsing("split-2013", records) as lab, in_environment({RECORDS_VARIABLE: str(records)}):
        assert look_around(lab.estate) == {}
        yield lab


def test_every_section_is_looked_at_and_each_look_is_a_signed_record(looked: Rehearsal):
    folders = list((looked.records / looked.estate.name).iterdir())
    assert len(folders) == len(PROCEDURE)
    assert all(verify(folder).state in (State.SIGNED, State.UNKNOWN_SIGNER) for folder in folders)
    assert looked.mutations() == []


def test_the_broken_link_is_marked_and_servers_that_a_plan_mends_are_not_called_broken(looked: Rehearsal):
    told = stands(looked.estate, looked.records)
    assert f"{LINK}: broken." in told.picture.text
    assert "atl-mbx-001, Exchange 2013, Mailbox: needs changes." in told.picture.text
    assert "Exchange Online" not in told.picture.text, "the parameters say that there is none"
    assert told.picture.text.count("broken") == 1


def test_what_is_next_is_the_first_section_that_is_not_done(looked: Rehearsal):
    told = stands(looked.estate, looked.records)
    assert [standing.section for standing in told.standings] == PROCEDURE
    assert told.next is not None
    assert told.next.section == "trusted_pool"
    assert told.next.reason.startswith("The topology has no trusted application pool")


def test_the_page_links_each_section_to_its_notebook_and_says_state_as_sign_and_word(looked: Rehearsal):
    shown = page(stands(looked.estate, looked.records), notebooks(), {"verification": "It wasn't looked at."})
    tree = html.fromstring(shown.html)
    links = {"".join(link.itertext()): link.get("href") for link in tree.iter("a")}
    assert links["OWA enablement"] == "30-owa-enablement.ipynb"
    states = ["".join(row.findall("td")[0].itertext()) for row in tree.find(".//tbody").findall("tr")]
    assert states[0].startswith("✔ done")
    assert states[1].startswith("○ needs changes")
    assert states[2].startswith("✖ something stands in the way")
    assert "It wasn't looked at." in shown.text
    assert "→ Trusted application pool: ○ needs changes" in shown.text


def test_a_section_that_is_done_leaves_the_next_one(looked: Rehearsal, tmp_path: Path):
    with rehearsing("split-2013", tmp_path / "runs") as lab:
        lab.run("trusted_pool", Mode.APPLY)
        with in_environment({RECORDS_VARIABLE: str(tmp_path / "looks")}):
            look_around(lab.estate)
        told = stands(lab.estate, tmp_path / "looks")
        assert told.next is not None
        assert told.next.section == "owa_enablement"
        assert changed(lab.estate, tmp_path / "looks") == (), "a look changes nothing"
        assert told.standings[1].outcome is Outcome.NOT_NEEDED


def test_without_records_nothing_is_claimed(looked: Rehearsal, tmp_path: Path):
    told = stands(looked.estate, tmp_path)
    assert all(standing.outcome is None for standing in told.standings)
    assert "broken" not in told.picture.text
    assert "fine" not in told.picture.text
    assert told.next is not None
    assert told.next.section == PROCEDURE[0]


def test_a_record_that_cannot_be_read_is_as_none(looked: Rehearsal, tmp_path: Path):
    folder = tmp_path / looked.estate.name / "x"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text("not a ledger\n", encoding="utf-8")
    assert stands(looked.estate, tmp_path).standings[0].outcome is None


def test_a_section_without_a_parameter_file_is_said_and_the_others_are_looked_at(looked: Rehearsal, tmp_path: Path):
    source = Path(os.environ[PARAMETERS_VARIABLE].split(os.pathsep)[-1])
    folder = tmp_path / "parameters"
    folder.mkdir()
    text = (Path(__file__).parents[1] / source / "online-hybrid.yaml").read_text(encoding="utf-8")
    (folder / "online-hybrid.yaml").write_text(text, encoding="utf-8")
    given = {**os.environ, PARAMETERS_VARIABLE: str(folder), RECORDS_VARIABLE: str(tmp_path / "records")}
    failed = look_around(looked.estate, environment=given)
    assert set(failed) == set(PROCEDURE) - {"online_hybrid"}
    assert all("no parameter file" in why for why in failed.values())
    assert len(list((tmp_path / "records").glob("*/*"))) == 1


def test_a_look_can_be_cancelled_and_what_was_seen_by_then_is_kept(looked: Rehearsal, tmp_path: Path):
    seen: list[Looking] = []
    given = {**os.environ, RECORDS_VARIABLE: str(tmp_path)}
    with pytest.raises(Cancelled):
        look_around(
            looked.estate, watch=seen.append, cancelled=lambda: bool(seen) and seen[-1].done > 0, environment=given
        )
    folders = list(tmp_path.glob("*/*"))
    assert folders
    assert all(verify(folder).state in (State.SIGNED, State.UNKNOWN_SIGNER) for folder in folders)


def test_without_anybody_before_it_the_page_is_a_view(looked: Rehearsal, tmp_path: Path):
    with in_environment({RECORDS_VARIABLE: str(tmp_path)}):
        shown = overview(interactive=False)
    assert shown is not None
    assert "Next: " in shown.html
    with pytest.raises(InputError, match="There is no file"):
        overview("nowhere.yaml", interactive=False)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (Cancelled("x"), "Cancelled"),
        (RunbookError("The disk is full."), "The look ended early. The disk is full."),
        (ZeroDivisionError("x"), "ZeroDivisionError"),
    ],
)
def test_the_page_is_free_again_however_the_look_ended(looked: Rehearsal, raised: Exception, said: str):
    go_on = threading.Event()

    def look(*_: object, **__: object) -> dict[str, str]:
        go_on.wait(10)
        raise raised

    now = StandingNow(looked.estate, look)
    again: Any = now.widget.children[1].children[0]
    now.start()
    assert again.disabled
    go_on.set()
    assert now.thread is not None
    now.thread.join(10)
    assert not again.disabled
    assert said in now.widget.children[2].value


def test_an_undo_may_be_chosen_from_the_runs_that_changed_something(tmp_path: Path):
    with rehearsing("split-2013", tmp_path) as lab:
        folder = tmp_path / lab.estate.name
        run = Rehearsal(lab.lab, lab.estate, folder)
        run.run("trusted_pool", Mode.APPLY)
        run.run("mailbox_policies", Mode.PLAN)
        (folder / "0").mkdir()
        (folder / "0" / "events.jsonl").write_text("not a ledger\n", encoding="utf-8")
        (choice,) = changed(lab.estate, tmp_path)
        assert choice.value == str(folder / "1")
        assert "Trusted application pool, 7 changed: verified" in choice.label
