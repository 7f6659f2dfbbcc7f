"""What people, logs, monitors and traces show when IM fails, and what that means (``real-world`` B3).

Codes and fields are known from public analyses of Exchange 2013; what a subcode means is derived. Whatever is shown
here is a symptom: the notebooks that it names find the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from runbook.facts.im_log import sign_in_error
from runbook.sections.im_failures import FAILURES, OWA, PREREQUISITES, TRUSTED_POOL, Failure

POLICIES, VERIFICATION = "40-mailbox-policies", "60-verification"

_USER = ("L72", "L73", "L74")
_KEYS = ("L52", "L56", "L57")
_KNOWN = ("L20", "L22", "L26", "L30")
_KNOWN_CHECKS = (
    "pool-missing",
    "duplicate-known-server",
    "topology-not-enabled",
    "pool-without-registrar",
    "cert-subject-mismatch",
    "cert-wildcard",
    "application-missing",
    "exchange-not-in-dial-plan",
)
_UNREACHED = Failure(
    "OWA couldn't connect to the Lync pool.",
    "Check IMServerName, the pool's name in DNS, port 5061 both ways, and whether each side trusts the other.",
    PREREQUISITES,
    ("L57", "L60", "L61"),
    ("dns-or-5061-blocked", "webconfig-wrong-pool", *FAILURES[75].checks),
)
_UNROUTED = Failure(
    "Lync didn't answer in time: it doesn't know OWA's server, or knows it twice, or couldn't route to the user.",
    "Let Lync know the Subject CN of OWA's certificate, once.",
    TRUSTED_POOL,
    _KNOWN,
    _KNOWN_CHECKS,
)
_REFUSED = Failure(
    "Lync refused the sign-in.",
    "Look at the user's account and policies in Lync, and at Lync's known servers.",
    POLICIES,
    (*_USER, "L22"),
    ("user-not-enabled", "user-sip-mismatch", *_KNOWN_CHECKS),
)
_BY_STATUS: Mapping[int, Failure] = MappingProxyType(
    {
        403: Failure(
            "Lync forbids it: a policy or the user's state in Lync.",
            "Look at the user's policies in Lync.",
            POLICIES,
            _USER,
            ("user-not-enabled", "external-access-denied"),
        ),
        404: Failure(
            "Lync knows no such user, or the user isn't enabled.",
            "Enable the user for Lync, or correct the SIP address in Exchange.",
            POLICIES,
            _USER,
            ("user-not-enabled", "user-sip-mismatch", "sip-domain-unknown"),
        ),
        484: Failure(
            "Lync calls the SIP address incomplete.",
            "Correct the user's SIP address in Exchange.",
            POLICIES,
            ("L74",),
            ("user-invalid-sip", "user-sip-mismatch"),
        ),
        504: _UNROUTED,
    }
)
"""By the status of SIP, which the subcode is."""

_USER_STATE = Failure(
    "The user's state in Lync keeps OWA out: a legacy user, or privacy settings.",
    "Look at the user's account in Lync.",
    POLICIES,
    _USER,
    ("user-not-enabled", "user-wrong-edition"),
)
_CODES: Mapping[int, Failure] = MappingProxyType(
    {
        18103: _UNROUTED,
        18105: Failure(
            "The local port is taken; OWA then tries the next of 5075 to 5077.",
            "Free one of these ports, or set IMPortNumber in web.config.",
            PREREQUISITES,
            ("L40",),
            ("im-listener-port-in-use",),
        ),
        18200: _REFUSED,
        18201: _REFUSED,
        18202: _REFUSED,
        18204: _UNREACHED,
        18302: _UNREACHED,
    }
)
_NOT_CONFIGURED = Failure(
    "OWA's settings on the server name no Lync pool or no certificate.",
    "Write the settings and recycle OWA's pool: web.config in Exchange 2013, a setting override from 2016 on.",
    OWA,
    _KEYS,
    FAILURES[100].checks,
)
_OF_THE_START = (100, 101, 83, 84, 85, 86, 87, 88, 102, 103, 104, 105)
"""The events that tell why the provider couldn't start."""

_CLIENT: Mapping[int, Failure] = MappingProxyType(
    {
        -2: Failure(
            "IM isn't switched on for this user: by the virtual directory, or by the mailbox policy.",
            "Switch it on, with the type Ocs, in both.",
            POLICIES,
            ("L45", "L48", "L68"),
            ("policy-im-disabled", "policy-type-none", "vdir-im-disabled", "vdir-type-none"),
        ),
        -3: _NOT_CONFIGURED,
        -11: Failure(
            "The user isn't signed in to IM (any more).",
            "Sign in once more and read what OWA logs then.",
            VERIFICATION,
            ("L78", "L81"),
            ("no-event-112",),
        ),
        -12: Failure(
            "OWA has no SIP address for this user.",
            "Give the mailbox a SIP proxy address, as Lync has it.",
            POLICIES,
            ("L74",),
            ("user-no-sip", "user-invalid-sip"),
        ),
        -13: Failure(
            "OWA's IM provider is just starting.",
            "Wait a minute and sign in again.",
            VERIFICATION,
            ("L81",),
            ("no-event-112",),
        ),
    }
)
"""What OWA tells the browser."""

_GENERAL = Failure(
    "OWA's general words for IM that failed.",
    "Read the events and the log of the server that holds the mailbox, which this section does.",
    VERIFICATION,
    ("L76", "L81", "L83"),
    ("no-event-112", "webconfig-keys-missing", "override-missing"),
)
UNKNOWN_PEER = Failure(
    "Lync doesn't know the host that connects: it goes by the Subject CN of the certificate.",
    "Make a trusted application pool of that name, or use a certificate whose Subject CN is the pool's name.",
    TRUSTED_POOL,
    _KNOWN,
    ("pool-missing", "cert-subject-mismatch", "cert-wildcard", "topology-not-enabled"),
)
_NOT_STARTED = Failure(
    "OWA's IM provider couldn't start.",
    "Read OWA's events about IM on the server, where the log still has them: they say what stood in its way.",
    VERIFICATION,
    ("L78", "L81"),
    tuple(dict.fromkeys(check for number in _OF_THE_START for check in FAILURES[number].checks)),
)
IM_MONITOR = "OwaIMInitializationFailedMonitor"
"""Of the health set OWA.Protocol.Dep: raised when the provider couldn't start (``real-world`` B1)."""

_TEXTS: tuple[tuple[str, str, Failure], ...] = (
    ("Instant Messaging Server name is null or empty", "no Lync pool in OWA's settings", FAILURES[100]),
    ("Instant Messaging Certificate Thumbprint is null or empty", "no certificate in OWA's settings", FAILURES[101]),
    (IM_MONITOR, IM_MONITOR, _NOT_STARTED),
    ("No registry setting for IM Provider", "no IM provider in the registry", FAILURES[83]),
    ("IM provider not found", "the IM provider's file isn't there", FAILURES[84]),
    ("is not a configured server on this network interface", "a peer that Lync doesn't know", UNKNOWN_PEER),
    ("Instant Messaging isn't available right now", "OWA 2010's general words", _GENERAL),
    ("There's a problem with instant messaging", "OWA's general words", _GENERAL),
)
"""Words as they are shown, what to call them, what they mean."""

_PEER = re.compile(r'fqdn\s*=\s*"?([A-Za-z0-9._-]+)')
_EVENT = re.compile(r"\bevent(?:\s+id)?\s*:?\s*(\d{2,3})\b", re.IGNORECASE)
_CLIENT_CODE = re.compile(r"(?<![\w.=-])(-(?:2|3|11|12|13))(?![\w.])")
_LOG_CODE = re.compile(r"\bcode\s*[:=]?\s*(18\d{3})\b(?:\W*subcode\s*[:=]?\s*(\d+))?", re.IGNORECASE)
_THUMBPRINT = re.compile(r"IM Certificate with thumbprint .* could not be found", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that was shown: what to call it, and what it means."""

    name: str
    failure: Failure


def by_code(code: int, subcode: int) -> Symptom | None:
    """What OWA's log means by a code and its subcode; ``None`` for a code that isn't known."""
    failure = _CODES.get(code)
    if failure is None:
        return None
    if code in (18201, 18202):
        failure = _BY_STATUS.get(subcode, failure)
    elif code == 18103 and 15 <= subcode <= 18:
        failure = _USER_STATE
    return Symptom(f"code {code}, subcode {subcode}" if subcode else f"code {code}", failure)


def unknown_code(code: int, subcode: int) -> Symptom:
    """What can be said of a failed sign-in whose code isn't known."""
    name = (f"code {code}, subcode {subcode}" if subcode else f"code {code}") if code else "no code"
    return Symptom(name, _GENERAL)


def recognise(shown: str) -> tuple[Symptom, ...]:
    """What a text means that somebody saw in OWA, in a log, in a monitor or in a trace; empty where nobody knows."""
    found = dict.fromkeys(_symptoms(shown.replace("\u2019", "'")))
    return tuple(found)


def named(name: str) -> tuple[Failure, ...]:
    """What a symptom means by the name that it bears in a finding."""
    found = [failure for _, known, failure in _TEXTS if known == name]
    return tuple(found) or tuple(symptom.failure for symptom in recognise(name))


def every_failure() -> Iterator[Failure]:
    """All that a symptom can be taken for here."""
    yield from (_UNREACHED, _UNROUTED, _REFUSED, _USER_STATE, _NOT_CONFIGURED, _GENERAL, UNKNOWN_PEER)
    for table in (_BY_STATUS, _CODES, _CLIENT):
        yield from table.values()


def peer(shown: str) -> str:
    """The host that SIPStack calls unknown, in lower case; empty where the text names none."""
    found = _PEER.search(shown)
    return found[1].lower() if found else ""


def _symptoms(shown: str) -> Iterator[Symptom]:
    lowered = shown.lower()
    for words, name, failure in _TEXTS:
        if words.lower() in lowered:
            yield Symptom(name, failure)
    if _THUMBPRINT.search(shown):
        yield Symptom("event 103", FAILURES[103])
    for found in _EVENT.finditer(shown):
        if failed := FAILURES.get(int(found[1])):
            yield Symptom(f"event {found[1]}", failed)
    codes = {(int(found[1]), int(found[2] or 0)) for found in _LOG_CODE.finditer(shown)}
    if logged := sign_in_error(shown):
        codes.add(logged)
    for code, subcode in sorted(codes):
        if symptom := by_code(code, subcode):
            yield symptom
        elif code in _CLIENT:
            yield Symptom(f"client code {code}", _CLIENT[code])
    for found in _CLIENT_CODE.finditer(shown):
        yield Symptom(f"client code {found[1]}", _CLIENT[int(found[1])])
