"""A file of ours is read as what it shows: characters, keys and lines, and nothing that hides behind them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import InputError
from runbook.inputs.yamlfile import DEEPEST, MOST_BYTES, Document, parse_yaml, read_yaml

FILE = "some.yaml"


def read(text: str) -> Document:
    return parse_yaml(text.encode(), file=FILE)


@pytest.mark.parametrize(
    "scalar",
    ["NO", "0123", "15.10", "12E4567", "0x1F", "1_000", "null", "~", "2020-01-01", "=", "12:30:45", ".inf", "True"],
)
def test_a_scalar_is_its_characters(scalar: str) -> None:
    assert read(f"key: {scalar}").root == {"key": scalar}


def test_quotes_and_blocks_are_read_as_yaml_has_them() -> None:
    document = read("a: 'it''s'\nb: \"tab\\t\"\nc: |\n  two\n  lines\nd:\ne: []\nf: {}\n")
    assert document.root == {"a": "it's", "b": "tab\t", "c": "two\nlines\n", "d": "", "e": [], "f": {}}


def test_every_key_and_item_has_its_line() -> None:
    document = read("# comment\na: 1\nb:\n  - x\n\n  - c: 2\n    d: {e: 3}\n")
    assert document.lines == {
        ("a",): 2,
        ("b",): 3,
        ("b", 0): 4,
        ("b", 1): 6,
        ("b", 1, "c"): 6,
        ("b", 1, "d"): 7,
        ("b", 1, "d", "e"): 7,
    }
    assert document.line(("b", 1, "absent", "deeper")) == 6
    assert document.line(("absent",)) is None


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n", "{}"])
def test_an_empty_file_has_no_keys(text: str) -> None:
    assert read(text).root == {}


@pytest.mark.parametrize(
    ("text", "line", "key", "problem"),
    [
        ("a: 1\nb: 2\na: 3", 3, "a", "given twice; it stands in line 1"),
        ("a:\n  b: {c: 1}\n  b: {c: 2}", 3, "a.b", "given twice; it stands in line 2"),
        ("a: 1\nb: &x 2", 2, "b", "An anchor"),
        ("a: &x {c: 1}", 1, "a", "An anchor"),
        ("a: 1\nb: [*x]", 2, "b[1]", "An alias"),
        ("a: !!python/name:os.system x", 1, "a", "A tag"),
        ("a: !x {b: 1}", 1, "a", "A tag"),
        ("!x a: 1", 1, "a", "A tag"),
        ("a: 1\n<<: {a: 2}", 2, "<<", "Merge keys"),
        ("a: 1\n---\na: 2", 2, "(file)", "A second document"),
        ("? [a, b]\n: 1", 1, "(file)", "A key here isn't plain text"),
        ("? {a: b}\n: {c: d}", 1, "(file)", "A key here isn't plain text"),
        (": 1", 1, "(file)", "A value stands here without a key"),
        ("a: " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), 1, "a" + "[1]" * (DEEPEST - 1), "nested deeper"),
    ],
)
def test_what_says_more_than_it_shows_is_a_fault(text: str, line: int, key: str, problem: str) -> None:
    [fault] = read(text).faults
    assert (fault.file, fault.line, fault.key) == (FILE, line, key)
    assert problem in fault.problem
    assert fault.remedy


def test_the_first_of_two_equal_keys_is_read() -> None:
    assert read("a: {b: 1}\na: {b: 2, c: 3}\nd: 4").root == {"a": {"b": "1"}, "d": "4"}


def test_faults_are_collected() -> None:
    faults = read("a: &x 1\nb: *x\nc: !y 2\na: 3\n---\nd: 4\n").faults
    assert [fault.line for fault in faults] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (b"a: 1\nb: [1, 2\n", 3, "isn't YAML"),
        (b"a: 1\n\tb: 2\n", 2, "isn't YAML"),
        (b"a: 1\nb: 'x", 2, "isn't YAML"),
        (b"a: b: c", 1, "isn't YAML"),
        (b"a: 1\nb: \x00\n", 2, "U+0000 NULL"),
        (b"a: 1\nb: \xc2\x81\n", 2, "U+0081"),
        (b"a: 1\nb: caf\xe9\n", 2, "Byte 0xE9 isn't UTF-8"),
        ("a: 1".encode("utf-16"), None, "saved as UTF-16"),
        (b"- a\n- b\n", 1, "isn't a list of keys and values"),
        (b"just words", 1, "isn't a list of keys and values"),
        (b"# " + b"x" * MOST_BYTES, None, "larger than 512 KiB"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(data: bytes, line: int | None, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(data, file=FILE)
    [fault] = caught.value.faults
    assert (fault.file, fault.line) == (FILE, line)
    assert problem in fault.problem


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parse_yaml(b"\xef\xbb\xbfa: 1", file=FILE).root == {"a": "1"}


def test_a_file_that_is_absent_or_a_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no such file"):
        read_yaml(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="can't be read"):
        read_yaml(tmp_path)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        document = parse_yaml(data, file=FILE)
    except InputError as error:
        faults = error.faults
    else:
        faults = document.faults
        assert isinstance(document.root, dict)
    assert all(fault.problem and fault.remedy for fault in faults)
