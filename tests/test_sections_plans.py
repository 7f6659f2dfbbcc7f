"""What holds of every plan: applied, nothing is left to do; nothing becomes known twice; undone, all is as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.change import Decision
from runbook.facts.lync import TrustedApplication, TrustedComputer, TrustedPool
from runbook.facts.windows import UM_CALL_ROUTER, UM_SERVICE, Service
from runbook.parameters import TrustedPoolParameters
from runbook.powershell import render
from runbook.sections import SECTIONS
from runbook.sections.organisation import Membership
from runbook.sections.trusted_pool_facts import TrustedPoolFacts
from section_cases import estate, facts, merged
from topology_simulation import enable, known_twice, run

SECTION = SECTIONS["trusted_pool"]
HEALTHY = merged("trusted_pool", {})
BASE: TrustedPoolFacts = facts(TrustedPoolFacts, HEALTHY["facts"])
ESTATE = estate()
CS, OWA = "atl-cs-001.litwareinc.com", "atl-owa-001.litwareinc.com"
MAILBOX = ("atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com")
ACCESS = ("atl-cas-001.litwareinc.com", "atl-cas-002.litwareinc.com")
NAMES = (OWA, *MAILBOX, "atl-bot-001.litwareinc.com")
COMPUTERS = (*MAILBOX, "atl-app-001.litwareinc.com", "atl-app-002.litwareinc.com")

APPLICATIONS: tuple[tuple[tuple[str, int], ...], ...] = (
    (),
    (("outlookwebapp", 5199),),
    (("outlookwebapp", 5198), ("bot", 6100)),
    (("bot", 5199),),
)
NOTHING: Any = {"trusted_pools": (), "applications": (), "computers": ()}

flags = st.booleans()
plans = st.lists(st.sampled_from(["LitwareSip", "LitwareTel"]), unique=True).map(tuple)


@st.composite
def parameters(draw: st.DrawFn) -> TrustedPoolParameters:
    owa = draw(st.sampled_from([OWA, OWA, *MAILBOX]))
    computers = draw(st.lists(st.sampled_from(COMPUTERS), unique=True, max_size=3))
    return TrustedPoolParameters.model_validate(
        {
            "owa_pool_fqdn": owa,
            "registrar_pool_fqdn": CS,
            "site_id": "Redmond",
            "computer_fqdns": [] if owa in computers else computers,
            "requires_replication": draw(flags),
            "treat_as_authenticated": draw(flags),
            "allow_dial_plan_changes": draw(flags),
            "allow_pending_topology_changes": draw(flags),
            "allow_removing_other_applications": draw(flags),
        }
    )


@st.composite
def organisations(draw: st.DrawFn) -> TrustedPoolFacts:
    """Some pools, some of them with computers of their own; some servers in dial plans; enabled or not."""
    fqdns = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    free = {*COMPUTERS, *NAMES}
    pools, applications, computers = [], [], []
    for fqdn in fqdns:
        own = sorted(free & set(draw(st.lists(st.sampled_from(COMPUTERS), unique=True, max_size=2))) - {fqdn})
        own = own or [fqdn]  # a computer with the pool's own name is its only one
        if not free.issuperset(own):
            continue
        free -= set(own)
        computers += [TrustedComputer(fqdn=name, pool=fqdn) for name in own]
        pools.append(
            TrustedPool(
                fqdn=fqdn,
                registrar=draw(st.sampled_from([CS, CS, ""])),
                site="Site:HQ",
                requires_replication=draw(flags),
                treat_as_authenticated=draw(flags),
                throttle_as_server=True,
                outbound_only=False,
            )
        )
        for name, port in draw(st.sampled_from(APPLICATIONS)):
            identity = f"{fqdn}/urn:application:{name}"
            applications.append(TrustedApplication(identity=identity, pool=fqdn, application_id=name, port=port))
    both = (Service(name=UM_SERVICE, status="Running"), Service(name=UM_CALL_ROUTER, status="Running"))
    services = {name: both if draw(flags) else both[:1] for name in MAILBOX}
    found = replace(
        BASE,
        topology=replace(
            BASE.topology,
            pools=tuple(pool for pool in BASE.topology.pools if pool.fqdn != OWA),  # type: ignore[union-attr]
            trusted_pools=tuple(pools),
            applications=tuple(applications),
            computers=tuple(computers),
        ),
        exchange=replace(
            BASE.exchange,
            dial_plans=tuple(replace(plan, um_servers=()) for plan in BASE.exchange.dial_plans),  # type: ignore[union-attr]
            um_services=tuple(Membership(server=name, dial_plans=draw(plans)) for name in MAILBOX),
            call_routers=tuple(Membership(server=name, dial_plans=draw(plans)) for name in ACCESS),
            windows_services={**BASE.exchange.windows_services, **services},
        ),
    )
    before = found if draw(flags) else replace(found, topology=replace(found.topology, **NOTHING))
    return replace(found, known=enable(before).known)


def decide(wanted: TrustedPoolParameters, found: TrustedPoolFacts) -> Decision:
    decision: Decision = SECTION.decide(wanted, ESTATE, found)
    return decision


def apply(decision: Decision, found: TrustedPoolFacts) -> TrustedPoolFacts:
    for change in decision.plan.changes:
        found = run(found, change.command)
    return found


anything = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@anything
@given(parameters(), organisations())
def test_after_its_plan_nothing_is_left_to_do(wanted: TrustedPoolParameters, found: TrustedPoolFacts) -> None:
    decision = decide(wanted, found)
    assert decide(wanted, apply(decision, found)).plan.changes == ()


@anything
@given(parameters(), organisations())
def test_no_plan_makes_a_name_known_twice(wanted: TrustedPoolParameters, found: TrustedPoolFacts) -> None:
    now = found
    for change in decide(wanted, found).plan.changes:
        after = run(now, change.command)
        assert known_twice(after) <= known_twice(now)
        now = after


@anything
@given(parameters(), organisations())
def test_a_duplicate_that_may_be_repaired_is_gone_after_the_plan(
    wanted: TrustedPoolParameters, found: TrustedPoolFacts
) -> None:
    decision = decide(wanted, found)
    left = [finding for finding in decision.findings if finding.id == "duplicate-known-server" and finding.blocks]
    if not left:
        assert known_twice(apply(decision, found)) == set()


@anything
@given(parameters(), organisations())
def test_undone_backwards_all_is_as_it_was(wanted: TrustedPoolParameters, found: TrustedPoolFacts) -> None:
    changes = decide(wanted, found).plan.changes
    if any(change.irreversible and change.object != "topology" for change in changes):
        return
    after = apply(decide(wanted, found), found)
    for change in reversed(changes):
        for pipeline in change.reverse:
            after = run(after, pipeline)
    for name in ("trusted_pools", "applications", "computers"):
        assert set(getattr(after.topology, name)) == set(getattr(found.topology, name))
    assert after.exchange == found.exchange


@anything
@given(parameters(), organisations())
def test_every_command_can_be_shown_and_prompts_for_nothing(
    wanted: TrustedPoolParameters, found: TrustedPoolFacts
) -> None:
    for change in decide(wanted, found).plan.changes:
        for pipeline in (change.command, *change.reverse):
            assert render(pipeline).endswith("-Confirm:$False")


@anything
@given(parameters(), organisations())
def test_a_plan_is_ordered_topology_first_and_enabled_once(
    wanted: TrustedPoolParameters, found: TrustedPoolFacts
) -> None:
    names = [change.command.cmdlets[0].name for change in decide(wanted, found).plan.changes]
    kinds = ["dial" if "UM" in name else "enable" if name == "Enable-CsTopology" else "topology" for name in names]
    assert kinds == sorted(kinds, key=["topology", "enable", "dial"].index)
    assert kinds.count("enable") == (1 if {"topology", "enable"} & set(kinds) else 0)
