"""What Lync makes of a back end that signs a user in: whether each trusts the other, and whether it is known, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rehearsal.host import CertificateEntry
from rehearsal.known_servers import KnownServer, Origin, known_twice
from rehearsal.lync_topology import TrustedPool
from rehearsal.machines import Machine
from rehearsal.network import SIP_TLS, connects, shake_hands
from rehearsal.owa_application import SignInFailure
from rehearsal.pki import bears_name, is_trusted, subject_common_name

if TYPE_CHECKING:
    from rehearsal.world import World

_REFUSED, _TIMED_OUT = 18202, 504
"""REGISTER refused, gateway time-out: routing or the known server (B3, derived)."""
_UNREACHABLE = 18204


def pool_obstacles(world: World, named: str) -> Iterator[SignInFailure]:
    """``named`` is IMServerName; a name that is no pool of Front Ends can't be connected to."""
    if named and not world.front_ends(named):
        reason = f"Outlook Web App: {named} is no pool of Lync Servers (IMServerName, L60)"
        yield SignInFailure(reason, _UNREACHABLE, event=78)


def peer_obstacles(
    world: World, back_end: Machine, certificate: CertificateEntry, named: str, pool: str
) -> Iterator[SignInFailure]:
    """What is wrong between a back end that presents this certificate and a user's Lync ``pool``."""
    if named and world.front_ends(named) and not connects(world, back_end.name, named, SIP_TLS):
        yield SignInFailure(f"{back_end.name}: no connection to {named}:{SIP_TLS} (L60)", _UNREACHABLE, event=78)
        return
    for reason in _trust(world, back_end, certificate, pool):
        yield SignInFailure(reason, _UNREACHABLE, event=75)
    for reason in _known(world, back_end, subject_common_name(certificate.der).lower(), named):
        yield SignInFailure(reason, _REFUSED, _TIMED_OUT)


def _trust(world: World, back_end: Machine, entry: CertificateEntry, pool: str) -> Iterator[str]:
    for front_end in world.front_ends(pool):
        if not shake_hands(back_end.host, front_end.host):
            yield f"{back_end.name}: no version of TLS in common with {front_end.name} (L61)"
            continue
        if not is_trusted(entry.der, _roots(front_end)):
            yield f"{back_end.name}: the certificate {entry.thumbprint} is not trusted by {front_end.name} (L61)"
        presented = _presented(world, front_end)
        if presented is None or not is_trusted(presented, _roots(back_end)):
            yield f"{back_end.name}: the certificate of {front_end.name} is not trusted (L62)"
        elif not bears_name(presented, pool):
            yield f"{back_end.name}: the certificate of {front_end.name} doesn't bear the name {pool} (L60, L62)"


def _presented(world: World, front_end: Machine) -> bytes | None:
    wanted = world.lync_certificates.get(front_end.name, "")
    return next((one.der for one in front_end.host.certificates["My"] if one.thumbprint == wanted), None)


def _roots(machine: Machine) -> list[bytes]:
    return [entry.der for entry in machine.host.certificates["Root"]]


def _known(world: World, back_end: Machine, peer: str, named: str) -> Iterator[str]:
    """Lync takes the Subject's CN for the peer's name and must know it, once."""
    for name in sorted(known_twice(world.known) & {peer, back_end.name.lower()}):
        yield f"Lync knows {name} twice: discovered and from a trusted application pool (L22, L23)"
    rows: list[KnownServer] = [row for row in world.known if row.name == peer]
    if not rows:
        yield f"Lync does not know {peer}, the Subject name of the certificate of {back_end.name} (L26, L30)"
    elif all(row.origin is Origin.TRUSTED for row in rows):
        yield from _trusted(world, back_end, peer, named)


def _trusted(world: World, back_end: Machine, peer: str, named: str) -> Iterator[str]:
    pool = _trusted_pool(world, peer)
    if pool is None or not any(world.lync.enabled.applications_of(pool.fqdn)):
        yield f"the trusted application pool of {peer} has no trusted application (L26, L36)"
    if pool is not None and named and world.front_ends(named) and (pool.registrar or "").lower() != named.lower():
        yield (
            f"Outlook Web App: {back_end.name}: the trusted application pool of {peer} is not on {named} "
            "(IMServerName, L60)"
        )


def _trusted_pool(world: World, peer: str) -> TrustedPool | None:
    enabled = world.lync.enabled
    return enabled.trusted_pool(peer) or enabled.pool_of_computer(peer)
