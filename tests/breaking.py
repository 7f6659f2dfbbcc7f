"""An integrated organisation whose people all have presence, and ways to break it, for tests of what is found then.

Each way breaks one thing where it is, as an administrator, an update or time would. ``owner`` is the section that has
to name it, ``server`` the one that it has to name; ``mended`` says whether the section's plan mends it by itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from rehearsal.exchange_health import INACTIVE, SERVER_WIDE, ComponentState
from rehearsal.exchange_owa import ENABLED, OCS, TYPE
from rehearsal.host import CertificateEntry, Listener, WindowsHost
from rehearsal.owa_application import FRONT_END_WEB_CONFIG, WEB_CONFIG
from rehearsal.owa_provider import IMPLEMENTATION_VALUE, INSTANT_MESSAGING_KEY
from rehearsal.people import EXCHANGE_2010, Person
from rehearsal.pki import CertificateFactory, IssuedCertificate
from rehearsal.presence import presence, sign_in
from rehearsal.topologies import build_world
from rehearsal.topologies.litware import LEGACY, POOL, SIP_DIAL_PLAN, join_dial_plan, trust
from rehearsal.world import World

TOPOLOGY = "split-2013"
OWA = "atl-owa-001.litwareinc.com"
BACK, OTHER_BACK = "atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com"
FRONT = "atl-cas-001.litwareinc.com"
LYNC_FRONT = "atl-fe-001.litwareinc.com"
_EXCHANGE = ("atl-cas-001", "atl-cas-002", "atl-mbx-001", "atl-mbx-002")
_OWA_POOL = "MSExchangeOWAAppPool"
_SECOND = f'<add key="IMServerName" value="{POOL}" />\r\n'
"""The last of two entries counts."""


def healthy() -> World:
    """The organisation as the procedure leaves it, without those whom it can't help; somebody is signed in."""
    world = build_world(TOPOLOGY)
    for name in _EXCHANGE:
        join_dial_plan(world, name, SIP_DIAL_PLAN)
    trust(world, OWA, "OutlookWebApp", 5199, enabled=True)
    world.enable_topology()
    side = world.exchange.owa
    for key, directory in side.directories.items():
        if not directory.is_back_end:
            side.directories[key] = replace(directory, settings={**directory.settings, ENABLED: True, TYPE: OCS})
    for key, policy in side.policies.items():
        if not policy.off_on_purpose:
            side.policies[key] = replace(policy, settings={**policy.settings, ENABLED: True, TYPE: OCS})
    for name in (BACK, OTHER_BACK):
        write_keys(world, name, POOL, world.im_certificates[name])
    excluded = presence(world).excluded
    world.exchange.people = tuple(one for one in world.exchange.people if one.upn not in excluded)
    for upn in excluded:
        side.mailboxes.pop(upn.lower(), None)
    everybody_signs_in(world)
    return world


def everybody_signs_in(world: World) -> None:
    """One user on each server."""
    served = {world.exchange.mailbox_server_of(one.upn): one for one in world.exchange.people}
    for person in served.values():
        world.clock.tick()
        sign_in(world, person.upn)


def write_keys(world: World, server: str, pool: str, thumbprint: str, *, more: str = "") -> None:
    """Put the two keys into OWA's web.config, which restarts the application, as saving the file does."""
    files = host(world, server).files
    content = plain_config(world, server)
    keys = f'<add key="IMCertificateThumbprint" value="{thumbprint}" />\r\n' if thumbprint else ""
    keys += f'<add key="IMServerName" value="{pool}" />\r\n' if pool else ""
    files.write(WEB_CONFIG, content.replace(b"</appSettings>", f"{keys}{more}</appSettings>".encode(), 1))


def plain_config(world: World, server: str) -> bytes:
    """The file as set-up or an update leaves it."""
    content = host(world, server).files.find(WEB_CONFIG).content or b""
    return b"".join(line for line in content.splitlines(keepends=True) if b'"IM' not in line)


def host(world: World, server: str) -> WindowsHost:
    found = world.machine(server)
    assert found is not None
    return found.host


@dataclass(frozen=True, slots=True)
class Breach:
    """One way to break an organisation; see above."""

    id: str
    owner: str
    server: str
    do: Callable[[World], None]
    mended: bool = False

    @property
    def place(self) -> str:
        """What it breaks: two breaches of one place would undo or hide each other."""
        return next((place for place, ids in _PLACES.items() if self.id.startswith(ids)), self.id)


def _recycle(world: World, server: str) -> None:
    web = host(world, server).web
    assert web is not None
    web.restart(_OWA_POOL)


def _no_value(world: World) -> None:
    host(world, BACK).registry.remove_value(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE)
    _recycle(world, BACK)


def _no_dll(world: World) -> None:
    files = host(world, BACK).files
    files.delete(files.find(_dll(world)), force=True)
    _recycle(world, BACK)


def _folder(world: World) -> None:
    folder = _dll(world).rpartition("\\")[0]
    host(world, BACK).registry.set(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE, folder)
    _recycle(world, BACK)


def _old_dll(world: World) -> None:
    host(world, BACK).files.put(_dll(world), b"MZ", version={"FileVersion": "4.0.7577.0"})
    _recycle(world, BACK)


def _dll(world: World) -> str:
    return str(host(world, BACK).registry.value(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE))


def _topology(change: Callable[[World], None], *, enable: bool = True) -> Callable[[World], None]:
    def do(world: World) -> None:
        change(world)
        if enable:
            world.enable_topology()

    return do


def _without_pool(world: World) -> None:
    world.publish(world.lync.published.without_pool(OWA))


def _without_application(world: World) -> None:
    published = world.lync.published
    for one in tuple(published.applications_of(OWA)):
        published = published.without_application(one)
    world.publish(published)


def _pool_with(**changed: object) -> Callable[[World], None]:
    def do(world: World) -> None:
        published = world.lync.published
        pool = published.trusted_pool(OWA)
        assert pool is not None
        world.publish(published.with_pool(replace(pool, **changed)))  # type: ignore[arg-type]

    return _topology(do)


def _published_only(world: World) -> None:
    """Lync has never been told of the pool that stands in the topology."""
    published = world.lync.published
    world.publish(published.without_pool(OWA))
    world.enable_topology()
    world.publish(published)


def _pending(world: World) -> None:
    """Somebody else has published a pool and not enabled it yet."""
    trust(world, "atl-bot-001.litwareinc.com", "ServiceDesk", 6100, enabled=False)


def _duplicate(world: World) -> None:
    trust(world, BACK, "Other", 6100, enabled=True)
    world.enable_topology()


def _certificate(**changed: object) -> Callable[[World], None]:
    """Both back ends get another certificate, and web.config names it."""

    def do(world: World) -> None:
        made = _issued(world, **changed)
        for name in (BACK, OTHER_BACK):
            _use(world, name, made)

    return do


def _issued(
    world: World,
    name: str = OWA,
    names: tuple[str, ...] = (OWA,),
    *,
    trusted: bool = True,
    starts: int = -90,
    ends: int = 640,
) -> IssuedCertificate:
    factory = CertificateFactory(world.seed, world.epoch)
    issuer = factory.authority("Litware, Inc. Enterprise Root CA" if trusted else "Somebody Else's Root CA")
    days = {"starts": timedelta(days=starts), "ends": timedelta(days=ends)}
    return factory.server(name, names, issuer=issuer, label="another", **days)


def _use(world: World, server: str, made: IssuedCertificate, *, key: bool = True) -> None:
    here = host(world, server)
    here.remove_certificate("My", world.im_certificates[server])
    here.add_certificate("My", CertificateEntry(der=made.der, has_private_key=key, services=("IIS",)))
    world.im_certificates[server] = made.thumbprint
    write_keys(world, server, POOL, made.thumbprint)


def _keyless(world: World) -> None:
    here = host(world, BACK)
    for index, entry in enumerate(here.certificates["My"]):
        if entry.thumbprint == world.im_certificates[BACK]:
            here.certificates["My"][index] = replace(entry, has_private_key=False)
    _recycle(world, BACK)


def _not_there(world: World) -> None:
    host(world, BACK).remove_certificate("My", world.im_certificates[BACK])
    _recycle(world, BACK)


def _keys(pool: str | None = POOL, thumbprint: str | None = None, more: str = "") -> Callable[[World], None]:
    def do(world: World) -> None:
        named = world.im_certificates[BACK] if thumbprint is None else thumbprint
        write_keys(world, BACK, pool or "", named, more=more)

    return do


def _invisible(world: World) -> None:
    write_keys(world, BACK, POOL, "\u200e" + world.im_certificates[BACK])


def _malformed(world: World) -> None:
    host(world, BACK).files.write(WEB_CONFIG, plain_config(world, BACK).replace(b"</appSettings>", b"</appSetting>", 1))


def _wrong_file(world: World) -> None:
    """The keys went into the proxy's file on the front end, and none into the right one."""
    thumbprint = world.im_certificates[BACK]
    write_keys(world, BACK, "", "")
    files = host(world, FRONT).files
    content = files.find(FRONT_END_WEB_CONFIG).content or b""
    keys = (
        f'<add key="IMCertificateThumbprint" value="{thumbprint}" />\r\n<add key="IMServerName" value="{POOL}" />\r\n'
    )
    files.write(FRONT_END_WEB_CONFIG, content.replace(b"</appSettings>", f"{keys}</appSettings>".encode(), 1))


def _read_only(world: World) -> None:
    """The keys are missing and can't be written."""
    write_keys(world, BACK, "", "")
    files = host(world, BACK).files
    files.set_attributes(WEB_CONFIG, files.find(WEB_CONFIG).attributes | {"ReadOnly"})


def _stopped(world: World) -> None:
    web = host(world, BACK).web
    assert web is not None
    web.stop(_OWA_POOL)


def _directory(**changed: object) -> Callable[[World], None]:
    def do(world: World) -> None:
        side = world.exchange.owa
        for key, one in side.directories.items():
            if FRONT.startswith(one.server.lower()) and not one.is_back_end:
                side.directories[key] = replace(one, settings={**one.settings, **changed})

    return do


def _back_directory(world: World) -> None:
    side = world.exchange.owa
    for key, one in side.directories.items():
        if BACK.startswith(one.server.lower()) and one.is_back_end:
            side.directories[key] = replace(one, settings={**one.settings, TYPE: OCS})


def _policy(**changed: object) -> Callable[[World], None]:
    def do(world: World) -> None:
        side = world.exchange.owa
        side.policies["default"] = replace(
            side.policies["default"], settings={**side.policies["default"].settings, **changed}
        )

    return do


def _person(change: Callable[[Person], Person]) -> Callable[[World], None]:
    def do(world: World) -> None:
        first, *others = world.exchange.people
        world.exchange.people = (change(first), *others)

    return do


def _maintained(world: World) -> None:
    book, short = world.exchange.health, BACK.partition(".")[0]
    wanted = ComponentState(component=SERVER_WIDE, requester="Maintenance", state=INACTIVE, time=world.clock.now())
    book.states[short, SERVER_WIDE.lower(), "maintenance"] = wanted


def _owa_off(world: World) -> None:
    upn = world.exchange.people[0].upn.lower()
    mailboxes = world.exchange.owa.mailboxes
    mailboxes[upn] = replace(mailboxes[upn], owa_enabled=False)


def _mailbox_gone(world: World) -> None:
    first, *others = world.exchange.people
    world.exchange.people = (replace(first, server="", database=""), *others)
    world.exchange.owa.mailboxes.pop(first.upn.lower())


def _out_of_dial_plan(world: World) -> None:
    services = world.exchange.um_services
    short = OTHER_BACK.partition(".")[0]
    world.set_um("um-service", replace(services[short], dial_plans=()))


def _tls(world: World) -> None:
    """This back end has only TLS 1.2, which the Front Ends have switched off."""
    protocols = r"HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
    for end in ("Client", "Server"):
        for version in ("SSL 3.0", "TLS 1.0", "TLS 1.1"):
            host(world, BACK).registry.set(rf"{protocols}\{version}\{end}", "Enabled", 0, "DWord")
        for front in world.front_ends():
            front.host.registry.set(rf"{protocols}\TLS 1.2\{end}", "Enabled", 0, "DWord")


def _misplaced(world: World) -> None:
    """A certificate that is no root, since somebody else signed it, stands among the roots of a Front End."""
    made = _issued(world, "Litware Issuing CA", ())
    host(world, LYNC_FRONT).add_certificate("Root", CertificateEntry(der=made.der))


def _busy(world: World) -> None:
    """Another program took all of OWA's ports while its worker was away."""
    here = host(world, BACK)
    here.listeners[:] = [one for one in here.listeners if one.port not in (5075, 5076, 5077)]
    here.listeners += [Listener(port, 900) for port in (5075, 5076, 5077)]
    _recycle(world, BACK)


def _untrusting(world: World) -> None:
    """Exchange loses the root of Lync's certificate; its own certificate stays trusted by Lync."""
    for name in (BACK, OTHER_BACK):
        here = host(world, name)
        here.certificates["Root"].clear()


_PLACES = {
    "provider": ("ucma-",),
    "topology": ("pool-", "application-", "topology-", "duplicate-"),
    "certificate": ("cert-",),
    "web.config": ("webconfig-", "app-pool-"),
    "directory": ("vdir-",),
    "policy": ("policy-",),
    "user": ("user-", "sip-domain-"),
}
"""In the order in which a mix breaks them: a certificate that is replaced is written into web.config anew."""

BREACHES: tuple[Breach, ...] = (
    Breach("ucma-missing", "prerequisites", BACK, _no_value),
    Breach("ucma-dll-absent", "prerequisites", BACK, _no_dll),
    Breach("ucma-points-to-folder", "prerequisites", BACK, _folder),
    Breach("ucma-wrong-version", "prerequisites", BACK, _old_dll),
    Breach("pool-missing", "trusted_pool", "", _topology(_without_pool), mended=True),
    Breach("application-missing", "trusted_pool", "", _topology(_without_application), mended=True),
    Breach("topology-not-enabled", "trusted_pool", "", _published_only, mended=True),
    Breach("pool-requires-replication", "trusted_pool", "", _pool_with(requires_replication=True), mended=True),
    Breach(
        "pool-not-treated-as-authenticated", "trusted_pool", "", _pool_with(treat_as_authenticated=False), mended=True
    ),
    Breach("pool-without-registrar", "trusted_pool", "", _pool_with(registrar=None), mended=True),
    Breach("duplicate-known-server", "trusted_pool", "", _duplicate),
    Breach("cert-subject-mismatch", "prerequisites", BACK, _certificate(name="mail.litwareinc.com")),
    Breach("cert-san-missing", "prerequisites", BACK, _certificate(names=("mail.litwareinc.com",))),
    Breach("cert-expired", "prerequisites", BACK, _certificate(ends=-1)),
    Breach("cert-expiring", "prerequisites", BACK, _certificate(ends=10)),
    Breach("cert-not-yet-valid", "prerequisites", BACK, _certificate(starts=5)),
    Breach("cert-no-private-key", "prerequisites", BACK, _keyless),
    Breach("cert-untrusted", "prerequisites", LYNC_FRONT, _certificate(trusted=False)),
    Breach("cert-wildcard", "prerequisites", BACK, _certificate(name="*.litwareinc.com", names=("*.litwareinc.com",))),
    Breach("cert-missing-on-server", "prerequisites", BACK, _not_there),
    Breach("lync-cert-untrusted-by-exchange", "prerequisites", "", _untrusting),
    Breach("im-listener-port-in-use", "prerequisites", BACK, _busy),
    Breach("tls-mismatch", "prerequisites", BACK, _tls),
    Breach("lync-root-store-misplaced-ca", "prerequisites", LYNC_FRONT, _misplaced),
    Breach("topology-pending-changes", "trusted_pool", "", _pending),
    Breach("exchange-not-in-dial-plan", "trusted_pool", "", _out_of_dial_plan),
    Breach("server-in-maintenance", "owa_enablement", BACK, _maintained),
    Breach(
        "webconfig-duplicate-keys",
        "owa_enablement",
        BACK,
        _keys("atl-cs-009.litwareinc.com", more=_SECOND),
        mended=True,
    ),
    Breach("vdir-im-disabled", "owa_enablement", FRONT, _directory(**{ENABLED: False}), mended=True),
    Breach("vdir-type-none", "owa_enablement", FRONT, _directory(**{TYPE: "None"}), mended=True),
    Breach("backend-vdir-type-ocs", "owa_enablement", BACK, _back_directory, mended=True),
    Breach("webconfig-keys-missing", "owa_enablement", BACK, _keys(None, ""), mended=True),
    Breach("webconfig-thumbprint-stale", "owa_enablement", BACK, _keys(thumbprint="AB" * 20), mended=True),
    Breach("webconfig-thumbprint-invisible-char", "owa_enablement", BACK, _invisible, mended=True),
    Breach("webconfig-wrong-pool", "owa_enablement", BACK, _keys("atl-cs-009.litwareinc.com"), mended=True),
    Breach("webconfig-malformed", "owa_enablement", BACK, _malformed),
    Breach("webconfig-wrong-file", "owa_enablement", FRONT, _wrong_file),
    Breach("webconfig-read-only", "owa_enablement", BACK, _read_only),
    Breach("app-pool-stopped", "owa_enablement", BACK, _stopped, mended=True),
    Breach("policy-im-disabled", "mailbox_policies", "", _policy(**{ENABLED: False}), mended=True),
    Breach("policy-type-none", "mailbox_policies", "", _policy(**{TYPE: "None"}), mended=True),
    Breach("user-no-mailbox", "mailbox_policies", "", _mailbox_gone),
    Breach("user-owa-disabled", "mailbox_policies", "", _owa_off),
    Breach("user-invalid-sip", "mailbox_policies", "", _person(lambda one: replace(one, sip_proxy="sip:nobody"))),
    Breach(
        "user-wrong-edition",
        "mailbox_policies",
        "",
        _person(lambda one: replace(one, server=LEGACY, database="DB-2010", mailbox_version=EXCHANGE_2010)),
    ),
    Breach("user-no-sip", "mailbox_policies", "", _person(lambda one: replace(one, sip_proxy=None))),
    Breach("user-not-enabled", "mailbox_policies", "", _person(lambda one: replace(one, lync_enabled=False))),
    Breach(
        "user-sip-mismatch",
        "mailbox_policies",
        "",
        _person(lambda one: replace(one, sip_proxy="sip:somebody.else@litwareinc.com")),
    ),
    Breach(
        "sip-domain-unknown",
        "mailbox_policies",
        "",
        _person(lambda one: replace(one, sip_proxy=f"sip:{one.alias}@elsewhere.example.com")),
    ),
)
"""All of them break an organisation that works, and each alone."""


def mixes(seed: int, count: int) -> Iterator[tuple[Breach, ...]]:
    """Mixes of two to five breaches of different places, the same for one seed."""
    chance = random.Random(f"mixes|{seed}")
    places = [*_PLACES, *(one.id for one in BREACHES if one.place == one.id)]
    for _ in range(count):
        chosen = sorted(chance.sample(places, chance.randint(2, 5)), key=places.index)
        yield tuple(chance.choice([one for one in BREACHES if one.place == place]) for place in chosen)
