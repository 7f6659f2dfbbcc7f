"""Symptoms that one section finds name the causes that another has found."""

from __future__ import annotations

from runbook.catalogue import checks
from runbook.change import Finding, Severity
from runbook.sections import across
from runbook.sections.across import explained

HERE, THERE = "atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com"


def finding(id: str, server: str = "", object: str = "", severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        id=id, requirements=(), severity=severity, server=server, object=object, what="A.", why="B.", remedy="C."
    )


def causes(*findings: Finding) -> list[tuple[str, ...]]:
    return [one.caused_by for one in explained(findings)]


def test_an_event_names_the_trouble_of_its_own_server_and_of_no_other() -> None:
    event = finding("im-event", HERE, "event 83")
    assert causes(finding("ucma-missing", HERE), event) == [(), ("ucma-missing",)]
    assert causes(finding("ucma-missing", THERE), event) == [(), ()]
    assert causes(finding("cert-expired", HERE), event) == [(), ()], "event 83 isn't about certificates"


def test_what_is_lyncs_shows_on_every_server() -> None:
    failed = finding("im-sign-in-failed", HERE, "code 18202, subcode 504", Severity.WARNING)
    assert causes(failed, finding("topology-not-enabled")) == [("topology-not-enabled",), ()]
    unreached = finding("im-sign-in-failed", HERE, "code 18204")
    assert causes(unreached, finding("lync-cert-untrusted-by-exchange", THERE))[0]


def test_what_is_all_right_causes_nothing_and_needs_no_cause() -> None:
    event = finding("im-event", HERE, "event 106", Severity.INFO)
    assert causes(event, finding("cert-expiring", HERE)) == [(), ()]
    grave = finding("im-event", HERE, "event 106")
    assert causes(grave, finding("cert-expiring", HERE, severity=Severity.INFO)) == [(), ()]


def test_causes_that_a_finding_names_already_stay() -> None:
    folder = Finding(**{**_fields(finding("logs-folder-missing", HERE)), "caused_by": ("x",)})
    assert causes(folder, finding("im-event", HERE, "event 83")) == [("x", "im-event"), ()]


def test_every_cause_is_a_check_that_there_is() -> None:
    named = {cause for causes in across._SYMPTOMS.values() for cause in causes}
    assert named - {"im-event"} <= set(checks())


def _fields(one: Finding) -> dict[str, object]:
    return {name: getattr(one, name) for name in Finding.__dataclass_fields__}
