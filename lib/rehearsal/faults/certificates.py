"""What can be wrong with the certificates that Exchange and Lync show to each other (L30, L58 to L63)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rehearsal.faults.fault import Fault, Repair, Where, lync_front_ends, owa_servers
from rehearsal.faults.owa_values import host, restart, tell
from rehearsal.host import CertificateEntry
from rehearsal.pki import CertificateFactory, IssuedCertificate, subject_common_name
from rehearsal.topologies.litware import DOMAIN, ORGANISATION, POOL
from rehearsal.world import World

_ENTERPRISE, _STRANGER = f"{ORGANISATION} Enterprise Root CA", "Somebody Else's Root CA"
_OTHER_NAME = f"mail.{DOMAIN}"


def _issued(
    world: World, name: str, names: tuple[str, ...], *, trusted: bool = True, starts: int = -90, ends: int = 640
) -> IssuedCertificate:
    factory = CertificateFactory(world.seed, world.epoch)
    issuer = factory.authority(_ENTERPRISE if trusted else _STRANGER)
    validity = {"starts": timedelta(days=starts), "ends": timedelta(days=ends)}
    return factory.server(name, names, issuer=issuer, label="another", **validity)


def _present(world: World, server: str) -> CertificateEntry:
    """The certificate that Outlook Web App of a server presents."""
    wanted = world.im_certificates[server]
    return next(one for one in host(world, server).certificates["My"] if one.thumbprint == wanted)


def _sharing(world: World, server: str) -> list[str]:
    """The servers with the certificate of this one: they got theirs together."""
    return [name for name, one in world.im_certificates.items() if one == world.im_certificates[server]]


def _instead(name: str = "", names: tuple[str, ...] | None = None, **changed: Any) -> Callable[[World, Where], None]:
    """Everybody who has the certificate gets another one, and Outlook Web App is told of it."""

    def do(world: World, where: Where) -> None:
        before = _present(world, where.server)
        known = subject_common_name(before.der)
        made = _issued(world, name or known, (known,) if names is None else names, **changed)
        for server in _sharing(world, where.server):
            _replace(world, server, replace(_present(world, server), der=made.der))
            tell(world, server, made.thumbprint)

    return do


def _replace(world: World, server: str, entry: CertificateEntry) -> None:
    here = host(world, server)
    here.remove_certificate("My", world.im_certificates[server])
    here.add_certificate("My", entry)
    world.im_certificates[server] = entry.thumbprint


def _with_key(**changed: Any) -> Callable[[World, Where], None]:
    def do(world: World, where: Where) -> None:
        _replace(world, where.server, replace(_present(world, where.server), **changed))
        restart(world, where.server)

    return do


def _gone(world: World, where: Where) -> None:
    host(world, where.server).remove_certificate("My", world.im_certificates[where.server])
    restart(world, where.server)


def _self_signed(world: World, where: Where) -> None:
    """The one that Exchange's set-up made is in use, and no better one is there."""
    here = host(world, where.server)
    default = next(one for one in here.certificates["My"] if one.friendly_name == "Microsoft Exchange")
    services = _present(world, where.server).services
    here.remove_certificate("My", world.im_certificates[where.server])
    here.remove_certificate("My", default.thumbprint)
    here.add_certificate("My", replace(default, services=(*default.services, *services)))
    world.im_certificates[where.server] = default.thumbprint
    tell(world, where.server, default.thumbprint)


def _untrusting(world: World, where: Where) -> None:
    """Exchange loses the root of Lync's certificate; its own certificate stays trusted by Lync."""
    here = host(world, where.server)
    for entry in tuple(here.certificates["Root"]):
        here.remove_certificate("Root", entry.thumbprint)


def _misnamed(world: World, where: Where) -> None:
    """A Front End presents a certificate without the pool's name."""
    made = _issued(world, where.server, (where.server,))
    here = host(world, where.server)
    here.remove_certificate("My", world.lync_certificates[where.server])
    here.add_certificate(
        "My", CertificateEntry(der=made.der, has_private_key=True, friendly_name="Lync Server default")
    )
    world.lync_certificates[where.server] = made.thumbprint


def _misplaced(world: World, where: Where) -> None:
    """Signed by somebody else, and yet among the roots, which disturbs mutual TLS (real-world B4)."""
    made = _issued(world, f"{ORGANISATION} Issuing CA", ())
    host(world, where.server).add_certificate("Root", CertificateEntry(der=made.der))


def _of_pool(world: World) -> tuple[str, ...]:
    """Front Ends of a pool whose name isn't theirs."""
    return tuple(name for name in lync_front_ends(world) if name.lower() != POOL.lower())


def _own(id: str, meaning: str, requirements: tuple[str, ...], do: Callable[[World, Where], None]) -> Fault:
    """A fault of the certificate that Outlook Web App of a server presents, or of what that server trusts."""
    return Fault(id=id, meaning=meaning, requirements=requirements, repair=Repair.MANUAL, do=do, servers=owa_servers)


FAULTS = (
    _own(
        "cert-subject-mismatch",
        "the Subject of the certificate is another name than the one that Lync knows",
        ("L30", "L62"),
        _instead(_OTHER_NAME),
    ),
    _own(
        "cert-wildcard",
        "the Subject of the certificate is a wildcard, which Lync doesn't match",
        ("L30",),
        _instead(f"*.{DOMAIN}", (f"*.{DOMAIN}",)),
    ),
    _own(
        "cert-san-missing",
        "the certificate doesn't name its own Subject among its alternative names",
        ("L30",),
        _instead(names=(_OTHER_NAME,)),
    ),
    _own("cert-expired", "the certificate is not valid any more", ("L58",), _instead(ends=-1)),
    _own("cert-expiring", "the certificate is valid for ten days more", ("L58",), _instead(ends=10)),
    _own("cert-not-yet-valid", "the certificate is not valid yet", ("L58",), _instead(starts=5)),
    _own(
        "cert-untrusted",
        "the certificate is of a certification authority that Lync doesn't trust",
        ("L61", "L62"),
        _instead(trusted=False),
    ),
    _own(
        "cert-no-private-key",
        "the certificate was imported without its private key",
        ("L58", "L63"),
        _with_key(has_private_key=False),
    ),
    _own(
        "cert-cng-key",
        "the private key is kept in a way that Outlook Web App can't use",
        ("L58",),
        _with_key(key_readable=False),
    ),
    _own("cert-missing-on-server", "the certificate is not on the server", ("L58", "L59", "L63"), _gone),
    _own(
        "cert-default-self-signed",
        "the certificate in use is the one that Exchange's set-up signed itself",
        ("L30", "L61", "L62"),
        _self_signed,
    ),
    _own(
        "lync-cert-untrusted-by-exchange",
        "the server doesn't trust the certification authority of Lync's certificates",
        ("L62",),
        _untrusting,
    ),
    Fault(
        id="lync-cert-name-mismatch",
        meaning="the certificate of a Front End doesn't bear the name of its pool",
        requirements=("L60", "L62"),
        do=_misnamed,
        repair=Repair.MANUAL,
        servers=_of_pool,
    ),
    Fault(
        id="lync-root-store-misplaced-ca",
        meaning="a certificate that is no root stands among the trusted roots of a Front End",
        requirements=("L61",),
        do=_misplaced,
        repair=Repair.MANUAL,
        servers=lync_front_ends,
    ),
)
