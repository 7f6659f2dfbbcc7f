"""Who would see presence in Outlook Web App, and what stands in the way for the others.

A user is expected to have presence with a mailbox on Exchange 2013, an enabled Lync account and a valid SIP proxy
address (L72 to L74). It works when everything between the user's mailbox server and Lync pool is right; each reason
names one thing that is not. The Outlook Web App half is told apart from the Lync half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509

from rehearsal.host import CertificateEntry
from rehearsal.known_servers import KnownServer, Origin, known_twice
from rehearsal.machines import Machine
from rehearsal.people import Person
from rehearsal.pki import is_trusted, subject_common_name

if TYPE_CHECKING:
    from rehearsal.world import World

INSTANT_MESSAGING_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\MSExchange OWA\InstantMessaging"
IMPLEMENTATION_VALUE = "ImplementationDLLPath"
PROVIDER_FILE = "Microsoft.Rtc.Internal.Ucweb.dll"


@dataclass(frozen=True, slots=True)
class PresenceReport:
    """Presence of the whole organisation; reasons by user principal name."""

    working: int
    expected: int
    users: int
    reasons: dict[str, tuple[str, ...]]
    excluded: dict[str, tuple[str, ...]]

    def as_json(self) -> dict[str, object]:
        return {
            "working": self.working,
            "expected": self.expected,
            "users": self.users,
            "reasons": {user: list(why) for user, why in self.reasons.items()},
            "excluded": {user: list(why) for user, why in self.excluded.items()},
        }


def presence(world: World) -> PresenceReport:
    """The presence of every user at this moment."""
    with world.lock:

        @cache
        def obstacles(server: str, pool: str) -> tuple[str, ...]:
            return tuple(_between(world, server, pool))

        excluded: dict[str, tuple[str, ...]] = {}
        reasons: dict[str, tuple[str, ...]] = {}
        for person in world.exchange.people:
            if unmet := tuple(_unmet_conditions(world, person)):
                excluded[person.upn] = unmet
            elif why := obstacles(person.server, person.registrar_pool or ""):
                reasons[person.upn] = why
    users = len(world.exchange.people)
    expected = users - len(excluded)
    return PresenceReport(expected - len(reasons), expected, users, reasons, excluded)


def sign_in(world: World, upn: str) -> tuple[str, ...] | None:
    """Why this user sees no presence after signing in; empty where it works, None for an unknown user."""
    person = next((one for one in world.exchange.people if one.upn.lower() == upn.lower()), None)
    if person is None:
        return None
    with world.lock:
        unmet = tuple(_unmet_conditions(world, person))
        return unmet or tuple(_between(world, person.server, person.registrar_pool or ""))


def _unmet_conditions(world: World, person: Person) -> Iterator[str]:
    """What of L72 to L74 doesn't hold."""
    if not person.mailbox_version.startswith("0.20"):
        yield "the mailbox is not on Exchange 2013 (L72)"
    if not person.lync_enabled:
        yield "the user is not enabled for Lync Server (L73)"
    if person.sip_proxy is None:
        yield "the mailbox has no SIP proxy address (L74)"
    elif person.sip_proxy.rpartition("@")[2] not in world.lync.enabled.sip_domains:
        yield f"the SIP proxy address {person.sip_proxy} is in no SIP domain (L74)"
    elif person.sip_proxy != person.sip_address:
        yield f"the SIP proxy address {person.sip_proxy} is not the Lync account's {person.sip_address} (L74)"


def _between(world: World, server: str, pool: str) -> Iterator[str]:
    """What is wrong between a mailbox server (NetBIOS name) and a Lync pool (FQDN)."""
    back_end = world.machine(server)
    if back_end is None:
        yield f"there is no mailbox server {server}"
        return
    yield from _ucma(back_end)
    certificate = _im_certificate(world, back_end)
    if certificate is None:
        yield f"{back_end.name}: the certificate for instant messaging is not in LocalMachine\\My"
    else:
        yield from _certificate(world, back_end, certificate, pool)
        yield from _known(world, back_end, subject_common_name(certificate.der).lower())
    yield from _outlook_web_app(world, back_end)


def _ucma(back_end: Machine) -> Iterator[str]:
    path = back_end.host.registry.value(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE)
    if not path:
        yield f"{back_end.name}: the registry names no instant messaging provider (UCMA, L05, L06)"
        return
    file = back_end.host.files.get(str(path))
    if file is None or file.is_directory or file.path.name.lower() != PROVIDER_FILE.lower():
        yield f"{back_end.name}: {path} is not the file of the instant messaging provider (UCMA, L07)"


def _im_certificate(world: World, back_end: Machine) -> CertificateEntry | None:
    wanted = world.im_certificates.get(back_end.name, "")
    return next((one for one in back_end.host.certificates["My"] if one.thumbprint == wanted), None)


def _certificate(world: World, back_end: Machine, entry: CertificateEntry, pool: str) -> Iterator[str]:
    where = f"{back_end.name}: the certificate {entry.thumbprint}"
    if not (entry.has_private_key and entry.key_readable):
        yield f"{where} has no private key that can be read"
    certificate = x509.load_der_x509_certificate(entry.der)
    now = world.clock.now()
    if now < certificate.not_valid_before_utc or now > certificate.not_valid_after_utc:
        yield f"{where} is not valid at {now:%Y-%m-%d}"
    for front_end in world.front_ends(pool):
        if not is_trusted(entry.der, _roots(front_end)):
            yield f"{where} is not trusted by {front_end.name} (L61)"
        presented = _presented(world, front_end)
        if presented is None or not is_trusted(presented, _roots(back_end)):
            yield f"{back_end.name}: the certificate of {front_end.name} is not trusted (L62)"


def _presented(world: World, front_end: Machine) -> bytes | None:
    wanted = world.lync_certificates.get(front_end.name, "")
    return next((one.der for one in front_end.host.certificates["My"] if one.thumbprint == wanted), None)


def _roots(machine: Machine) -> list[bytes]:
    return [entry.der for entry in machine.host.certificates["Root"]]


def _known(world: World, back_end: Machine, peer: str) -> Iterator[str]:
    """Lync takes the Subject's CN for the peer's name and must know it, once."""
    for name in sorted(known_twice(world.known) & {peer, back_end.name.lower()}):
        yield f"Lync knows {name} twice: discovered and from a trusted application pool (L22, L23)"
    rows: list[KnownServer] = [row for row in world.known if row.name == peer]
    if not rows:
        yield f"Lync does not know {peer}, the Subject name of the certificate of {back_end.name} (L26, L30)"
    elif all(row.origin is Origin.TRUSTED for row in rows) and not _application(world, peer):
        yield f"the trusted application pool of {peer} has no trusted application (L26, L36)"


def _application(world: World, peer: str) -> bool:
    enabled = world.lync.enabled
    pool = enabled.trusted_pool(peer) or enabled.pool_of_computer(peer)
    return pool is not None and any(enabled.applications_of(pool.fqdn))


def _outlook_web_app(world: World, back_end: Machine) -> Iterator[str]:
    owa = world.exchange.owa
    if back_end.name not in owa.web_config:
        yield f"Outlook Web App: {back_end.name} has no Lync pool and certificate in its web.config (L52)"
    front = [one.fqdn for one in world.exchange.servers.values() if one.is_client_access]
    for name in sorted(set(front) - owa.virtual_directories):
        yield f"Outlook Web App: instant messaging of type Ocs is not set on the virtual directory of {name} (L45, L50)"
    if not owa.mailbox_policies:
        yield "Outlook Web App: the mailbox policies do not allow instant messaging of type Ocs (L68)"
