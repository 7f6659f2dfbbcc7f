"""An organisation as the procedures leave it: everybody whom they can help has presence.

Faults are put into this one, so that one fault is one fault.
"""

from __future__ import annotations

from dataclasses import replace

from rehearsal.exchange_owa import ENABLED, OCS, TYPE
from rehearsal.faults.owa_values import tell
from rehearsal.federation import USE_SOURCE, FederationSettings, HostingProvider
from rehearsal.online_presence import PROXIES
from rehearsal.pki import subject_common_name
from rehearsal.presence import presence, sign_in
from rehearsal.replication import History
from rehearsal.topologies import build_world
from rehearsal.topologies.hybrid import CLOUD_POLICY, PROVIDER
from rehearsal.topologies.litware import SIP_DIAL_PLAN, join_dial_plan, trust
from rehearsal.world import World

APPLICATION, APPLICATION_PORT = "OutlookWebApp", 5199


def healthy_world(topology: str, seed: int = 0) -> World:
    """The organisation of this name, integrated. Raises ValueError where there is none of that name."""
    world = build_world(topology, seed)
    _known_to_lync(world)
    for server, thumbprint in world.im_certificates.items():
        tell(world, server, thumbprint)
    _switched_on(world)
    if any(person.online for person in world.exchange.people):
        _federated(world)
    _only_those_whom_it_helps(world)
    return world


def people_at_work(world: World) -> None:
    """One user of each server signs in, as the first in the morning does; of some servers all users are away."""
    served = {world.exchange.mailbox_server_of(one.upn): one for one in world.exchange.people if not one.online}
    for server, person in served.items():
        if (server or "").lower() in world.quiet:
            continue
        world.clock.tick()
        sign_in(world, person.upn)


def _known_to_lync(world: World) -> None:
    """By the SipName dial plan where there is one, else, or where the certificate has another name, by a trusted pool.

    Exchange 2010 and 2013 answer calls as before with a server in two dial plans.
    """
    if SIP_DIAL_PLAN.lower() in world.exchange.dial_plans:
        for name, server in world.exchange.servers.items():
            if not server.is_legacy and server not in tuple(world.exchange.servers_in_sip_dial_plans()):
                join_dial_plan(world, name, SIP_DIAL_PLAN)
    discovered = {server.fqdn.lower() for server in world.exchange.servers_in_sip_dial_plans()}
    for peer in sorted({_subject(world, server) for server in world.im_certificates} - discovered):
        trust(world, peer, APPLICATION, APPLICATION_PORT, enabled=True)
    world.enable_topology()


def _subject(world: World, server: str) -> str:
    wanted = world.im_certificates[server]
    store = world.owa[server].host.certificates["My"]
    return next(subject_common_name(one.der).lower() for one in store if one.thumbprint == wanted)


def _switched_on(world: World) -> None:
    """On the virtual directories of the front ends and in every policy that isn't without it on purpose."""
    side = world.exchange.owa
    on = {ENABLED: True, TYPE: OCS}
    for directory in tuple(side.directories.values()):
        if not directory.is_back_end:
            side.add_directory(replace(directory, settings={**directory.settings, **on}))
    for policy in tuple(side.policies.values()):
        if not policy.off_on_purpose:
            side.add_policy(replace(policy, settings={**policy.settings, **on}))


def _federated(world: World) -> None:
    """With Exchange Online, for so long that every replica has it."""
    settings = world.federation.current
    edge = replace(settings.access_edge, allow_federated_users=True)
    settings = replace(settings, access_edge=edge).with_provider(
        HostingProvider(
            identity=PROVIDER,
            proxy_fqdn=PROXIES[world.cloud],
            enabled=True,
            enabled_shared_address_space=True,
            hosts_ocs_users=False,
            verification_level=USE_SOURCE,
        )
    )
    cloud = settings.policy(CLOUD_POLICY)
    if cloud is not None:
        settings = settings.with_policy(replace(cloud, enable_outside_access=True))
    since_long(world, settings)


def since_long(world: World, settings: FederationSettings) -> None:
    """The settings as if they had been so from before the beginning."""
    store = world.federation
    began = store.settings.versions[0][0]
    store.settings = History([(began, settings)])
    store.topology = History([(began, world.lync.published)])
    store.written = began


def _only_those_whom_it_helps(world: World) -> None:
    """Without those who can't have presence: each of them would be a fault of their own."""
    left_out = presence(world).excluded
    world.exchange.people = tuple(one for one in world.exchange.people if one.upn not in left_out)
    for upn in left_out:
        world.exchange.owa.mailboxes.pop(upn.lower(), None)
