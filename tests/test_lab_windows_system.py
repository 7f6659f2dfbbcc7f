"""Certificates, events, services, processes, ports and the utilities of a simulated Windows computer."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from lab_engine import NOW, command, minutes, run, windows_host, windows_shell
from rehearsal.event_query import QueryError, compile_query
from rehearsal.host import CertificateEntry, EventEntry, Listener, Process, Service, WindowsHost
from rehearsal.objects import matches, text_of
from rehearsal.shells import Shell
from rehearsal.values import Integer

_REDMOND = timezone(timedelta(hours=-7))


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Litware, Inc."),
            x509.NameAttribute(NameOID.COMMON_NAME, "owa.litwareinc.com"),
        ]
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), 0xABC, NOW, NOW + timedelta(days=365))
    names = x509.SubjectAlternativeName([x509.DNSName("owa.litwareinc.com"), x509.DNSName("atl-mbx-001")])
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def host() -> WindowsHost:
    host = windows_host(timezone=_REDMOND)
    host.add_service(Service("MSExchangeUM", "Microsoft Exchange Unified Messaging"))
    host.listeners += [Listener(5075, 4242), Listener(443, 4, "::")]
    host.processes += [
        Process(4242, "w3wp.exe", r'c:\windows\system32\inetsrv\w3wp.exe -ap "MSExchangeOWAAppPool"', NOW - minutes(9)),
        Process(4, "System", "", NOW - minutes(99)),
    ]
    for number, event_id in enumerate((83, 112, 103, 112)):
        host.write_event("Application", "MSExchange OWA", event_id, f"number {number}", time=NOW + minutes(number))
    host.write_event("Application", "MSExchange ADAccess", 112, "another provider", time=NOW + minutes(9))
    return host


@pytest.fixture
def shell(host: WindowsHost) -> Shell:
    return windows_shell(host)


def test_a_certificate_crosses_as_raw_data_and_is_whole_in_the_pipeline(shell: Shell, host: WindowsHost) -> None:
    """real-world B4: PowerShell's type table serialises X509Certificate2 by RawData only."""
    der = certificate()
    host.add_certificate("My", CertificateEntry(der=der, has_private_key=True, friendly_name="OWA"))
    [alone] = run(shell, command("Get-ChildItem", r"Cert:\LocalMachine\My")).objects
    assert (alone.properties, alone.extended) == ({"RawData": der}, {})
    assert alone.type_names[0] == "System.Security.Cryptography.X509Certificates.X509Certificate2"
    wanted = ["Thumbprint", "HasPrivateKey", "NotAfter", "Subject", "SerialNumber", "DnsNameList", "Nothing"]
    [picked] = run(
        shell, command("Get-ChildItem", r"Cert:\LocalMachine\My"), command("Select-Object", Property=wanted)
    ).objects
    assert picked.type_names[0] == "Selected.System.Security.Cryptography.X509Certificates.X509Certificate2"
    found = picked.extended
    assert found["Thumbprint"] == hashlib.sha1(der).hexdigest().upper()
    assert found["HasPrivateKey"] is True
    assert found["NotAfter"] == NOW + timedelta(days=365)
    assert found["Subject"] == 'CN=owa.litwareinc.com, O="Litware, Inc.", C=US'
    assert found["SerialNumber"] == "0ABC"
    assert [text_of(name) for name in found["DnsNameList"].items] == ["owa.litwareinc.com", "atl-mbx-001"]
    assert found["Nothing"] is None
    [one] = run(shell, command("Get-Item", LiteralPath=rf"cert:\localmachine\my\{found['Thumbprint']}")).objects
    assert one.properties == {"RawData": der}


QUERY = "*[System[Provider[@Name='MSExchange OWA'] and (EventID=103 or EventID=112)]]"


def test_events_are_filtered_on_the_server_newest_first(shell: Shell) -> None:
    recorded = run(shell, command("Get-WinEvent", LogName="Application", FilterXPath=QUERY))
    assert [thing.extended["Message"] for thing in recorded.objects] == ["number 3", "number 2", "number 1"]
    first = recorded.objects[0]
    assert first.type_names[0] == "System.Diagnostics.Eventing.Reader.EventLogRecord"
    assert (first.properties["Id"], first.properties["RecordId"]) == (112, Integer(4, "Int64"))
    assert first.properties["Level"] == Integer(4, "Byte")
    newest = run(shell, command("Get-WinEvent", LogName="Application", FilterXPath=QUERY, MaxEvents=1)).objects
    assert newest == [first]


@pytest.mark.parametrize(
    ("arguments", "error_id", "category"),
    [
        ({"LogName": "Application", "FilterXPath": "*[System[EventID=9]]"}, "NoMatchingEventsFound", "ObjectNotFound"),
        ({"LogName": "Lync Server"}, "NoMatchingLogsFound", "ObjectNotFound"),
        (
            {"LogName": "Application", "FilterXPath": "*[System[EventID 9]]"},
            "System.Diagnostics.Eventing.Reader.EventLogException",
            "NotSpecified",
        ),
    ],
)
def test_no_events(shell: Shell, arguments: dict[str, Any], error_id: str, category: str) -> None:
    """Servers give NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand for an empty answer."""
    [record] = run(shell, command("Get-WinEvent", **arguments)).errors
    assert record.error_id == f"{error_id},Microsoft.PowerShell.Commands.GetWinEventCommand"
    assert record.category == category


def test_a_log_forgets_its_oldest_events(host: WindowsHost) -> None:
    log = host.event_log("Lync Server")
    log.capacity = 2
    for number in range(5):
        host.write_event("Lync Server", "LS Protocol Stack", 14493, str(number))
    assert [event.record_id for event in log.events] == [4, 5]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("EventID=14492 or EventID=14493", True),
        ("EventID=14492 and Level=1", False),
        ("(EventID=1 or EventID=14493) and Provider[@Name='ls protocol stack' or @Name='x']", True),
        ("Provider[@Name='LS Protocol'] ", False),
        ("TimeCreated[@SystemTime>='2013-05-02T09:30:00.000Z']", True),
        ("TimeCreated[@SystemTime>'2013-05-02T09:30:00.0000000Z']", False),
        ("TimeCreated[@SystemTime>='2013-05-02T09:00:00Z' and @SystemTime<'2013-05-02T10:00:00Z']", True),
        ("TimeCreated[timediff(@SystemTime) <= 60000]", False),
        ("TimeCreated[timediff(@SystemTime) <= 3600000]", True),
        ("Level<=3 and EventRecordID>6", True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    event = EventEntry(
        record_id=7, time=NOW, provider="LS Protocol Stack", event_id=14493, level=3, message="m", data=("a", "b")
    )
    test = compile_query(f"*[System[{condition}]]", log="Lync Server", computer="x", now=NOW + minutes(10))
    assert test(event) is expected
    both = compile_query(
        f"*[System[{condition}] and EventData[Data='b']]", log="Lync Server", computer="x", now=NOW + minutes(10)
    )
    assert both(event) is expected


@pytest.mark.parametrize(
    "text", ["", "[System]", "*[System[EventID=]]", "*[Nothing[X=1]]", "*[System[EventID=1]", "*]"]
)
def test_what_is_no_query(text: str) -> None:
    with pytest.raises(QueryError):
        compile_query(text, log="x", computer="x", now=NOW)


def test_services(shell: Shell) -> None:
    recorded = run(shell, command("Get-Service", ["msexchangeum", "MSExchangeUMCR"]))
    [thing] = recorded.objects
    assert thing.properties["Status"].name == "Running"
    assert (thing.properties["Status"].number, thing.extended["Name"]) == (4, "MSExchangeUM")
    [record] = recorded.errors
    assert record.error_id == "NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand"
    assert (record.category, record.target_name, record.target_type, record.reason) == (
        "ObjectNotFound",
        "MSExchangeUMCR",
        "String",
        "ServiceCommandException",
    )


def test_listening_ports(shell: Shell) -> None:
    [thing] = run(shell, command("Get-NetTCPConnection", LocalPort=5075, State="Listen")).objects
    assert thing.properties["LocalPort"] == Integer(5075, "UInt16")
    assert thing.properties["OwningProcess"] == Integer(4242, "UInt32")
    assert thing.extended["State"].name == "Listen"
    [single] = run(shell, command("Get-NetTCPConnection", LocalPort=1)).errors
    assert single.error_id == "CmdletizationQuery_NotFound_LocalPort,Get-NetTCPConnection"
    assert (single.target_name, single.target_type) == ("1", "UInt16")
    [double] = run(shell, command("Get-NetTCPConnection", LocalPort=1, State="Listen")).errors
    assert double.error_id == "CmdletizationQuery_NotFound,Get-NetTCPConnection"


def test_processes_by_condition(shell: Shell) -> None:
    recorded = run(shell, command("Get-CimInstance", "Win32_Process", Filter="Name='w3wp.exe'"))
    [thing] = recorded.objects
    assert thing.properties["ProcessId"] == Integer(4242, "UInt32")
    assert thing.properties["CreationDate"] == NOW - minutes(9)
    like = "CommandLine LIKE '%OWAAppPool%' AND NOT ProcessId = 4"
    assert len(run(shell, command("Get-CimInstance", "Win32_Process", Filter=like)).objects) == 1


@pytest.mark.parametrize(
    ("arguments", "error_id"),
    [
        (("Win32_Nothing",), "HRESULT 0x80041010"),
        (("Win32_Process", None), ""),
    ],
)
def test_an_unknown_class(shell: Shell, arguments: tuple[Any, ...], error_id: str) -> None:
    recorded = run(shell, command("Get-CimInstance", arguments[0]))
    ids = [record.error_id.partition(",")[0] for record in recorded.errors]
    assert ids == ([error_id] if error_id else [])


def test_a_bad_condition_is_an_invalid_query(shell: Shell) -> None:
    [record] = run(shell, command("Get-CimInstance", "Win32_Process", Filter="Name=")).errors
    assert record.error_id.startswith("HRESULT 0x80041017,")


def test_the_servers_clock_is_its_own(shell: Shell) -> None:
    [thing] = run(shell, command("Get-CimInstance", "Win32_OperatingSystem")).objects
    assert thing.properties["LocalDateTime"] == NOW
    assert thing.properties["LocalDateTime"].utcoffset() == timedelta(hours=-7)
    assert thing.properties["CurrentTimeZone"] == Integer(-420, "Int16")
    assert run(shell, command("Get-Date")).objects == [datetime(2013, 5, 2, 9, 30, tzinfo=UTC)]


def test_where_sort_select_and_measure(shell: Shell, host: WindowsHost) -> None:
    for name, status in (("Zeta", "Stopped"), ("Alpha", "Running"), ("beta", "Running")):
        host.add_service(Service(name, name, status))
    recorded = run(
        shell,
        command("Get-Service"),
        command("Where-Object", Property="Status", EQ=True, Value="running"),
        command("Sort-Object", "ServiceName", Descending=True),
        command("Select-Object", Property=["serv*Name", "Status"], Skip=1, First=2),
    )
    assert [list(thing.extended) for thing in recorded.objects] == [["ServiceName", "Status"]] * 2
    assert [thing.extended["ServiceName"] for thing in recorded.objects] == ["beta", "Alpha"]
    [measured] = run(
        shell, command("Get-NetTCPConnection"), command("Measure-Object", "LocalPort", Sum=True, Maximum=True)
    ).objects
    assert measured.type_names[0] == "Microsoft.PowerShell.Commands.GenericMeasureInfo"
    assert (measured.properties["Count"], measured.properties["Sum"], measured.properties["Average"]) == (2, 5518, None)


def test_where_object_without_an_operator(shell: Shell) -> None:
    kept = run(shell, command("Get-Service"), command("Where-Object", "CanStop")).objects
    assert len(kept) == 1
    missing = run(shell, command("Get-Service"), command("Where-Object", "Status", "Running"))
    assert missing.error_ids == ["OperatorNotSpecified,Microsoft.PowerShell.Commands.WhereObjectCommand"]


def test_select_object_takes_apart_and_refuses(shell: Shell) -> None:
    last = run(shell, command("Get-NetTCPConnection"), command("Select-Object", Last=1)).objects
    assert last[0].properties["LocalPort"] == Integer(443, "UInt16")
    unique = run(shell, command("Select-Object", Unique=True), pipeline_input=["a", "b", "a"]).objects
    assert unique == ["a", "b"]
    missing = run(shell, command("Get-Service"), command("Select-Object", ExpandProperty="Nothing"))
    assert missing.error_ids == ["ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand"]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("MSEx*", "msexchangeum", True),
        ("a?c", "abc", True),
        ("[a-c]x", "bx", True),
        ("a.c", "abc", False),
        ("`*", "*", True),
    ],
)
def test_wildcards(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected
