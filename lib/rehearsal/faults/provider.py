"""What can be wrong with the instant messaging provider that UCMA brings (L05 to L10)."""

from __future__ import annotations

from rehearsal.faults.fault import Fault, Repair, Where, back_ends
from rehearsal.faults.owa_values import host, restart
from rehearsal.owa_provider import IMPLEMENTATION_VALUE, INSTANT_MESSAGING_KEY
from rehearsal.world import World


def _no_value(world: World, where: Where) -> None:
    host(world, where.server).registry.remove_value(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE)
    restart(world, where.server)


def _no_dll(world: World, where: Where) -> None:
    files = host(world, where.server).files
    files.delete(files.find(_dll(world, where.server)), force=True)
    restart(world, where.server)


def _folder(world: World, where: Where) -> None:
    folder = _dll(world, where.server).rpartition("\\")[0]
    host(world, where.server).registry.set(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE, folder)
    restart(world, where.server)


def _old_dll(world: World, where: Where) -> None:
    host(world, where.server).files.put(_dll(world, where.server), b"MZ", version={"FileVersion": "4.0.7577.0"})
    restart(world, where.server)


def _dll(world: World, server: str) -> str:
    return str(host(world, server).registry.value(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE))


FAULTS = (
    Fault(
        id="ucma-missing",
        meaning="the registry names no instant messaging provider, as before UCMA 4.0 was installed",
        requirements=("L05", "L06", "L08", "L09", "L10"),
        repair=Repair.MANUAL,
        do=_no_value,
        servers=back_ends,
    ),
    Fault(
        id="ucma-dll-absent",
        meaning="the file that the registry names as the provider is gone",
        requirements=("L07", "L08"),
        repair=Repair.MANUAL,
        do=_no_dll,
        servers=back_ends,
    ),
    Fault(
        id="ucma-points-to-folder",
        meaning="the registry names the folder of the provider instead of its file",
        requirements=("L07",),
        repair=Repair.MANUAL,
        do=_folder,
        servers=back_ends,
    ),
    Fault(
        id="ucma-wrong-version",
        meaning="the provider is that of an older UCMA",
        requirements=("L05", "L08"),
        repair=Repair.MANUAL,
        do=_old_dll,
        servers=back_ends,
    ),
)
