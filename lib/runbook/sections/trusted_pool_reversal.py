"""How changes of the topology and of dial plans are taken back: what their objects hold now, and by which commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runbook.change import Change, Json
from runbook.estate import Estate
from runbook.facts.lync import TrustedPool
from runbook.facts.query import Unread
from runbook.parameters import TrustedPoolParameters
from runbook.sections import enablement
from runbook.sections.organisation import ExchangeOrganisation, Topology
from runbook.sections.reversal import Reversal, like
from runbook.sections.topology_changes import TOPOLOGY
from runbook.sections.trusted_pool_facts import TrustedPoolFacts

_POOL, _COMPUTER = "TrustedApplicationPool:", "TrustedApplicationComputer:"
_UM_SERVICE, _UM_ROUTER = "UMService:", "UMCallRouterSettings:"
_OTHERS = "Other applications"

_COMMANDS = """
lync     New-CsTrustedApplicationPool        Identity Registrar Site RequiresReplication TreatAsAuthenticated \
                                             ThrottleAsServer OutboundOnly ComputerFqdn Force Confirm
lync     Set-CsTrustedApplicationPool        Identity Registrar RequiresReplication TreatAsAuthenticated Force Confirm
lync     Remove-CsTrustedApplicationPool     Identity Force Confirm
lync     New-CsTrustedApplicationComputer    Identity Pool Force Confirm
lync     Remove-CsTrustedApplicationComputer Identity Force Confirm
lync     New-CsTrustedApplication            ApplicationId TrustedApplicationPoolFqdn Port Force Confirm
lync     Set-CsTrustedApplication            Identity Port Force Confirm
lync     Remove-CsTrustedApplication         Identity Force Confirm
lync     Enable-CsTopology                   Confirm
exchange Set-UMService                       Identity DialPlans DomainController Confirm
exchange Set-UMCallRouterSettings            Server DialPlans DomainController Confirm
"""


def present(
    given: TrustedPoolParameters, estate: Estate, facts: TrustedPoolFacts, change: Change, made: Sequence[Change]
) -> Json | Unread:
    if change.object.startswith((_UM_SERVICE, _UM_ROUTER)):
        return _dial_plans(facts.exchange, change.object)
    if unread := next(iter(facts.topology.unread.values()), None):
        return unread
    if change.object.startswith(_POOL):
        return _pool(facts.topology, change, made)
    if change.object.startswith(_COMPUTER):
        name = change.object.removeprefix(_COMPUTER).lower()
        computers = facts.topology.computers if isinstance(facts.topology.computers, tuple) else ()
        pool = next((each.pool for each in computers if each.fqdn.lower() == name), None)
        return None if pool is None else {"Pool": pool}
    applications = facts.topology.applications if isinstance(facts.topology.applications, tuple) else ()
    port = next((each.port for each in applications if each.identity.lower() == change.object.lower()), None)
    return port if change.property or port is None else {"Port": port}


def _pool(topology: Topology, change: Change, made: Sequence[Change]) -> Json:
    """A pool as one value. Computers that the record itself added are changes of their own.

    An application that the record didn't make shows as something that nobody expected: it would go with the pool.
    """
    pool = topology.trusted_pool(change.object.removeprefix(_POOL))
    if pool is None:
        return None
    values = _values(topology, pool)
    if change.property:
        return values[change.property]
    added = {each.object.lower() for each in made if each.before is None}
    computers = [each.fqdn for each in topology.computers_of(pool.fqdn)]
    values["Computers"] = [name for name in computers if f"{_COMPUTER}{name}".lower() not in added]
    others = [each.identity for each in topology.applications_of(pool.fqdn) if each.identity.lower() not in added]
    found = like(change.before if change.after is None else change.after, values)
    if isinstance(found, dict) and others and change.before is None:
        found[_OTHERS] = list[Json](others)
    return found


def _values(topology: Topology, pool: TrustedPool) -> dict[str, Json]:
    site = topology.site(pool.site)
    return {
        "Registrar": pool.registrar,
        "Site": site.site_id if site else pool.site.removeprefix("Site:"),
        "RequiresReplication": pool.requires_replication,
        "TreatAsAuthenticated": pool.treat_as_authenticated,
        "ThrottleAsServer": pool.throttle_as_server,
        "OutboundOnly": pool.outbound_only,
    }


def _dial_plans(organisation: ExchangeOrganisation, object: str) -> Json | Unread:
    members = organisation.call_routers if object.startswith(_UM_ROUTER) else organisation.um_services
    server = object.partition(":")[2].lower()
    found = next((each.dial_plans for each in members if each.server.lower() == server), None)
    return list[Json](found) if isinstance(found, tuple) else found


def _brings_along(
    given: TrustedPoolParameters, estate: Estate, facts: TrustedPoolFacts, change: Change, made: Sequence[Change]
) -> str:
    """The names, other than the record's own, that Enable-CsTopology would make known or forget (L41)."""
    if change.object != TOPOLOGY:
        return ""
    state = enablement.compare(facts, frozenset(), facts.discovered)
    return ", ".join(sorted((state.ours | state.others) - set(_names(made))))


def _names(made: Sequence[Change]) -> Iterator[str]:
    for change in made:
        if change.object.startswith((_POOL, _COMPUTER)):
            yield change.object.partition(":")[2].lower()
            for value in (change.before, change.after):
                computers = value.get("Computers") if isinstance(value, dict) else None
                yield from (str(name).lower() for name in (computers if isinstance(computers, list) else ()))


REVERSAL = Reversal(present=present, commands=_COMMANDS, brings_along=_brings_along)
