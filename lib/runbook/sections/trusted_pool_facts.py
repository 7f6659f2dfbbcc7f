"""The facts of the section *trusted pool*, and the rounds of queries that establish them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.command import Shell
from runbook.estate import Estate
from runbook.facts import lync
from runbook.facts.query import Observation, Unread
from runbook.parameters import IntegrationParameters
from runbook.sections.ask import Ask, all_of
from runbook.sections.known_servers import Log, found_by_routing
from runbook.sections.organisation import (
    NO_WINDOWS,
    ExchangeOrganisation,
    Topology,
    ask_exchange,
    ask_memberships,
    ask_topology,
    exchange_reader,
    front_ends,
    topology_reader,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedPoolFacts:
    """``known`` holds each Front End's events about known servers, oldest first."""

    topology: Topology
    exchange: ExchangeOrganisation
    known: Mapping[str, Log | Unread]

    @property
    def discovered(self) -> frozenset[str]:
        """The names (lower-case) that Lync finds by itself, by Exchange's dial plans and by its own events (L20)."""
        logs = (log for log in self.known.values() if not isinstance(log, Unread))
        return self.exchange.discovered().union(*map(found_by_routing, logs))


def observe(parameters: IntegrationParameters, estate: Estate) -> Observation[TrustedPoolFacts]:
    """Two rounds: topology, events and Exchange's servers; then what each UM service and call router is in."""
    reader = exchange_reader(estate)
    fronts = front_ends(estate, parameters.registrar_pool_fqdn)
    topology, organisation = ask_topology(topology_reader(fronts)), ask_exchange(reader, estate)
    logs = {
        server.name: lync.known_server_events(server.target(Shell.WINDOWS))
        for server in fronts
        if server.offers(Shell.WINDOWS)
    }
    events: Ask[Mapping[str, Log | Unread]] = Ask(
        tuple(logs.values()),
        lambda answers: {s.name: answers[logs[s.name]] if s.name in logs else NO_WINDOWS for s in fronts},
    )
    answers = yield all_of([topology, organisation, events])
    found, exchange, known = topology.collect(answers), organisation.collect(answers), events.collect(answers)

    members = ask_memberships(estate, exchange)
    answers = yield all_of([members])
    return TrustedPoolFacts(topology=found, exchange=members.collect(answers), known=known)
