"""Which Lync pool OWA on a server is given (L60, ``real-world`` B1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook.change import Finding, Repair, Severity
from runbook.estate import Estate, Role
from runbook.facts.query import Unread
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections.organisation import Topology
from runbook.sections.owa_enablement_facts import BackEnd
from runbook.sections.ways import Way


def check(given: OwaEnablementParameters, estate: Estate, back: BackEnd) -> Iterator[Finding]:
    """From Exchange 2016 on the nearest pool is meant: the estate file's sites tell where another one is nearer."""
    site, pool = estate.server(back.server).site.lower(), given.im_server_name(back.server)
    fronts = [server for server in estate.lync(Role.FRONT_END) if site and server.site.lower() == site]
    near = sorted({server.pool for server in fronts if server.pool})
    if back.way is Way.OVERRIDE and near and pool not in near:
        yield Finding(
            id="pool-nearer",
            requirements=("L60",),
            severity=Severity.INFO,
            server=back.server,
            object=pool,
            what=f"OWA on this server is given the Lync pool {pool}; in its own site there is {', '.join(near)}.",
            why="Of several pools Microsoft has the nearest one taken; another one works, over a longer way.",
            remedy=f"Write {back.server}={near[0]} in im_server_names if that pool is meant.",
            repair=Repair.NONE,
        )


def unknown(given: OwaEnablementParameters, back_ends: Iterable[str], topology: Topology) -> Iterator[str]:
    """The pools that OWA would be given and that the topology doesn't have."""
    if isinstance(topology.pools, Unread):
        return
    yield from sorted(
        pool for pool in {given.im_server_name(server) for server in back_ends} if topology.pool(pool) is None
    )
