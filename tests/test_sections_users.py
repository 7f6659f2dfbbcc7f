"""Who gets IM in OWA: what holds of every organisation, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.change import Finding, Severity
from runbook.facts.recipients import ClientAccess, LyncUser, Mailbox, OwaPolicy
from runbook.parameters import load_parameters
from runbook.powershell import render
from runbook.sections import SECTIONS
from runbook.sections.mailbox_policies_facts import MailboxPoliciesFacts
from runbook.sections.user_findings import report
from runbook.sections.users import Readiness, Reason, Users, judge
from runbook.sections.verification_facts import VerificationFacts
from section_cases import estate, facts, merged

ON = OwaPolicy(name="On", identity="On", is_default=True, im_enabled=True, im_type="Ocs")
OFF = replace(ON, name="Off", identity="Off", im_type="None")
VERSION = "Version 15.0 (Build 1497.2)"


def person(name: str, **changed: Any) -> Mailbox:
    values: dict[str, Any] = {"addresses": (f"SMTP:{name}@a.example", f"sip:{name}@a.example"), "server": "MBX"}
    values |= {"identity": f"a.example/{name}", "user": f"{name}@a.example", "kind": "UserMailbox"}
    return Mailbox(**values | {"server_version": VERSION} | changed)


def in_lync(name: str) -> LyncUser:
    address = f"{name}@a.example"
    return LyncUser(identity=f"CN={name}", user=address, sip_address=f"sip:{address}", enabled=True, pool="p")


def people(count: int, *, policy: str = "On", lync: bool = True) -> Users:
    names = [f"user{number:03}" for number in range(count)]
    return Users(
        mailboxes=tuple(map(person, names)),
        access=tuple(ClientAccess(identity=f"a.example/{name}", owa_enabled=True, policy=policy) for name in names),
        lync=tuple(map(in_lync, names)) if lync else (),
        sip_domains=("a.example",),
    )


def judged(users: Users, **more: Any) -> Readiness:
    found = judge(users, (ON, OFF), **more)
    assert found is not None
    return found


def finding(readiness: Readiness, id: str) -> Finding:
    return next(found for found in report(readiness) if found.id == id)


def test_a_finding_counts_everybody_and_names_ten() -> None:
    found = finding(judged(people(12, policy="Off")), Reason.POLICY_OFF)
    assert found.what.endswith("12 users (" + ", ".join(f"user{n:03}@a.example" for n in range(10)) + " and 2 more).")
    assert found.severity is Severity.WARNING


def test_ten_are_named_without_more_and_one_is_one_user() -> None:
    assert "more" not in finding(judged(people(10, lync=False)), Reason.NOT_IN_LYNC).what
    assert "1 user (" in finding(judged(people(1, lync=False)), Reason.NOT_IN_LYNC).what


def test_what_is_planned_counts_as_done() -> None:
    users = people(3, policy="off")
    assert len(judged(users, planned=("Off",)).ready) == 3
    assert set(judged(users).held) == {Reason.POLICY_OFF}
    assert set(judged(users, left_off=("OFF",)).held) == {Reason.POLICY_LEFT_OFF}


def test_who_is_known_to_lync_but_not_enabled_there_is_not_ready() -> None:
    users = people(2)
    assert isinstance(users.lync, tuple)
    found = judged(replace(users, lync=(replace(users.lync[0], enabled=False), users.lync[1])))
    assert [mailbox.user for mailbox in found.ready] == ["user001@a.example"]
    assert [mailbox.user for mailbox in found.held[Reason.NOT_IN_LYNC]] == ["user000@a.example"]


@pytest.mark.parametrize("addresses", [("sip:user000@a.example",), ("SMTP:x@a.example", "SIP:User000@A.example")])
def test_two_accounts_of_one_person_are_brought_together_by_their_address(addresses: tuple[str, ...]) -> None:
    users = people(1)
    assert isinstance(users.lync, tuple)
    found = judged(
        replace(
            users,
            mailboxes=(person("user000", addresses=addresses),),
            lync=(replace(users.lync[0], user="other@resource.example"),),
        )
    )
    assert [mailbox.user for mailbox in found.ready] == ["user000@a.example"]


def test_an_account_goes_before_an_address_that_somebody_else_took_over() -> None:
    theirs = replace(in_lync("user001"), sip_address="sip:user000@a.example")
    ours = replace(in_lync("user000"), sip_address="sip:new@a.example")
    found = judged(replace(people(1), lync=(theirs, ours)))
    assert set(found.held) == {Reason.OTHER_SIP_ADDRESS}


ACCOUNTS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(["UserMailbox", "RoomMailbox"]),
        st.sampled_from([VERSION, "Version 14.3 (Build 1.1)", ""]),
        st.sampled_from([(), ("sip:{}@a.example",), ("sip:{}@b.example",), ("SIP:{}@A.EXAMPLE", "sip:x")]),
        st.sampled_from(["On", "Off", "Gone", ""]),
        st.booleans(),
    ),
    max_size=6,
)


@given(ACCOUNTS)
def test_everybody_is_ready_or_has_a_reason_and_never_both(accounts: list[Any]) -> None:
    names = [f"u{number}" for number in range(len(accounts))]
    users = Users(
        mailboxes=tuple(
            person(name, kind=kind, server_version=version, addresses=tuple(each.format(name) for each in addresses))
            for name, (_, kind, version, addresses, _, _) in zip(names, accounts, strict=True)
        ),
        access=tuple(
            ClientAccess(identity=f"a.example/{name}", owa_enabled=owa, policy=policy)
            for name, (_, _, _, _, policy, owa) in zip(names, accounts, strict=True)
        ),
        lync=tuple(in_lync(name) for name, account in zip(names, accounts, strict=True) if account[0]),
        sip_domains=("a.example",),
    )
    found = judged(users)
    ready = {mailbox.user for mailbox in found.ready}
    held = {mailbox.user for group in found.held.values() for mailbox in group}
    expected = {
        f"{name}@a.example"
        for name, (lync, kind, version, addresses, policy, owa) in zip(names, accounts, strict=True)
        if lync
        and kind == "UserMailbox"
        and version == VERSION
        and any(each.lower() == "sip:{}@a.example" for each in addresses)
        and policy in ("On", "")
        and owa
    }
    assert ready == expected
    assert not ready & held
    assert ready | held == {
        f"{name}@a.example" for name, each in zip(names, accounts, strict=True) if each[1][0] == "U"
    }
    assert found.lync_users == sum(each[0] and each[1] == "UserMailbox" for each in accounts)


def test_what_is_read_of_a_policy_is_what_the_way_back_restores() -> None:
    document = merged("mailbox_policies", {"facts/policies/0/im_enabled": False, "facts/policies/0/im_type": "None"})
    section = SECTIONS["mailbox_policies"]
    decision = section.decide(
        load_parameters(section.parameters, document["parameters"]),
        estate(document["estate"]),
        facts(MailboxPoliciesFacts, document["facts"]),
    )
    (change,) = decision.plan.changes
    assert (change.before, change.after) == ([False, "None"], [True, "Ocs"])
    assert [render(pipeline) for pipeline in change.reverse] == [
        "Set-OwaMailboxPolicy -Identity Default -InstantMessagingEnabled $False -InstantMessagingType None"
        " -DomainController atl-dc-001.litwareinc.com -Confirm:$False"
    ]
    assert "60 minutes" in change.disturbs


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"facts/back_ends/0/events": []}, {"no-event-112"}),
        ({"facts/back_ends/0/workers": [], "facts/back_ends/0/events": []}, {"no-event-112"}),
        ({"facts/back_ends/0/events": [], "facts/users/mailboxes/0/server": "ATL-MBX-002"}, set()),
        ({"facts/users/lync": {"why": "not reached"}}, {"users-unread"}),
        ({"facts/back_ends/0/log_folder": {"why": "not reached"}}, {"facts-unread"}),
        ({}, set()),
    ],
)
def test_what_could_not_be_established_makes_a_verification_unknown(changes: Any, unknown: set[str]) -> None:
    assert {found.id for found in verification(changes) if found.unknown} == unknown


def test_a_test_user_is_named_whose_mailbox_the_server_serves() -> None:
    found = verification({"facts/back_ends/1/events": []})
    remedy = next(each.remedy for each in found if each.id == "no-event-112")
    assert "such as ben@litwareinc.com," in remedy


def test_tracing_names_the_lync_pool_and_all_that_clears_up_after_it() -> None:
    found = verification({"facts/back_ends/0/events/0/id": 103})
    (trace,) = [each for each in found if each.id == "trace-sipstack"]
    for words in ("-Level Debug -Flags All", "Start-CsClsLogging", "Stop-CsClsLogging", "-Pools atl-cs-001.litwareinc"):
        assert words in trace.remedy


def test_the_words_of_an_event_stay_on_one_line_and_short() -> None:
    said = "It  broke\r\nbadly. " + "x" * 400
    found = verification(
        {"facts/back_ends/0/events/0": {"id": 88, "record": 1, "at": "2014-07-23T09:00Z", "message": said}}
    )
    what = next(each.what for each in found if each.id == "im-event")
    assert "It said: It broke badly. xxx" in what
    assert len(what) < 400


def verification(changes: Any) -> tuple[Finding, ...]:
    document = merged("verification", changes)
    section = SECTIONS["verification"]
    given = load_parameters(section.parameters, document["parameters"])
    found = section.decide(given, estate(document["estate"]), facts(VerificationFacts, document["facts"]))
    return found.findings
