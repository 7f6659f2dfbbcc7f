"""What can be wrong with OWA's web.config, where Exchange 2013 is told pool and certificate (L52 to L60)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rehearsal.faults.fault import Fault, Repair, Where, by_web_config, client_access
from rehearsal.faults.owa_values import (
    exchange_server,
    host,
    plain_config,
    second_pool,
    write_keys,
    write_keys_to_proxy,
)
from rehearsal.owa_application import FRONT_END_WEB_CONFIG, WEB_CONFIG
from rehearsal.topologies.exchange_setup import exchange_version
from rehearsal.topologies.litware import DOMAIN, POOL
from rehearsal.world import World

_OTHER_POOL = f"atl-cs-009.{DOMAIN}"
_UNSEEN = "\u200e"
"""A left-to-right mark, as Windows' certificate window puts in front of a thumbprint that is copied from it."""


def _keys(thumbprint: str | None = None, pool: str = POOL, more: str = "") -> Callable[[World, Where], None]:
    def do(world: World, where: Where) -> None:
        named = world.im_certificates[where.server] if thumbprint is None else thumbprint
        write_keys(world, where.server, named, pool, more=more)

    return do


def _unseen(world: World, where: Where) -> None:
    write_keys(world, where.server, _UNSEEN + world.im_certificates[where.server])


def _malformed(world: World, where: Where) -> None:
    broken = plain_config(world, where.server).replace(b"</appSettings>", b"</appSetting>", 1)
    host(world, where.server).files.write(WEB_CONFIG, broken)


def _read_only(world: World, where: Where) -> None:
    """The keys are missing as well: a file that is right needs no writing."""
    write_keys(world, where.server, "", "")
    files = host(world, where.server).files
    files.set_attributes(WEB_CONFIG, files.find(WEB_CONFIG).attributes | {"ReadOnly"})


def _wrong_file(world: World, where: Where) -> None:
    """All servers' keys went into the proxy's file, of one front end."""
    thumbprint = next(iter(world.im_certificates.values()))
    write_keys_to_proxy(world, where.server, thumbprint)
    behind = [name for name in by_web_config(world) if name.lower() == where.server.lower()]
    for server in behind or by_web_config(world)[:1]:
        write_keys(world, server, "", "")


def _front_ends(world: World) -> tuple[str, ...]:
    """Those with a proxy's web.config in front of servers that go by theirs."""
    if not by_web_config(world):
        return ()
    return tuple(name for name in client_access(world) if host(world, name).files.get(FRONT_END_WEB_CONFIG))


def _updated(world: World, where: Where) -> None:
    """A cumulative update brought its own file, and the server another build."""
    server = exchange_server(world, where.server)
    major, minor, build, revision = server.build
    newer = replace(server, build=(major, minor, build + 1, revision))
    world.exchange.servers[server.name.lower()] = newer
    host(world, where.server).software["exchange"] = exchange_version(newer)
    write_keys(world, where.server, "", "")


FAULTS = (
    Fault(
        id="webconfig-keys-missing",
        meaning="OWA's web.config has neither of the two keys",
        requirements=("L52", "L54", "L55", "L56", "L57"),
        repair=Repair.AUTOMATIC,
        do=_keys("", ""),
        servers=by_web_config,
    ),
    Fault(
        id="webconfig-thumbprint-stale",
        meaning="web.config names a certificate that isn't there any more",
        requirements=("L56", "L58"),
        repair=Repair.AUTOMATIC,
        do=_keys("AB" * 20),
        servers=by_web_config,
    ),
    Fault(
        id="webconfig-thumbprint-invisible-char",
        meaning="a mark that nobody sees stands in front of the thumbprint in web.config",
        requirements=("L56",),
        repair=Repair.AUTOMATIC,
        do=_unseen,
        servers=by_web_config,
    ),
    Fault(
        id="webconfig-wrong-pool",
        meaning="web.config names a pool that doesn't exist",
        requirements=("L57", "L60"),
        repair=Repair.AUTOMATIC,
        do=_keys(pool=_OTHER_POOL),
        servers=by_web_config,
    ),
    Fault(
        id="webconfig-duplicate-keys",
        meaning="web.config names two pools, of which the last one counts",
        requirements=("L54", "L56", "L57"),
        repair=Repair.AUTOMATIC,
        do=_keys(pool=_OTHER_POOL, more=second_pool()),
        servers=by_web_config,
    ),
    Fault(
        id="webconfig-malformed",
        meaning="web.config is no well-formed XML any more",
        requirements=("L54",),
        repair=Repair.MANUAL,
        do=_malformed,
        servers=by_web_config,
    ),
    Fault(
        id="webconfig-wrong-file",
        meaning="the keys went into the web.config of the proxy on a front end",
        requirements=("L53", "L55"),
        repair=Repair.MANUAL,
        do=_wrong_file,
        servers=_front_ends,
    ),
    Fault(
        id="webconfig-overwritten-by-cu",
        meaning="a cumulative update has put its own web.config, without the keys, in the place of the other",
        requirements=("L52", "L56", "L57"),
        repair=Repair.AUTOMATIC,
        do=_updated,
        servers=by_web_config,
    ),
    Fault(
        id="webconfig-read-only",
        meaning="the keys are missing in a web.config that is read-only",
        requirements=("L52",),
        repair=Repair.MANUAL,
        do=_read_only,
        servers=by_web_config,
    ),
)
