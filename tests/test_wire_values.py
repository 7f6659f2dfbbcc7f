"""CLIXML to the library's values, as real servers write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest

from runbook.result import ServerObject
from runbook.wire.messages import ProtocolFault
from runbook.wire.values import check_xml, parse_error, parse_value, parse_warning

MVP = "Microsoft.Exchange.Data.MultiValuedProperty`1[[System.String]]"


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ("<S>a_x000A_b_x005F_x</S>", "a\nb_x"),
        ("<S>_xD83D__xDE00_</S>", "\U0001f600"),
        ("<S/>", ""),
        ("<B>true</B>", True),
        ("<I32>-5</I32>", -5),
        ("<U64>18446744073709551615</U64>", 2**64 - 1),
        ("<Db>0.1</Db>", 0.1),
        ("<D>1.10</D>", Decimal("1.10")),
        ("<C>65</C>", "A"),
        ("<BA/>", b""),
        ("<BA>MII=</BA>", b"0\x82"),
        ("<G>46a1b05b-0ed2-4449-a6bb-64ae4f9c1a94</G>", UUID("46a1b05b-0ed2-4449-a6bb-64ae4f9c1a94")),
        ("<TS>PT1H0.5S</TS>", timedelta(hours=1, milliseconds=500)),
        ("<DT>2013-02-03T04:05:06.1234567-05:00</DT>", datetime(2013, 2, 3, 9, 5, 6, 123456, UTC)),
        ("<DT>2013-02-03T04:05:06</DT>", datetime(2013, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("<DT>9999-12-31T23:59:59.9999999-08:00</DT>", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
        ("<Version>15.0.1497.2</Version>", "15.0.1497.2"),
        ("<Nil/>", None),
        ("", None),
        (f'<Obj RefId="0"><TN RefId="0"><T>{MVP}</T></TN><LST><S>a</S><S>b</S></LST></Obj>', ("a", "b")),
        ('<Obj RefId="0"><TN RefId="0"><T>X</T></TN><IE><I32>1</I32></IE></Obj>', (1,)),
    ],
)
def test_values(xml: str, value: Any) -> None:
    found = parse_value(xml.encode())
    assert found == value
    assert type(found) is type(value)


def test_an_enum_keeps_name_and_number() -> None:
    xml = (
        '<Obj RefId="0"><TN RefId="0"><T>Microsoft.Rtc.State</T><T>System.Enum</T></TN>'
        "<ToString>Running</ToString><I32>4</I32></Obj>"
    )
    found = parse_value(xml.encode())
    assert found == ServerObject(("Microsoft.Rtc.State", "System.Enum"), "Running", {}, 4)


def test_a_type_that_psrpcore_has_a_class_for_stays_an_object() -> None:
    xml = (
        '<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorCategory</T><T>System.Enum</T></TN>'
        "<ToString>New</ToString><I32>99</I32></Obj>"
    )
    found = parse_value(xml.encode())
    assert isinstance(found, ServerObject)
    assert (found.text, found.value) == ("New", 99)


def test_bytes_with_note_properties_keep_both() -> None:
    found = parse_value(b'<Obj RefId="0"><BA>MII=</BA><MS><S N="PSPath">C:\\web.config</S></MS></Obj>')
    assert isinstance(found, ServerObject)
    assert (found.value, found.text) == (b"0\x82", None)
    assert found["pspath"] == "C:\\web.config"


def test_a_boxed_boolean_with_a_text_is_read() -> None:
    assert parse_value(b'<Obj RefId="0"><B>true</B><ToString>True</ToString></Obj>') is True


def test_adapted_and_extended_properties_stand_together() -> None:
    found = parse_value(
        b'<Obj RefId="0"><TN RefId="0"><T>X</T></TN><ToString>x</ToString>'
        b'<Props><S N="SiteId">Redmond</S></Props><MS><S N="PSComputerName">fe</S></MS></Obj>'
    )
    assert isinstance(found, ServerObject)
    assert dict(found) == {"SiteId": "Redmond", "PSComputerName": "fe"}
    assert (found["SITEID"], found.text, found.type_names) == ("Redmond", "x", ("X",))


def test_an_object_shown_once_is_referred_to_and_one_that_holds_itself_ends() -> None:
    found = parse_value(
        b'<Obj RefId="0"><TN RefId="0"><T>X</T></TN><MS><Obj N="A" RefId="1"><TNRef RefId="0"/>'
        b'<MS><S N="n">1</S></MS></Obj><Ref N="B" RefId="1"/><Ref N="C" RefId="0"/></MS></Obj>'
    )
    assert isinstance(found, ServerObject)
    assert found["A"] == found["B"]
    assert found["A"].type_names == ("X",)  # type: ignore[union-attr]
    assert found["C"] is None


def test_a_secure_string_shows_nothing() -> None:
    found = parse_value(b"<SS>0123456789abcdef</SS>")
    assert "0123456789abcdef" not in repr(found)


ERROR = (
    '<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>'
    '<ToString>shown</ToString><MS><Obj N="Exception" RefId="1"><TN RefId="1"><T>System.Exception</T></TN>'
    '<ToString>System.Exception: x</ToString><Props><S N="Message">It failed.</S></Props></Obj>{more}'
    '<S N="FullyQualifiedErrorId">Failed,Y</S><I32 N="ErrorCategory_Category">13</I32>'
    '<S N="ErrorCategory_Reason">Exception</S><S N="ErrorCategory_TargetName">mbx</S></MS></Obj>'
)


def test_an_error_record() -> None:
    error = parse_error(ERROR.format(more="").encode(), terminating=True)
    assert (error.message, error.error_id, error.category) == ("It failed.", "Failed,Y", "ObjectNotFound")
    assert (error.reason, error.target, error.terminating) == ("Exception", "mbx", True)


def test_the_details_of_an_error_say_more_than_its_exception() -> None:
    more = '<S N="ErrorDetails_Message">In short: no.</S>'
    assert parse_error(ERROR.format(more=more).encode(), terminating=False).message == "In short: no."


@pytest.mark.parametrize("body", [b"", b"<S>only text</S>", b"<Obj", b'<Obj RefId="0"/>'])
def test_an_error_that_cant_be_read_is_still_an_error(body: bytes) -> None:
    assert parse_error(body, terminating=False).message


def test_a_warning() -> None:
    xml = '<Obj RefId="0"><ToString>t</ToString><MS><S N="InformationalRecord_Message">careful</S></MS></Obj>'
    assert parse_warning(xml.encode()) == "careful"
    assert parse_warning(b"<S>bare</S>") == "bare"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE S [<!ENTITY a "b">]><S>&a;</S>',
        b"<Obj>" * 201 + b"</Obj>" * 201,
        b"<S>",
        b'<Ref RefId="7"/>',
        b"<I32>many</I32>",
        b"<Unknown/>",
    ],
)
def test_what_cant_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolFault):
        parse_value(body)


def test_malformed_xml_is_left_to_the_parser_behind() -> None:
    check_xml(b"not XML")


def test_real_exports_are_read_whole() -> None:
    folder = Path(__file__).parents[2] / "shared" / "reference" / "clixml"
    if not folder.is_dir():
        pytest.skip("no reference data beside this checkout")
    for path in sorted(folder.glob("*.xml")):
        raw = path.read_bytes()
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        root = ElementTree.fromstring(text.replace(' xmlns="http://schemas.microsoft.com/powershell/2004/04"', ""))
        wrapped = ElementTree.Element("Obj")
        ElementTree.SubElement(wrapped, "LST").extend(list(root))
        found = parse_value(ElementTree.tostring(wrapped))
        assert isinstance(found, tuple)
        assert len(found) == len(root), path.name
        assert all(isinstance(each, ServerObject) and each.properties for each in found), path.name
