"""The certificate by which OWA is known to Lync: names, dates, private key (L30, L58, ``real-world`` B1, B3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from runbook.certificate import Certificate, Validity
from runbook.change import Finding, Severity
from runbook.facts.query import Unread
from runbook.facts.windows import StoredCertificate
from runbook.parameters import IntegrationParameters
from runbook.sections.unread import unread

P = TypeVar("P", bound=IntegrationParameters)
Store = tuple[StoredCertificate, ...]

_NEW = (
    "Issue one certificate from an internal CA with the OWA pool's FQDN as its Subject CN and among its alternative"
    " names, and import it with its private key on every back end."
)
_LYNC_READS_CN = (
    "Lync takes the Subject CN for the name of whoever connects, and looks that name up in its known servers."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The LocalMachine stores of one server: own certificates, trusted roots, intermediate authorities."""

    my: Store | Unread
    roots: Store | Unread
    authorities: Store | Unread


def expected(given: P, server: str, discovered: frozenset[str]) -> P:
    """The parameters as they hold for one back end.

    Lync knows a server that it discovers by the server's own name (L20). Where ``owa_pool_fqdn`` is such a server's
    name, there is no pool, and each server's certificate bears its own.
    """
    if given.certificate_thumbprint or not {given.owa_pool_fqdn, server} <= discovered:
        return given
    return given.model_copy(update={"owa_pool_fqdn": server})


def choose(store: Store, parameters: IntegrationParameters, at: datetime) -> tuple[StoredCertificate, ...]:
    """The certificates that could be the one meant, best first.

    With a thumbprint given, that one only. Otherwise those whose Subject CN is the OWA pool's name, or where there are
    none, those that bear it otherwise; usable before unusable, longest-lived first. Exchange's own self-signed
    certificate lists the server's FQDN too, and is never meant.
    """
    if parameters.certificate_thumbprint:
        return tuple(entry for entry in store if entry.thumbprint == parameters.certificate_thumbprint)
    name = parameters.owa_pool_fqdn
    issued = [(entry, entry.certificate) for entry in store if entry.certificate and not is_default(entry.certificate)]
    bearing = [entry for entry, found in issued if found.has_subject(name)]
    bearing = bearing or [entry for entry, found in issued if found.covers(name)]
    return tuple(sorted(bearing, key=lambda entry: _rank(entry, at)))


def _rank(entry: StoredCertificate, at: datetime) -> tuple[bool, bool, float, str]:
    found = entry.certificate
    if found is None:
        return (True, True, 0.0, entry.thumbprint)
    unusable = found.validity(at) is not Validity.VALID
    return (unusable, not entry.has_private_key, -found.not_after.timestamp(), entry.thumbprint)


def check(
    server: str, store: Store | Unread, clock: datetime | Unread, given: IntegrationParameters, warning_days: int = 0
) -> Iterator[Finding]:
    """Findings on one back end's certificate; an expiry within ``warning_days`` is one."""
    if isinstance(store, Unread):
        yield unread("certificates", store, server=server, requirements=("L30", "L58"))
    if isinstance(clock, Unread):
        yield unread("clock", clock, server=server, requirements=("L58",))
    if isinstance(store, Unread) or isinstance(clock, Unread):
        return
    candidates = choose(store, given, clock)
    if not candidates:
        yield _missing(server, store, given)
        return
    entry = candidates[0]
    if entry.certificate is None:
        yield _finding(
            "cert-unreadable",
            ("L58",),
            server,
            entry.thumbprint,
            f"The certificate {entry.thumbprint} is in the store but is {entry.fault}.",
            "Neither OWA nor this check can use it.",
        )
        return
    if len(candidates) > 1:
        yield Finding(
            id="cert-several",
            requirements=("L30", "L58"),
            severity=Severity.WARNING,
            server=server,
            object=entry.thumbprint,
            what=f"Of {len(candidates)} certificates that bear {given.owa_pool_fqdn}, {entry.thumbprint} was taken.",
            why="Lync and OWA each name one certificate, and a mistaken choice shows only as failing connections.",
            remedy="Name the one that is meant in certificate_thumbprint, or remove those that are no longer used.",
        )
    yield from _names(server, entry.certificate, given)
    yield from _dates(server, entry.certificate, clock, warning_days)
    if not entry.has_private_key:
        yield _finding(
            "cert-no-private-key",
            ("L58", "L63"),
            server,
            entry.thumbprint,
            "The certificate has no private key on this server.",
            "OWA can't prove with it who it is (event 105); it was probably imported without its key.",
            "Import it again from a file that holds the private key (.pfx).",
        )
    elif not entry.has_legacy_key:
        yield Finding(
            id="cert-cng-key",
            requirements=("L58",),
            severity=Severity.ERROR,
            server=server,
            object=entry.thumbprint,
            what="Its private key is one that .NET doesn't show: of a CNG provider, or out of reach.",
            why="OWA of these editions can't use it, though the certificate looks right (event 105).",
            remedy="Issue it from a template with a cryptographic service provider, or import it with that provider.",
        )


def _missing(server: str, store: Store, given: IntegrationParameters) -> Finding:
    default = next((e.certificate for e in store if e.certificate is not None and is_default(e.certificate)), None)
    wanted = given.certificate_thumbprint or f"for {given.owa_pool_fqdn}"
    only = f" There is Exchange's own self-signed one, for {default.subject_cn}, which won't do." if default else ""
    return _finding(
        "cert-missing-on-server",
        ("L30", "L58", "L62", "L63"),
        server,
        given.certificate_thumbprint or given.owa_pool_fqdn,
        f"LocalMachine\\My holds no certificate {wanted}.{only}",
        "Every back end needs it: OWA presents it to Lync, from whichever server the mailbox is active on (event 103).",
    )


def is_default(found: Certificate) -> bool:
    """What Exchange's set-up makes: self-signed, for the short host name (``real-world`` B3)."""
    return found.is_self_signed and "." not in found.subject_cn


def check_default(server: str, store: Store, thumbprint: str) -> Iterator[Finding]:
    """Where the certificate of this thumbprint, which OWA's settings name, is the one that set-up made."""
    for entry in store:
        if entry.thumbprint == thumbprint and entry.certificate is not None and is_default(entry.certificate):
            yield _default(server, entry.certificate)


def _default(server: str, found: Certificate) -> Finding:
    return _finding(
        "cert-default-self-signed",
        ("L30", "L61", "L62"),
        server,
        found.thumbprint,
        f"This is Exchange's own self-signed certificate, for the short name {found.subject_cn}.",
        "Its name isn't a full one, and no other server trusts it.",
    )


def _names(server: str, found: Certificate, given: IntegrationParameters) -> Iterator[Finding]:
    name, thumbprint = given.owa_pool_fqdn, found.thumbprint
    if is_default(found):
        yield _default(server, found)
        return
    if found.is_wildcard:
        yield _finding(
            "cert-wildcard",
            ("L30",),
            server,
            thumbprint,
            f"The Subject CN is the wildcard {found.subject_cn}.",
            f"{_LYNC_READS_CN} A wildcard is never found there.",
        )
    elif not found.has_subject(name):
        yield _finding(
            "cert-subject-mismatch",
            ("L30",),
            server,
            thumbprint,
            f"The Subject CN is {found.subject_cn or '(none)'}, not {name}.",
            f"{_LYNC_READS_CN} The procedure wants the name in the Subject and in the alternative names; Microsoft's"
            " other page (JJ204857) says that one of them will do, but Lync doesn't look at the alternative names.",
        )
    if not found.has_alternative(name):
        yield Finding(
            id="cert-san-missing",
            requirements=("L30",),
            severity=Severity.WARNING,
            server=server,
            object=thumbprint,
            what=f"{name} isn't among the alternative names: {', '.join(found.dns_names) or 'there are none'}.",
            why=(
                "The procedure wants it in the Subject and there; Microsoft's other page (JJ204857) says that one of"
                " them will do. Lync goes by the Subject CN, browsers by the alternative names."
            ),
            remedy=_NEW,
        )


def _dates(server: str, found: Certificate, clock: datetime, days: int) -> Iterator[Finding]:
    until, remedy = f"{found.not_after:%Y-%m-%d %H:%M} UTC", "Renew it, and use the new thumbprint everywhere."
    validity = found.validity(clock)
    if validity is Validity.EXPIRED:
        what = f"The certificate expired at {until}; the server's clock says {clock:%Y-%m-%d %H:%M} UTC."
        why = "Lync refuses it, and OWA doesn't start IM with it (event 102)."
        yield _finding("cert-expired", ("L58",), server, found.thumbprint, what, why, remedy)
    elif validity is Validity.NOT_YET_VALID:
        since = f"{found.not_before:%Y-%m-%d %H:%M} UTC"
        what = f"The certificate isn't valid before {since}; the server's clock says {clock:%Y-%m-%d %H:%M} UTC."
        why = "Until then Lync refuses it, and OWA doesn't start IM with it (event 104)."
        wait = "Wait until then, or set the server's clock right if it is wrong."
        yield _finding("cert-not-yet-valid", ("L58",), server, found.thumbprint, what, why, wait)
    elif found.not_after - clock <= timedelta(days=days):
        yield Finding(
            id="cert-expiring",
            requirements=("L58",),
            severity=Severity.WARNING,
            server=server,
            object=found.thumbprint,
            what=f"The certificate expires at {until}, in {(found.not_after - clock).days} days.",
            why="IM in OWA ends on that day, and a new certificate brings a new thumbprint to configure (event 106).",
            remedy=remedy,
        )


def check_same(chosen: dict[str, StoredCertificate]) -> Iterator[Finding]:
    """Every back end should show the same certificate: any of them may have to serve a mailbox (``real-world`` B1)."""
    prints = {entry.thumbprint for entry in chosen.values()}
    if len(prints) > 1:
        each = ", ".join(f"{server}: {entry.thumbprint}" for server, entry in sorted(chosen.items()))
        yield Finding(
            id="cert-differs",
            requirements=("L58", "L63", "L64"),
            severity=Severity.WARNING,
            object=", ".join(sorted(prints)),
            what=f"The back ends don't hold the same certificate for OWA ({each}).",
            why="One pool of several back ends needs one certificate on all of them, or each its own in OWA.",
            remedy="Export one of them with its private key and import it on every back end.",
        )


def _finding(
    id: str, requirements: tuple[str, ...], server: str, object: str, what: str, why: str, remedy: str = _NEW
) -> Finding:
    return Finding(
        id=id,
        requirements=requirements,
        severity=Severity.ERROR,
        server=server,
        object=object,
        what=what,
        why=why,
        remedy=remedy,
    )
