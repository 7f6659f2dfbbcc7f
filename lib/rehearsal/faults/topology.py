"""What can be wrong with what Lync knows of the servers: trusted pool, application, topology, dial plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rehearsal.faults.fault import Fault, Repair, Where, lync_front_ends
from rehearsal.faults.healthy import APPLICATION_PORT
from rehearsal.lync_topology import TrustedApplication, TrustedPool, stored_application_id
from rehearsal.machines import front_end_endpoints
from rehearsal.topologies.litware import DOMAIN, SIP_DIAL_PLAN, trust
from rehearsal.world import World

_OTHER_PORT = 6100


def trusted_pools(world: World) -> tuple[str, ...]:
    """The trusted application pools that are there."""
    return tuple(one.fqdn for one in world.lync.published.trusted_pools)


def _has_pool(world: World) -> bool:
    return bool(trusted_pools(world))


def _discovered(world: World) -> tuple[str, ...]:
    """The servers of Outlook Web App that Lync finds by itself, and that no trusted pool names."""
    trusted = {name.lower() for name in trusted_pools(world)}
    found = {server.fqdn.lower() for server in world.exchange.servers_in_sip_dial_plans()}
    return tuple(name for name in world.owa if name.lower() in found - trusted)


def _joined(world: World) -> tuple[str, ...]:
    """The servers whose UM service hosts the SipName dial plan, where presence rests on a trusted pool."""
    services = world.exchange.um_services
    if not _has_pool(world):
        return ()
    return tuple(
        name for name in _discovered(world) if SIP_DIAL_PLAN in services[name.partition(".")[0].lower()].dial_plans
    )


def _enabled(change: Callable[[World, Where], None]) -> Callable[[World, Where], None]:
    def do(world: World, where: Where) -> None:
        change(world, where)
        world.enable_topology()

    return do


def _without_pool(world: World, where: Where) -> None:
    world.publish(world.lync.published.without_pool(where.object))


def _without_application(world: World, where: Where) -> None:
    published = world.lync.published
    for one in tuple(published.applications_of(where.object)):
        published = published.without_application(one)
    world.publish(published)


def _pool_with(change: Callable[[TrustedPool], TrustedPool]) -> Callable[[World, Where], None]:
    def do(world: World, where: Where) -> None:
        published = world.lync.published
        pool = published.trusted_pool(where.object)
        assert pool is not None
        world.publish(published.with_pool(change(pool)))

    return _enabled(do)


def _published_only(world: World, where: Where) -> None:
    """Lync has never been told of what stands in the topology."""
    published = world.lync.published
    world.publish(published.without_pool(where.object))
    world.enable_topology()
    world.publish(published)


def _pending(world: World, where: Where) -> None:
    trust(world, f"atl-bot-001.{DOMAIN}", "ServiceDesk", _OTHER_PORT, enabled=False)


def _duplicate(world: World, where: Where) -> None:
    trust(world, where.server, "OutlookWebApp", APPLICATION_PORT, enabled=True)
    world.enable_topology()


def _out_of_dial_plan(world: World, where: Where) -> None:
    short = where.server.partition(".")[0].lower()
    world.set_um("um-service", replace(world.exchange.um_services[short], dial_plans=()))


def _would_duplicate(world: World, where: Where) -> None:
    """Somebody trusted the server by its own name, so that the dial plan would make it known twice."""
    _out_of_dial_plan(world, where)
    trust(world, where.server, "Other", _OTHER_PORT, enabled=True)
    world.enable_topology()


def _port_taken(world: World, where: Where) -> None:
    """The application is gone, and another one of the pool has its port."""
    _without_application(world, where)
    other = TrustedApplication(
        pool=where.object, application_id=stored_application_id("Faxes"), port=APPLICATION_PORT, legacy_name="faxes"
    )
    world.publish(world.lync.published.with_application(other))


def _not_delegated(world: World, where: Where) -> None:
    for machine in world.front_ends():
        world.machines[machine.name.lower()] = replace(machine, endpoints=front_end_endpoints(delegation=False))


FAULTS = (
    Fault(
        id="pool-missing",
        meaning="there is no trusted application pool for the servers of Outlook Web App",
        requirements=("L26", "L28", "L29", "L31", "L32", "L35"),
        repair=Repair.AUTOMATIC,
        do=_enabled(_without_pool),
        objects=trusted_pools,
    ),
    Fault(
        id="application-missing",
        meaning="the trusted application pool has no application",
        requirements=("L26", "L36", "L37"),
        repair=Repair.AUTOMATIC,
        do=_enabled(_without_application),
        objects=trusted_pools,
    ),
    Fault(
        id="topology-not-enabled",
        meaning="the trusted application pool is published and was never enabled",
        requirements=("L41",),
        repair=Repair.AUTOMATIC,
        do=_published_only,
        objects=trusted_pools,
    ),
    Fault(
        id="pool-without-registrar",
        meaning="the trusted application pool has no next hop",
        requirements=("L31",),
        repair=Repair.AUTOMATIC,
        do=_pool_with(lambda pool: replace(pool, registrar=None)),
        objects=trusted_pools,
    ),
    Fault(
        id="pool-requires-replication",
        meaning="the trusted application pool waits for a replica that its computers have not",
        requirements=("L35",),
        repair=Repair.AUTOMATIC,
        do=_pool_with(lambda pool: replace(pool, requires_replication=True)),
        objects=trusted_pools,
    ),
    Fault(
        id="pool-not-treated-as-authenticated",
        meaning="Lync does not take the users of the trusted application pool for authenticated",
        requirements=("L28",),
        repair=Repair.AUTOMATIC,
        do=_pool_with(lambda pool: replace(pool, treat_as_authenticated=False)),
        objects=trusted_pools,
    ),
    Fault(
        id="topology-port-in-use",
        meaning="the port of the application belongs to another application of the pool",
        requirements=("L40",),
        repair=Repair.MANUAL,
        do=_enabled(_port_taken),
        objects=trusted_pools,
    ),
    Fault(
        id="topology-pending-changes",
        meaning="somebody else has published a change of the topology that nobody has enabled",
        requirements=("L41",),
        repair=Repair.CONSENT,
        do=_pending,
    ),
    Fault(
        id="duplicate-known-server",
        meaning="a server that Lync finds by itself is a trusted application pool as well",
        requirements=("L20", "L21", "L22", "L23", "L24", "L25"),
        repair=Repair.AUTOMATIC,
        do=_duplicate,
        servers=_discovered,
    ),
    Fault(
        id="exchange-not-in-dial-plan",
        meaning="a server that answers calls is in no SipName dial plan",
        requirements=("L42", "L43"),
        repair=Repair.CONSENT,
        do=_out_of_dial_plan,
        servers=_joined,
    ),
    Fault(
        id="dial-plan-would-duplicate",
        meaning="a server is in no SipName dial plan, and would be known twice with one, being trusted by name",
        requirements=("L22", "L42"),
        repair=Repair.MANUAL,
        do=_would_duplicate,
        servers=_joined,
    ),
    Fault(
        id="not-delegated",
        meaning="the Front Ends accept no CredSSP, so that what writes to the topology has to be run there",
        requirements=("L27",),
        repair=Repair.MANUAL,
        do=_not_delegated,
        needs=lambda world: bool(lync_front_ends(world)),
    ),
)
