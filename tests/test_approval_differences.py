"""Whatever plan the facts ask for: it passes as the approved one only where it is that plan, and else it says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.approval.differences import drifted
from runbook.approval.planfile import NotAPlan, PlanFile, parsed, written
from runbook.approval.statement import expiry, moment
from runbook.change import Change, Json, Plan, digest_of, machine_form
from runbook.command import Pipeline, Shell, Target, cmdlet
from runbook.errors import InputError
from runbook.secrecy import keep
from runbook.signing.strict import dumped, loaded
from test_engine import ESTATE, Wanted

NOW = datetime(2026, 2, 3, 10, 15, tzinfo=UTC)


def change(server: str = "a", object: str = "X", before: Json = False, after: Json = True, **more: object) -> Change:
    made = Change(
        target=Target(f"{server}.litwareinc.com", Shell.EXCHANGE),
        object=object,
        property="Enabled",
        before=before,
        after=after,
        command=Pipeline.of(cmdlet("Set-OwaMailboxPolicy", Identity=object, InstantMessagingEnabled=bool(after))),
        reverse=(Pipeline.of(cmdlet("Set-OwaMailboxPolicy", Identity=object, InstantMessagingEnabled=bool(before))),),
    )
    return replace(made, **more)  # type: ignore[arg-type]


CHANGES = st.builds(
    change,
    server=st.sampled_from("ab"),
    object=st.sampled_from("XY"),
    before=st.sampled_from([False, None, "old"]),
    disturbs=st.sampled_from(["", "users"]),
    stage=st.sampled_from(["", "a"]),
    repeats=st.booleans(),
)
PLANS = st.lists(CHANGES, max_size=4).map(lambda some: Plan(changes=tuple(some), because="" if some else "nothing"))


CODE: dict[str, Json] = {"library": "1" * 64, "notebook_cells": "2" * 64}
MADE: dict[str, Json] = {"account": "pat", "host": "pc", "operator": "", "change_ticket": "", "time": moment(NOW)}


def data(plan: Plan) -> bytes:
    return written("test", ESTATE, Wanted(), plan, findings=(), code=CODE, made=MADE)


def file(plan: Plan) -> PlanFile:
    return parsed(data(plan))


@given(PLANS, PLANS)
def test_two_plans_pass_for_one_exactly_where_every_word_and_command_is_the_same(one: Plan, other: Plan) -> None:
    said = tuple(drifted(file(one), other))
    assert bool(said) == (file(one).changes != file(other).changes)
    assert all(each.endswith(".") for each in said)


@given(st.data(), PLANS)
def test_an_order_is_part_of_a_plan(draws: st.DataObject, plan: Plan) -> None:
    moved = tuple(draws.draw(st.permutations(plan.changes)))
    said = tuple(drifted(file(plan), replace(plan, changes=moved)))
    same = [machine_form(each) for each in moved] == [machine_form(each) for each in plan.changes]
    assert same or said


@given(PLANS, st.integers(0, 4))
def test_what_was_carried_out_needn_t_come_again_and_nothing_else_may_come_in_its_place(plan: Plan, count: int) -> None:
    distinct = tuple({str(machine_form(each)): each for each in plan.changes}.values())
    whole = Plan(changes=distinct, because="nothing")
    done, left = distinct[:count], distinct[count:]
    assert not tuple(drifted(file(whole), Plan(changes=left, because="nothing"), done))
    more = Plan(changes=(*left, change(object="Z")))
    assert tuple(drifted(file(whole), more, done))


def test_what_was_sent_and_cut_off_may_come_again_or_not() -> None:
    plan = Plan(changes=(change(), change("b")))
    for left in (plan.changes, plan.changes[1:]):
        assert not tuple(drifted(file(plan), Plan(changes=left), plan.changes[:1]))


def test_only_a_run_that_recovers_may_put_an_approved_change_back() -> None:
    approved = Plan(changes=(change(), change("b")))
    (back,) = change().reverse
    putting_back = change(object="half of X", command=back)
    now = Plan(changes=(putting_back, *approved.changes))
    assert not tuple(drifted(file(approved), now, recovers=True))
    (said,) = drifted(file(approved), now)
    assert said.endswith("no such change was approved.")
    elsewhere = replace(putting_back, target=change("c").target)
    other = replace(putting_back, command=Pipeline.of(cmdlet("Remove-OwaMailboxPolicy", Identity="X")))
    for more in (elsewhere, other):
        assert tuple(drifted(file(approved), Plan(changes=(more, *approved.changes)), recovers=True))


def test_a_change_says_what_differs_in_it() -> None:
    approved = file(Plan(changes=(change(before="old"),)))
    (said,) = drifted(approved, Plan(changes=(change(before="new"),)))
    assert said == "X · Enabled on a.litwareinc.com: before was old when it was planned, and is new now."
    (said,) = drifted(approved, Plan(changes=(change(before="old", disturbs="users"),)))
    assert said == "X · Enabled on a.litwareinc.com: it is done in another way now (as it is shown)."


@given(PLANS)
def test_a_plan_file_reads_back_as_it_was_written(plan: Plan) -> None:
    found = file(plan)
    assert (found.digest, len(found.changes)) == (plan.digest, len(plan.changes))


@pytest.mark.parametrize("key", ["format", "nonce", "parameters", "plan", "made"])
def test_a_plan_file_without_one_of_its_parts_is_none(key: str) -> None:
    document = loaded(data(Plan(changes=(change(),))))
    for other in ({**document, key: 7}, {name: value for name, value in document.items() if name != key}):
        with pytest.raises(NotAPlan):
            parsed(dumped(other))


@pytest.mark.parametrize(
    "path", ["estate.name", "estate.redact_users", "plan.changes", "code.library", "made.account", "made.time"]
)
def test_a_plan_file_with_a_part_of_another_kind_is_none(path: str) -> None:
    part, _, key = path.partition(".")
    document = loaded(data(Plan(changes=(change(),))))
    for value in (None, 7, {"a": "b"}):
        with pytest.raises(NotAPlan):
            parsed(dumped({**document, part: {**document[part], key: value}}))


@pytest.mark.parametrize("form", ["machine", "shown"])
def test_a_change_without_one_of_its_parts_is_none(form: str) -> None:
    document = loaded(data(Plan(changes=(change(),))))
    (whole,) = document["plan"]["changes"]
    for key in ("server", "reverse", "cleanup") if form == "machine" else ("title", "repeats", "taken_back_by"):
        less = {**whole, form: {name: value for name, value in whole[form].items() if name != key}}
        plan = {**document["plan"], "changes": [less], "digest": digest_of([less["machine"]])}
        with pytest.raises(NotAPlan):
            parsed(dumped({**document, "plan": plan}))


def test_a_plan_that_holds_a_secret_is_not_written() -> None:
    keep("hunter22!hunter22!")
    plan = Plan(changes=(change(before="hunter22!hunter22!"),))
    with pytest.raises(InputError, match="holds a secret"):
        data(plan)


@pytest.mark.parametrize(
    ("given", "until"),
    [
        ("12h", "2026-02-03T22:15:00Z"),
        ("7d", "2026-02-10T10:15:00Z"),
        ("2w", "2026-02-17T10:15:00Z"),
        ("2026-02-04", "2026-02-04T00:00:00Z"),
        ("2026-02-04T12:00+02:00", "2026-02-04T10:00:00Z"),
    ],
)
def test_an_expiry_is_a_span_or_a_moment(given: str, until: str) -> None:
    assert moment(expiry(given, NOW)) == until


@pytest.mark.parametrize("given", ["", "0d", "d", "7", "7 days", "99999d", "2026-02-03T10:15:00Z", "2020-01-01"])
def test_what_is_no_time_to_come_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="--expires"):
        expiry(given, NOW)
