"""The report of a run: it tells what the ledger holds, hides nothing, needs nothing, and can't be taken over."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import html as markup

from runbook import report as report_module
from runbook.change import Change, Finding, Outcome, Plan, Severity
from runbook.command import Pipeline, Shell, Target, cmdlet
from runbook.ledger import Ledger, read_events
from runbook.ledger.events import (
    Event,
    FindingRecorded,
    Intent,
    Mode,
    Note,
    OutcomeRecorded,
    Phase,
    PlanConfirmed,
    PlanMade,
    RunEnded,
    RunStarted,
    ServerReached,
)
from runbook.render.differences import differences
from runbook.report import html, report
from runbook.report.means import means

SERVER = Target("atl-cas-001.litwareinc.com", Shell.EXCHANGE)
STYLE = Path(report_module.__file__).parent / "templates" / "report.css"
HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


def _change(name: str = "owa", before: object = "None", after: object = "OCS") -> Change:
    command = Pipeline((cmdlet("Set-OwaVirtualDirectory", Identity=name),))
    return Change(
        target=SERVER,
        object=name,
        property="InstantMessagingType",
        before=before,  # type: ignore[arg-type]
        after=after,  # type: ignore[arg-type]
        command=command,
        reverse=(command,),
        requirements=("L48",),
    )


def _finding(what: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(id="vdir-type-none", requirements=("L50",), severity=severity, what=what, why="", remedy="Set it.")


def _told(folder: Path, *happened: Event, environment: str = "rehearsal", **given: str):
    clock = (datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(seconds=n) for n in range(1000))
    start = RunStarted(
        section="owa_enablement", mode=Mode.APPLY, estate="litware", environment=environment, parameters=dict(given)
    )
    with Ledger.create(folder, clock=lambda: next(clock)) as ledger:
        for event in (start, *happened):
            ledger.append(event)
    return report(read_events(folder))


def _applied(plan: Plan, outcome: Outcome = Outcome.VERIFIED) -> tuple[Event, ...]:
    digest = plan.digest
    return (
        PlanMade(phase=Phase.CHECK, plan=plan, digest=digest),
        PlanConfirmed(digest=digest, by="parameter mode=apply"),
        Intent(plan=digest, change=0, target=SERVER, pipeline=plan.changes[0].command),
        OutcomeRecorded(plan=digest, change=0, outcome=outcome, detail="The facts say so."),
        RunEnded(outcome=outcome),
    )


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", markup.fromstring(page).text_content())


def test_first_of_all_it_says_the_outcome_the_environment_and_the_ticket(tmp_path: Path):
    page = html(_told(tmp_path, *_applied(Plan(changes=(_change(),))), change_ticket="CHG0042"))
    said = _text(page.partition("<body>")[2])
    assert said.index("REHEARSAL") < said.index("Verified") < said.index("CHG0042") < said.index("What changed")


def test_production_is_never_shown_as_a_rehearsal(tmp_path: Path):
    said = _text(html(_told(tmp_path, RunEnded(outcome=Outcome.NOT_NEEDED), environment="production")))
    assert "PRODUCTION" in said
    assert "REHEARSAL" not in said


def test_a_run_that_was_cut_off_says_so_and_what_is_in_doubt(tmp_path: Path):
    plan = Plan(changes=(_change(),))
    said = _text(html(_told(tmp_path, *_applied(plan)[:3])))
    assert "Unknown" in said
    assert "cut off" in said
    assert "about to be sent" in said


def test_what_was_planned_only_is_not_told_as_made(tmp_path: Path):
    plan = Plan(changes=(_change(), _change("other")))
    made = PlanMade(phase=Phase.CHECK, plan=plan, digest=plan.digest)
    told = _told(tmp_path, made, RunEnded(outcome=Outcome.PLANNED))
    assert told.changed == ()
    assert "2 planned, 0 made" in _text(html(told))


def test_what_is_left_are_the_findings_after_the_changes(tmp_path: Path):
    plan = Plan(changes=(_change(),))
    events = _applied(plan)
    told = _told(
        tmp_path,
        FindingRecorded(phase=Phase.CHECK, finding=_finding("mended since")),
        *events[:-1],
        FindingRecorded(phase=Phase.VERIFY, finding=_finding("still there", Severity.WARNING)),
        PlanMade(phase=Phase.VERIFY, plan=Plan(because="done"), digest=Plan(because="done").digest),
        events[-1],
    )
    assert [finding.what for finding in told.to_do] == ["still there"]
    assert [finding.what for finding in told.found] == ["mended since"]


def test_a_servers_words_are_shown_and_do_nothing(tmp_path: Path):
    plan = Plan(changes=(_change(before=HOSTILE),))
    page = html(
        _told(
            tmp_path,
            Note(text=HOSTILE),
            FindingRecorded(phase=Phase.CHECK, finding=_finding(HOSTILE)),
            *_applied(plan),
        )
    )
    tree = markup.fromstring(page)
    assert not tree.xpath("//script | //@onclick | //@onerror")
    assert "alert(1)" in tree.text_content()
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "\\u202e" in page


def test_the_page_needs_nothing_and_allows_nothing_but_its_own_style(tmp_path: Path):
    page = html(_told(tmp_path, *_applied(Plan(changes=(_change(),)))))
    tree = markup.fromstring(page)
    assert not tree.xpath("//@src | //@href | //@style | //link | //iframe | //object | //form")
    style = tree.xpath("//style")[0].text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_state_has_a_word_beside_its_colour(tmp_path: Path):
    page = html(_told(tmp_path, *_applied(Plan(changes=(_change(),)), Outcome.FAILED)))
    for cell in markup.fromstring(page).xpath("//td[contains(@class, 'failed')]"):
        assert cell.text_content().strip() in ("✖ failed", "")


def test_at_first_sight_it_says_where_who_and_from_where(tmp_path: Path):
    reached = ServerReached(target=SERVER, url="https://x/", authentication="kerberos", credential="cred:exchange")
    told = _told(tmp_path, reached, *_applied(Plan(changes=(_change(),))))
    first = read_events(tmp_path).entries[0]
    expected = {"Scope": SERVER.server, "Operator": first.actor, "From": first.host, "Change ticket": "none given"}
    assert dict(told.identity).items() >= expected.items()
    said = _text(html(told).partition("<body>")[2])
    assert said.index("Scope") < said.index("Operator") < said.index("What changed")


def test_each_step_says_what_was_there_before_and_after(tmp_path: Path):
    page = html(_told(tmp_path, *_applied(Plan(changes=(_change(before={"a": "1", "b": "x"}, after={"a": "2"}),)))))
    rows = [
        [cell.text_content() for cell in row.xpath("td")]
        for row in markup.fromstring(page).xpath("//article//tbody/tr")
    ]
    assert rows == [["a", "1", "2"], ["b", "x", "(not there)"]]


def _course(*outcomes: Outcome | None, ended: Outcome | None) -> tuple[Event, ...]:
    """A run of one change for each outcome: sent, but for those that were refused, planned or not tried (``None``)."""
    plan = Plan(changes=tuple(_change(f"vdir-{number}") for number in range(max(len(outcomes), 1))))
    happened: list[Event] = [PlanMade(phase=Phase.CHECK, plan=plan, digest=plan.digest)]
    for place, outcome in enumerate(outcomes):
        if outcome not in (Outcome.REFUSED, Outcome.PLANNED, None):
            command = plan.changes[place].command
            happened.append(Intent(plan=plan.digest, change=place, target=SERVER, pipeline=command))
        if outcome is not None:
            happened.append(OutcomeRecorded(plan=plan.digest, change=place, outcome=outcome, detail="It said so."))
    return (*happened, *((RunEnded(outcome=ended),) if ended else ()))


VERIFIED, FAILED, REFUSED, UNKNOWN, PLANNED = (
    Outcome.VERIFIED,
    Outcome.FAILED,
    Outcome.REFUSED,
    Outcome.UNKNOWN,
    Outcome.PLANNED,
)


@pytest.mark.parametrize(
    ("outcomes", "ended", "said"),
    [
        ((REFUSED, REFUSED), REFUSED, "The run was refused before it changed anything."),
        ((VERIFIED, REFUSED), REFUSED, "Part of it was refused. What is left stands below. Of 2 changes: 1 verified;"),
        ((FAILED, REFUSED), REFUSED, "No change is known to be made."),
        ((VERIFIED, REFUSED), Outcome.INCOMPLETE, "Part of it is done."),
        ((VERIFIED, None), Outcome.INCOMPLETE, "Part of it is done."),
        ((None, None), Outcome.INCOMPLETE, "This run changed nothing."),
        ((FAILED,), Outcome.INCOMPLETE, "No change is known to be made."),
        ((VERIFIED, FAILED), FAILED, "Something failed."),
        ((FAILED,), FAILED, "Something failed. What was done and what wasn't stands below."),
        ((None,), PLANNED, "This run only looked. Nothing was changed."),
        ((VERIFIED, None), PLANNED, "Not all of it was done."),
        ((UNKNOWN,), UNKNOWN, "Nobody can say from this record what happened."),
        ((None,), UNKNOWN, "This run sent nothing."),
        ((None,), None, "This run sent nothing."),
        ((VERIFIED, VERIFIED), VERIFIED, "Everything is as it should be, by facts read afresh."),
        ((None,), Outcome.NOT_NEEDED, "There was nothing to change."),
    ],
)
def test_what_the_outcome_means_is_true_of_what_was_sent(
    tmp_path: Path, outcomes: tuple[Outcome | None, ...], ended: Outcome | None, said: str
):
    told = _told(tmp_path, *_course(*outcomes, ended=ended))
    assert means(told).startswith(said)
    assert means(told) in _text(html(told))
    if told.changed:
        assert not re.search("nothing was changed|changed nothing|before it changed|sent nothing", means(told).lower())


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("sent", [(), (VERIFIED,), (FAILED,), (REFUSED,), (UNKNOWN,)])
def test_every_outcome_has_a_sentence_whatever_was_sent(tmp_path: Path, outcome: Outcome, sent: tuple[Outcome, ...]):
    assert means(_told(tmp_path, *_course(*sent, ended=outcome)))


def test_a_change_that_failed_and_was_then_skipped_shows_both_in_the_table(tmp_path: Path):
    made, *_ = happened = _course(VERIFIED, FAILED, ended=None)
    assert isinstance(made, PlanMade)
    left = Plan(changes=made.plan.changes[1:])
    told = _told(
        tmp_path,
        *happened,
        PlanMade(phase=Phase.CHECK, plan=left, digest=left.digest),
        OutcomeRecorded(plan=left.digest, change=0, outcome=REFUSED, detail="Skipped: by hand on Monday"),
        RunEnded(outcome=REFUSED),
    )
    page = html(told)
    _, row = markup.fromstring(page).xpath("//section[@aria-labelledby='changed']//tbody/tr")
    outcome, what = (re.sub(r"\s+", " ", cell.text_content()).strip() for cell in row.xpath("td")[1:3])
    assert outcome == "✖ failed, then ✖ refused"
    assert what.index("failed: It said so.") < what.index("refused: Skipped: by hand on Monday")
    assert "2 planned, 1 made, 1 tried and not made" in _text(page)
    assert [moment.what for moment in told.course if ": failed" in moment.what or ": refused" in moment.what][:2] == [
        "change 2: failed",
        "change 2: refused",
    ], "under the number that the table has, whichever plan it was of"
    assert "before it changed anything" not in _text(page)


def test_the_ticket_that_was_typed_wins_and_the_one_of_the_parameters_is_told_beside_it(tmp_path: Path):
    plan = Plan(changes=(_change(),))
    made, confirmed, *rest = _applied(plan)
    assert isinstance(confirmed, PlanConfirmed)
    typed = PlanConfirmed(digest=plan.digest, by="Ada, button Apply", ticket="CHG-B")
    told = _told(tmp_path / "both", Note(text="CHG-A"), made, typed, *rest, change_ticket="CHG-A")
    said = dict(told.identity)["Change ticket"]
    assert said.startswith("CHG-B")
    assert "CHG-A" in said
    assert told.notes == (), "a ticket isn't a note, and this one didn't count"
    assert dict(_told(tmp_path / "one", made, typed, *rest).identity)["Change ticket"] == "CHG-B"
    same = _told(tmp_path / "same", made, typed, *rest, change_ticket="CHG-B")
    assert dict(same.identity)["Change ticket"] == "CHG-B"


RATIO = 4.5
"""WCAG 2.2, 1.4.3 (AA) for text of ordinary size; larger text here is held to it too."""


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _palettes() -> dict[str, dict[str, str]]:
    """The colours of the page on a light and a dark screen and on paper."""
    css = STYLE.read_text(encoding="utf-8")
    roots = [dict(re.findall(r"--([\w-]+):\s*(#\w+)", body)) for body in re.findall(r":root\s*{([^}]*)}", css)]
    light, dark, paper = roots
    return {"light": light, "dark": light | dark, "paper": light | paper}


@pytest.mark.parametrize("screen", ["light", "dark", "paper"])
@pytest.mark.parametrize("ground", ["paper", "soft"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "good", "bad", "care", "know"])
def test_every_colour_of_text_stands_out_from_what_it_stands_on(screen: str, ground: str, ink: str):
    palette = _palettes()[screen]
    assert _contrast(palette[ink], palette[ground]) >= RATIO


@pytest.mark.parametrize("screen", ["light", "dark"])
def test_the_band_that_says_production_or_rehearsal_can_be_read(screen: str):
    palette = _palettes()[screen]
    (production,) = re.findall(r"\.band\.production\s*{\s*background:\s*(#\w+)", STYLE.read_text(encoding="utf-8"))
    for ground in (palette["band"], production):
        assert _contrast(palette["band-ink"], ground) >= RATIO


def test_no_colour_is_used_that_is_not_held_to_this():
    """Whatever else names a colour is black or white on paper, or the band."""
    css = re.sub(r":root\s*{[^}]*}", "", STYLE.read_text(encoding="utf-8"))
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", css)) <= {"#000", "#fff", "#7a1020"}
    assert not re.findall(r"\b(?:rgb|hsl|opacity|filter)\b", css)


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("a", "b", [""]),
        ({"x": "1", "y": "2"}, {"x": "1", "y": "3"}, ["y"]),
        (None, {"x": "1"}, ["x"]),
        ({"x": {"z": "1"}}, {"x": {"z": "2"}}, ["x.z"]),
        ({"x": None}, {}, ["x"]),
    ],
)
def test_only_what_differs_is_told(before: object, after: object, names: list[str]):
    assert [one.name for one in differences(before, after)] == names  # type: ignore[arg-type]
