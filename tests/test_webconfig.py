"""The edit of web.config: two lines differ and nothing else, whatever the file looks like."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from runbook.errors import InputError
from runbook.webconfig import FaultKind, Setting, edit, read

THUMBPRINT, SERVER = "IMCertificateThumbprint", "IMServerName"
WANTED = {THUMBPRINT: "EA5A332496CC05DA69B75B66111C0F78A110D22D", SERVER: "atl-cs-001.litwareinc.com"}
REFERENCE = Path(__file__).parents[2] / "shared" / "reference" / "webconfig"
MARK = b"\xef\xbb\xbf"

FILE = MARK + (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n'
    b"<configuration>\r\n"
    b'  <location inheritInChildApplications="false">\r\n'
    b"    <appSettings>\r\n"
    b'      <add key="IMServerName" value="elsewhere" />\r\n'
    b"    </appSettings>\r\n"
    b"  </location>\r\n"
    b'  <!-- <appSettings><add key="IMServerName" value="commented" /></appSettings> -->\r\n'
    b"  <appSettings>\r\n"
    b'    <add key="First" value="1" />\r\n'
    b'    <!-- <add key="IMServerName" value="commented" /> -->\r\n'
    b'    <add key="Assembly,&#xD;&#xA;    Version" value="a > b" />\r\n'
    b"  </appSettings>\r\n"
    b'  <assemblyBinding xmlns="urn:schemas-microsoft-com:asm.v1" />\r\n'
    b"</configuration>\r\n"
)
TWO_LINES = (
    b'    <add key="IMCertificateThumbprint" value="EA5A332496CC05DA69B75B66111C0F78A110D22D" />\r\n'
    b'    <add key="IMServerName" value="atl-cs-001.litwareinc.com" />\r\n'
)


def config(section: bytes) -> bytes:
    return b"<configuration>\n" + section + b"\n</configuration>\n"


def parsed(content: bytes) -> list[tuple[str, str]]:
    """What another parser makes of the application's own section."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False))
    return [(add.get("key", ""), add.get("value", "")) for add in root.findall("appSettings/add")]


def test_two_lines_are_added_after_the_last_and_every_other_byte_is_kept() -> None:
    place = FILE.rindex(b"  </appSettings>")
    assert edit(FILE, WANTED) == FILE[:place] + TWO_LINES + FILE[place:]


def test_what_it_says_is_read_without_comments_and_other_sections() -> None:
    settings = read(FILE)
    assert settings.fault is None
    assert settings.entries[0] == Setting(key="First", value="1", line=10)
    assert settings.value("first") == "1"
    assert settings.value(SERVER) is None


def test_only_the_value_of_an_entry_is_replaced_in_its_own_quotes_and_case() -> None:
    before = config(b"<appSettings><add  VALUE='no' value = 'old'\n  key=\"imservername\"></add></appSettings>")
    after = edit(before, {SERVER: "it's <new>"})
    assert after == before.replace(b"'old'", b"'it&apos;s &lt;new&gt;'")


def test_a_key_that_stands_there_twice_gets_the_value_everywhere() -> None:
    before = config(b'<appSettings><add key="A" value="1"/><add key="a" value="2"/></appSettings>')
    assert read(before).value("A") == "2"
    assert len(read(before).all_of("A")) == 2
    assert edit(before, {"A": "3"}) == before.replace(b'"1"', b'"3"').replace(b'"2"', b'"3"')


@pytest.mark.parametrize("undo", [b'<remove key="a"/>', b"<clear/>"])
def test_a_key_that_is_taken_away_again_is_added_after_that(undo: bytes) -> None:
    before = config(b'<appSettings><add key="A" value="1"/>' + undo + b"</appSettings>")
    assert read(before).value("A") is None
    assert read(edit(before, {"A": "1"})).value("A") == "1"


def test_an_entry_without_a_value_gets_one() -> None:
    before = config(b'<appSettings><add key="A"/></appSettings>')
    assert edit(before, {"A": "1"}) == before.replace(b'"A"', b'"A" value="1"')


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (b"  <appSettings />", b'  <appSettings>\n    <add key="A" value="1" />\n  </appSettings>'),
        (b"<appSettings/>", b'<appSettings>\n  <add key="A" value="1" />\n</appSettings>'),
        (b"\t<appSettings></appSettings>", b'\t<appSettings>\n\t\t<add key="A" value="1" />\n\t</appSettings>'),
        (b"  <appSettings>\n  </appSettings>", b'  <appSettings>\n    <add key="A" value="1" />\n  </appSettings>'),
        (
            b"<appSettings>\n\t<!-- none -->\n</appSettings>",
            b'<appSettings>\n\t<!-- none -->\n  <add key="A" value="1" />\n</appSettings>',
        ),
        (
            b'<appSettings><add key="B" value=""/></appSettings>',
            b'<appSettings><add key="B" value=""/><add key="A" value="1"/></appSettings>',
        ),
        (
            b'<appSettings>\n\t<!-- b --><add key="B" value=""/>\n</appSettings>',
            b'<appSettings>\n\t<!-- b --><add key="B" value=""/>\n\t<add key="A" value="1"/>\n</appSettings>',
        ),
    ],
)
def test_a_new_line_looks_like_its_neighbours(section: bytes, expected: bytes) -> None:
    assert edit(config(section), {"A": "1"}) == config(expected)


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"", FaultKind.MALFORMED, "no element found"),
        (b"<configuration><appSettings></configuration>", FaultKind.MALFORMED, "mismatched tag in line 1"),
        (b"<html/>", FaultKind.MALFORMED, "root element is <html>"),
        (
            b'<!DOCTYPE configuration [<!ENTITY a "b">]>' + config(b"<appSettings/>"),
            FaultKind.MALFORMED,
            "document type",
        ),
        (config(b"<AppSettings/>"), FaultKind.NO_SECTION, "no <appSettings>"),
        (config(b"<location><appSettings/></location>"), FaultKind.NO_SECTION, "no <appSettings>"),
        (config(b"<appSettings/>\n<appSettings/>"), FaultKind.SEVERAL_SECTIONS, "lines 2, 3"),
        (config(b'<appSettings file="local.config"/>'), FaultKind.ELSEWHERE, "file=…"),
        (config(b'<appSettings configSource="app.config"/>'), FaultKind.ELSEWHERE, "configSource=…"),
        (config(b'<appSettings configProtectionProvider="x"/>'), FaultKind.ELSEWHERE, "configProtectionProvider=…"),
        ("<configuration/>".encode("utf-16"), FaultKind.ENCODING, "UTF-16"),
        ("<configuration/>".encode("utf-32"), FaultKind.ENCODING, "UTF-32"),
        (b'<?xml version="1.0" encoding="windows-1252"?><configuration/>', FaultKind.ENCODING, "windows-1252"),
        (b"<configuration>\n<!-- \xe9 --></configuration>", FaultKind.ENCODING, "Line 2 isn't UTF-8"),
    ],
)
def test_a_file_that_cannot_be_edited_says_why_and_is_refused(content: bytes, kind: FaultKind, says: str) -> None:
    fault = read(content).fault
    assert fault is not None
    assert fault.kind is kind
    assert says in fault.says
    with pytest.raises(InputError, match=r"\."):
        edit(content, WANTED)


@pytest.mark.parametrize("values", [{"A": "\x00"}, {"A": "\ud800"}, {"": "x"}, {"A": "1", "a": "2"}])
def test_what_no_file_can_hold_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(InputError):
        edit(FILE, values)


def test_what_real_servers_have() -> None:
    file = REFERENCE / "E16_ExchangeBackEnd-OWA_web.crlf.config"
    if not file.exists():
        pytest.skip("the reference data isn't here")
    before = file.read_bytes()
    after = edit(before, WANTED)
    assert after.replace(TWO_LINES, b"") == before
    assert parsed(after)[-2:] == list(WANTED.items())


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cc",)), max_size=12)
keys = st.one_of(st.sampled_from([THUMBPRINT, SERVER, SERVER.upper()]), texts.filter(bool))
blanks = st.sampled_from(["", " ", "\n", "\r\n", "\r\n    ", "\n\t", ' <!-- > " --> '])
values = st.dictionaries(st.sampled_from([THUMBPRINT, SERVER, "Other"]), texts, min_size=1)


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Files of every style: with and without mark, line ends, comments, tags of both forms."""
    parts = ["<?xml version='1.0'?>" if draw(st.booleans()) else "", draw(st.sampled_from(["", "\r\n", "<!-- é -->"]))]
    parts.append("<configuration><location><appSettings><add key='IMServerName' value='x'/></appSettings></location>")
    parts.append(draw(blanks))
    if draw(st.integers(0, 9)) == 0:
        parts.append(draw(st.sampled_from(["<appSettings/>", "<appSettings\n />"])))
    else:
        parts.append("<appSettings>")
        for key, value in draw(st.lists(st.tuples(keys, texts), max_size=4)):
            end = draw(st.sampled_from(["/>", " />", "></add>", "> </add>"]))
            parts += [draw(blanks), f'<add key="{_quoted(key)}" value="{_quoted(value)}"{end}']
        parts += [draw(blanks), "</appSettings>"]
    parts += [draw(blanks), "</configuration>", draw(st.sampled_from(["", "\r\n"]))]
    return (MARK if draw(st.booleans()) else b"") + "".join(parts).encode()


@given(files(), values)
def test_after_an_edit_the_values_are_in_effect_for_any_parser(content: bytes, wanted: dict[str, str]) -> None:
    after = edit(content, wanted)
    seen = {key.lower(): value for key, value in parsed(after)}
    assert {key: seen[key.lower()] for key in wanted} == wanted
    assert {key: read(after).value(key) for key in wanted} == wanted


@given(files(), values)
def test_editing_twice_is_editing_once(content: bytes, wanted: dict[str, str]) -> None:
    once = edit(content, wanted)
    assert edit(once, wanted) == once


@given(files(), values)
def test_other_entries_stay_and_no_byte_but_the_new_ones_differs(content: bytes, wanted: dict[str, str]) -> None:
    after, lower = edit(content, wanted), {key.lower() for key in wanted}
    assert _others(after, lower) == _others(content, lower)
    present = {key.lower() for key, _ in parsed(content)}
    if lower.isdisjoint(present) and b"</appSettings>" in content[content.rindex(b"<appSettings") :]:
        assert _is_subsequence_of_two_cuts(content, after)


@given(files(), values)
def test_an_edit_is_undone_by_setting_the_values_that_were_there(content: bytes, wanted: dict[str, str]) -> None:
    settings = read(content)
    if all(len(settings.all_of(key)) == 1 for key in wanted):
        before = {key: settings.all_of(key)[0].value for key in wanted}
        assert read(edit(edit(content, wanted), before)) == settings


def _others(content: bytes, keys: set[str]) -> list[tuple[str, str]]:
    return [(key, value) for key, value in parsed(content) if key.lower() not in keys]


def _is_subsequence_of_two_cuts(before: bytes, after: bytes) -> bool:
    """``after`` is ``before`` with one run of bytes put in."""
    same = next((i for i, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    return after.endswith(before[same:]) and len(after) > len(before)


def test_lines_are_counted_from_one() -> None:
    entries = read(config(b'<appSettings>\n<add key="A" value=""/>\n<add key="B" value=""/></appSettings>')).entries
    assert [entry.line for entry in entries] == [3, 4]
    assert all(one.line <= other.line for one, other in pairwise(entries))
