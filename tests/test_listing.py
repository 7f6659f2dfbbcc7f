"""Long tables: filtered, ordered, paged, saved without formulas; and what is typed before a plan is applied."""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.change import Severity
from runbook.display.confirmation import Given, missing, question
from runbook.display.found import findings_table, worst_first
from runbook.display.listing import Listing
from runbook.display.looking import PAGE, Look, Rows
from runbook.display.spreadsheet import as_csv, data_url, safe
from runbook.table import Table
from test_change import CHANGE
from test_render import FINDING

MANY = Table(
    name="users",
    title="Users",
    columns=("User", "IM in OWA"),
    rows=tuple((f"user{number:05d}@litwareinc.com", "no" if number % 7 == 0 else "yes") for number in range(10_000)),
)


def test_a_filter_finds_rows_that_hold_every_word_whatever_the_letters():
    seen = Rows(MANY).look(Look(words="USER00014 no"))
    assert [MANY.rows[place] for place in seen.matching] == [("user00014@litwareinc.com", "no")]
    assert seen.counted == "Rows 1 to 1 of 1, of 10000 in all"


def test_ten_thousand_rows_are_shown_a_page_at_a_time():
    rows = Rows(MANY)
    first, last = rows.look(Look()), rows.look(Look(page=10**6))
    assert (len(first.places), first.pages, first.counted) == (PAGE, 200, "Rows 1 to 50 of 10000")
    assert (last.page, last.places[-1]) == (199, 9_999)


def test_order_and_back_to_front():
    rows = Rows(MANY)
    assert MANY.rows[rows.look(Look(column=1)).places[0]][1] == "no"
    assert MANY.rows[rows.look(Look(column=0, descending=True)).places[0]][0] == "user09999@litwareinc.com"


def test_nothing_that_matches_is_said():
    assert Rows(MANY).look(Look(words="nobody")).counted == "No row of 10000 matches."


@given(st.lists(st.tuples(st.text(), st.text())), st.text(), st.sampled_from([None, 0, 1]), st.booleans())
def test_every_matching_row_is_on_exactly_one_page(
    rows: list[tuple[str, str]], words: str, column: int | None, descending: bool
):
    table = Table(name="t", title="T", columns=("A", "B"), rows=tuple(rows))
    looked = Rows(table)
    pages = [looked.look(Look(words=words, column=column, descending=descending, page=page)) for page in range(3)]
    if pages[0].pages <= 3:
        shown = [place for page in pages[: pages[0].pages] for place in page.places]
        assert sorted(shown) == sorted(pages[0].matching)
        assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d"])
def test_no_cell_of_a_file_is_a_formula(start: str):
    assert safe(f"{start}cmd|' /C calc'!A0").startswith("'")


def test_other_cells_stay_as_they_are_and_hide_nothing():
    assert safe("ada@litwareinc.com") == "ada@litwareinc.com"
    assert safe("a\u202eb") == "a\\u202eb"


@given(st.lists(st.tuples(st.text(), st.text())))
def test_a_file_reads_back_as_the_rows_that_were_chosen(rows: list[tuple[str, str]]):
    table = Table(name="t", title="T", columns=("A", "B"), rows=tuple(rows))
    data = as_csv(table, range(len(rows))).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(data, newline="")))
    assert read[0] == ["A", "B"]
    assert len(read) == len(rows) + 1
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in read for cell in row)


def test_the_widget_sends_one_page_and_a_file_of_what_matches():
    listing = Listing(MANY)
    assert listing.shown.value.count("<tr>") == PAGE + 1
    assert listing.back.disabled
    assert not listing.on.disabled
    listing.on.click()
    assert "user00050" in listing.shown.value
    listing.words.value = "no"
    assert "Page 1 of 29" in listing.count.value
    listing.save.click()
    address = data_url(as_csv(MANY, [place for place in range(10_000) if place % 7 == 0]))
    assert address in listing.file.value
    assert base64.b64decode(address.partition(",")[2]).decode("utf-8-sig").count("\n") == 1 + 1429
    listing.words.value = "user00001"
    assert listing.file.value == "", "an older file is no longer offered"


def test_findings_are_a_table_the_worst_first():
    healthy = replace(FINDING, severity=Severity.INFO, id="fine")
    table = findings_table(worst_first([healthy, FINDING]))
    assert [row[0] for row in table.rows] == ["error", "info"]
    assert FINDING.remedy in table.rows[0]


def test_what_is_missing_before_an_apply_is_said_sentence_by_sentence():
    asked = question((replace(CHANGE, disturbs="OWA restarts."),), "")
    server = CHANGE.target.server
    assert len(missing(asked, Given(ticket=" ", names={}))) == 2
    assert missing(asked, Given(ticket="CHG1", names={server: "x"})) == (f"What is typed isn't the name {server}.",)
    assert missing(asked, Given(ticket="CHG1", names={server: server})) == ()
    assert "OWA restarts." in asked.announcement
    assert server in asked.announcement
