"""Do Lync and Exchange trust each other's certificate? The chain is built here, from their own stores (L61, L62)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from runbook.certificate import Certificate, Trust, Validity, chain, misplaced
from runbook.change import Finding, Repair, Severity
from runbook.facts.query import Unread
from runbook.facts.windows import readable
from runbook.sections.certificates import Stores, is_default
from runbook.sections.unread import unread

_IMPORT = "Import the missing CA certificates into LocalMachine\\Root (self-signed) or LocalMachine\\CA (all others)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One end of the MTLS connection: its name, its clock, what it shows, and whom it trusts."""

    server: str
    clock: datetime | Unread
    stores: Stores
    shows: Certificate | None


def check_stores(party: Party) -> Iterator[Finding]:
    """The trust stores could be read, and the Root store holds nothing that it shouldn't."""
    for thing, store in (("root certificates", party.stores.roots), ("CA certificates", party.stores.authorities)):
        if isinstance(store, Unread):
            yield unread(thing, store, server=party.server, requirements=("L61", "L62"))
    roots = party.stores.roots
    for stray in misplaced(readable(roots)) if not isinstance(roots, Unread) else ():
        yield Finding(
            id="lync-root-store-misplaced-ca",
            requirements=("L61",),
            severity=Severity.WARNING,
            server=party.server,
            object=stray.thumbprint,
            what=f"{stray.subject} lies in the Root store but isn't self-signed.",
            why="A certificate that isn't a root there can make Windows refuse the certificates of other servers.",
            remedy="Move it to LocalMachine\\CA.",
        )


def check_owa_trusted(lync: Party, back_ends: Iterable[Party]) -> Iterator[Finding]:
    """L61: the Front End trusts what the back ends show; one finding for each certificate that it doesn't."""
    refused: dict[str, list[tuple[Party, Certificate, Trust]]] = {}
    for owa in back_ends:
        trust = _trust(owa, lync)
        if trust is not None and not trust.trusted and owa.shows is not None:
            refused.setdefault(owa.shows.thumbprint, []).append((owa, owa.shows, trust))
    for thumbprint, shown in refused.items():
        _, certificate, trust = shown[0]
        servers = ", ".join(owa.server for owa, _, _ in shown)
        yield Finding(
            id="cert-untrusted",
            requirements=("L61", "L62"),
            severity=Severity.ERROR,
            server=lync.server,
            object=thumbprint,
            what=f"Lync doesn't trust OWA's certificate {certificate.subject} ({servers}): {trust.because}.",
            why="OWA and Lync talk by mutual TLS: an untrusted certificate ends the connection before it begins.",
            remedy=f"{_IMPORT} Or issue the certificate from a CA that both sides trust.",
            caused_by=("cert-default-self-signed",) if is_default(certificate) else (),
        )


def check_lync_trusted(owa: Party, lync: Party) -> Iterator[Finding]:
    """L62: the back end trusts what the Front End shows."""
    trust = _trust(lync, owa)
    if trust is None or trust.trusted or lync.shows is None:
        return
    yield Finding(
        id="lync-cert-untrusted-by-exchange",
        requirements=("L62",),
        severity=Severity.ERROR,
        server=owa.server,
        object=lync.shows.thumbprint,
        what=f"Exchange doesn't trust the certificate of {lync.server}, {lync.shows.subject}: {trust.because}.",
        why="Trust is mutual: OWA refuses to talk to a Front End whose certificate it can't verify.",
        remedy=_IMPORT,
    )


def check_lync_certificate(lync: Party, pool: str) -> Iterator[Finding]:
    """The Front End's certificate bears the pool's name, to which OWA connects (L60), and is in its dates."""
    if lync.shows is None:
        yield _lync(
            "lync-cert-missing",
            lync.server,
            "Default",
            "No certificate is assigned to the Front End's SIP service, or it isn't in LocalMachine\\My.",
            "Without one the Front End accepts no TLS connection.",
            "Assign one with the Lync Server Deployment Wizard (Request, Install or Assign Certificates).",
        )
        return
    if not lync.shows.covers(pool):
        yield _lync(
            "lync-cert-name-mismatch",
            lync.server,
            lync.shows.thumbprint,
            f"The Front End's certificate ({lync.shows.subject}) doesn't bear the pool's name {pool}.",
            "OWA connects to the pool by this name and checks the certificate for it.",
            "Request a new default certificate for the Front End, with the pool's FQDN as its Subject.",
        )
    if isinstance(lync.clock, Unread):
        yield unread("clock", lync.clock, server=lync.server, requirements=("L61",))
    elif (validity := lync.shows.validity(lync.clock)) is not Validity.VALID:
        yield _lync(
            "lync-cert-dates",
            lync.server,
            lync.shows.thumbprint,
            f"The Front End's certificate is {validity} (until {lync.shows.not_after:%Y-%m-%d %H:%M} UTC).",
            "OWA, like every client, refuses it.",
            "Renew and assign the Front End's default certificate.",
        )


def revocation_note() -> Finding:
    """What this check leaves out, said once."""
    return Finding(
        id="revocation-not-checked",
        requirements=("L61",),
        severity=Severity.INFO,
        what="Chains were built from the servers' own stores; whether a certificate was revoked isn't checked.",
        why="Revocation lists are fetched by the servers themselves, over their network.",
        remedy="Run certutil -verify -urlfetch on the server where there is doubt.",
        repair=Repair.NONE,
    )


def _trust(shown: Party, judge: Party) -> Trust | None:
    """``None`` where something isn't known; a finding of its own says what. The peer sends its intermediates along."""
    stores = judge.stores
    if shown.shows is None or isinstance(judge.clock, Unread):
        return None
    if isinstance(stores.roots, Unread) or isinstance(stores.authorities, Unread):
        return None
    sent = () if isinstance(shown.stores.authorities, Unread) else readable(shown.stores.authorities)
    return chain(shown.shows, readable(stores.roots), (*readable(stores.authorities), *sent), judge.clock)


def _lync(id: str, server: str, object: str, what: str, why: str, remedy: str) -> Finding:
    return Finding(
        id=id,
        requirements=("L60", "L62"),
        severity=Severity.ERROR,
        server=server,
        object=object,
        what=what,
        why=why,
        remedy=remedy,
    )
