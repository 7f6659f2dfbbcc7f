"""What can be wrong with setting overrides, by which Exchange 2016 and later know pool and certificate (B1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rehearsal.faults.fault import Fault, Repair, Where, by_override, lync_front_ends
from rehearsal.faults.owa_values import override_name, put_override, read_overrides
from rehearsal.lync_releases import LYNC_SERVER_2013
from rehearsal.setting_overrides import IM_SERVER_NAME, IM_THUMBPRINT
from rehearsal.topologies.litware import POOL
from rehearsal.world import World

_POOL = f"{IM_SERVER_NAME}={POOL}"
_GONE = f"{IM_THUMBPRINT}={'AB' * 20}"


def _read(change: Callable[[World, Where], None]) -> Callable[[World, Where], None]:
    """A change that has been in effect for long."""

    def do(world: World, where: Where) -> None:
        change(world, where)
        read_overrides(world, where.server)

    return do


def _without(world: World, where: Where) -> None:
    overrides = world.exchange.overrides.overrides
    world.remove_override(overrides[override_name(world, where.server).lower()])


def _right(world: World, server: str) -> tuple[str, str]:
    return _POOL, f"{IM_THUMBPRINT}={world.im_certificates[server]}"


def _unread(world: World, where: Where) -> None:
    """Somebody mended the override, and the server hasn't read that yet."""
    put_override(world, where.server, (_POOL, _GONE))
    read_overrides(world, where.server)
    world.clock.tick()
    put_override(world, where.server, _right(world, where.server))


def _lync_2013(world: World, where: Where) -> None:
    release = LYNC_SERVER_2013
    for machine in world.front_ends():
        machine.host.software.pop(machine.product, None)
        machine.host.software[release.product] = release.build
        changed = replace(machine, product=release.product, version=release.version)
        world.machines[machine.name.lower()] = changed


FAULTS = (
    Fault(
        id="override-missing",
        meaning="no setting override tells the server pool and certificate",
        requirements=("L56", "L57", "L60"),
        repair=Repair.AUTOMATIC,
        do=_read(_without),
        servers=by_override,
    ),
    Fault(
        id="override-partial",
        meaning="the setting override names the pool and no certificate",
        requirements=("L56", "L57"),
        repair=Repair.AUTOMATIC,
        do=_read(lambda world, where: put_override(world, where.server, (_POOL,))),
        servers=by_override,
    ),
    Fault(
        id="override-wrong-scope",
        meaning="the setting override names the server by its FQDN, which fits none",
        requirements=("L55",),
        repair=Repair.AUTOMATIC,
        do=_read(
            lambda world, where: put_override(world, where.server, _right(world, where.server), scope=(where.server,))
        ),
        servers=by_override,
    ),
    Fault(
        id="override-stale-thumbprint",
        meaning="the setting override names a certificate that isn't there any more",
        requirements=("L56", "L58"),
        repair=Repair.AUTOMATIC,
        do=_read(lambda world, where: put_override(world, where.server, (_POOL, _GONE))),
        servers=by_override,
    ),
    Fault(
        id="override-not-refreshed",
        meaning="the setting override was changed, and the server hasn't read it since",
        requirements=("L65",),
        repair=Repair.AUTOMATIC,
        do=_unread,
        servers=by_override,
    ),
    Fault(
        id="lync2013-with-exchange2016",
        meaning="the Front Ends are of Lync Server 2013, which Exchange 2016 and later don't go with",
        requirements=("L02", "L16"),
        repair=Repair.MANUAL,
        do=_lync_2013,
        needs=lambda world: bool(by_override(world)) and bool(lync_front_ends(world)),
    ),
)
