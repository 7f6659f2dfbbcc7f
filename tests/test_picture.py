"""The picture of an estate: every server and link is there, with its state as sign and word, and it fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from runbook.render.picture import SIGN, Group, Link, Node, State, picture


def _texts(view_html: str) -> list[str]:
    return ["".join(text.itertext()) for text in html.fromstring(view_html).iter("text")]


@pytest.mark.parametrize("state", State)
def test_a_state_is_a_sign_and_a_word(state: State):
    view = picture("Litware", [Group("Edge", (Node("edge-1", "Lync 2013, Edge", state),))], [])
    assert f"{SIGN[state]} {state}" in _texts(view.html)
    assert f"edge-1, Lync 2013, Edge: {state}." in view.text


def test_a_broken_link_is_named_with_its_reason():
    groups = [Group("Exchange", (Node("a", "k"),)), Group("Lync", (Node("b", "k"),))]
    view = picture("Litware", groups, [Link((0, 1), "mutual TLS", State.BROKEN, "The certificate has expired.")])
    assert "✖ mutual TLS" in _texts(view.html)
    assert "Exchange to Lync, mutual TLS: broken. The certificate has expired." in view.text


def test_words_from_a_file_can_do_nothing():
    view = picture("<script>x</script>", [Group("<b>", (Node("</text><script>", "\u202e", said="<img>"),))], [])
    assert not html.fromstring(view.html).xpath("//script | //img | //b")
    assert "\u202e" not in view.html + view.text


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_boxes_lie_inside_and_never_on_each_other(sizes: list[int]):
    groups = [Group(str(n), tuple(Node(f"s{n}-{m}", "k") for m in range(size))) for n, size in enumerate(sizes)]
    svg = html.fromstring(picture("x", groups, []).html).find(".//svg")
    width, height = map(int, re.findall(r"\d+", svg.get("viewbox"))[2:])
    boxes = [tuple(int(box.get(name)) for name in ("x", "y", "width", "height")) for box in svg.iter("rect")]
    assert len(boxes) == sum(sizes)
    for x, y, w, h in boxes:
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
    for one in boxes:
        for other in boxes:
            apart = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
            assert one is other or apart or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
