"""Which servers the section *OWA enablement* is about, in which order, and what of them couldn't be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Finding, Severity
from runbook.estate import Estate, Product, Role, Version
from runbook.facts.query import Unread
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import editions
from runbook.sections.organisation import front_ends, in_scope
from runbook.sections.owa_enablement_facts import BackEnd, FrontEnd, OwaEnablementFacts
from runbook.sections.unread import unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The servers of this run in their order; ``findings`` are about servers that can't be of it."""

    back_ends: tuple[BackEnd, ...]
    front_ends: tuple[FrontEnd, ...]
    findings: tuple[Finding, ...]


def find(given: OwaEnablementParameters, estate: Estate, facts: OwaEnablementFacts) -> Scope:
    lync_2013 = any(server.product is Product.LYNC for server in front_ends(estate, given.registrar_pool_fqdn))
    findings: list[Finding] = []
    chosen: dict[Role, list[str]] = {}
    for role, named in ((Role.MAILBOX, given.back_end_servers), (Role.CLIENT_ACCESS, given.front_end_servers)):
        able = {server.name for server in in_scope(estate, named or given.exchange_servers, role)}
        findings += [_without_role(name, role) for name in named if name not in able]
        names = [name for name in named if name in able] or [
            server.name for server in estate.exchange() if server.name in able
        ]
        chosen[role] = [name for name in names if _is_2013(estate, facts, name)]
        for name in names:
            findings += editions.check_exchange(estate.server(name), facts.lync.exchange, lync_2013)
        if not chosen[role]:
            findings.append(_no_server(role))
    backs, fronts = {back.server: back for back in facts.back_ends}, {front.server: front for front in facts.front_ends}
    return Scope(
        back_ends=tuple(backs[name] for name in chosen[Role.MAILBOX]),
        front_ends=tuple(fronts[name] for name in chosen[Role.CLIENT_ACCESS]),
        findings=tuple(dict.fromkeys(findings)),
    )


def check_read(scope: Scope) -> Iterator[Finding]:
    for back in scope.back_ends:
        yield from check_back_end_read(back)
    for front in scope.front_ends:
        if isinstance(front.directories, Unread):
            thing = "virtual directories"
            yield unread(thing, front.directories, server=front.server, requirements=("L45", "L48"))


def check_back_end_read(back: BackEnd) -> Iterator[Finding]:
    for thing, fact, requirements in (
        ("certificates", back.store, ("L58",)),
        ("clock", back.clock, ("L58",)),
        ("web.config", back.file, ("L52", "L53")),
        ("OWA workers", back.workers, ("L65",)),
        ("back end's virtual directories", back.directories, ("L46",)),
    ):
        if isinstance(fact, Unread):
            yield unread(thing, fact, server=back.server, requirements=requirements)


def _is_2013(estate: Estate, facts: OwaEnablementFacts, name: str) -> bool:
    found = facts.lync.exchange.server(name)
    return ((found.edition if found else "") or estate.server(name).version) == Version.V2013


def _without_role(name: str, role: Role) -> Finding:
    where = "back_end_servers" if role is Role.MAILBOX else "front_end_servers"
    return Finding(
        id="server-without-role",
        requirements=("L45", "L55"),
        severity=Severity.ERROR,
        server=name,
        object=where,
        what=f"The estate gives this server no role {role.value}, and {where} names it.",
        why="Virtual directories are switched on on front ends, web.config is edited on back ends, and only there.",
        remedy=f"Take it out of {where}, or correct its roles in the estate file.",
    )


def _no_server(role: Role) -> Finding:
    thing = "mailbox server" if role is Role.MAILBOX else "client access server"
    return Finding(
        id=f"no-{thing.replace(' ', '-')}",
        requirements=("L45",) if role is Role.CLIENT_ACCESS else ("L55",),
        severity=Severity.ERROR,
        object=thing,
        what=f"The estate, as far as the parameters choose from it, has no {thing} of Exchange 2013.",
        why="OWA needs both: front ends that users come to, and back ends that connect to Lync.",
        remedy="Add the servers to the estate file, or to the parameters.",
    )
