"""The lab's CLIXML: what .NET writes, value by value, and the laws that writing and reading keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psrpcore.types import deserialize, deserialize_clixml, serialize

from rehearsal import clixml
from rehearsal.values import EnumValue, Integer, ListValue, SecureText, Thing

RECORDED = Path(__file__).parents[1].parent / "shared" / "reference" / "clixml"

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.tuples(st.sampled_from(["A", "B", "System.Object"]), st.sampled_from(["C", "System.Object"]))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary()
    | st.uuids()
    | st.timedeltas(timedelta(days=-10000), timedelta(days=10000))
    | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.builds(Integer, st.integers(0, 127), st.sampled_from(["Byte", "SByte", "Int16", "UInt16", "UInt32", "Int64"]))
    | st.builds(Integer, st.just(2**64 - 1), st.just("UInt64"))
    | st.builds(lambda text, number: EnumValue(text, number, ("E", "System.Enum")), texts, st.integers(0, 99))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(texts, inner)
        | st.builds(lambda items, chain: ListValue(tuple(items), chain), st.lists(inner), names)
        | st.builds(Thing, names, st.none() | texts, st.dictionaries(texts, inner), st.dictionaries(texts, inner))
    ),
    max_leaves=12,
)


def parse(data: bytes) -> Any:
    return clixml.read(ElementTree.fromstring(data))


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert parse(clixml.write(value)) == value


@given(texts)
def test_psrpcore_reads_our_strings_and_we_read_its(text: str) -> None:
    assert deserialize(ElementTree.fromstring(clixml.write(text)), None) == text
    assert clixml.read(serialize(text, None)) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "<Nil />"),
        (True, "<B>true</B>"),
        (-5, "<I32>-5</I32>"),
        (Integer(5, "Byte"), "<By>5</By>"),
        (Integer(5, "UInt16"), "<U16>5</U16>"),
        (Integer(2**63, "UInt64"), "<U64>9223372036854775808</U64>"),
        (1.0, "<Db>1</Db>"),
        (1.5e300, "<Db>1.5E+300</Db>"),
        (float("-inf"), "<Db>-INF</Db>"),
        (timedelta(seconds=10), "<TS>PT10S</TS>"),
        (timedelta(0), "<TS>PT0S</TS>"),
        (timedelta(days=-1, hours=-2, milliseconds=-500), "<TS>-P1DT2H0.5S</TS>"),
        (datetime(2013, 2, 1, 12, 30, tzinfo=UTC), "<DT>2013-02-01T12:30:00Z</DT>"),
        (
            datetime(2013, 2, 1, 12, 30, 0, 120000, timezone(timedelta(hours=-8))),
            "<DT>2013-02-01T12:30:00.12-08:00</DT>",
        ),
        (datetime(2013, 2, 1), "<DT>2013-02-01T00:00:00</DT>"),
        (UUID(int=1), "<G>00000000-0000-0000-0000-000000000001</G>"),
        (Decimal("1.50"), "<D>1.50</D>"),
        (b"", "<BA></BA>"),
        ("a\r\n_x41_\x9f", "<S>a_x000D__x000A__x005F_x41__x009F_</S>"),
        ("\U0001f600", "<S>_xD83D__xDE00_</S>"),
        (Thing(("System.Version", "System.Object"), "15.0.1497.2", {}), "<Version>15.0.1497.2</Version>"),
    ],
)
def test_a_value_is_written_as_dotnet_writes_it(value: Any, written: str) -> None:
    assert clixml.write(value).decode() == written


def test_to_string_is_escaped() -> None:
    assert b"<ToString>a_x000D__x000A_&lt;b&gt;</ToString>" in clixml.write(Thing(("A",), "a\r\n<b>", {}))


def test_chains_that_share_only_their_first_name_are_kept_apart() -> None:
    pair = [Thing(("A", "B"), None, {}), Thing(("A", "C"), None, {}), Thing(("A", "B"), None, {})]
    assert [thing.type_names for thing in parse(clixml.write(pair))] == [("A", "B"), ("A", "C"), ("A", "B")]


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, object(), {1, 2}, SecureText("x")])
def test_what_has_no_form_is_refused_rather_than_guessed(value: Any) -> None:
    with pytest.raises(clixml.ClixmlError):
        clixml.write(value)


@pytest.mark.parametrize(
    "text",
    [
        "<Obj><I32>x</I32></Obj>",
        '<Ref RefId="9"/>',
        "<DT>today</DT>",
        "<TS>10</TS>",
        "<SS>AAAA</SS>",
        "<G>1</G>",
        "<Q/>",
    ],
)
def test_what_is_no_clixml_is_refused(text: str) -> None:
    with pytest.raises(clixml.ClixmlError):
        parse(text.encode())


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded server output isn't here")
@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.xml")), ids=lambda path: path.stem)
def test_recorded_output_of_real_servers_survives_reading_and_writing(path: Path) -> None:
    root = ElementTree.fromstring(path.read_text(encoding="utf-8-sig"))
    reader = clixml.Reader()  # one document: later objects refer to the type chains of earlier ones
    for element in root:
        value = reader.read(element)
        rewritten = clixml.write(value)
        assert parse(rewritten) == value
        (theirs,) = deserialize_clixml(f"<Objs>{rewritten.decode()}</Objs>", None)
        if isinstance(value, Thing):
            # psrpcore marks what it read as a copy, as PowerShell does
            assert [entry.removeprefix("Deserialized.") for entry in theirs.PSTypeNames] == list(value.type_names)
            assert {entry.name for entry in theirs.PSObject.adapted_properties} == set(value.properties)
