"""The gate of OWA's roll-out: when a server's turn may come, and when the next one's may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from runbook.engine.observe import observe
from runbook.facts.health import Component, DatabaseCopy, Monitor
from runbook.facts.query import Answers, Query, Unread
from runbook.facts.windows import Service
from runbook.parameters import load_parameters
from runbook.parameters_owa import OwaEnablementParameters
from runbook.readlist import why_not_read
from runbook.sections.owa_gate import GATE, ServerHealth
from section_cases import CASES, estate, load, merged

NEEDED = merged("owa_enablement", {})["parameters"]
GOOD = ServerHealth(
    clock=datetime(2014, 7, 23, 20, 30, tzinfo=UTC),
    services=tuple(Service(name=name, status="Running") for name in ("W3SVC", "WAS", "MSExchangeIS")),
    components=(Component(name="OwaProxy", state="Active"), Component(name="UMCallRouter", state="Inactive")),
    copies=(DatabaseCopy(name=r"DB1\MBX1", status="Mounted"), DatabaseCopy(name=r"DB2\MBX1", status="Healthy")),
    monitors=(Monitor(name="OWA.Protocol/A", alert="Healthy"), Monitor(name="UM/B", alert="Unhealthy")),
)


def given(**more: Any) -> OwaEnablementParameters:
    return load_parameters(OwaEnablementParameters, {**NEEDED, **more})


def window(start: str, end: str) -> OwaEnablementParameters:
    return given(maintenance_start=f"2014-07-23T{start}", maintenance_end=f"2014-07-23T{end}")


def test_without_a_window_any_time_will_do() -> None:
    assert GATE.refuses(given(), GOOD) == ""


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ("20:00+00:00", "21:00+00:00", True),
        ("22:00+02:00", "23:00+02:00", True),
        ("20:30+00:00", "20:31+00:00", True),
        ("20:31+00:00", "21:00+00:00", False),
        ("20:00+02:00", "21:00+02:00", False),
    ],
)
def test_the_servers_own_clock_decides_about_the_window(start: str, end: str, inside: bool) -> None:
    said = GATE.refuses(window(start, end), GOOD)
    assert (said == "") is inside
    assert inside or "outside the maintenance window" in said


@pytest.mark.parametrize("field", ["clock", "services", "components", "copies", "monitors"])
def test_what_could_not_be_read_stops_before_and_after(field: str) -> None:
    blind = replace(GOOD, **{field: Unread("not reached")})
    assert f"Its {field} couldn't be read: not reached." in GATE.refuses(given(), blind)
    assert f"Its {field} couldn't be read" in GATE.worse(given(), GOOD, blind)


def test_a_server_without_iis_is_not_begun_with() -> None:
    stopped = replace(GOOD, services=(Service(name="W3SVC", status="Stopped"), Service(name="WAS", status="Running")))
    assert "IIS isn't running there (W3SVC)" in GATE.refuses(given(), stopped)


def test_a_server_that_is_as_before_or_better_is_left() -> None:
    better = replace(GOOD, components=tuple(replace(each, state="Active") for each in GOOD.components))
    assert GATE.worse(given(), GOOD, GOOD) == ""
    assert GATE.worse(given(), GOOD, better) == ""
    assert "UMCallRouter" in GATE.worse(given(), better, GOOD)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"services": GOOD.services[:2]}, "Services no longer run: MSExchangeIS."),
        ({"components": ()}, "Components are no longer active: OwaProxy."),
        (
            {"copies": (DatabaseCopy(name=r"DB1\MBX1", status="Healthy"), *GOOD.copies[1:])},  # type: ignore[misc]
            r"Databases are no longer mounted here: DB1\MBX1.",
        ),
        (
            {"copies": (GOOD.copies[0], DatabaseCopy(name=r"DB2\MBX1", status="Failed"))},  # type: ignore[index]
            r"Database copies are no longer healthy: DB2\MBX1.",
        ),
        (
            {"monitors": (Monitor(name="OWA.Protocol/A", alert="Unhealthy"),)},
            "Monitors that were healthy raise an alert: OWA.Protocol/A.",
        ),
    ],
)
def test_what_is_worse_than_before_is_named(change: dict[str, Any], says: str) -> None:
    assert GATE.worse(given(), GOOD, replace(GOOD, **change)) == says


def test_time_to_settle_is_a_parameter() -> None:
    assert GATE.settle_seconds(given(settle_seconds=7)) == 7


@pytest.mark.parametrize(("stage", "asked"), [("atl-mbx-001.litwareinc.com", 5), ("atl-cas-001.litwareinc.com", 4)])
def test_it_only_reads_and_asks_for_copies_where_there_are_mailboxes(stage: str, asked: int) -> None:
    queries: list[Query[Any]] = []

    def answer(some: Any) -> Answers:
        queries.extend(some)
        return Answers({query: Unread(query.name) for query in some})

    found = observe(GATE.observe(given(), estate(), stage), answer)
    assert len(queries) == asked
    assert all(why_not_read(query.pipeline, query.target.shell) == "" for query in queries)
    assert found.clock == Unread("clock")
    assert (found.copies == ()) is (asked == 4)


def test_a_server_without_endpoints_is_not_begun_with() -> None:
    document = load(CASES / "_estate.yaml")
    for server in document["servers"][:4]:
        server["endpoints"] = {"windows": server["endpoints"]["windows"]}
    found = observe(
        GATE.observe(given(), estate(document), "atl-mbx-001.litwareinc.com"),
        lambda some: Answers({query: Unread("x") for query in some}),
    )
    assert "no Exchange endpoint of this server's version" in GATE.refuses(given(), found)
