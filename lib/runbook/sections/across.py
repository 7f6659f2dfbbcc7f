"""What one section finds is often only the symptom of what another finds. Pure.

A section on its own names where to look; where several were run over the same estate, the symptoms name their causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from runbook.change import Finding, Severity
from runbook.sections import symptoms

_UNKNOWN_TO_LYNC = (
    "pool-missing",
    "topology-not-enabled",
    "exchange-not-in-dial-plan",
    "pool-without-registrar",
    "not-delegated",
)
_UNSUPPORTED = "lync2013-with-exchange2016"
"""A server that can't be integrated isn't judged any further: until that is settled, whatever shows there is its."""

_SYMPTOMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lync-not-ready": (*_UNKNOWN_TO_LYNC, "application-missing", "duplicate-known-server"),
        "owa-not-known": _UNKNOWN_TO_LYNC,
        "owa-known-unclear": _UNKNOWN_TO_LYNC,
        "logs-folder-missing": ("im-event", "im-monitor-raised"),
        "no-event-112": (
            "app-pool-stopped",
            "app-pool-stale",
            "server-in-maintenance",
            "webconfig-malformed",
            "webconfig-keys-missing",
            "webconfig-overwritten-by-cu",
            "webconfig-wrong-file",
            "vdir-im-disabled",
            "vdir-type-none",
            "policy-im-disabled",
            "policy-type-none",
            "events-lost",
        ),
        "nobody-ready": ("policy-im-disabled", "policy-type-none"),
        "nobody-to-sign-in": ("policy-im-disabled", "policy-type-none", _UNSUPPORTED),
        "user-wrong-edition": (_UNSUPPORTED,),
        "cert-missing-on-server": ("cert-default-self-signed",),
        "users-policy-off": ("policy-im-disabled", "policy-type-none"),
        "webconfig-keys-missing": ("webconfig-wrong-file",),
    }
)
"""Symptom → what brings it about, beside what its own object tells (:func:`runbook.sections.symptoms.named`)."""

_TOLD_BY_OBJECT = ("im-event", "im-sign-in-failed", "im-monitor-raised")
_ANYWHERE = (
    "clock-skew",
    "tls-mismatch",
    "cert-untrusted",
    "webconfig-wrong-file",
    "vdir-im-disabled",
    "vdir-type-none",
)
"""What is found on one side shows on the other."""


def explained(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of several sections of one estate, symptoms with those of their causes that were found."""
    found = tuple(findings)
    grave = [finding for finding in found if finding.severity is not Severity.INFO]
    return tuple(_explained(finding, grave) if finding in grave else finding for finding in found)


def _explained(finding: Finding, others: Iterable[Finding]) -> Finding:
    wanted = causes_of(finding)
    causes = [other.id for other in others if other.id in wanted and _may_cause(other, finding)]
    return replace(finding, caused_by=tuple(dict.fromkeys((*finding.caused_by, *causes)))) if causes else finding


def causes_of(finding: Finding) -> tuple[str, ...]:
    """The ids of the findings that can be behind this one; empty where it is no symptom."""
    if finding.id in _TOLD_BY_OBJECT:
        return (*(check for failure in symptoms.named(finding.object) for check in failure.checks), _UNSUPPORTED)
    return _SYMPTOMS.get(finding.id, ())


def _may_cause(cause: Finding, symptom: Finding) -> bool:
    """A server's own trouble shows on that server; what is Lync's, or everybody's, shows everywhere."""
    if not cause.server or not symptom.server or cause.id in _ANYWHERE or cause.id.startswith("lync-"):
        return True
    return cause.server == symptom.server or symptom.server in cause.what
