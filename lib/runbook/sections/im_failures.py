"""What OWA's events about IM mean, what mends each, and which notebook does it or shows it (``real-world`` B3).

What people and logs show beside the events is in :mod:`runbook.sections.symptoms`. The numbers and their meaning are
those of Exchange 2013; the texts of the events aren't documented. Events 100 and 101 exist, but a server with an empty
key in web.config may well log neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PREREQUISITES, TRUSTED_POOL, OWA = "10-prerequisites", "20-trusted-pool", "30-owa-enablement"


@dataclass(frozen=True, slots=True)
class Failure:
    """``cause`` and ``remedy`` are whole sentences; ``notebook`` shows or mends what is wrong.

    ``checks`` are the ids of the findings that can be behind it, the likeliest first: where a section reports one of
    them, that is the cause, and this its symptom.
    """

    cause: str
    remedy: str
    notebook: str
    requirements: tuple[str, ...]
    checks: tuple[str, ...]


_PROVIDER = ("L06", "L08")
_KEYS = ("L52", "L56", "L57", "L60")
_CERTIFICATE = ("L56", "L58")
_NO_SETTINGS = (
    "webconfig-keys-missing",
    "webconfig-overwritten-by-cu",
    "webconfig-wrong-file",
    "override-missing",
    "override-partial",
    "override-wrong-scope",
    "override-not-refreshed",
    "app-pool-stale",
)
_UCMA = "Install the UCMA 4.0 Runtime again."

FAILURES: Mapping[int, Failure] = MappingProxyType(
    {
        75: Failure(
            "The mutual TLS connection with Lync couldn't be made.",
            "Check that both sides trust each other's certificate and that Lync knows the certificate's Subject CN.",
            PREREQUISITES,
            ("L30", "L61", "L62"),
            (
                "cert-untrusted",
                "cert-subject-mismatch",
                "lync-cert-untrusted-by-exchange",
                "lync-cert-name-mismatch",
                "lync-root-store-misplaced-ca",
                "cert-default-self-signed",
                "cert-expired",
                "cert-not-yet-valid",
                "clock-skew",
                "tls-mismatch",
            ),
        ),
        78: Failure(
            "The IM connection to the Lync pool failed.",
            "Check IMServerName, the way to port 5061 of the pool and back, and Lync's known servers.",
            TRUSTED_POOL,
            ("L22", "L57", "L60"),
            ("webconfig-wrong-pool", "dns-or-5061-blocked", "duplicate-known-server", "pool-missing"),
        ),
        83: Failure(
            "The registry names no IM provider: ImplementationDLLPath is missing.",
            "Install the UCMA 4.0 Runtime, which writes it.",
            PREREQUISITES,
            _PROVIDER,
            ("ucma-missing",),
        ),
        84: Failure(
            "The file that ImplementationDLLPath names doesn't exist.",
            "Correct the value, or install the UCMA 4.0 Runtime again.",
            PREREQUISITES,
            _PROVIDER,
            ("ucma-dll-absent", "ucma-points-to-folder"),
        ),
        85: Failure(
            "The IM provider's file holds several provider classes.",
            _UCMA,
            PREREQUISITES,
            _PROVIDER,
            ("ucma-wrong-version",),
        ),
        86: Failure(
            "The IM provider's class can't be constructed.",
            _UCMA,
            PREREQUISITES,
            _PROVIDER,
            ("ucma-wrong-version",),
        ),
        87: Failure(
            "Loading the IM provider failed: a wrong version or file, or a port that is taken.",
            "Read the exception in the event, free the ports 5075 to 5077, or install the UCMA 4.0 Runtime again.",
            PREREQUISITES,
            _PROVIDER,
            ("ucma-wrong-version", "im-listener-port-in-use"),
        ),
        88: Failure(
            "The IM endpoint couldn't be created.",
            "Check the certificate, the way to the Lync pool and Lync's known servers.",
            TRUSTED_POOL,
            ("L22", "L61"),
            ("cert-cng-key", "cert-no-private-key", "im-listener-port-in-use"),
        ),
        100: Failure(
            "IMServerName in web.config is missing or wrong.",
            "Write the key anew.",
            OWA,
            _KEYS,
            _NO_SETTINGS,
        ),
        101: Failure(
            "IMCertificateThumbprint in web.config is missing or wrong.",
            "Write the key anew.",
            OWA,
            _KEYS,
            _NO_SETTINGS,
        ),
        102: Failure(
            "The certificate has expired.",
            "Install a new one and write its thumbprint.",
            PREREQUISITES,
            _CERTIFICATE,
            ("cert-expired", "clock-skew", "webconfig-thumbprint-stale"),
        ),
        103: Failure(
            "LocalMachine\\My has no certificate with the thumbprint in web.config.",
            "Import the certificate, or write the thumbprint anew without any character that doesn't show.",
            OWA,
            ("L56", "L58", "L63"),
            (
                "webconfig-thumbprint-invisible-char",
                "webconfig-thumbprint-stale",
                "override-stale-thumbprint",
                "override-not-refreshed",
                "cert-missing-on-server",
                "app-pool-stale",
            ),
        ),
        104: Failure(
            "The certificate isn't valid yet.",
            "Use one that is, and check the server's clock.",
            PREREQUISITES,
            _CERTIFICATE,
            ("cert-not-yet-valid", "clock-skew"),
        ),
        105: Failure(
            "The certificate has no private key that OWA can use.",
            "Import it with its private key, readable by OWA's account.",
            PREREQUISITES,
            ("L58", "L63"),
            ("cert-no-private-key", "cert-cng-key"),
        ),
        106: Failure(
            "The certificate expires within 30 days.",
            "Renew it, write the new thumbprint and recycle OWA's pool.",
            PREREQUISITES,
            _CERTIFICATE,
            ("cert-expiring",),
        ),
    }
)
