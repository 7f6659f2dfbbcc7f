"""What the plan of *trusted pool* does to its facts, as far as the documents say: small, pure, and for tests only.

It knows commands, not decisions: each is applied as the reference of the cmdlet describes it. Enable-CsTopology and
dial-plan changes show in the Front Ends' logs, as the known servers that follow from them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runbook.command import Cmdlet, Pipeline, cmdlet
from runbook.facts.lync import (
    EXCHANGE_FOUND,
    LIST_AT_START,
    KnownServerEvent,
    Pool,
    TrustedApplication,
    TrustedComputer,
    TrustedPool,
)
from runbook.sections.organisation import ExchangeOrganisation, Membership, Topology
from runbook.sections.trusted_pool_facts import TrustedPoolFacts


def enable(facts: TrustedPoolFacts) -> TrustedPoolFacts:
    return run(facts, Pipeline.of(cmdlet("Enable-CsTopology")))


def run(facts: TrustedPoolFacts, pipeline: Pipeline) -> TrustedPoolFacts:
    (command,) = pipeline.cmdlets
    if command.name == "Enable-CsTopology":
        return _logged(facts)
    if "UM" in command.name:
        return _logged(replace(facts, exchange=_um(facts.exchange, command)), topology=False)
    return replace(facts, topology=_topology(facts.topology, command))


def known_twice(facts: TrustedPoolFacts) -> set[str]:
    """The names that break the integration."""
    return _written(facts.topology) & facts.exchange.discovered()


def _topology(found: Topology, command: Cmdlet) -> Topology:
    pools: list[Any] = list(_rows(found.trusted_pools))
    applications: list[Any] = list(_rows(found.applications))
    computers: list[Any] = list(_rows(found.computers))
    given = dict(command.parameters)
    identity = str(given.get("Identity", ""))
    match command.name:
        case "New-CsTrustedApplicationPool":
            assert not any(pool.fqdn == identity for pool in pools)
            site = next(site for site in _rows(found.sites) if site.site_id == given["Site"])
            pools.append(
                TrustedPool(
                    fqdn=identity,
                    registrar=str(given["Registrar"]),
                    site=site.identity,
                    requires_replication=bool(given.get("RequiresReplication", True)),
                    treat_as_authenticated=bool(given.get("TreatAsAuthenticated", True)),
                    throttle_as_server=bool(given.get("ThrottleAsServer", True)),
                    outbound_only=bool(given.get("OutboundOnly", False)),
                )
            )
            computers.append(TrustedComputer(fqdn=str(given.get("ComputerFqdn", identity)), pool=identity))
        case "Set-CsTrustedApplicationPool":
            names = {"Registrar": "registrar", "RequiresReplication": "requires_replication"}
            names["TreatAsAuthenticated"] = "treat_as_authenticated"
            changed: dict[str, Any] = {names[name]: value for name, value in given.items() if name in names}
            pools = [replace(pool, **changed) if pool.fqdn == identity else pool for pool in pools]
        case "Remove-CsTrustedApplicationPool":
            assert all(pool.registrar for pool in pools if pool.fqdn == identity)
            pools = [pool for pool in pools if pool.fqdn != identity]
            applications = [item for item in applications if item.pool != identity]
            computers = [item for item in computers if item.pool != identity]
        case "New-CsTrustedApplicationComputer":
            assert not any(item.fqdn == identity or item.fqdn == item.pool == given["Pool"] for item in computers)
            computers.append(TrustedComputer(fqdn=identity, pool=str(given["Pool"])))
        case "Remove-CsTrustedApplicationComputer":
            computers = [item for item in computers if item.fqdn != identity]
        case "New-CsTrustedApplication":
            pool, name = str(given["TrustedApplicationPoolFqdn"]), str(given["ApplicationId"]).lower()
            assert any(found.fqdn == pool for found in pools)
            whole = f"{pool}/urn:application:{name}"
            port = int(str(given["Port"]))
            assert not any(item.pool == pool and (item.port == port or item.identity == whole) for item in applications)
            applications.append(TrustedApplication(identity=whole, pool=pool, application_id=name, port=port))
        case "Set-CsTrustedApplication":
            port = int(str(given["Port"]))
            applications = [replace(one, port=port) if one.identity == identity else one for one in applications]
        case "Remove-CsTrustedApplication":
            applications = [item for item in applications if item.identity != identity]
        case _:
            raise AssertionError(command.name)
    return replace(found, trusted_pools=tuple(pools), applications=tuple(applications), computers=tuple(computers))


def _um(found: ExchangeOrganisation, command: Cmdlet) -> ExchangeOrganisation:
    plans = command.value("DialPlans") or ()
    assert isinstance(plans, tuple)

    def changed(members: tuple[Membership, ...], name: str) -> tuple[Membership, ...]:
        server = found.fqdn(name)
        return tuple(replace(m, dial_plans=tuple(map(str, plans))) if m.server == server else m for m in members)

    if command.name == "Set-UMService":
        return replace(found, um_services=changed(found.um_services, str(command.value("Identity"))))
    return replace(found, call_routers=changed(found.call_routers, str(command.value("Server"))))


def _logged(facts: TrustedPoolFacts, topology: bool = True) -> TrustedPoolFacts:
    """Each Front End logs its list anew; before the topology is enabled, what is known by hand stays as it was."""
    found = sorted(facts.exchange.discovered())
    known: dict[str, Any] = {}
    for server, log in facts.known.items():
        assert isinstance(log, tuple)
        own = sorted({name for pool in _rows(facts.topology.pools) for name in _lync(pool)})
        by_hand = sorted(_written(facts.topology)) if topology else _by_hand(log, own)
        record = max((event.record for event in log), default=0)
        known[server] = (
            *log,
            KnownServerEvent(id=LIST_AT_START, record=record + 1, names=(*own, *by_hand, *found)),
            KnownServerEvent(id=EXCHANGE_FOUND, record=record + 2, names=tuple(found)),
        )
    return replace(facts, known=known)


def _by_hand(log: tuple[KnownServerEvent, ...], own: list[str]) -> list[str]:
    """The trusted pools' names in the newest list: what is left without Lync's own servers and those discovered."""
    start = [event for event in log if event.id == LIST_AT_START][-1]
    found = [event for event in log if event.id == EXCHANGE_FOUND][-1]
    names = list(start.names)
    for name in (*own, *found.names):
        names.remove(name)
    return names


def _lync(pool: Pool) -> tuple[str, ...]:
    kinds = ("Registrar:", "EdgeServer:")
    return (pool.fqdn, *pool.computers) if any(name.startswith(kinds) for name in pool.services) else ()


def _written(found: Topology) -> set[str]:
    return {pool.fqdn for pool in _rows(found.trusted_pools)} | {item.fqdn for item in _rows(found.computers)}


def _rows(found: Any) -> Any:
    assert isinstance(found, tuple)
    return found
