"""Who would see presence in Outlook Web App, and what stands in the way for the others.

A user is expected to have presence with a mailbox on Exchange 2013 or later, an enabled Lync account and a valid SIP
proxy address (L72 to L74). With Exchange 2010 it is expected too where its client access servers are managed here and
have a service pack (L11, real-world.md B1); RTM isn't integrated. It works when everything between the servers that the
user's Outlook Web App runs on and the user's Lync pool is right; each reason names one thing that is not. The Outlook
Web App half is told apart from the Lync half.

Outlook Web App runs where the mailbox is, and in 2010 on the client access servers. The user may come over any of
them: all have to be right, and one sign-in goes over each (assumed, so that none is left out).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from rehearsal import online_presence
from rehearsal.app_settings import read
from rehearsal.exchange_health import IM_MONITOR
from rehearsal.host import CertificateEntry
from rehearsal.iis import OWA_POOL
from rehearsal.lync_peer import peer_obstacles, pool_obstacles
from rehearsal.machines import Machine
from rehearsal.owa_application import FRONT_END_WEB_CONFIG, OwaApplication, SignInFailure
from rehearsal.owa_editions import owa_edition
from rehearsal.owa_provider import unusable
from rehearsal.people import EXCHANGE_2013, Person
from rehearsal.sip_trace import trace_sign_in

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

        def servers(person: Person) -> tuple[str, ...]:
            return _serving(world, person) or ("",)

        front = tuple(_front_ends(world))
        excluded: dict[str, tuple[str, ...]] = {}
        reasons: dict[str, tuple[str, ...]] = {}
        for person in world.exchange.people:
            if person.online:
                if unmet := tuple(online_presence.excluded(world, person)):
                    excluded[person.upn] = unmet
                elif why := tuple(online_presence.obstacles(world, person)):
                    reasons[person.upn] = why
                continue
            if unmet := tuple(_unmet_conditions(world, person)):
                excluded[person.upn] = unmet
                continue
            between = [why for server in servers(person) for why in obstacles(server, person.registrar_pool or "")]
            if why := (*front, *between, *_directory(world, person)):
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
                "expected": not any(
                    online_presence.excluded(world, person) if person.online else _unmet_conditions(world, person)
                ),
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
        if person.online:
            return (*online_presence.excluded(world, person), *online_presence.obstacles(world, person))
        pool = person.registrar_pool or ""
        servers = _serving(world, person) or ("",)
        kept_away = (*_front_ends(world), *_directory(world, person))
        if not kept_away:
            for server in servers:
                _sign_in_on(world, server, person, pool)
        unmet = tuple(_unmet_conditions(world, person))
        return unmet or (*(why for server in servers for why in _between(world, server, pool)), *kept_away)


def _sign_in_on(world: World, server: str, person: Person, pool: str) -> None:
    """Outlook Web App on one server (FQDN) signs the user in to Lync."""
    application, machine = world.owa.get(server), world.machine(server)
    if application is None or machine is None:
        return
    application.sign_in()
    if application.initialised:
        world.alert(machine.host.short_name, IM_MONITOR, application.alert())
    if application.is_running:
        failures = tuple(_lync_side(world, application, machine, pool))
        failure = failures[0] if failures else None
        application.signed_in(person.mail, person.sip_address or "", failure)
        if certificate := application.certificate():
            trace_sign_in(world, machine, certificate.der, person, failure)


def _serving(world: World, person: Person) -> tuple[str, ...]:
    """The servers (FQDN) that the user's Outlook Web App runs on; none without a mailbox."""
    serving = world.exchange.mailbox_server_of(person.upn)
    server = world.exchange.find_server(serving) if serving else None
    if server is None or serving is None:
        return ()
    if not owa_edition(server.build).on_client_access:
        return (serving,)
    return tuple(name for name, one in world.owa.items() if one.edition.on_client_access)


def _directory(world: World, person: Person) -> tuple[str, ...]:
    """What virtual directories and mailbox policies keep from the user."""
    servers = _serving(world, person)
    return world.exchange.owa.why_not(person.upn, servers[0]) if servers else ()


def _front_ends(world: World) -> Iterator[str]:
    """Front ends that answer nobody: users reach their mailbox over any of them (from 2013 on)."""
    for machine in world.machines.values():
        if file := machine.host.files.get(FRONT_END_WEB_CONFIG):
            if file.content is not None and read(file.content) is None:
                yield f"Outlook Web App: {machine.name}: the proxy's web.config can't be read (HTTP 500)"
            pool = machine.host.web.pool(OWA_POOL) if machine.host.web else None
            if pool is not None and not pool.started and "mailbox" not in machine.roles:
                yield f"Outlook Web App: {machine.name}: the application pool {OWA_POOL} is stopped (HTTP 503)"


def _unmet_conditions(world: World, person: Person) -> Iterator[str]:
    """What of L72 to L74 doesn't hold, and what is off on purpose."""
    yield from world.exchange.owa.excluded(person.upn)
    yield from _unfit_mailbox(world, person)
    if not person.lync_enabled:
        yield "the user is not enabled for Lync Server (L73)"
    if person.sip_proxy is None:
        yield "the mailbox has no SIP proxy address (L74)"
    elif person.sip_proxy.rpartition("@")[2] not in world.lync.enabled.sip_domains:
        yield f"the SIP proxy address {person.sip_proxy} is in no SIP domain (L74)"
    elif person.sip_proxy != person.sip_address:
        yield f"the SIP proxy address {person.sip_proxy} is not the Lync account's {person.sip_address} (L74)"


def _unfit_mailbox(world: World, person: Person) -> Iterator[str]:
    if person.mailbox_version == EXCHANGE_2013:
        return
    applications = [world.owa[name] for name in _serving(world, person)]
    if not applications:
        yield "the mailbox is not on Exchange 2013 (L72)"
    elif not all(one.edition.integrates for one in applications):
        yield "the mailbox is on Exchange 2010 RTM, whose Outlook Web App isn't integrated (B1)"


def _between(world: World, server: str, pool: str) -> Iterator[str]:
    """What is wrong between a mailbox server and a user's Lync pool, both by FQDN."""
    application, back_end = world.owa.get(server), world.machine(server)
    if application is None or back_end is None:
        yield f"there is no mailbox server {server}"
        return
    for reason in application.why_not():
        yield _placed(reason, back_end)
    yield from _unsupported(world, application, back_end, pool)
    certificate = application.certificate() or _meant(world, back_end)
    if certificate is None:
        yield f"{back_end.name}: the certificate for instant messaging is not in LocalMachine\\My"
    elif application.is_running or application.certificate() is None:
        for obstacle in unusable(certificate, world.clock.now(), certificate.thumbprint):
            yield f"{back_end.name}: {obstacle.reason}"
    for failure in _lync_side(world, application, back_end, pool):
        yield failure.reason


def _unsupported(world: World, application: OwaApplication, back_end: Machine, pool: str) -> Iterator[str]:
    """What Microsoft demands of Exchange 2016 and later beside what can be seen to fail (B1): taken as failing here."""
    server = world.exchange.find_server(back_end.name)
    if server is None or not server.version.stores_overrides:
        return
    named = (application.settings and application.settings.server_name) or ""
    if any(one.product == "lync" for one in (*world.front_ends(pool), *world.front_ends(named))):
        yield f"{back_end.name}: {server.version.full_name} with Lync Server 2013 is not supported (B1)"
    certificate = application.certificate()
    if certificate is not None and "IIS" not in certificate.services:
        reason = f"the certificate {certificate.thumbprint} isn't the one that is assigned to IIS (B1)"
        yield f"Outlook Web App: {back_end.name}: {reason}"


def _lync_side(world: World, application: OwaApplication, back_end: Machine, pool: str) -> Iterator[SignInFailure]:
    """What Lync has against a sign-in, with the certificate that is in use, or else is meant to be."""
    named = (application.settings and application.settings.server_name) or ""
    for failure in pool_obstacles(world, named):
        yield replace(failure, reason=_placed(failure.reason, back_end))
    certificate = application.certificate() or _meant(world, back_end)
    if certificate is not None:
        yield from peer_obstacles(world, back_end, certificate, named, pool)


def _placed(reason: str, back_end: Machine) -> str:
    """The reason with the server's name in it; the mark of the Outlook Web App half stays in front."""
    mark, half, what = reason.rpartition("Outlook Web App: ")
    return f"{mark}{half}{back_end.name}: {what}"


def _meant(world: World, back_end: Machine) -> CertificateEntry | None:
    """The certificate that the settings are meant to name, so that Lync's side can be judged before it does."""
    wanted = world.im_certificates.get(back_end.name, "")
    return next((one for one in back_end.host.certificates["My"] if one.thumbprint == wanted), None)
