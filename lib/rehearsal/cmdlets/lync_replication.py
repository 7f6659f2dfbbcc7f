"""Get-CsManagementStoreReplicationStatus and Invoke-CsManagementStoreReplication."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import XDS, texts, thing
from rehearsal.cmdlets.lync_store import FORCE, command_type, not_found, published, world_of, writable
from rehearsal.lync_topology import TopologyDocument, same

_REPLICA = {"ReplicaFqdn": Parameter(position=0, by_property_name=True)}
_STATUS = f"{XDS}.CentralManagementStoreStatusResult"


@cmdlet(
    "Get-CsManagementStoreReplicationStatus",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsManagementStoreReplicationStatus.md; Y31, Y32; a trusted pool's computer is a replica only with "
    "RequiresReplication (real-world.md), and then never up to date, since nothing is installed there (assumed)",
    parameters={**_REPLICA, "CentralManagementStoreStatus": SWITCH},
    command_type=command_type("Get-CsManagementStoreReplicationStatus"),
)
def get_replication_status(call: Call) -> None:
    document = published(call)
    world = world_of(call)
    store, now = world.federation, world.clock.now()
    replicas = {one.fqdn: store.is_current(one, now) for one in store.replicas.values()}
    replicas |= dict.fromkeys(_never_current(document), False)
    if call.switch("CentralManagementStoreStatus"):
        status = {
            "LastUpdatedOn": store.written,
            "ActiveMasterFqdn": document.pools[0].computers[0],
            "ActiveReplicas": texts(replicas),
            "DeletedReplicas": texts([]),
        }
        call.output(thing(_STATUS, _STATUS, status))
        return
    wanted = call.get("ReplicaFqdn")
    for fqdn, current in replicas.items():
        if wanted is None or same(fqdn, str(wanted)):
            replica = store.replica(fqdn)
            state = {
                "UpToDate": current,
                "ReplicaFqdn": fqdn,
                "LastStatusReport": now if current else None,
                "LastUpdateCreation": store.written,
                "ProductVersion": replica.version if replica else None,
            }
            call.output(thing(f"{XDS}.ReplicaState", f"{XDS}.ReplicaState", state))
    if wanted is not None and not any(same(fqdn, str(wanted)) for fqdn in replicas):
        not_found(call, str(wanted))


@cmdlet(
    "Invoke-CsManagementStoreReplication",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Invoke-CsManagementStoreReplication.md",
    parameters={**_REPLICA, **FORCE},
    command_type=command_type("Invoke-CsManagementStoreReplication"),
)
def invoke_replication(call: Call) -> None:
    world = world_of(call)
    with world.lock:
        document = writable(call)
        wanted = None if call.get("ReplicaFqdn") is None else str(call.get("ReplicaFqdn"))
        known = [*(one.fqdn for one in world.federation.replicas.values()), *_never_current(document)]
        if wanted is not None and not any(same(fqdn, wanted) for fqdn in known):
            not_found(call, wanted)
            return
        world.ask_replication(wanted)


def _never_current(document: TopologyDocument) -> Iterator[str]:
    for pool in document.trusted_pools:
        if pool.requires_replication:
            yield from pool.computers
