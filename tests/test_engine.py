"""The run engine against a server that lies, loses answers, dies and is changed by others.

One property of one object stands for all that a section may change. What the engine may say of it is only what the
facts, read afresh, say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runbook.change import Change, Decision, Finding, Outcome, Plan, Repair, Severity, Step
from runbook.command import Pipeline, Shell, Target, cmdlet
from runbook.engine.run import Phase, Run
from runbook.errors import ConnectionFailed, Interrupted, OutcomeUnknown, Refused, WriteRefused
from runbook.estate import Estate
from runbook.facts.query import Observation, Query, Unread
from runbook.fleet import Fleet
from runbook.ledger import Ledger, read_events
from runbook.ledger.events import (
    Awaited,
    Exported,
    Intent,
    Mode,
    OutcomeRecorded,
    PlanConfirmed,
    RunEnded,
    RunStarted,
    StepTaken,
)
from runbook.parameters import SectionParameters
from runbook.result import Result, ServerError, ServerObject, State
from runbook.sections import Section
from runbook.sections.section import Gate, Wait
from runbook.sections.unread import unread

SERVER = "atl-fe-001.litwareinc.com"
TARGET = Target(SERVER, Shell.LYNC)
READ = Query("names", TARGET, Pipeline.of(cmdlet("Get-CsSite")), lambda result: tuple(map(str, result.output)))


@dataclass
class Server:
    """What the server holds, and how it behaves when it is told to change."""

    held: set[str] = field(default_factory=set)
    name: str = "ATL-FE-001"
    sent: list[str] = field(default_factory=list)
    behave: Callable[[Server, str], Result | None] = lambda server, name: None
    reachable: bool = True
    exported: tuple[object, ...] = (b"the configuration",)

    def answer(self, pipeline: Pipeline, writes: bool) -> Result:
        if not self.reachable:
            raise ConnectionFailed(SERVER, "Nobody listens there.")
        command = pipeline.cmdlets[0]
        if command.name == "Get-CsSite":
            return self.completed(pipeline, *sorted(self.held))
        if command.name == "Get-CimInstance":
            return self.completed(pipeline, ServerObject(properties={"CSName": self.name, "Caption": "Windows"}))
        if command.name == "Export-CsConfiguration":
            return self.completed(pipeline, *self.exported)
        assert writes, "a write left in a session that may only read"
        name = str(command.value("Identity"))
        self.sent.append(name)
        odd = self.behave(self, name)
        if odd is not None:
            return odd
        self.held.add(name)
        return self.completed(pipeline)

    def completed(self, pipeline: Pipeline, *output: object, errors: tuple[ServerError, ...] = ()) -> Result:
        return Result(target=TARGET, pipeline=pipeline, state=State.COMPLETED, output=output, errors=errors)  # type: ignore[arg-type]


@dataclass
class FakeSession:
    server: Server
    writes: bool

    def run(self, pipeline: Pipeline) -> Result:
        return self.server.answer(pipeline, self.writes)

    def close(self) -> None: ...


def change(name: str) -> Change:
    return Change(
        target=TARGET,
        object=f"Pool:{name}",
        property="",
        before=None,
        after=name,
        command=new(name),
        reverse=(Pipeline.of(cmdlet("Remove-CsTrustedApplicationPool", Identity=name)),),
    )


def new(name: str) -> Pipeline:
    return Pipeline.of(cmdlet("New-CsTrustedApplicationPool", Identity=name))


class Wanted(SectionParameters):
    """A section's parameters that say nothing of their own."""


def section(
    *wanted: str, shape: Callable[[Change], Change] = lambda change: change, gate: Gate[Wanted, object] | None = None
) -> Section[Wanted, object]:
    """A section that wants pools of these names."""

    def observe(parameters: Wanted, estate: Estate) -> Observation[object]:
        answers = yield [READ]
        return answers[READ]

    def decide(parameters: Wanted, estate: Estate, facts: object) -> Decision:
        if isinstance(facts, Unread):
            return Decision(findings=(unread("names", facts, server=SERVER),), plan=Plan(because="nothing is known"))
        assert isinstance(facts, tuple)
        missing = [name for name in wanted if name not in facts]
        findings = tuple(
            Finding(
                id="pool-missing",
                requirements=("L26",),
                severity=Severity.ERROR,
                what=name,
                why="",
                remedy="",
                repair=Repair.PLANNED,
            )
            for name in missing
        )
        plan = Plan(changes=tuple(shape(change(name)) for name in missing), because="" if missing else "all is there")
        return Decision(findings=findings, plan=plan)

    return Section(name="test", title="Test", parameters=Wanted, observe=observe, decide=decide, gate=gate)


ESTATE = Estate.model_validate(
    {
        "name": "litware",
        "environment": "rehearsal",
        "organisation": "Litware, Inc.",
        "servers": [
            {
                "name": SERVER,
                "product": "lync",
                "version": "2013",
                "roles": ["front-end"],
                "pool": "atl-cs-001.litwareinc.com",
                "endpoints": {
                    "windows": {"url": "https://127.0.0.1:1/wsman", "authentication": "credssp", "credential": "cred:x"}
                },
            }
        ],
    }
)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def run(tmp_path: Path, server: Server) -> Iterator[Callable[..., Run]]:
    ledgers: list[Ledger] = []

    def make(what: Section[Wanted, object], mode: Mode = Mode.APPLY) -> Run:
        ledger = Ledger.create(tmp_path / f"record-{len(ledgers)}")
        ledgers.append(ledger)
        ledger.append(RunStarted(section="test", mode=mode, estate="litware", environment="rehearsal"))

        def connect(writes: bool) -> Fleet:
            return Fleet(ESTATE, None, writes=writes, opener=lambda *_a, **_k: FakeSession(server, writes))  # type: ignore[arg-type]

        return Run(what, Wanted(), ESTATE, mode=mode, ledger=ledger, connect=connect)

    yield make
    for ledger in ledgers:
        ledger.close()


def outcomes(run: Run) -> list[Outcome]:
    return [result.outcome for result in run.results]


def applied(run: Run) -> Outcome:
    run.check()
    run.apply(confirmed_by="the test")
    run.verify()
    return run.finish()


def test_an_undisturbed_run_is_verified_and_a_second_one_has_nothing_to_do(
    run: Callable[..., Run], server: Server
) -> None:
    first = run(section("a", "b"))
    assert applied(first) is Outcome.VERIFIED
    assert server.held == {"a", "b"}
    assert outcomes(first) == [Outcome.VERIFIED] * 2
    assert applied(run(section("a", "b"))) is Outcome.NOT_NEEDED
    assert server.sent == ["a", "b"]


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.PLAN])
def test_nothing_is_sent_outside_apply_mode(run: Callable[..., Run], server: Server, mode: Mode) -> None:
    planned = run(section("a"), mode)
    assert applied(planned) is Outcome.PLANNED
    assert outcomes(planned) == [Outcome.PLANNED]
    assert server.sent == []


def test_the_intent_is_on_disk_before_the_command_leaves(run: Callable[..., Run], server: Server) -> None:
    one = run(section("a"))
    seen: list[object] = []

    def look(server: Server, name: str) -> None:
        recording = read_events(one.ledger.path)
        seen.append(recording.in_doubt)

    server.behave = look
    applied(one)
    (intent,) = seen
    assert isinstance(intent, Intent)
    assert intent.pipeline == new("a")


def test_a_lost_answer_to_a_command_that_ran_is_settled_by_the_facts(run: Callable[..., Run], server: Server) -> None:
    def lose(server: Server, name: str) -> Result:
        server.held.add(name)
        raise OutcomeUnknown(SERVER, "New-CsTrustedApplicationPool", "The connection was lost.")

    server.behave = lose
    one = run(section("a", "b"))
    assert applied(one) is Outcome.VERIFIED
    assert server.sent == ["a", "b"], "each command was sent once"


def test_a_lost_answer_to_a_command_that_never_ran_is_a_failure_and_stops_the_run(
    run: Callable[..., Run], server: Server
) -> None:
    def vanish(server: Server, name: str) -> Result:
        raise OutcomeUnknown(SERVER, "New-CsTrustedApplicationPool", "The connection was lost.")

    server.behave = vanish
    one = run(section("a", "b"))
    assert applied(one) is Outcome.FAILED
    assert outcomes(one) == [Outcome.FAILED, Outcome.PLANNED]
    assert server.sent == ["a"], "nothing is retried, and nothing follows a failure"


def test_after_ctrl_c_nothing_more_is_sent_and_what_was_running_is_settled(
    run: Callable[..., Run], server: Server
) -> None:
    def interrupted(server: Server, name: str) -> Result:
        server.held.add(name)
        raise Interrupted(SERVER, "New-CsTrustedApplicationPool", "It was interrupted from the keyboard.")

    server.behave = interrupted
    one = run(section("a", "b"))
    assert applied(one) is Outcome.INCOMPLETE
    assert server.sent == ["a"]
    assert outcomes(one) == [Outcome.VERIFIED, Outcome.PLANNED]


def test_where_the_facts_cannot_be_read_either_the_outcome_is_unknown(run: Callable[..., Run], server: Server) -> None:
    def die(server: Server, name: str) -> Result:
        server.reachable = False
        raise OutcomeUnknown(SERVER, "New-CsTrustedApplicationPool", "The connection was lost.")

    server.behave = die
    one = run(section("a"))
    assert applied(one) is Outcome.UNKNOWN
    assert outcomes(one) == [Outcome.UNKNOWN]


def test_an_unknown_outcome_is_settled_by_a_later_verification(run: Callable[..., Run], server: Server) -> None:
    def die(server: Server, name: str) -> Result:
        server.held.add(name)
        server.reachable = False
        raise OutcomeUnknown(SERVER, "New-CsTrustedApplicationPool", "The connection was lost.")

    server.behave = die
    one = run(section("a"))
    one.check()
    one.apply(confirmed_by="the test")
    assert outcomes(one) == [Outcome.UNKNOWN]
    server.reachable = True
    one.verify()
    assert one.finish() is Outcome.VERIFIED


def test_a_server_that_says_yes_and_does_nothing_is_found_out(run: Callable[..., Run], server: Server) -> None:
    server.behave = lambda server, name: server.completed(new(name))
    one = run(section("a"))
    assert applied(one) is Outcome.FAILED
    assert "still ask for this change" in " ".join(one.results[0].said)


def test_an_error_beside_a_change_that_took_effect_is_shown_and_the_facts_decide(
    run: Callable[..., Run], server: Server
) -> None:
    def grumble(server: Server, name: str) -> Result:
        server.held.add(name)
        return server.completed(new(name), errors=(ServerError(message="The report couldn't be written."),))

    server.behave = grumble
    one = run(section("a"))
    assert applied(one) is Outcome.VERIFIED
    assert "The report couldn't be written." in one.results[0].said


def test_an_answer_with_a_gap_is_in_doubt(run: Callable[..., Run], server: Server) -> None:
    server.behave = lambda server, name: replace(server.completed(new(name)), complete=False)
    assert applied(run(section("a"))) is Outcome.FAILED


def test_a_plan_that_no_longer_fits_is_refused_whole(run: Callable[..., Run], server: Server) -> None:
    one = run(section("a", "b"))
    one.check()
    server.held.add("a")  # somebody else was faster
    one.apply(confirmed_by="the test")
    assert outcomes(one) == [Outcome.REFUSED] * 2
    assert "has changed since" in one.results[0].said[0]
    assert server.sent == []
    assert one.finish() is Outcome.REFUSED


def test_a_server_that_calls_itself_something_else_gets_no_command(run: Callable[..., Run], server: Server) -> None:
    server.name = "ATL-OTHER-001"
    one = run(section("a"))
    assert applied(one) is Outcome.REFUSED
    assert "ATL-OTHER-001" in one.results[0].said[0]
    assert server.sent == []
    assert "server-not-the-one-named" in {finding.id for finding in one.decision.blocking}


def test_a_change_that_this_session_may_not_make_is_printed_then_verified(
    run: Callable[..., Run], server: Server
) -> None:
    one = run(section("a", "b", shape=lambda change: replace(change, run_locally=change.after == "a")))
    one.check()
    one.apply(confirmed_by="the test")
    assert server.sent == [], "what follows a local change waits for it"
    assert "management shell" in one.results[0].said[0]
    server.held.add("a")  # the administrator ran the line
    one.verify()
    assert outcomes(one) == [Outcome.VERIFIED, Outcome.PLANNED]
    assert one.finish() is Outcome.INCOMPLETE


def exporting(change: Change) -> Change:
    return replace(change, exports=Pipeline.of(cmdlet("Export-CsConfiguration", AsBytes=True)))


def test_what_must_be_saved_first_is_in_the_record_before_the_command(run: Callable[..., Run], server: Server) -> None:
    one = run(section("a", shape=exporting))
    assert applied(one) is Outcome.VERIFIED
    kinds = [type(event) for event in read_events(one.ledger.path).events]
    assert kinds.index(Exported) < kinds.index(Intent)
    assert (one.ledger.path.parent / "before-change-1.zip").read_bytes() == b"the configuration"


@pytest.mark.parametrize("exported", [(), ("text",), (256,)])
def test_without_what_must_be_saved_nothing_is_sent(
    run: Callable[..., Run], server: Server, exported: tuple[object, ...]
) -> None:
    server.exported = exported
    one = run(section("a", shape=exporting))
    assert applied(one) is Outcome.REFUSED
    assert server.sent == []


def test_the_ledger_alone_tells_who_said_yes_and_what_became_of_it(run: Callable[..., Run], server: Server) -> None:
    one = run(section("a", shape=lambda change: replace(change, consent="allow_dial_plan_changes")))
    applied(one)
    events = read_events(one.ledger.path).events
    (confirmed,) = (event for event in events if isinstance(event, PlanConfirmed))
    assert (confirmed.by, confirmed.consents) == ("the test", ("allow_dial_plan_changes",))
    became = [event.outcome for event in events if isinstance(event, OutcomeRecorded)]
    assert became == [Outcome.APPLIED, Outcome.VERIFIED]
    assert isinstance(events[-1], RunEnded)


def test_a_run_that_ends_before_it_was_verified_claims_nothing(run: Callable[..., Run], server: Server) -> None:
    one = run(section("a"))
    one.check()
    one.apply(confirmed_by="the test")
    assert one.finish() is Outcome.UNKNOWN


def test_steps_out_of_order_are_refused(run: Callable[..., Run], server: Server) -> None:
    one = run(section("a"))
    for step in (one.verify, lambda: one.apply(confirmed_by="x"), lambda: one.plan, lambda: one.decision):
        with pytest.raises(Refused):
            step()
    applied(one)
    assert one.phase is Phase.ENDED
    for step in (one.check, one.verify, lambda: one.apply(confirmed_by="x"), one.finish):
        with pytest.raises(Refused):
            step()


def test_a_query_that_could_write_is_a_mistake_of_the_library_and_ends_the_run(
    run: Callable[..., Run], server: Server
) -> None:
    def refuse(pipeline: Pipeline, writes: bool) -> Result:
        raise WriteRefused("not a read")

    server.answer = refuse  # type: ignore[method-assign]
    with pytest.raises(WriteRefused):
        run(section("a")).check()


def prepared(change: Change) -> Change:
    """A change with something to read back before it, something to ask after it, and something to tidy up."""
    digest = hashlib.sha256(b"the configuration").hexdigest()
    return replace(
        change,
        preparation=(Step(what="save", pipeline=exporting(change).exports or change.command, gives_sha256=digest),),
        conclusion=(Step(what="look", pipeline=READ.pipeline, gives=str(change.after)),),
        cleanup=(Step(what="tidy up", pipeline=new("rubbish")),),
    )


def test_a_change_is_prepared_concluded_and_tidied_up_in_order(run: Callable[..., Run], server: Server) -> None:
    def tidy(server: Server, name: str) -> Result | None:
        return server.completed(new(name)) if name == "rubbish" else None

    server.behave = tidy
    one = run(section("a", shape=prepared))
    assert applied(one) is Outcome.VERIFIED
    steps = [event.what for event in read_events(one.ledger.path).events if isinstance(event, StepTaken)]
    assert steps == ["save", "look", "tidy up"]
    assert server.sent == ["a", "rubbish"]


def test_a_file_that_reads_back_differently_is_never_put_in_place(run: Callable[..., Run], server: Server) -> None:
    server.exported = (b"something else",)
    one = run(section("a", shape=prepared))
    assert applied(one) is Outcome.FAILED
    assert "a" not in server.sent
    assert "aren't the expected ones" in one.results[0].said[0]


def test_what_the_facts_cannot_tell_afterwards_fails_by_its_own_answer(run: Callable[..., Run], server: Server) -> None:
    def rights(change: Change) -> Change:
        return replace(change, conclusion=(Step(what="rights", pipeline=READ.pipeline, gives="O:BA", decides=True),))

    one = run(section("a", shape=rights))
    assert applied(one) is Outcome.FAILED
    assert "should have given O:BA, and gave a" in " ".join(one.results[0].said)


def test_a_conclusion_that_is_not_as_expected_is_settled_by_the_facts(run: Callable[..., Run], server: Server) -> None:
    server.held.add("another")  # so the conclusion gives two values, where one is expected
    one = run(section("a", shape=prepared))
    assert applied(one) is Outcome.VERIFIED
    assert "should have given a" in " ".join(one.results[0].said)


def staged(change: Change) -> Change:
    return replace(change, stage=str(change.after))


def gate(
    worse: Callable[[object, object], str], refuses: Callable[[object], str] = lambda now: ""
) -> Gate[Wanted, object]:
    def look(parameters: Wanted, estate: Estate, stage: str) -> Observation[object]:
        answers = yield [READ]
        return answers[READ]

    return Gate(
        observe=look,
        refuses=lambda _parameters, now: refuses(now),
        worse=lambda _parameters, before, after: worse(before, after),
        settle_seconds=lambda _parameters: 0,
    )


def test_a_server_that_is_worse_off_stops_the_roll_out_there(run: Callable[..., Run], server: Server) -> None:
    hurts = gate(lambda before, after: "its services are down" if "b" in after else "")  # type: ignore[operator]
    one = run(section("a", "b", "c", shape=staged, gate=hurts))
    assert applied(one) is Outcome.INCOMPLETE
    assert server.sent == ["a", "b"], "the third server isn't touched"
    assert outcomes(one) == [Outcome.VERIFIED, Outcome.VERIFIED, Outcome.PLANNED]
    ended = read_events(one.ledger.path).events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "b is worse off than before: its services are down"


def test_even_the_last_server_must_not_be_worse_off(run: Callable[..., Run], server: Server) -> None:
    hurts = gate(lambda before, after: "its services are down" if "a" in after else "")  # type: ignore[operator]
    assert applied(run(section("a", shape=staged, gate=hurts))) is Outcome.INCOMPLETE


def test_a_server_outside_its_window_is_not_touched(run: Callable[..., Run], server: Server) -> None:
    one = run(section("a", shape=staged, gate=gate(lambda before, after: "", lambda now: "the window is over")))
    assert applied(one) is Outcome.INCOMPLETE
    assert server.sent == []


def test_a_server_that_is_not_done_keeps_the_next_one_waiting(run: Callable[..., Run], server: Server) -> None:
    server.behave = lambda server, name: server.completed(new(name)) if name == "b" else None
    one = run(section("a", "b", "c", shape=staged))
    assert applied(one) is Outcome.FAILED
    assert outcomes(one) == [Outcome.VERIFIED, Outcome.FAILED, Outcome.PLANNED]
    again = run(section("a", "b", "c", shape=staged))
    server.behave = lambda server, name: None
    assert applied(again) is Outcome.VERIFIED
    assert server.sent == ["a", "b", "b", "c"], "a re-run goes on where the first one stopped"


def patient(*wanted: str, arrives_after: int) -> Section[Wanted, object]:
    """A section whose changes take effect for everybody only some looks later."""
    looks = iter(range(arrives_after))

    def observe(parameters: Wanted, estate: Estate) -> Observation[object]:
        answers = yield [READ]
        return answers[READ]

    wait = Wait(
        observe=observe,
        pending=lambda _, found: "" if next(looks, None) is None else "on its way",
        deadline_seconds=lambda _: 300,
    )
    return replace(section(*wanted), wait=wait)


def looks(run: Run) -> list[str]:
    return [event.pending for event in read_events(run.ledger.path).events if isinstance(event, Awaited)]


def test_what_was_changed_is_given_its_time_before_it_is_judged(
    run: Callable[..., Run], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.engine.waiting.FIRST_SECONDS", 0)
    one = run(patient("a", arrives_after=3))
    assert applied(one) is Outcome.VERIFIED
    assert looks(one) == ["on its way"] * 3 + [""]


@pytest.mark.parametrize("mode", [Mode.PLAN, Mode.APPLY])
def test_where_nothing_was_changed_nothing_is_waited_for(run: Callable[..., Run], server: Server, mode: Mode) -> None:
    server.held = {"a"} if mode is Mode.APPLY else set()
    one = run(patient("a", arrives_after=10**6), mode)
    applied(one)
    assert looks(one) == []
