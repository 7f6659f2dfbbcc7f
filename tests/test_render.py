"""What is shown: everything of a plan, nothing of a server's text as markup, and no state by colour alone."""

from __future__ import annotations

from dataclasses import replace

from lxml import html

from runbook import render
from runbook.change import ChangeOutcome, Decision, Finding, Outcome, Plan, Repair, Severity, Step
from runbook.command import Pipeline, cmdlet
from test_change import CHANGE

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"
FINDING = Finding(
    id="pool-missing",
    requirements=("L26",),
    severity=Severity.ERROR,
    what="There is no pool.",
    why="Lync doesn't know the servers.",
    remedy="Create the pool.",
    server="atl-fe-001.litwareinc.com",
    repair=Repair.PLANNED,
)


def words(view: render.View) -> str:
    return " ".join(html.fromstring(f"<div>{view.html}</div>").text_content().split())


def test_a_finding_says_what_why_where_and_who_mends_it_in_html_and_in_text() -> None:
    view = render.findings(Decision(findings=(FINDING,), plan=Plan(changes=(CHANGE,))))
    for said in (FINDING.what, FINDING.why, FINDING.remedy, FINDING.server, "pool-missing", "L26", "error"):
        assert said in words(view)
        assert said in view.text
    assert "The plan mends it." in view.text


def test_the_worst_comes_first() -> None:
    healthy = replace(FINDING, severity=Severity.INFO, what="All is well.", repair=Repair.NONE)
    view = render.findings(Decision(findings=(healthy, FINDING), plan=Plan(changes=(CHANGE,))))
    assert view.text.index(FINDING.what) < view.text.index("All is well.")
    assert "1 error, 1 info" in view.text


def test_a_servers_text_is_never_markup_and_hides_nothing() -> None:
    decision = Decision(findings=(replace(FINDING, what=HOSTILE, server=HOSTILE),), plan=Plan(because=HOSTILE))
    for view in (
        render.findings(decision),
        render.plan(decision.plan, applies=True),
        render.binding(HOSTILE, HOSTILE, [render.BoundServer(HOSTILE, HOSTILE, HOSTILE, False, HOSTILE)]),
        render.outcomes([ChangeOutcome(change=CHANGE, outcome=Outcome.FAILED, said=(HOSTILE,))], note=HOSTILE),
    ):
        assert "<script" not in view.html
        assert not {"\u202e", "\x1b"} & set(view.html + view.text)
        assert "\\u202e" in view.html
        assert "\\u202e" in view.text


def test_a_plan_shows_each_line_that_would_run_and_the_line_that_takes_it_back() -> None:
    content = b"x" * 5000
    long = replace(
        CHANGE,
        preparation=(Step(what="write", pipeline=Pipeline.of(cmdlet("Set-Content", Path="a", Value=content))),),
        disturbs="Everybody's coffee.",
    )
    view = render.plan(Plan(changes=(long,)), applies=True)
    for said in (
        "Set-CsTrustedApplicationPool -Identity a -RequiresReplication $False",
        "Set-CsTrustedApplicationPool -Identity a -RequiresReplication $True",
        "Set-Content -Path a",
        "5000 bytes",
        "Everybody's coffee.",
        Plan(changes=(long,)).digest,
    ):
        assert said in words(view)
        assert said in view.text
    assert len(view.text) < 2000


def test_a_plan_says_when_nothing_would_be_sent_and_what_must_be_run_by_hand() -> None:
    local = replace(CHANGE, run_locally=True, reverse=(), irreversible="What is enabled stays so.")
    view = render.plan(Plan(changes=(local,)), applies=False)
    for said in ("only plans", "What is enabled stays so.", "un this yourself"):
        assert said in words(view)
        assert said in view.text.replace("run this yourself", "Run this yourself")


def test_every_outcome_is_told_by_a_word() -> None:
    for outcome in Outcome:
        view = render.outcomes([ChangeOutcome(change=CHANGE, outcome=outcome)], note="")
        assert outcome.value in words(view)
        assert outcome.value in view.text
