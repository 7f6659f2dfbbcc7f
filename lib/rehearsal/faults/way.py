"""What can be wrong on the way between Outlook Web App and Lync: ports, names, clocks, TLS (real-world B3)."""

from __future__ import annotations

from datetime import timedelta

from rehearsal.faults.fault import Fault, Repair, Where, by_web_config, owa_servers
from rehearsal.faults.owa_values import host, restart
from rehearsal.host import Listener
from rehearsal.network import SIP_TLS, switch_off
from rehearsal.world import World

_SINCE_2012_R2 = (6, 3)
_IM_PORTS = (5075, 5076, 5077)
_OTHER_PROGRAM = 900
_APART = timedelta(minutes=17)


def _blocked(world: World, where: Where) -> None:
    world.blocked.add((where.server.lower(), SIP_TLS))


def _can_test(world: World) -> tuple[str, ...]:
    """Servers whose Windows can try a connection; on older ones nobody can tell from afar."""
    found = ((name, host(world, name).os_version.split(".")) for name in owa_servers(world))
    return tuple(name for name, parts in found if tuple(map(int, parts[:2])) >= _SINCE_2012_R2)


def _apart(world: World, where: Where) -> None:
    host(world, where.server).clock = lambda: world.clock.now() + _APART
    restart(world, where.server)


def _tls(world: World, where: Where) -> None:
    """The server has been hardened to TLS 1.2, which the Front Ends have switched off."""
    for version in ("SSL 3.0", "TLS 1.0", "TLS 1.1"):
        switch_off(host(world, where.server), version)
    for front in world.front_ends():
        switch_off(front.host, "TLS 1.2")


def _busy(world: World, where: Where) -> None:
    """Another program took all of OWA's ports while its worker was away."""
    here = host(world, where.server)
    here.listeners[:] = [one for one in here.listeners if one.port not in _IM_PORTS]
    here.listeners += [Listener(port, _OTHER_PROGRAM) for port in _IM_PORTS]
    restart(world, where.server)


FAULTS = (
    Fault(
        id="im-listener-port-in-use",
        meaning="another program has the three ports on which Outlook Web App could listen for Lync",
        requirements=("L40",),
        repair=Repair.MANUAL,
        do=_busy,
        servers=owa_servers,
    ),
    Fault(
        id="dns-or-5061-blocked",
        meaning="a firewall keeps the server from the pool's port 5061",
        requirements=("L60",),
        repair=Repair.MANUAL,
        do=_blocked,
        servers=_can_test,
    ),
    Fault(
        id="clock-skew",
        meaning="the clock of the server is seventeen minutes fast",
        requirements=("L61",),
        repair=Repair.MANUAL,
        do=_apart,
        servers=owa_servers,
    ),
    Fault(
        id="tls-mismatch",
        meaning="the server and the Front Ends have no version of TLS in common",
        requirements=("L61",),
        repair=Repair.MANUAL,
        do=_tls,
        servers=by_web_config,
    ),
)
