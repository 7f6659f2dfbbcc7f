"""Exchange's admin audit log held against a run: each command with its entry, and the truth where there is none."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from memory_lab import MemoryLab, MemorySession
from rehearsal.admin_audit_log import INDEXED_AFTER
from rehearsal.admin_audit_log import AuditEntry as Logged
from rehearsal.topologies import build_world
from rehearsal.world import World
from runbook.change import Outcome
from runbook.cli.screen import Screen
from runbook.command import Cmdlet, Pipeline, Shell, Switch, Target, cmdlet
from runbook.engine.audit_match import Log, Sent, Window, compared
from runbook.engine.run import Run
from runbook.errors import InputError, Refused
from runbook.estate import Server
from runbook.facts.admin_audit import AuditEntry, AuditSettings, account_name
from runbook.ledger import read_events
from runbook.ledger.events import Audit, AuditLogCompared, Awaited, Mode
from runbook.report import html, report
from runbook.result import Result, ServerError, State
from runbook.summary import summarise

NOON = datetime(2015, 3, 2, 12, tzinfo=UTC)
TARGET = Target("atl-mbx-001.litwareinc.com", Shell.EXCHANGE)
SET = cmdlet("Set-OwaMailboxPolicy", Identity="Default", InstantMessagingEnabled=True, Confirm=Switch.OFF)
PARAMETERS = (("Identity", "Default"), ("InstantMessagingEnabled", "True"))


def sent(command: Cmdlet = SET, *, certain: bool = True) -> Sent:
    return Sent(plan="0" * 64, change=0, target=TARGET, command=command, certain=certain)


def entry(seconds: int = 1, **changed: object) -> AuditEntry:
    one = AuditEntry(
        cmdlet="Set-OwaMailboxPolicy",
        object="Default",
        parameters=PARAMETERS,
        caller="litwareinc.com/Users/exchange-admin",
        time=NOON + timedelta(seconds=seconds),
        succeeded=True,
    )
    return replace(one, **changed)  # type: ignore[arg-type]


def judged(
    *entries: AuditEntry,
    commands: tuple[Sent, ...] = (sent(),),
    over: bool = True,
    settings: AuditSettings | None = None,
    whole: bool = True,
    account: str = r"LITWARE\exchange-admin",
) -> tuple[list[Audit], list[Audit]]:
    log = Log(entries=entries, settings=settings or AuditSettings(enabled=True), whole=whole)
    window = Window(since=NOON, until=NOON + timedelta(seconds=10), over=over)
    rows, others = compared(commands, log, window, account=account)
    return [row.standing for row in rows], [row.standing for row in others]


@pytest.mark.parametrize(
    ("found", "rows", "others"),
    [
        ([entry()], [Audit.THERE], []),
        ([], [Audit.MISSING], []),
        ([entry(caller="litwareinc.com/Users/Kim Akers")], [Audit.OTHER_NAME], []),
        ([entry(caller="litwareinc.com/Users/Kim Akers"), entry(2)], [Audit.THERE], [Audit.OTHERS]),
        ([entry(), entry(2)], [Audit.THERE], [Audit.UNSENT]),
        ([entry(cmdlet="Remove-OwaMailboxPolicy")], [Audit.MISSING], [Audit.UNSENT]),
        ([entry(parameters=(("Identity", "Default"),))], [Audit.DIFFERENT], []),
        ([entry(parameters=(*PARAMETERS, ("ActiveSyncIntegrationEnabled", "False")))], [Audit.DIFFERENT], []),
        ([entry(parameters=(*PARAMETERS, ("Confirm", "False")))], [Audit.THERE], []),
        ([entry(parameters=tuple((name, None) for name, _ in PARAMETERS))], [Audit.THERE], []),
        ([entry(succeeded=False, error="no")], [Audit.DIFFERENT], []),
        ([entry(object="Kiosk", parameters=(("Identity", "Kiosk"),))], [Audit.MISSING], []),
        ([entry(-60)], [Audit.MISSING], [Audit.UNSENT]),
        ([entry(60)], [Audit.MISSING], [Audit.UNSENT]),
    ],
)
def test_an_entry_belongs_to_a_command_where_all_of_it_fits(
    found: list[AuditEntry], rows: list[Audit], others: list[Audit]
) -> None:
    assert judged(*found) == (rows, others)


@pytest.mark.parametrize(
    ("settings", "standing"),
    [
        (AuditSettings(enabled=False), Audit.NOT_LOGGED),
        (AuditSettings(enabled=True, kept=False), Audit.NOT_LOGGED),
        (AuditSettings(enabled=True, cmdlets=("New-*", "*VirtualDirectory")), Audit.NOT_LOGGED),
        (AuditSettings(enabled=True, cmdlets=("set-owa*",)), Audit.MISSING),
        (AuditSettings(enabled=True, parameters=("*Address*",)), Audit.NOT_LOGGED),
        (AuditSettings(enabled=True, parameters=("Instant*",)), Audit.MISSING),
        (AuditSettings(enabled=True, excluded=("Set-OwaMailboxPolicy",)), Audit.NOT_LOGGED),
    ],
)
def test_what_the_log_does_not_take_is_not_missing(settings: AuditSettings, standing: Audit) -> None:
    assert judged(settings=settings) == ([standing], [])


def test_before_the_logs_own_delay_is_over_nothing_is_missing() -> None:
    assert judged(over=False) == ([Audit.NOT_YET], [])


def test_where_the_search_was_cut_off_nothing_is_missing() -> None:
    assert judged(whole=False) == ([Audit.UNREAD], [])


def test_a_command_that_may_never_have_run_needs_no_entry() -> None:
    assert judged(commands=(sent(certain=False),)) == ([Audit.NOT_RUN], [])
    assert judged(entry(succeeded=False, error="no"), commands=(sent(certain=False),)) == ([Audit.THERE], [])


@pytest.mark.parametrize(
    ("value", "logged", "same"),
    [
        (("a b", "c"), "a b;c", True),
        (("a b", "c"), "{c, a b}", True),
        (("a b", "c"), "a b", False),
        (("a",), "a;b", False),
        (("aa", "a"), "a aa", True),
        (None, "", True),
        (None, "something", False),
        (True, "$True", True),
        (True, "False", False),
        (5199, "5199", True),
        ("Ocs", "OCS", True),
        ("Ocs", "None", False),
    ],
)
def test_values_are_compared_by_what_they_say(value: object, logged: str, same: bool) -> None:
    command = cmdlet("Set-UMService", Identity="a", DialPlans=value)  # type: ignore[arg-type]
    found = entry(cmdlet="Set-UMService", object="a", parameters=(("Identity", "a"), ("DialPlans", logged)))
    assert judged(found, commands=(sent(command),)) == ([Audit.THERE if same else Audit.DIFFERENT], [])


@given(st.lists(st.sampled_from(["Default", "Executives"]), max_size=6), st.integers(0, 6), st.randoms())
def test_one_entry_stands_for_one_command(names: list[str], lost: int, dice: object) -> None:
    """Of commands that were all logged once, exactly those are missing whose entries are; none counts twice."""
    commands = tuple(sent(cmdlet("Set-OwaMailboxPolicy", Identity=name)) for name in names)
    entries = [
        entry(number, object=name, parameters=(("Identity", name),)) for number, name in enumerate(names, start=1)
    ]
    dice.shuffle(entries)  # type: ignore[attr-defined]
    kept = entries[min(lost, len(entries)) :]
    rows, others = judged(*sorted(kept, key=lambda one: one.time), commands=commands)
    assert rows.count(Audit.THERE) == len(kept)
    assert rows.count(Audit.MISSING) == len(names) - len(kept)
    assert others == []


@pytest.mark.parametrize("name", ["kim", r"LITWARE\kim", "Kim@litwareinc.com", "litwareinc.com/Users/Kim"])
def test_an_account_is_the_same_however_it_is_written(name: str) -> None:
    assert account_name(name) == "kim"


@pytest.fixture
def lab(tmp_path: Path) -> MemoryLab:
    return MemoryLab.of(build_world("split-2013", states=("policy-off",)), tmp_path)


def applied(lab: MemoryLab) -> Run:
    run = lab.open("mailbox_policies", Mode.APPLY)
    run.check()
    run.apply(confirmed_by="the test")
    run.verify()
    assert {result.outcome for result in run.results} == {Outcome.VERIFIED}
    return run


def without_clock(lab: MemoryLab) -> None:
    """The estate names no Windows endpoint of an Exchange server."""
    servers = tuple(
        each.model_copy(update={"endpoints": each.endpoints.model_copy(update={"windows": None})})
        for each in lab.estate.servers
    )
    lab.estate = lab.estate.model_copy(update={"servers": servers})


def impatient(lab: MemoryLab, minutes: int = 0) -> None:
    lab.estate = lab.estate.model_copy(update={"audit_log_wait_minutes": minutes})


def standings(event: AuditLogCompared | None) -> list[Audit]:
    assert event is not None
    return [row.standing for row in event.rows]


def test_every_command_of_a_run_is_found_in_the_log_of_the_organisation(lab: MemoryLab) -> None:
    run = applied(lab)
    event = run.audit()
    assert standings(event) == [Audit.THERE, Audit.THERE]
    assert event is not None
    assert event.clock.startswith("the clock of atl-")
    assert event.others == ()
    run.finish()
    told = report(read_events(run.ledger.path))
    assert told.audit is not None
    assert told.audit.grave == ()
    assert "2 of 2 commands sent to Exchange are in its admin audit log." in html(told)
    assert any(isinstance(each, Awaited) and each.pending for each in read_events(run.ledger.path).events)


def test_an_entry_that_is_lost_is_shown_in_red_once_the_logs_delay_is_over(lab: MemoryLab) -> None:
    run = applied(lab)
    log = lab.world.exchange.audit
    log.entries.remove(next(each for each in log.entries if each.object == "Executives"))
    event = run.audit()
    assert sorted(standings(event)) == [Audit.MISSING, Audit.THERE]
    assert event is not None
    assert event.looked is not None
    assert event.until is not None
    assert event.looked - event.until >= timedelta(minutes=15)
    run.finish()
    told = report(read_events(run.ledger.path))
    assert told.audit is not None
    (row,) = told.audit.grave
    assert row.object == "Executives"
    page = html(told)
    assert '<td class="entry error">✖ missing</td>' in page
    assert page.index("1 missing") < page.index("Each change"), "it stands where it is said what is left to do"


def test_a_terminal_shows_what_the_log_lacks_and_nothing_where_it_has_all(lab: MemoryLab) -> None:
    run = applied(lab)
    log = lab.world.exchange.audit
    log.entries.remove(next(each for each in log.entries if each.object == "Executives"))
    run.audit()
    run.finish()
    whole = lab.open("mailbox_policies", Mode.APPLY)
    whole.check()
    whole.finish()
    said = []
    for folder in (run.ledger.path.parent, whole.ledger.path.parent):
        console = Console(record=True, width=200, file=io.StringIO())
        Screen(console).sections([summarise(folder)])
        said.append(console.export_text())
    assert "1 missing" in said[0]
    assert "✖ missing: Set-OwaMailboxPolicy -Identity Executives" in said[0]
    assert "admin audit log" not in said[1]


def test_whoever_does_not_wait_is_told_that_it_is_not_there_yet(lab: MemoryLab) -> None:
    impatient(lab)
    event = applied(lab).audit()
    assert standings(event) == [Audit.NOT_YET, Audit.NOT_YET]


@pytest.mark.parametrize(("state", "expected"), [("audit-off", Audit.NOT_LOGGED), ("audit-filtered", Audit.THERE)])
def test_a_log_that_is_off_or_filtered_is_not_waited_for(state: str, expected: Audit, tmp_path: Path) -> None:
    lab = MemoryLab.of(build_world("split-2013", states=(state, "policy-off")), tmp_path)
    run = applied(lab)
    assert set(standings(run.audit())) == {expected}
    looks = [each for each in read_events(run.ledger.path).events if isinstance(each, Awaited)]
    assert (len(looks) == 1) is (expected is Audit.NOT_LOGGED)


def other_entry(lab: MemoryLab, **changed: object) -> Logged:
    now = lab.world.clock.now()
    one = Logged(
        cmdlet="Set-OwaMailboxPolicy",
        object="Default",
        parameters=(("Identity", "Default"), ("AllowOfflineOn", "NoComputers")),
        caller="litwareinc.com/Users/Kim Akers",
        server="ATL-MBX-001",
        time=now,
    )
    return replace(one, **changed)  # type: ignore[arg-type]


def test_another_persons_entry_is_none_of_ours(lab: MemoryLab) -> None:
    run = applied(lab)
    lab.world.exchange.audit.entries.append(other_entry(lab))
    lab.world.exchange.audit.entries.append(other_entry(lab, object="Kiosk", parameters=(("Identity", "Kiosk"),)))
    event = run.audit()
    assert standings(event) == [Audit.THERE, Audit.THERE]
    assert event is not None
    assert [(row.standing, row.object, row.caller) for row in event.others] == [
        (Audit.OTHERS, "Default", "litwareinc.com/Users/Kim Akers")
    ]


def test_where_people_are_left_out_the_name_of_another_is_too(lab: MemoryLab) -> None:
    lab.estate = lab.estate.model_copy(update={"redact_users": True})
    run = applied(lab)
    lab.world.exchange.audit.entries.append(other_entry(lab))
    event = run.audit()
    assert event is not None
    assert len(event.others) == 1
    run.finish()
    written = run.ledger.path.read_text(encoding="utf-8")
    assert "Kim Akers" not in written
    assert "exchange-admin" in written, "a record has to say who made it"


def test_without_the_servers_clock_this_computers_is_used_and_named(lab: MemoryLab) -> None:
    without_clock(lab)
    impatient(lab)
    event = applied(lab).audit()
    assert event is not None
    assert event.clock == "the clock of the computer that ran it"


def test_an_account_for_windows_that_nobody_knows_is_no_reason_not_to_change_exchange(
    lab: MemoryLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(lab)
    opened = MemorySession.__init__

    def opens(self: MemorySession, world: World, server: Server, shell: Shell, *, writes: bool) -> None:
        if shell is Shell.WINDOWS:
            raise InputError("cred:windows-admin has no account.")
        opened(self, world, server, shell, writes=writes)

    monkeypatch.setattr(MemorySession, "__init__", opens)
    event = applied(lab).audit()
    assert event is not None
    assert event.clock == "the clock of the computer that ran it"


def test_a_log_that_cannot_be_searched_is_said(lab: MemoryLab, monkeypatch: pytest.MonkeyPatch) -> None:
    run = applied(lab)
    answer = MemorySession.run

    def refuses(self: MemorySession, pipeline: Pipeline) -> Result:
        if pipeline.cmdlets[0].name == "Search-AdminAuditLog":
            error = ServerError(message="The term 'Search-AdminAuditLog' is not recognized.")
            return Result(target=self.target, pipeline=pipeline, state=State.FAILED, errors=(error,))
        return answer(self, pipeline)

    monkeypatch.setattr(MemorySession, "run", refuses)
    event = run.audit()
    assert set(standings(event)) == {Audit.UNREAD}
    assert event is not None
    assert "is not recognized" in event.rows[0].said


def test_what_was_found_before_the_log_could_not_be_searched_any_more_still_counts(
    lab: MemoryLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, looks = applied(lab), []
    lab.world.clock.tick(INDEXED_AFTER)
    late = lab.world.exchange.audit.entries
    late[-1] = replace(late[-1], time=lab.world.clock.now())
    answer = MemorySession.run

    def refuses(self: MemorySession, pipeline: Pipeline) -> Result:
        if pipeline.cmdlets[0].name == "Search-AdminAuditLog":
            looks.append(pipeline)
            if len(looks) > 1:
                error = ServerError(message="The search was denied.")
                return Result(target=self.target, pipeline=pipeline, state=State.FAILED, errors=(error,))
        return answer(self, pipeline)

    monkeypatch.setattr(MemorySession, "run", refuses)
    event = run.audit()
    assert sorted(standings(event)) == [Audit.NOT_YET, Audit.THERE]
    assert event is not None
    assert "denied" in event.said


def test_an_account_that_the_directory_calls_otherwise_is_not_taken_for_ours(lab: MemoryLab) -> None:
    run = applied(lab)
    run.trail._account = lambda target: "somebody"
    event = run.audit()
    assert set(standings(event)) == {Audit.OTHER_NAME}
    run.finish()
    assert "whether that is the account of this run" in html(report(read_events(run.ledger.path)))


def interrupted(seconds: float) -> None:
    raise KeyboardInterrupt


def test_an_interruption_ends_the_wait_and_not_the_run(lab: MemoryLab) -> None:
    run = applied(lab)
    run.control.sleep = interrupted  # type: ignore[method-assign]
    event = run.audit()
    assert standings(event) == [Audit.NOT_YET, Audit.NOT_YET]
    assert event is not None
    assert "ended before its delay" in event.said
    assert run.finish() is Outcome.VERIFIED


def test_a_run_that_ends_before_it_looked_says_so(lab: MemoryLab) -> None:
    run = lab.open("mailbox_policies", Mode.APPLY)
    run.check()
    run.apply(confirmed_by="the test")
    with pytest.raises(Refused):
        run.audit()
    run.finish()
    (event,) = (each for each in read_events(run.ledger.path).events if isinstance(each, AuditLogCompared))
    assert set(standings(event)) == {Audit.UNREAD}
    assert "before the log was looked at" in event.said


def only_looks(run: Run) -> None:
    run.check()
    run.verify()


def changes_lync(run: Run) -> None:
    run.check()
    run.apply(confirmed_by="the test")
    run.verify()


@pytest.mark.parametrize(
    ("section", "do"), [("mailbox_policies", only_looks), ("trusted_pool", changes_lync)], ids=["looks", "lync"]
)
def test_a_run_that_sent_nothing_to_exchange_does_not_ask(
    lab: MemoryLab, section: str, do: Callable[[Run], None]
) -> None:
    changed = {"allow_dial_plan_changes": False} if section == "trusted_pool" else {}
    run = lab.open(section, Mode.APPLY, **changed)
    do(run)
    assert run.audit() is None
    run.finish()
    assert report(read_events(run.ledger.path)).audit is None
