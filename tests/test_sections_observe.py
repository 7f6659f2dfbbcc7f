"""What the sections ask: only reads, all of them showable, in few rounds; and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certificate_factory import Recipe
from runbook.command import Shell
from runbook.engine.observe import observe
from runbook.facts.query import Answers, Query, Unread
from runbook.parameters import load_parameters
from runbook.powershell import render
from runbook.readlist import why_not_read
from runbook.result import ServerObject, ServerValue
from runbook.sections import SECTIONS
from section_cases import CASES, estate, load, merged
from server_answers import enum, parsed, thing

NOW = datetime(2014, 7, 23, 10, tzinfo=UTC)
DLL = r"C:\UCMA\Microsoft.Rtc.Internal.Ucweb.dll"
MADE = Recipe("atl-owa-001.litwareinc.com")


def server(name: str, role: str) -> ServerObject:
    fqdn = f"{name}.litwareinc.com"
    return thing(Name=name.upper(), Fqdn=fqdn, AdminDisplayVersion="Version 15.0 (Build 1497.2)", ServerRole=role)


OUTPUT: dict[str, Sequence[ServerValue]] = {
    "owa-pool-state": ('APPPOOL "MSExchangeOWAAppPool" (MgdVersion:v4.0,MgdMode:Integrated,state:Started)',),
    "clock": [NOW],
    "im-provider-path": [thing(ImplementationDLLPath=DLL)],
    "ucma-wrong-version": [thing(Version="5.0.8308.0")],
    "item": [thing(FullName=DLL, PSIsContainer=False)],
    "file-version": [thing(FileVersion="5.0.8308.0")],
    "um-services": [thing(Name="MSExchangeUM", Status=enum("Running", 4))],
    "certificates": [thing(Thumbprint="", HasPrivateKey=True, RawData=MADE.der())],
    "lync-version": ["Microsoft Lync Server 2013 (5.0.8308.0): Volume license key installed."],
    "lync-certificate": [thing(Use="Default", Thumbprint=MADE.make().thumbprint)],
    "exchange-servers": [server("atl-mbx-001", "Mailbox"), server("atl-cas-001", "ClientAccess")],
    "um-service": [thing(Name="ATL-MBX-001", DialPlans=("Sip",))],
    "um-call-router": [thing(Identity="ATL-CAS-001", DialPlans=("Sip",))],
    "owa-workers": [
        thing(ProcessId=number, CreationDate=at, CommandLine="w3wp.exe -ap MSExchangeOWAAppPool")
        for number, at in ((1, NOW), (2, NOW + timedelta(hours=1)))
    ],
    "exchange-folder": [thing(MsiInstallPath="D:\\Exchange\\V15\\")],
    "folder": [True],
    "content": [b"<configuration/>"],
    "security": [thing(Sddl="O:BAG:SY")],
    "access-edge": [thing(AllowFederatedUsers=True, AllowOutsideUsers=True, RoutingMethod="UseDnsSrvRouting")],
    "cls-tracing": ["a.b.com (FE v5.0.8308.0) (AlwaysOn=No)"],
    "details": [thing(Attributes=enum("Archive", 32), LastWriteTimeUtc=NOW, PSIsContainer=False)],
}


class Asker:
    """Answers every query with the output above; remembers the rounds."""

    def __init__(self, unreachable: str = "") -> None:
        self.rounds: list[list[Query[Any]]] = []
        self.unreachable = unreachable

    def __call__(self, queries: Sequence[Query[Any]]) -> Answers:
        self.rounds.append(list(queries))
        return Answers({query: self._answer(query) for query in queries})

    def _answer(self, query: Query[Any]) -> Any:
        if query.target.server == self.unreachable:
            return Unread("not reached")
        return parsed(query, *OUTPUT.get(query.name.split()[0], ()))

    @property
    def queries(self) -> list[Query[Any]]:
        return [query for queries in self.rounds for query in queries]


def facts_of(name: str, asker: Asker, document: Any = None) -> Any:
    section = SECTIONS[name]
    given = load_parameters(section.parameters, merged(name, {})["parameters"])
    return observe(section.observe(given, estate(document)), asker)


@pytest.mark.parametrize("name", SECTIONS)
def test_every_question_only_reads_and_can_be_shown(name: str) -> None:
    asker = Asker()
    facts_of(name, asker)
    assert asker.queries
    for query in asker.queries:
        assert why_not_read(query.pipeline, query.target.shell) == ""
        assert "$Null" not in render(query.pipeline)


def test_prerequisites_asks_in_three_rounds_and_nothing_twice() -> None:
    asker = Asker()
    found = facts_of("prerequisites", asker)
    assert len(asker.rounds) == 3
    assert len(asker.queries) == len(set(asker.queries))
    back = found.back_ends[0]
    assert (back.server, back.clock, back.provider.path) == ("atl-mbx-001.litwareinc.com", NOW, DLL)
    assert (back.provider.item.path, back.provider.file_version) == (DLL, "5.0.8308.0")
    assert back.stores.my[0].certificate == MADE.make()
    assert [front.certificate for front in found.front_ends] == [MADE.make().thumbprint] * 2
    assert [(member.server, member.dial_plans) for member in found.exchange.call_routers] == [
        ("atl-cas-001.litwareinc.com", ("Sip",))
    ]


def test_trusted_pool_asks_every_front_end_for_its_events() -> None:
    asker = Asker()
    found = facts_of("trusted_pool", asker)
    assert set(found.known) == {"atl-fe-001.litwareinc.com", "atl-fe-002.litwareinc.com"}
    assert found.exchange.is_colocated("atl-mbx-001.litwareinc.com") is False


def test_owa_enablement_reads_every_back_ends_file_where_exchange_was_set_up() -> None:
    asker = Asker()
    found = facts_of("owa_enablement", asker)
    assert len(asker.rounds) == 4
    assert len(asker.queries) == len(set(asker.queries))
    below = r"D:\Exchange\V15"
    assert {back.path for back in found.back_ends} == {below + r"\ClientAccess\Owa\web.config"}
    assert {front.path for front in found.front_ends} == {below + r"\FrontEnd\HttpProxy\owa\web.config"}
    file = found.back_ends[0].file
    assert (file.content, file.sddl, file.details.attributes) == (b"<configuration/>", "O:BAG:SY", ("Archive",))
    asked = {query.name for query in asker.queries if query.target.shell is Shell.EXCHANGE}
    assert {"owa-directories atl-cas-001.litwareinc.com", "back-end-directories atl-mbx-001.litwareinc.com"} <= asked


def test_a_server_that_is_not_reached_is_unread_and_the_rest_is_not() -> None:
    found = facts_of("prerequisites", Asker(unreachable="atl-mbx-002.litwareinc.com"))
    assert found.back_ends[1].clock == Unread("not reached")
    assert found.back_ends[1].provider.path == Unread("not reached")
    assert found.back_ends[0].clock == NOW


def test_topology_is_read_where_the_second_hop_works_else_on_the_role_based_endpoint() -> None:
    delegated, plain = Asker(), Asker()
    facts_of("trusted_pool", delegated)
    document = load(CASES / "_estate.yaml")
    for server in document["servers"][4:]:
        server["endpoints"]["windows"]["authentication"] = "negotiate"
    facts_of("trusted_pool", plain, document)
    shells = [{q.target.shell for q in asker.queries if q.name == "trusted-pools"} for asker in (delegated, plain)]
    assert shells == [{Shell.LYNC}, {Shell.LYNC_REMOTE}]


def test_without_an_endpoint_facts_say_so() -> None:
    document = load(CASES / "_estate.yaml")
    document["servers"] = [server for server in document["servers"] if server["product"] == "exchange"]
    for server in document["servers"]:
        server["endpoints"] = {"exchange": server["endpoints"]["exchange"]}
    found = facts_of("prerequisites", Asker(), document)
    assert "no Front End" in found.topology.sites.why
    assert "no ordinary Windows endpoint" in found.back_ends[0].clock.why
    assert "no ordinary Windows endpoint" in found.exchange.windows_services["atl-mbx-001.litwareinc.com"].why
    owa = facts_of("owa_enablement", Asker(), document)
    assert "no ordinary Windows endpoint" in owa.back_ends[0].file.why
    assert "no ordinary Windows endpoint" in owa.front_ends[0].path.why


def test_a_folder_is_looked_into_for_the_dll() -> None:
    asker = Asker()
    folder = {
        "im-provider-path": [thing(ImplementationDLLPath="C:\\UCMA")],
        "item": [thing(FullName="C:\\UCMA", PSIsContainer=True)],
    }
    before = dict(OUTPUT)
    OUTPUT.update(folder)
    try:
        found = facts_of("prerequisites", asker)
    finally:
        OUTPUT.update(before)
    assert found.back_ends[0].provider.dll_inside is True
    assert f"item {DLL}" in {query.name for query in asker.queries}


def test_mailbox_policies_asks_in_one_round() -> None:
    asker = Asker()
    facts_of("mailbox_policies", asker)
    assert [sorted(query.name for query in queries) for queries in asker.rounds] == [
        [
            "client-access-mailboxes",
            "lync-users",
            "mailboxes",
            "owa-mailbox-policies",
            "remote-mailboxes",
            "sip-domains",
        ]
    ]
    pinned = [query for query in asker.queries if query.target.shell is Shell.EXCHANGE]
    assert all("-DomainController atl-dc-001.litwareinc.com" in render(query.pipeline) for query in pinned)


def test_verification_asks_for_the_events_since_the_newest_worker_and_for_the_folder_of_set_up() -> None:
    asker = Asker()
    found = facts_of("verification", asker)
    asked = [query for query in asker.queries if query.name == "im-events"]
    assert {query.target.server for query in asked} == {"atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com"}
    assert all("SystemTime>=''2014-07-23T11:00:00.000Z''" in render(query.pipeline) for query in asked)
    assert "folder D:\\Exchange\\V15\\Logging\\OWA\\InstantMessaging" in {query.name for query in asker.queries}
    assert [(back.events, back.log_folder) for back in found.back_ends] == [((), True)] * 2


def test_verification_without_a_worker_or_a_folder_asks_no_further() -> None:
    asker = Asker()
    before = dict(OUTPUT)
    OUTPUT.update({"owa-workers": [], "exchange-folder": [thing(MsiInstallPath="")]})
    try:
        found = facts_of("verification", asker)
    finally:
        OUTPUT.update(before)
    assert not {query.name.split()[0] for query in asker.queries} & {"im-events", "folder"}
    assert found.back_ends[0].events == ()
    assert "registered no folder" in found.back_ends[0].log_folder.why


def test_verification_of_a_server_that_is_not_reached_knows_nothing_of_it() -> None:
    found = facts_of("verification", Asker(unreachable="atl-mbx-002.litwareinc.com"))
    lost = found.back_ends[1]
    assert (lost.workers, lost.log_folder) == (Unread("not reached"), Unread("not reached"))
    assert found.back_ends[0].log_folder is True
