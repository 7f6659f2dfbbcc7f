"""Fragments to messages, and whether one is missing."""

from __future__ import annotations

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.wire.messages import Defragmenter, Kind, MessageIds, ProtocolFault, WireMessage

PIPELINE = UUID("6b9ad3a4-0e30-4fd6-8fb2-4a1b6f0e6f0a")


def fragment(number: int, index: int, data: bytes, *, start: bool = True, end: bool = True) -> bytes:
    return struct.pack(">QQBI", number, index, start | end << 1, len(data)) + data


def message(body: bytes, kind: int = Kind.OUTPUT, pipeline: UUID = PIPELINE) -> bytes:
    return struct.pack("<II", 1, kind) + UUID(int=0).bytes_le + pipeline.bytes_le + body


def feed(*pieces: bytes) -> list[WireMessage]:
    defragmenter = Defragmenter()
    return [each for piece in pieces for each in defragmenter.feed(piece)]


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.integers(1, 50))
def test_messages_survive_any_cut(bodies: list[bytes], size: int) -> None:
    stream = []
    for number, body in enumerate(bodies, start=1):
        whole = message(b"." + body)
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        for index, piece in enumerate(pieces):
            stream.append(fragment(number, index, piece, start=index == 0, end=index == len(pieces) - 1))
    assert [each.body for each in feed(*stream)] == [b"." + body for body in bodies]
    assert [each.body for each in feed(b"".join(stream))] == [b"." + body for body in bodies]


def test_a_message_says_whose_it_is() -> None:
    own, pools = feed(fragment(1, 0, message(b"\xef\xbb\xbf<S/>")), fragment(2, 0, message(b"", 7, UUID(int=0))))
    assert (own.kind, own.pipeline, own.body) == (Kind.OUTPUT, PIPELINE, b"<S/>")
    assert (pools.kind, pools.pipeline) == (7, None)


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([fragment(1, 0, message(b""))[:10]], "header is cut short"),
        ([fragment(1, 0, message(b"abc"))[:-1]], "fragment is cut short"),
        ([fragment(1, 0, b"short")], "message's header"),
        ([fragment(1, 1, message(b""), start=False)], "lacks a fragment"),
        ([fragment(1, 0, b"a", end=False), fragment(1, 2, b"a", start=False)], "lacks a fragment"),
        ([fragment(1, 0, b"a", end=False), fragment(1, 0, b"a", end=False)], "begins twice"),
    ],
)
def test_malformed_streams_are_refused(pieces: list[bytes], said: str) -> None:
    with pytest.raises(ProtocolFault, match=said):
        feed(*pieces)


def test_room_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.wire.messages.MAX_MESSAGE", 100)
    with pytest.raises(ProtocolFault, match="larger than"):
        feed(fragment(1, 0, b"a" * 60, end=False), fragment(2, 0, b"a" * 60, end=False))


def test_an_unfinished_message_shows() -> None:
    defragmenter = Defragmenter()
    assert list(defragmenter.feed(fragment(1, 0, b"a", end=False))) == []
    assert defragmenter.pending


def gap(opening: list[int], *answers: list[int]) -> list[bool]:
    ids = MessageIds()
    for number in opening:
        ids.saw(number)
    gaps = []
    for answer in answers:
        ids.begin_answer()
        for number in answer:
            ids.saw(number)
        gaps.append(ids.gap)
    return gaps


@pytest.mark.parametrize(
    ("opening", "answers", "gaps"),
    [
        ([1, 2, 3], [[4, 5], [6, 7]], [False, False]),
        ([1, 2, 3], [[4, 6]], [True]),
        ([1, 2, 3], [[5, 6]], [True]),
        ([1, 2, 3], [[4, 5], [7, 8], [9]], [False, True, False]),
        ([1, 2], [[2, 3]], [True]),
        # one counter for many sessions (IIS): only within one answer
        ([817, 818], [[825, 826], [900]], [False, False]),
        ([817, 818], [[825, 827]], [True]),
    ],
)
def test_a_number_that_is_left_out_is_a_gap(opening: list[int], answers: list[list[int]], gaps: list[bool]) -> None:
    assert gap(opening, *answers) == gaps
