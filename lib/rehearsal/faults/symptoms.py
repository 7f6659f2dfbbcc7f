"""What can be missing where one would see that it works (L78 to L84). Presence is there in spite of it."""

from __future__ import annotations

from rehearsal.faults.fault import Fault, Repair, Where, back_ends, owa_servers
from rehearsal.faults.owa_values import host, restart
from rehearsal.owa_application import LOG
from rehearsal.world import World

_NOISE = 50


def _quiet(world: World, where: Where) -> None:
    world.quiet.add(where.server.lower())
    restart(world, where.server)


def _no_folder(world: World, where: Where) -> None:
    """Where the provider has never started there is none in the first place."""
    files = host(world, where.server).files
    if folder := files.get(world.owa[where.server].edition.log_folder):
        files.delete(folder, force=True)


def _overrun(world: World, where: Where) -> None:
    """A chatty program has filled the log, and what was there is overwritten."""
    here = host(world, where.server)
    log = here.event_log(LOG)
    log.events.clear()
    for _ in range(_NOISE):
        world.clock.tick()
        here.write_event(LOG, "Backup Agent", 1, "A snapshot was taken.")


def _logging(world: World) -> tuple[str, ...]:
    """The servers whose Outlook Web App keeps a log of its own."""
    return tuple(name for name, one in world.owa.items() if one.edition.writes_log)


FAULTS = (
    Fault(
        id="no-event-112",
        meaning="nobody has signed in on the server since its worker started, so it says nothing of instant messaging",
        requirements=("L78", "L81", "L82"),
        repair=Repair.MANUAL,
        do=_quiet,
        servers=back_ends,
    ),
    Fault(
        id="logs-folder-missing",
        meaning="the folder of the instant messaging logs was deleted",
        requirements=("L83", "L84"),
        repair=Repair.MANUAL,
        do=_no_folder,
        servers=_logging,
        after_work=True,
    ),
    Fault(
        id="events-lost",
        meaning="the Application log of the server has been overwritten since the worker started",
        requirements=("L81",),
        repair=Repair.MANUAL,
        do=_overrun,
        servers=owa_servers,
        after_work=True,
    ),
)
