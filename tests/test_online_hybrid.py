"""What the section *online hybrid* asks, where it gets an Edge's own word, and what it waits for."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Any

import pytest

from runbook.command import Shell
from runbook.engine.observe import observe
from runbook.errors import InputError
from runbook.estate import Estate
from runbook.facts.query import Unread
from runbook.parameters import load_parameters
from runbook.parameters_hybrid import OnlineHybridParameters
from runbook.sections.online_hybrid import SECTION
from runbook.sections.online_hybrid_facts import Arrival, OnlineHybridFacts, Source
from section_cases import estate, facts, merged
from test_sections_observe import Asker

EDGE = "atl-edge-001.litwareinc.com"
HEALTHY: OnlineHybridFacts = facts(OnlineHybridFacts, merged("online_hybrid", {})["facts"])
PASTED = textwrap.dedent(
    """\
    ATL-EDGE-001

    Identity            : Global
    AllowFederatedUsers : True
    AllowOutsideUsers   : True
    RoutingMethod       : UseDnsSrvRouting
    """
)


def hybrid_estate(*, edge_endpoints: bool = True) -> Estate:
    document = merged("online_hybrid", {})["estate"]
    if not edge_endpoints:
        document["servers"][1]["endpoints"] = {}
    return estate(document)


def parameters(**given: object) -> OnlineHybridParameters:
    return load_parameters(OnlineHybridParameters, {"cloud": "worldwide", **given})


def test_one_round_of_questions_and_only_the_local_store_on_an_edge() -> None:
    asker = Asker()
    found = observe(SECTION.observe(parameters(), hybrid_estate()), asker)
    assert len(asker.rounds) == 1
    assert len(asker.queries) == len(set(asker.queries))
    on_edge = [query for query in asker.queries if query.target.server == EDGE]
    assert {query.target.shell for query in on_edge} == {Shell.EDGE}
    assert all(query.pipeline.cmdlets[0].value("LocalStore") for query in on_edge)
    assert found.edges[0].source is Source.READ


def test_an_organisation_without_exchange_online_is_asked_nothing() -> None:
    asker = Asker()
    observe(SECTION.observe(parameters(cloud="none"), hybrid_estate()), asker)
    assert asker.queries == []


def test_an_edge_without_an_endpoint_is_known_by_what_was_pasted() -> None:
    there = hybrid_estate(edge_endpoints=False)
    (pasted,) = observe(SECTION.observe(parameters(edge_evidence=[PASTED]), there), Asker()).edges
    assert (pasted.source, pasted.hosting_providers) == (Source.PASTED, ())
    (unknown,) = observe(SECTION.observe(parameters(), there), Asker()).edges
    assert unknown.source is Source.NONE
    assert isinstance(unknown.access_edge, Unread)


def test_an_edge_that_can_be_reached_is_believed_before_what_was_pasted() -> None:
    given = parameters(edge_evidence=[PASTED.replace("True", "False")])
    (read,) = observe(SECTION.observe(given, hybrid_estate()), Asker()).edges
    assert read.source is Source.READ
    (pasted,) = observe(SECTION.observe(given, hybrid_estate()), Asker(unreachable=EDGE)).edges
    assert pasted.source is Source.PASTED


def test_without_a_front_end_nothing_is_known_and_nothing_planned() -> None:
    document = merged("online_hybrid", {})["estate"]
    document["servers"] = document["servers"][1:]
    found = observe(SECTION.observe(parameters(), estate(document)), Asker())
    decision = SECTION.decide(parameters(), estate(document), found)
    assert "no Front End" in found.central.access_edge.why
    assert not decision.plan.changes
    assert all(finding.unknown for finding in decision.findings)


def test_the_record_says_that_exchange_online_was_not_seen() -> None:
    decision = SECTION.decide(parameters(), hybrid_estate(), HEALTHY)
    (said,) = [finding for finding in decision.findings if finding.id == "exchange-online-not-verifiable"]
    assert "can't be verified from here" in said.what


def arrival(**changed: Any) -> Arrival:
    central: Any = HEALTHY.central
    found = Arrival(
        replicas=central.replicas,
        hosting_providers=central.hosting_providers,
        access_edge=central.access_edge,
        edges=HEALTHY.edges,
    )
    return replace(found, **changed)


def pending(found: Arrival) -> str:
    assert SECTION.wait is not None
    return SECTION.wait.pending(parameters(), found)


def test_nothing_is_waited_for_once_all_has_arrived() -> None:
    assert pending(arrival()) == ""


def test_a_stale_replica_is_waited_for() -> None:
    central: Any = HEALTHY.central
    stale = (central.replicas[0], replace(central.replicas[1], up_to_date=False))
    assert pending(arrival(replicas=stale)) == f"not up to date yet: {EDGE}"


def test_an_edge_is_waited_for_although_its_replica_is_said_to_be_up_to_date() -> None:
    behind = (replace(HEALTHY.edges[0], hosting_providers=()),)
    assert EDGE in pending(arrival(edges=behind))


def test_waiting_does_not_change_what_was_pasted_or_cannot_be_read() -> None:
    old = (replace(HEALTHY.edges[0], hosting_providers=(), source=Source.PASTED),)
    assert pending(arrival(edges=old)) == ""
    lost = (replace(HEALTHY.edges[0], hosting_providers=Unread("not reached")),)
    assert pending(arrival(edges=lost)) == ""
    assert pending(arrival(replicas=Unread("not reached"))) == ""


def test_how_long_is_waited_stands_in_the_parameters() -> None:
    assert SECTION.wait is not None
    assert SECTION.wait.deadline_seconds(parameters(replication_deadline_seconds=90)) == 90


def test_what_is_waited_for_is_asked_in_one_round_of_reads() -> None:
    asker = Asker()
    assert SECTION.wait is not None
    found = observe(SECTION.wait.observe(parameters(), hybrid_estate()), asker)
    assert (len(asker.rounds), found.replicas) == (1, ())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"cloud": "global"}, "worldwide"),
        ({"widen_access_policies": ["Global"]}, "never widened"),
        ({"widen_access_policies": ["Tag:Remote", "tag:remote"]}, "twice"),
        ({"grant_access_policy": "Global"}, "never widened"),
        ({"grant_access_policy": "Site:Redmond"}, "can't be granted"),
        ({"edge_evidence": ["Identity ProxyFqdn\n-------- ---------"]}, "isn't the name of the computer"),
        ({"edge_evidence": [PASTED.replace("True", "Ja")]}, "neither True nor False"),
        ({"edge_evidence": [PASTED, PASTED.replace("ATL-EDGE", "atl-edge")]}, "twice"),
        ({"provider_identity": ""}, "empty"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parameters(**given)
