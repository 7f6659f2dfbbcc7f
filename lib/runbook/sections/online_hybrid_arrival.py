"""Whether the configuration has arrived: every replica, then each Edge by its own local store (Y29-Y34). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook.change import Change, Finding, Repair, Severity
from runbook.facts.hybrid import AccessEdge, HostingProvider
from runbook.facts.query import Unread
from runbook.facts.replication import Replica
from runbook.parameters_hybrid import OnlineHybridParameters
from runbook.sections import online_hybrid_changes as changes
from runbook.sections.online_hybrid_facts import Arrival, EdgeStore, Source
from runbook.sections.organisation import Writer

_PROPERTIES = {
    "ProxyFqdn": "proxy_fqdn",
    "Enabled": "enabled",
    "EnabledSharedAddressSpace": "shares_address_space",
    "HostsOCSUsers": "hosts_users",
    "IsLocal": "is_local",
    "VerificationLevel": "verification_level",
}
_SWITCHES = {
    "AllowFederatedUsers": "allows_federation",
    "AllowOutsideUsers": "allows_outside_users",
    "RoutingMethod": "routing",
}
_LOCAL = "local store"


def judge_replicas(
    given: OnlineHybridParameters, replicas: tuple[Replica, ...], writer: Writer
) -> tuple[list[Finding], list[Change]]:
    """Y32: UpToDate has to be true for all of them."""
    stale = [replica for replica in replicas if not replica.up_to_date]
    if not stale:
        return [_all_current(replicas)], []
    repair = Repair.PLANNED if given.start_replication else Repair.CONSENT
    planned = [changes.start_replication(writer, replica) for replica in stale] if given.start_replication else []
    return [_stale(replica, repair) for replica in stale], planned


def check_edges(
    edges: Iterable[EdgeStore],
    identity: str,
    providers: tuple[HostingProvider, ...],
    access: AccessEdge,
    replicas: tuple[Replica, ...],
) -> Iterator[Finding]:
    """Each Edge's own copy against the Central Management store's, property by property (Y33, Y34)."""
    behind = {replica.fqdn.lower() for replica in replicas if not replica.up_to_date}
    for edge in edges:
        there, there_access = edge.hosting_providers, edge.access_edge
        if isinstance(there, Unread):
            yield _unconfirmed(edge, there)
        elif isinstance(there_access, Unread):
            yield _unconfirmed(edge, there_access)
        elif differing := differences(edge, identity, providers, access):
            yield _differs(edge, differing, replica_is_behind=edge.server.lower() in behind)
        else:
            yield _confirmed(edge, _named(there, identity), there_access)


def pending(given: OnlineHybridParameters, found: Arrival) -> str:
    """What hasn't arrived yet, of all that can be asked; pasted text doesn't change by waiting."""
    if isinstance(found.replicas, Unread):
        return ""
    waiting = [replica.fqdn for replica in found.replicas if not replica.up_to_date]
    providers, access = found.hosting_providers, found.access_edge
    if not isinstance(providers, Unread) and not isinstance(access, Unread):
        asked = (edge for edge in found.edges if edge.source is Source.READ)
        waiting += [e.server for e in asked if differences(e, given.provider_identity, providers, access)]
    names = ", ".join(dict.fromkeys(waiting))
    return f"not up to date yet: {names}" if names else ""


def differences(
    edge: EdgeStore, identity: str, providers: tuple[HostingProvider, ...], access: AccessEdge
) -> tuple[str, ...]:
    """Each property in which the Edge's copy differs, in words; empty for an Edge that couldn't be read."""
    if isinstance(edge.hosting_providers, Unread) or isinstance(edge.access_edge, Unread):
        return ()
    here, there = _named(providers, identity), _named(edge.hosting_providers, identity)
    found: list[str] = []
    if here is None or there is None:
        if here is not there:
            found.append(f"it {'lacks' if there is None else 'still has'} the provider {identity}")
    else:
        found += _compared(_PROPERTIES, here, there)
    return (*found, *_compared(_SWITCHES, access, edge.access_edge))


def _compared(names: dict[str, str], here: object, there: object) -> Iterator[str]:
    for name, field in names.items():
        central, local = str(getattr(here, field)), str(getattr(there, field))
        if central.lower() != local.lower():
            yield f"{name} is {local or 'empty'} there, and {central or 'empty'} in the Central Management store"


def _named(providers: Iterable[HostingProvider], identity: str) -> HostingProvider | None:
    return next((each for each in providers if each.identity.lower() == identity.lower()), None)


def _stale(replica: Replica, repair: Repair) -> Finding:
    since = f" What it lacks was made at {replica.last_update}." if replica.last_update else ""
    return Finding(
        id="replica-stale",
        requirements=("Y29", "Y30", "Y31", "Y32"),
        severity=Severity.ERROR,
        server=replica.fqdn,
        object="replica",
        what=f"UpToDate of {replica.fqdn} is False.{since}",
        why="This server works with the configuration as it was.",
        remedy=(
            "Mostly it comes right within a minute: check again. If not: Invoke-CsManagementStoreReplication"
            f" -ReplicaFqdn {replica.fqdn} (parameter start_replication); if that doesn't help, look at the replica"
            " service there and, for an Edge, at port 4443 to it."
        ),
        repair=repair,
    )


def _all_current(replicas: tuple[Replica, ...]) -> Finding:
    names = ", ".join(replica.fqdn for replica in replicas)
    return Finding(
        id="replicas-current",
        requirements=("Y29", "Y30", "Y31", "Y32"),
        severity=Severity.INFO,
        object="replicas",
        what=f"UpToDate is True for every replica: {names or 'there is none'}.",
        why="Each of these servers works with the configuration as it is.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _differs(edge: EdgeStore, differing: tuple[str, ...], *, replica_is_behind: bool) -> Finding:
    pasted = edge.source is Source.PASTED
    return Finding(
        id="edge-stale",
        requirements=("Y33", "Y34"),
        severity=Severity.ERROR,
        server=edge.server,
        object=_LOCAL,
        what=f"{_origin(edge)} differs from the Central Management store: {'; '.join(differing)}.",
        why="The Edge decides by its own copy. A change that hasn't arrived there has no effect.",
        remedy=(
            "It may have been pasted before the change: run the lines on the Edge again and paste what they print now."
            if pasted
            else "It follows as soon as its replica is up to date."
            if replica_is_behind
            else "Check again; if it stays, look at the replica service on the Edge and at port 4443 to it."
        ),
        caused_by=("replica-stale",) if replica_is_behind else (),
        unknown=pasted,
    )


def _unconfirmed(edge: EdgeStore, why: Unread) -> Finding:
    return Finding(
        id="edge-unconfirmed",
        requirements=("Y33", "Y34"),
        severity=Severity.WARNING,
        server=edge.server,
        object=_LOCAL,
        what=f"The local store of {edge.server} isn't known: {why.why.rstrip('.')}.",
        why="Only the Edge's own copy shows that the changes have arrived there.",
        remedy=(
            "Run on it: hostname; Get-CsHostingProvider -LocalStore | Format-List; Get-CsAccessEdgeConfiguration"
            " -LocalStore | Format-List. Paste what they print into edge_evidence."
        ),
        unknown=True,
    )


def _confirmed(edge: EdgeStore, provider: HostingProvider | None, access: AccessEdge) -> Finding:
    values = [f"{name} {getattr(provider, field)}" for name, field in _PROPERTIES.items()] if provider else []
    values += [f"{name} {getattr(access, field)}" for name, field in _SWITCHES.items()]
    return Finding(
        id="edge-confirmed",
        requirements=("Y30", "Y33", "Y34"),
        severity=Severity.INFO,
        server=edge.server,
        object=_LOCAL,
        what=f"{_origin(edge)} is that of the Central Management store: {', '.join(values)}.",
        why="The Edge decides by its own copy, and each of these properties was compared.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _origin(edge: EdgeStore) -> str:
    how = "as it was pasted" if edge.source is Source.PASTED else "read there"
    return f"The local store of {edge.server}, {how},"
