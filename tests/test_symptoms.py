"""What people, logs and traces show, and what it is taken for (``real-world`` B3)."""

from __future__ import annotations

import pytest

from runbook.catalogue import checks
from runbook.facts.im_log import sign_in_error
from runbook.sections import symptoms
from runbook.sections.im_failures import FAILURES
from runbook.sections.symptoms import by_code, peer, recognise

LINE = (
    "2013-05-02T09:30:00.123Z,InstantMessageOCSProvider.SignInCallback failed. Context User=anna@litwareinc.com, "
    "Sip address=sip:anna@litwareinc.com, Lyncserver=atl-cs-001.litwareinc.com, Exception: Code: 18202, SubCode: 504"
)
SIPSTACK = (
    "Severity: error Text: The peer is not a configured server on this network interface Transport: TLS "
    'Data: fqdn="ATL-OWA-001.litwareinc.com"'
)


@pytest.mark.parametrize(
    ("shown", "name", "check"),
    [
        (LINE, "code 18202, subcode 504", "duplicate-known-server"),
        ("IM.EC=18204;IM.ESC=0;IM.ET=RealTime;IM.Unav=1", "code 18204", "dns-or-5061-blocked"),
        ("IM.EC=-12;IM.EM=x", "client code -12", "user-no-sip"),
        ("result code -2", "client code -2", "policy-im-disabled"),
        ("-3", "client code -3", "webconfig-keys-missing"),
        ("code 18105", "code 18105", "im-listener-port-in-use"),
        ("Code: 18201, SubCode: 404", "code 18201, subcode 404", "user-not-enabled"),
        ("Code: 18103, SubCode: 16", "code 18103, subcode 16", "user-not-enabled"),
        ("Event ID: 83", "event 83", "ucma-missing"),
        ("InitializeEndpointManager. IM provider not found.", "the IM provider's file isn't there", "ucma-dll-absent"),
        ("IM Certificate with thumbprint EA5A could not be found.", "event 103", "webconfig-thumbprint-invisible-char"),
        (
            "Instant Messaging Certificate Thumbprint is null or empty on web.config.",
            "no certificate in OWA's settings",
            "webconfig-overwritten-by-cu",
        ),
        (SIPSTACK, "a peer that Lync doesn't know", "cert-subject-mismatch"),
        (
            "There\u2019s a problem with instant messaging. Please try again later.",
            "OWA's general words",
            "override-missing",
        ),
        ("Instant Messaging isn't available right now.", "OWA 2010's general words", "no-event-112"),
    ],
)
def test_what_was_shown_is_recognised_with_what_can_be_behind_it(shown: str, name: str, check: str) -> None:
    found = {symptom.name: symptom.failure for symptom in recognise(shown)}
    assert list(found) == [name]
    assert check in found[name].checks


@pytest.mark.parametrize("shown", ["", "Printer is out of paper", "event 112", "2013-05-02", "error 12", "code 7"])
def test_what_nobody_knows_is_left_alone(shown: str) -> None:
    assert recognise(shown) == ()


def test_the_peer_that_sipstack_names_is_read_out() -> None:
    assert peer(SIPSTACK) == "atl-owa-001.litwareinc.com"
    assert peer("The peer is not a configured server") == ""


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (LINE, (18202, 504)),
        ("SignInCallback failed. Exception: something else", (0, 0)),
        ("The endpoint manager started, process 4312.", None),
        ("IM.EC=0;IM.ESC=0", None),
    ],
)
def test_a_line_of_the_log_gives_its_codes(line: str, codes: tuple[int, int] | None) -> None:
    assert sign_in_error(line) == codes


def test_a_subcode_goes_before_its_code() -> None:
    general, forbidden = by_code(18202, 0), by_code(18202, 403)
    assert general is not None
    assert forbidden is not None
    assert general.failure is not forbidden.failure
    assert by_code(99, 1) is None


def test_every_cause_that_is_named_is_a_check_that_there_is() -> None:
    failures = [*FAILURES.values(), *symptoms.every_failure()]
    assert len(failures) > 25
    for failure in failures:
        assert set(failure.checks) <= set(checks()), failure.cause
        for words in (failure.cause, failure.remedy):
            assert words.endswith(".")
