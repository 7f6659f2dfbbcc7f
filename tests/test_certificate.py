"""Certificates: names, dates, thumbprint, and whether a chain can be trusted."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificate_factory import END, START, Recipe
from runbook.certificate import ChainFault, Validity, chain, misplaced, parse, same_name

NOW = datetime(2014, 7, 23, 10, tzinfo=UTC)
ROOT = Recipe("Litware Root CA", ca=True)
ISSUING = Recipe("Litware Issuing CA", issuer=ROOT, ca=True)
NAME = "atl-owa-001.litwareinc.com"
LEAF = Recipe(NAME, issuer=ROOT, san=(NAME, "owa.litwareinc.com"), serial=0xABC)


def test_says_what_windows_shows() -> None:
    found = LEAF.make()
    assert found.subject_cn == NAME
    assert found.dns_names == (NAME, "owa.litwareinc.com")
    assert found.issuer == "CN=Litware Root CA"
    assert found.thumbprint == hashlib.sha1(LEAF.der()).hexdigest().upper()
    assert found.serial == "ABC"
    assert (found.not_before, found.not_after) == (START, END)
    assert (found.is_self_signed, found.is_ca, found.key) == (False, False, "EC secp256r1")


def test_a_root_is_self_signed_and_a_ca() -> None:
    assert ROOT.make().is_self_signed
    assert ROOT.make().is_ca


def test_an_issuer_of_the_same_name_does_not_make_it_self_signed() -> None:
    assert not replace(ROOT, issuer=Recipe("Litware Root CA", key_of="someone else", ca=True)).make().is_self_signed


@given(st.binary(max_size=200))
def test_anything_else_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a readable certificate"):
        parse(data)


def test_a_truncated_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="not a readable certificate"):
        parse(LEAF.der()[:-1])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (START - timedelta(seconds=1), Validity.NOT_YET_VALID),
        (START, Validity.VALID),
        (END, Validity.VALID),
        (END + timedelta(seconds=1), Validity.EXPIRED),
    ],
)
def test_validity_at_the_edges(at: datetime, expected: Validity) -> None:
    assert LEAF.make().validity(at) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ATL-OWA-001.litwareinc.com", NAME, True),
        (NAME + ".", NAME, True),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("owa.litwareinc.com", NAME, False),
        ("", "", False),
    ],
)
def test_names_compare_as_dns_does(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


def test_subject_and_alternative_names_are_told_apart() -> None:
    only_san = Recipe("other.litwareinc.com", issuer=ROOT, san=(NAME,)).make()
    only_subject = Recipe(NAME, issuer=ROOT).make()
    assert (only_san.has_subject(NAME), only_san.has_alternative(NAME)) == (False, True)
    assert (only_subject.has_subject(NAME), only_subject.has_alternative(NAME)) == (True, False)


def test_a_wildcard_covers_one_label_but_is_nobodys_name() -> None:
    wildcard = Recipe("*.litwareinc.com", issuer=ROOT, san=("*.litwareinc.com",)).make()
    assert wildcard.is_wildcard
    assert wildcard.covers(NAME)
    assert not wildcard.covers("a.b.litwareinc.com")
    assert not wildcard.has_subject(NAME)
    assert not wildcard.has_alternative(NAME)


def test_a_chain_through_an_intermediate_authority() -> None:
    leaf = replace(LEAF, issuer=ISSUING).make()
    trust = chain(leaf, (ROOT.make(),), (ISSUING.make(),), NOW)
    assert trust.trusted
    assert [found.subject_cn for found in trust.path] == [NAME, "Litware Issuing CA", "Litware Root CA"]


def test_a_self_signed_certificate_is_trusted_only_where_it_is_a_root_itself() -> None:
    own = Recipe(NAME).make()
    assert chain(own, (), (), NOW).fault is ChainFault.SELF_SIGNED
    assert chain(own, (own,), (), NOW).trusted


@pytest.mark.parametrize(
    ("leaf", "roots", "others", "fault"),
    [
        (LEAF, (), (), ChainFault.ISSUER_MISSING),
        (replace(LEAF, issuer=ISSUING), (ROOT,), (), ChainFault.ISSUER_MISSING),
        (replace(LEAF, issuer=ISSUING), (), (ISSUING,), ChainFault.ISSUER_MISSING),
        (replace(LEAF, issuer=ISSUING), (), (ISSUING, ROOT), ChainFault.ISSUER_MISSING),
        (LEAF, (replace(ROOT, end=NOW - timedelta(days=1)),), (), ChainFault.ISSUER_EXPIRED),
        (LEAF, (replace(ROOT, key_of="another key"),), (), ChainFault.BAD_SIGNATURE),
        (LEAF, (replace(ROOT, ca=False),), (), ChainFault.NOT_A_CA),
        (replace(LEAF, issuer=ISSUING), (ISSUING,), (), ChainFault.MISPLACED_ROOT),
    ],
)
def test_why_a_chain_is_not_trusted(
    leaf: Recipe, roots: tuple[Recipe, ...], others: tuple[Recipe, ...], fault: ChainFault
) -> None:
    trust = chain(leaf.make(), tuple(r.make() for r in roots), tuple(o.make() for o in others), NOW)
    assert trust.fault is fault
    assert trust.because


def test_one_good_issuer_among_bad_ones_is_enough() -> None:
    old = replace(ROOT, end=NOW - timedelta(days=1), serial=2)
    assert chain(LEAF.make(), (old.make(), ROOT.make()), (), NOW).trusted


def test_authorities_that_certify_each_other_end_the_search() -> None:
    one = Recipe("One", ca=True)
    two = Recipe("Two", ca=True, issuer=one)
    one_by_two = replace(one, issuer=two)
    leaf = replace(LEAF, issuer=one)
    assert not chain(leaf.make(), (), (one_by_two.make(), two.make()), NOW).trusted


def test_certificates_that_do_not_belong_into_the_root_store() -> None:
    assert [found.subject_cn for found in misplaced((ROOT.make(), ISSUING.make()))] == ["Litware Issuing CA"]
