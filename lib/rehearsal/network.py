"""What servers reach of each other, and which versions of TLS they have in common.

SCHANNEL: a version that its settings don't switch off for an end is on (documented: TLS registry settings, for the
versions of Windows that the servers here have). That OWA and Lync open connections to each other both ways, and so
need a version in common both ways, is *assumed*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.host import WindowsHost

if TYPE_CHECKING:
    from rehearsal.world import World

PROTOCOLS = r"HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
VERSIONS = ("SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2")
CLIENT, SERVER = "Client", "Server"
SIP_TLS = 5061


def resolves(world: World, name: str) -> bool:
    """Whether DNS has the name: of a server, of a pool of Lync, or the domain's own."""
    wanted = name.lower().rstrip(".")
    pools = {pool.fqdn.lower() for pool in world.lync.published.pools}
    return wanted in world.machines or wanted in pools or wanted == world.exchange.domain.lower()


def connects(world: World, source: str, name: str, port: int) -> bool:
    """Whether a TCP connection from a server (FQDN) to a name and port comes about: one server of a pool is enough."""
    if not resolves(world, name) or (source.lower(), port) in world.blocked:
        return False
    target = world.machine(name)
    behind = (target,) if target else world.front_ends(name)
    return any(listener.port == port for machine in behind for listener in machine.host.listeners)


def switch_off(host: WindowsHost, version: str) -> None:
    """Take a version of TLS away at both ends."""
    for end in (CLIENT, SERVER):
        host.registry.set(rf"{PROTOCOLS}\{version}\{end}", "Enabled", 0, "DWord")


def shake_hands(one: WindowsHost, other: WindowsHost) -> bool:
    """Whether the two have a version in common, whichever of them calls."""
    return bool(_on(one, CLIENT) & _on(other, SERVER)) and bool(_on(other, CLIENT) & _on(one, SERVER))


def _on(host: WindowsHost, end: str) -> set[str]:
    return {version for version in VERSIONS if host.registry.value(rf"{PROTOCOLS}\{version}\{end}", "Enabled") != 0}
