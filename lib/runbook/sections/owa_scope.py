"""Which servers the section *OWA enablement* is about, in which order, and what of them couldn't be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Finding, Severity
from runbook.estate import Estate, Product, Role
from runbook.facts.overrides import SettingOverride
from runbook.facts.query import Unread
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import editions
from runbook.sections.organisation import front_ends, in_scope
from runbook.sections.owa_enablement_facts import BackEnd, FrontEnd, OwaEnablementFacts
from runbook.sections.unread import unread
from runbook.sections.ways import Way, way_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The servers of this run in their order; ``findings`` are about servers that can't be of it."""

    back_ends: tuple[BackEnd, ...]
    front_ends: tuple[FrontEnd, ...]
    findings: tuple[Finding, ...]
    overrides: tuple[SettingOverride, ...] | Unread = ()

    @property
    def is_whole(self) -> bool:
        """There is a back end, and a front end where users come in by one of their own."""
        only_2010 = all(back.way in (Way.NONE, Way.DIRECTORY) for back in self.back_ends)
        return bool(self.back_ends) and (bool(self.front_ends) or only_2010)


def find(given: OwaEnablementParameters, estate: Estate, facts: OwaEnablementFacts) -> Scope:
    """Back ends are the servers that OWA talks to Lync from, front ends those that users come in by."""
    backs, fronts = {back.server: back for back in facts.back_ends}, {front.server: front for front in facts.front_ends}
    lync_2013 = any(server.product is Product.LYNC for server in front_ends(estate, given.registrar_pool_fqdn))
    findings: list[Finding] = []
    chosen: dict[Role, list[str]] = {}
    for role, named, there in (
        (Role.MAILBOX, given.back_end_servers, list(backs)),
        (Role.CLIENT_ACCESS, given.front_end_servers, list(fronts)),
    ):
        able = [server.name for server in in_scope(estate, named or given.exchange_servers) if server.name in there]
        findings += [_without_role(name, role) for name in named if name not in able]
        names = [name for name in named if name in able] or able
        blocked = [editions.check_exchange(estate.server(name), facts.lync.exchange, lync_2013) for name in names]
        findings += [finding for found in blocked for finding in found]
        closed = {Way.NONE, Way.OVERRIDE} if lync_2013 else {Way.NONE}
        chosen[role] = [name for name in names if way_of(estate.server(name), facts.lync.exchange) not in closed]
    only_2010 = bool(backs) and all(back.way in (Way.NONE, Way.DIRECTORY) for back in backs.values())
    if not chosen[Role.MAILBOX] and not findings:
        findings.append(_no_server(Role.MAILBOX))
    if not chosen[Role.CLIENT_ACCESS] and not only_2010 and not findings:
        findings.append(_no_server(Role.CLIENT_ACCESS))
    return Scope(
        back_ends=tuple(backs[name] for name in chosen[Role.MAILBOX]),
        front_ends=tuple(fronts[name] for name in chosen[Role.CLIENT_ACCESS]),
        overrides=facts.overrides,
        findings=tuple(dict.fromkeys(findings)),
    )


def check_read(scope: Scope) -> Iterator[Finding]:
    if isinstance(scope.overrides, Unread):
        yield unread("setting overrides", scope.overrides, requirements=("L56", "L57"))
    for back in scope.back_ends:
        yield from check_back_end_read(back)
    for front in scope.front_ends:
        if isinstance(front.directories, Unread):
            thing = "virtual directories"
            yield unread(thing, front.directories, server=front.server, requirements=("L45", "L48"))


def check_back_end_read(back: BackEnd) -> Iterator[Finding]:
    if back.way is Way.NONE:
        return
    asked: list[tuple[str, object, tuple[str, ...]]] = [
        ("certificates", back.store, ("L58",)),
        ("clock", back.clock, ("L58",)),
        ("OWA workers", back.workers, ("L65",)),
        ("virtual directories of OWA", back.directories, ("L46",)),
    ]
    if back.way is Way.FILE:
        asked.append(("web.config", back.file, ("L52", "L53")))
    if back.way is Way.OVERRIDE:
        asked += [("IM settings in effect", back.settings, ("L57",)), ("IIS certificates", back.on_iis, ("L58",))]
    for thing, fact, requirements in asked:
        if isinstance(fact, Unread):
            yield unread(thing, fact, server=back.server, requirements=requirements)


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
        id="no-mailbox-server" if role is Role.MAILBOX else "no-client-access-server",
        requirements=("L45",) if role is Role.CLIENT_ACCESS else ("L55",),
        severity=Severity.ERROR,
        object=thing,
        what=f"The estate, as far as the parameters choose from it, has no {thing} that OWA could use.",
        why="OWA needs both: front ends that users come to, and back ends that connect to Lync.",
        remedy="Add the servers to the estate file, or to the parameters.",
    )
