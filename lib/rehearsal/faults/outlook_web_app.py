"""What can be wrong with Outlook Web App beside pool and certificate: directories, workers, policies, upkeep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rehearsal.exchange_databases import moved
from rehearsal.exchange_health import INACTIVE, SERVER_WIDE, ComponentState
from rehearsal.exchange_owa import BACK_END_SITE, ENABLED, OCS, TYPE
from rehearsal.faults.fault import Fault, Repair, Where, back_ends, by_web_config, client_access
from rehearsal.faults.owa_values import exchange_server, host, set_directory, write_keys
from rehearsal.iis import OWA_POOL
from rehearsal.owa_application import WEB_CONFIG
from rehearsal.world import World


def _directory(**settings: object) -> Callable[[World, Where], None]:
    return lambda world, where: set_directory(world, where.server, **settings)


def _back_directory(world: World, where: Where) -> None:
    side = world.exchange.owa
    key = f"{exchange_server(world, where.server).name}\\owa ({BACK_END_SITE})".lower()
    side.directories[key] = replace(side.directories[key], settings={**side.directories[key].settings, TYPE: OCS})


def _stopped(world: World, where: Where) -> None:
    world.owa[where.server].web.stop(OWA_POOL)


def _stale(world: World, where: Where) -> None:
    """The file is put right without the application noticing, as its watch on the folder can overflow."""
    application = world.owa[where.server]
    content = host(world, where.server).files.find(WEB_CONFIG).content or b""
    write_keys(world, where.server, "", "")
    world.clock.tick()
    application.host.files.put(WEB_CONFIG, content, noticed=False)


def _jammed(world: World, where: Where) -> None:
    """A recycle is needed, and IIS does none."""
    _stale(world, where)
    world.owa[where.server].web.jammed = True


def _maintained(world: World, where: Where) -> None:
    short = exchange_server(world, where.server).name
    state = ComponentState(component=SERVER_WIDE, requester="Maintenance", state=INACTIVE, time=world.clock.now())
    world.exchange.health.states[short.lower(), SERVER_WIDE.lower(), "maintenance"] = state


def _members(world: World) -> tuple[str, ...]:
    """Members of an availability group, the last first, each with databases that have a copy elsewhere."""
    names = {name.lower() for group in world.exchange.stores.groups.values() for name in group.members}
    found = [name for name in by_web_config(world) if name.partition(".")[0].lower() in names]
    return tuple(reversed(found))


def _unconfigured(world: World, where: Where) -> None:
    """Nobody manages the member, nor has configured it; its databases are active on their other copies."""
    write_keys(world, where.server, "", "")
    short, stores = exchange_server(world, where.server).name, world.exchange.stores
    for database in tuple(stores.databases.values()):
        if database.active == short:
            elsewhere = next(copy.server for copy in database.copies if copy.server != short)
            stores.add(moved(database, elsewhere))
    machine = world.machines[where.server.lower()]
    world.machines[where.server.lower()] = replace(machine, endpoints=())


def _policies(world: World) -> tuple[str, ...]:
    """Those that apply to somebody who is meant to have instant messaging."""
    side = world.exchange.owa
    used = {(mailbox.policy or "").lower() for mailbox in side.mailboxes.values()}
    return tuple(one.name for key, one in side.policies.items() if key in used and not one.off_on_purpose)


def _policy(**settings: object) -> Callable[[World, Where], None]:
    def do(world: World, where: Where) -> None:
        policy = world.exchange.owa.policies[where.object.lower()]
        world.exchange.owa.add_policy(replace(policy, settings={**policy.settings, **settings}))

    return do


FAULTS = (
    Fault(
        id="vdir-im-disabled",
        meaning="instant messaging is switched off on the virtual directory of a front end",
        requirements=("L45", "L48", "L49"),
        repair=Repair.AUTOMATIC,
        do=_directory(**{ENABLED: False}),
        servers=client_access,
    ),
    Fault(
        id="vdir-type-none",
        meaning="the virtual directory of a front end has no type of instant messaging",
        requirements=("L48", "L50", "L51"),
        repair=Repair.AUTOMATIC,
        do=_directory(**{TYPE: "None"}),
        servers=client_access,
    ),
    Fault(
        id="backend-vdir-type-ocs",
        meaning="the type of instant messaging is set on the virtual directory of a back end, where it doesn't belong",
        requirements=("L46", "L47"),
        repair=Repair.AUTOMATIC,
        do=_back_directory,
        servers=back_ends,
    ),
    Fault(
        id="app-pool-stale",
        meaning="the worker of Outlook Web App hasn't read what stands in web.config since",
        requirements=("L65", "L66", "L67"),
        repair=Repair.AUTOMATIC,
        do=_stale,
        servers=by_web_config,
    ),
    Fault(
        id="recycle-fails",
        meaning="a worker has to be replaced, and IIS accepts no order",
        requirements=("L65", "L66", "L67"),
        repair=Repair.MANUAL,
        do=_jammed,
        servers=by_web_config,
    ),
    Fault(
        id="app-pool-stopped",
        meaning="the application pool of Outlook Web App is stopped",
        requirements=("L65",),
        repair=Repair.AUTOMATIC,
        do=_stopped,
        servers=back_ends,
    ),
    Fault(
        id="server-in-maintenance",
        meaning="the server is out of service for maintenance",
        requirements=("L65",),
        repair=Repair.MANUAL,
        do=_maintained,
        servers=back_ends,
    ),
    Fault(
        id="dag-member-unconfigured",
        meaning="a member of the availability group, which nobody manages from here, was never configured",
        requirements=("L52", "L55"),
        repair=Repair.MANUAL,
        do=_unconfigured,
        servers=_members,
    ),
    Fault(
        id="policy-im-disabled",
        meaning="instant messaging is switched off in a mailbox policy, by nobody's decision",
        requirements=("L68", "L69", "L70"),
        repair=Repair.AUTOMATIC,
        do=_policy(**{ENABLED: False}),
        objects=_policies,
    ),
    Fault(
        id="policy-type-none",
        meaning="a mailbox policy has no type of instant messaging",
        requirements=("L68", "L69"),
        repair=Repair.AUTOMATIC,
        do=_policy(**{TYPE: "None"}),
        objects=_policies,
    ),
)
