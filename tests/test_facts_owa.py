"""Facts of OWA enablement: files, virtual directories, database copies, health, and what they are asked by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from runbook.command import Pipeline, Shell, Target
from runbook.errors import PipelineFailed
from runbook.facts import databases, files, health, owa
from runbook.facts.databases import Database, MailboxServer
from runbook.facts.files import FileDetails
from runbook.facts.health import Component, DatabaseCopy, Monitor
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Query
from runbook.facts.windows import Service
from runbook.powershell import render
from runbook.readlist import why_not_read
from runbook.result import ServerObject
from server_answers import enum, parsed, thing

HERE = Target("atl-mbx-001.litwareinc.com", Shell.WINDOWS)
EXCHANGE = Target("atl-mbx-001.litwareinc.com", Shell.EXCHANGE)
SERVER, DC = "atl-mbx-001.litwareinc.com", "atl-dc-001.litwareinc.com"
PATH = r"C:\Program Files\Microsoft\Exchange Server\V15\ClientAccess\Owa\web.config"
NOW = datetime(2014, 7, 23, 10, tzinfo=UTC)
ABSENT = "PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand"
DENIED = "GetContentReaderUnauthorizedAccessError,Microsoft.PowerShell.Commands.GetContentCommand"

DIRECTORY = ", ".join(
    f"'{name}'"
    for name in (
        *("Identity", "InstantMessagingEnabled", "InstantMessagingType"),
        *("InstantMessagingCertificateThumbprint", "InstantMessagingServerName", "WhenChangedUTC"),
    )
)
QUERIES: list[tuple[Query[Any], str]] = [
    (files.content(HERE, PATH), f"Get-Content -LiteralPath '{PATH}' -Encoding Byte -Raw"),
    (files.security(HERE, PATH), f"Get-Acl -LiteralPath '{PATH}' | Select-Object -Property Sddl"),
    (
        files.details(HERE, PATH),
        f"Get-Item -LiteralPath '{PATH}' -Force"
        " | Select-Object -Property 'Attributes', 'LastWriteTimeUtc', 'PSIsContainer'",
    ),
    (
        owa.virtual_directories(EXCHANGE, SERVER, DC),
        f"Get-OwaVirtualDirectory -Server {SERVER} -ADPropertiesOnly -DomainController {DC}"
        f" | Select-Object -Property {DIRECTORY}",
    ),
    (
        owa.virtual_directories(EXCHANGE, SERVER, back_end=True),
        f"Get-OwaVirtualDirectory -Server {SERVER} -ADPropertiesOnly -ShowMailboxVirtualDirectories"
        f" | Select-Object -Property {DIRECTORY}",
    ),
    (
        databases.databases(EXCHANGE, DC),
        f"Get-MailboxDatabase -DomainController {DC} | Select-Object -Property 'Name', 'Server', 'Servers', 'Recovery'",
    ),
    (
        databases.mailbox_servers(EXCHANGE),
        "Get-MailboxServer | Select-Object -Property"
        " 'Name', 'DatabaseCopyAutoActivationPolicy', 'DatabaseCopyActivationDisabledAndMoveNow'",
    ),
    (
        health.services(HERE),
        "Get-Service -Name 'MSExchange*', 'W3SVC', 'WAS' | Select-Object -Property 'Name', 'Status'",
    ),
    (
        health.components(EXCHANGE, SERVER, DC),
        f"Get-ServerComponentState -Identity {SERVER} -DomainController {DC}"
        " | Select-Object -Property 'Component', 'State'",
    ),
    (
        health.copies(EXCHANGE, SERVER),
        f"Get-MailboxDatabaseCopyStatus -Server {SERVER} | Select-Object -Property 'Name', 'Status'",
    ),
    (
        health.monitors(EXCHANGE, SERVER),
        f"Get-ServerHealth -Identity {SERVER}"
        " | Select-Object -Property 'HealthSetName', 'Name', 'TargetResource', 'AlertValue'",
    ),
]


@pytest.mark.parametrize(("query", "text"), QUERIES, ids=[query.name for query, _ in QUERIES])
def test_what_is_asked_only_reads(query: Query[Any], text: str) -> None:
    assert render(query.pipeline) == text
    assert why_not_read(query.pipeline, query.target.shell) == ""


@pytest.mark.parametrize("pipeline", [files.reading(PATH), files.security_text(PATH), files.attributes_text(PATH)])
def test_what_a_change_reads_back_only_reads(pipeline: Pipeline) -> None:
    assert why_not_read(pipeline, Shell.WINDOWS) == ""


def test_bytes_come_whole_with_note_properties_or_one_by_one() -> None:
    query = files.content(HERE, PATH)
    noted = ServerObject(("System.Byte[]",), None, {"PSPath": PATH}, b"\xef\xbb\xbf<a/>")
    assert parsed(query, noted) == b"\xef\xbb\xbf<a/>"
    assert parsed(query, b"<a", b"/>") == b"<a/>"
    assert parsed(query, 60, 97, 62) == b"<a>"
    assert parsed(query) == b""


@pytest.mark.parametrize("output", ["<a/>", 256, True])
def test_bytes_that_are_none_are_a_fault(output: Any) -> None:
    with pytest.raises(ValueError, match="bytes of a file"):
        parsed(files.content(HERE, PATH), output)


def test_a_file_that_is_absent_is_told_from_one_that_is_denied() -> None:
    assert parsed(files.content(HERE, PATH), errors=[ABSENT]) is None
    assert parsed(files.details(HERE, PATH), errors=["PathNotFound,GetItem"]) is None
    assert parsed(files.security(HERE, PATH), errors=["GetAcl_PathNotFound_Exception,GetAcl"]) is None
    with pytest.raises(PipelineFailed, match="Unauthorized"):
        parsed(files.content(HERE, PATH), errors=[DENIED])


def test_attributes_and_the_last_write() -> None:
    item = thing(Attributes=enum("ReadOnly, Archive", 33), LastWriteTimeUtc=NOW, PSIsContainer=False)
    found = parsed(files.details(HERE, PATH), item)
    assert found == FileDetails(attributes=("ReadOnly", "Archive"), last_write=NOW)
    assert found.is_read_only
    with pytest.raises(ValueError, match="last write"):
        parsed(files.details(HERE, PATH), thing(Attributes="Archive", LastWriteTimeUtc="today", PSIsContainer=False))


def test_rights_without_text_are_a_fault() -> None:
    assert parsed(files.security(HERE, PATH), thing(Sddl="O:BAG:SY")) == "O:BAG:SY"
    with pytest.raises(ValueError, match="without Sddl"):
        parsed(files.security(HERE, PATH), thing(Sddl=None))


def test_virtual_directories_are_those_of_the_site_that_they_name() -> None:
    query = owa.virtual_directories(EXCHANGE, SERVER)

    def directory(identity: str | None) -> ServerObject:
        name = thing(identity, Name="owa") if identity else None
        return thing(Identity=name, InstantMessagingEnabled=True, InstantMessagingType=enum("Ocs", 1))

    front, back = parsed(query, directory(r"A\owa (Default Web Site)"), directory(r"A\owa (Exchange Back End)"))
    assert front == VirtualDirectory(identity=r"A\owa (Default Web Site)", im_enabled=True, im_type="Ocs")
    assert (front.is_back_end, back.is_back_end) == (False, True)
    with pytest.raises(ValueError, match="without Identity"):
        parsed(query, directory(None))


def test_databases_and_who_holds_a_copy() -> None:
    found = parsed(
        databases.databases(EXCHANGE),
        thing(Name="DB1", Server=thing("MBX1"), Servers=(thing("MBX1"), thing("MBX2")), Recovery=False),
        thing(Name="DB2", Server=thing("MBX1"), Servers=None, Recovery=None),
        thing(Name="RDB", Server=thing("MBX1"), Servers=(thing("MBX1"),), Recovery=True),
    )
    assert found == (Database(name="DB1", servers=("MBX1", "MBX2")), Database(name="DB2", servers=("MBX1",)))


@pytest.mark.parametrize(
    ("policy", "moves", "activates"),
    [
        ("Unrestricted", False, True),
        ("IntrasiteOnly", None, True),
        ("Blocked", False, False),
        ("Unrestricted", True, False),
    ],
)
def test_which_servers_activate_a_copy_by_themselves(policy: str, moves: bool | None, activates: bool) -> None:
    item = thing(
        Name="MBX1",
        DatabaseCopyAutoActivationPolicy=enum(policy, 0),
        DatabaseCopyActivationDisabledAndMoveNow=moves,
    )
    (found,) = parsed(databases.mailbox_servers(EXCHANGE), item)
    assert found == MailboxServer(name="MBX1", activation=policy, moves_away=moves is True)
    assert found.activates is activates


def test_how_a_server_fares() -> None:
    assert parsed(health.services(HERE), thing(Name="W3SVC", Status=enum("Running", 4))) == (
        Service(name="W3SVC", status="Running"),
    )
    assert parsed(health.components(EXCHANGE, SERVER), thing(Component="OwaProxy", State=enum("Active", 1))) == (
        Component(name="OwaProxy", state="Active"),
    )
    mounted, healthy, failed = parsed(
        health.copies(EXCHANGE, SERVER),
        *(
            thing(Name=rf"DB{i}\MBX1", Status=enum(status, i))
            for i, status in enumerate(("Mounted", "Healthy", "Failed"))
        ),
    )
    assert mounted == DatabaseCopy(name=r"DB0\MBX1", status="Mounted")
    assert [copy.is_active for copy in (mounted, healthy, failed)] == [True, False, False]
    assert [copy.is_good for copy in (mounted, healthy, failed)] == [True, True, False]
    item = thing(HealthSetName="OWA.Protocol", Name="Monitor", TargetResource="", AlertValue=enum("Unhealthy", 2))
    (monitor,) = parsed(health.monitors(EXCHANGE, SERVER), item)
    assert monitor == Monitor(name="OWA.Protocol/Monitor", alert="Unhealthy")
    assert monitor.is_alarmed
    assert not monitor.is_healthy
