"""Setting overrides and what servers work with: how they are asked for, and XML that nobody has to believe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.command import Pipeline, Shell, Target, cmdlet
from runbook.facts import overrides
from runbook.facts.overrides import CU4, SettingOverride
from runbook.facts.query import Query
from runbook.powershell import render
from runbook.readlist import why_not_read
from runbook.result import ServerObject
from server_answers import parsed, thing

EXCHANGE = Target("atl-mbx-001.litwareinc.com", Shell.EXCHANGE)
CURRENT, OLD = (15, 1, 2507, 6), (15, 1, 544, 27)
SETTINGS = overrides.im_settings(EXCHANGE, "ATL-MBX-001", CURRENT)
WITHIN = (
    "<Diagnostics><Components><VariantConfiguration><Configuration>{}</Configuration></VariantConfiguration>"
    "</Components></Diagnostics>"
)
BOTH = (
    "<OwaServer><IMSettings><IMServerName>p.example.com</IMServerName>"
    "<IMCertificateThumbprint>AB</IMCertificateThumbprint></IMSettings></OwaServer>"
)
CONFIG = "Get-ExchangeDiagnosticInfo -Server ATL-MBX-001 -Process {} -Component VariantConfiguration -Argument {}"

QUERIES: list[tuple[Query[Any], str]] = [
    (SETTINGS, CONFIG.format("MSExchangeMailboxAssistants", "'Config,Component=OwaServer'")),
    (
        overrides.im_settings(EXCHANGE, "ATL-MBX-001", OLD),
        CONFIG.format("Microsoft.Exchange.Directory.TopologyService", "Config"),
    ),
    (overrides.iis_thumbprints(EXCHANGE, "ATL-MBX-001"), "Get-ExchangeCertificate -Server ATL-MBX-001"),
    (
        overrides.overrides(EXCHANGE, "atl-dc-001.litwareinc.com"),
        "Get-SettingOverride -DomainController atl-dc-001.litwareinc.com",
    ),
]


def result(document: str) -> ServerObject:
    return thing(Result=document)


@pytest.mark.parametrize(
    ("query", "text"), QUERIES, ids=[text.split(" -")[0] + str(n) for n, (_, text) in enumerate(QUERIES)]
)
def test_what_is_asked_only_reads(query: Query[Any], text: str) -> None:
    assert render(query.pipeline).startswith(f"{text} | Select-Object")
    assert why_not_read(query.pipeline, query.target.shell) == ""


def test_a_refresh_is_no_read() -> None:
    refresh = cmdlet("Get-ExchangeDiagnosticInfo", Component="VariantConfiguration", Argument="Refresh")
    assert why_not_read(Pipeline.of(refresh), Shell.EXCHANGE)


def test_cumulative_update_4_is_where_the_question_changes() -> None:
    assert OLD < CU4 <= CURRENT
    assert "Config," in render(overrides.im_settings(EXCHANGE, "X", (15, 2, 330, 6)).pipeline)


def test_the_settings_that_the_processes_work_with() -> None:
    found = parsed(SETTINGS, result(WITHIN.format(BOTH)))
    assert found == {"IMServerName": "p.example.com", "IMCertificateThumbprint": "AB"}
    assert parsed(SETTINGS, result(WITHIN.format(""))) == {}
    assert (
        parsed(SETTINGS, result(WITHIN.format("<OwaServer><IMSettings><IMServerName/></IMSettings></OwaServer>"))) == {}
    )


@pytest.mark.parametrize(
    "document",
    [
        "",
        "no xml",
        "<Diagnostics>",
        "<Diagnostics><Components/></Diagnostics>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + WITHIN.format(BOTH),
        '<!doctype x [<!ENTITY e "many">]>' + WITHIN.format("&e;"),
        WITHIN.format("&undefined;"),
        "<a>" * 5000 + "</a>" * 5000,
        WITHIN.format("x" * (4 * 1024 * 1024)),
        '<?xml version="1.0" encoding="utf-16"?>' + WITHIN.format(BOTH),
    ],
    ids=["empty", "text", "cut", "other", "dtd", "dtd-in-small-letters", "entity", "deep", "long", "encoding"],
)
def test_xml_of_another_form_is_a_fault_and_never_an_empty_answer(document: str) -> None:
    with pytest.raises(ValueError, match=r"diagnostic result|Result"):
        parsed(SETTINGS, result(document))


def test_an_override_is_read_whole() -> None:
    changed = datetime(2022, 6, 6, 8, tzinfo=UTC)
    found = parsed(
        overrides.overrides(EXCHANGE),
        thing(
            Name="IM Override",
            ComponentName="OwaServer",
            SectionName="imsettings",
            Parameters=("IMServerName=a", "imservername=b ", "Other"),
            Server=None,
            MinVersion="15.1.225.42",
            MaxVersion=None,
            WhenChangedUTC=changed,
        ),
    )
    (one,) = found
    assert one.is_im
    assert one.value("IMSERVERNAME") == "b"
    assert one.value("Other") is None
    assert (one.servers, one.min_version, one.max_version, one.changed) == ((), "15.1.225.42", "", changed)


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        ({}, True),
        ({"servers": ("atl-mbx-001",)}, True),
        ({"servers": ("ATL-MBX-00?", "X")}, True),
        ({"servers": ("atl-mbx-001.litwareinc.com",)}, False),
        ({"servers": ("ATL-MBX-002",)}, False),
        ({"min_version": "15.01.0225.42"}, True),
        ({"min_version": "15.2.0.0"}, False),
        ({"max_version": "15.0.9999.0"}, False),
        ({"min_version": "15.1.2507.6", "max_version": "15.1.2507.6"}, True),
    ],
)
def test_whom_an_override_applies_to(scope: dict[str, Any], covers: bool) -> None:
    """``real-world`` B1: names are NetBIOS names, wildcards allowed; a full name fits nobody."""
    one = SettingOverride(name="x", component="OwaServer", section="IMSettings", parameters=(), **scope)
    assert one.covers("ATL-MBX-001", CURRENT) is covers


@given(st.text(max_size=40), st.text(max_size=40) | st.text("0123456789.²", max_size=9))
def test_any_server_names_and_versions_are_answered(server: str, version: str) -> None:
    one = SettingOverride(
        name="x", component="c", section="s", parameters=(server,), servers=(server,), min_version=version
    )
    assert one.covers("ATL-MBX-001", CURRENT) in (True, False)
    assert one.value(version) is None or isinstance(one.value(version), str)


def test_certificates_for_iis_are_told_from_others() -> None:
    found = parsed(
        overrides.iis_thumbprints(EXCHANGE, "ATL-MBX-001"),
        thing(Thumbprint="ab", Services="IMAP, POP, IIS, SMTP"),
        thing(Thumbprint="cd", Services="SMTP"),
        thing(Thumbprint="ef", Services=None),
    )
    assert found == ("AB",)
