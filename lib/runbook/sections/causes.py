"""Which findings are only consequences of others: nobody should mend the second before the first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from runbook.change import Finding

BY_CLOCK = "clock-skew"

CAUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cert-expired": (BY_CLOCK,),
        "cert-expiring": (BY_CLOCK,),
        "cert-not-yet-valid": (BY_CLOCK,),
        "cert-untrusted": (BY_CLOCK, "cert-expired", "cert-not-yet-valid", "cert-default-self-signed"),
        "cert-san-missing": ("cert-wildcard",),
        "lync-cert-dates": (BY_CLOCK,),
        "lync-cert-untrusted-by-exchange": (BY_CLOCK, "lync-cert-dates"),
        "ucma-wrong-version": ("ucma-missing", "ucma-dll-absent"),
    }
)
"""Consequence → what brings it about on the same server, or on the one that judges it."""


def linked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, each with those of its causes that are there and concern a server that it speaks of."""
    found = tuple(findings)
    return tuple(_linked(finding, found) for finding in found)


def _linked(finding: Finding, others: tuple[Finding, ...]) -> Finding:
    causes = tuple(
        dict.fromkeys(
            other.id
            for other in others
            if other.id in CAUSES.get(finding.id, ()) and _concerns(finding, other) and other.id != finding.id
        )
    )
    return replace(finding, caused_by=tuple(dict.fromkeys((*finding.caused_by, *causes)))) if causes else finding


def _concerns(finding: Finding, cause: Finding) -> bool:
    """They are about one server, or one certificate, or the finding names the other's server."""
    if not cause.server:
        return True
    return cause.server in (finding.server, finding.object) or cause.server in finding.what or _same(finding, cause)


def _same(finding: Finding, cause: Finding) -> bool:
    return bool(finding.object) and finding.object == cause.object
