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

from rehearsal.host import CertificateEntry
from rehearsal.known_servers import KnownServer, Origin, known_twice
from rehearsal.machines import Machine
from rehearsal.owa_application import unusable
from rehearsal.people import Person
from rehearsal.pki import is_trusted, subject_common_name

if TYPE_CHECKING:
    from rehearsal.world import World


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
            elif why := (*obstacles(*_way(world, person)), *_directory(world, person)):
                reasons[person.upn] = why
    users = len(world.exchange.people)
    expected = users - len(excluded)
    return PresenceReport(expected - len(reasons), expected, users, reasons, excluded)


def users(world: World) -> list[dict[str, object]]:
    """Everybody, with the server that serves the mailbox now and whether presence is expected."""
    with world.lock:
        return [
            {
                "user": person.upn,
                "server": world.exchange.mailbox_server_of(person.upn),
                "expected": not any(_unmet_conditions(world, person)),
            }
            for person in world.exchange.people
        ]


def sign_in(world: World, upn: str) -> tuple[str, ...] | None:
    """Sign a user in, on the server that serves the mailbox, and say why there is no presence.

    Empty where it works, None for an unknown user. The first sign-in on a worker has the provider initialise.
    """
    person = world.exchange.person(upn)
    if person is None:
        return None
    with world.lock:
        server, pool = _way(world, person)
        application = world.owa.get(server)
        if application is not None and not _directory(world, person):
            application.sign_in()
        unmet = tuple(_unmet_conditions(world, person))
        return unmet or (*_between(world, server, pool), *_directory(world, person))


def _way(world: World, person: Person) -> tuple[str, str]:
    """The server that serves the mailbox now, and the user's Lync pool, both by FQDN."""
    return world.exchange.mailbox_server_of(person.upn) or "", person.registrar_pool or ""


def _directory(world: World, person: Person) -> tuple[str, ...]:
    """What virtual directories and mailbox policies keep from the user."""
    server = world.exchange.mailbox_server_of(person.upn)
    return world.exchange.owa.why_not(person.upn, server) if server else ()


def _unmet_conditions(world: World, person: Person) -> Iterator[str]:
    """What of L72 to L74 doesn't hold, and what is off on purpose."""
    yield from world.exchange.owa.excluded(person.upn)
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
    """What is wrong between a mailbox server and a user's Lync pool, both by FQDN."""
    application, back_end = world.owa.get(server), world.machine(server)
    if application is None or back_end is None:
        yield f"there is no mailbox server {server}"
        return
    for reason in application.why_not():
        side, mark, what = reason.rpartition("Outlook Web App: ")
        yield f"{mark}{back_end.name}: {what}" if mark else f"{back_end.name}: {side}{what}"
    named = (application.settings and application.settings.server_name) or ""
    if named and not world.front_ends(named):
        yield f"Outlook Web App: {back_end.name}: {named} is no pool of Lync Servers (IMServerName, L60)"
    certificate = application.certificate()
    if certificate is None and (certificate := _meant(world, back_end)):
        for obstacle in unusable(certificate, world.clock.now(), certificate.thumbprint):
            yield f"{back_end.name}: {obstacle.reason}"
    if certificate is None:
        yield f"{back_end.name}: the certificate for instant messaging is not in LocalMachine\\My"
    else:
        yield from _certificate(world, back_end, certificate, pool)
        yield from _known(world, back_end, subject_common_name(certificate.der).lower())


def _meant(world: World, back_end: Machine) -> CertificateEntry | None:
    """The certificate that web.config is meant to name, so that Lync's side can be judged before it does."""
    wanted = world.im_certificates.get(back_end.name, "")
    return next((one for one in back_end.host.certificates["My"] if one.thumbprint == wanted), None)


def _certificate(world: World, back_end: Machine, entry: CertificateEntry, pool: str) -> Iterator[str]:
    where = f"{back_end.name}: the certificate {entry.thumbprint}"
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
