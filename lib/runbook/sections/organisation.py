"""The facts that both sections share: the Lync topology as published, and Exchange's servers and dial plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from runbook.command import Shell, Target
from runbook.estate import Estate, Role, Server, Version
from runbook.facts import exchange, lync, windows
from runbook.facts.exchange import DialPlan, ExchangeServer
from runbook.facts.lync import Pool, Site, TrustedApplication, TrustedComputer, TrustedPool
from runbook.facts.query import Answers, Unread
from runbook.facts.windows import Service
from runbook.sections.ask import Ask

NO_LYNC = Unread("the estate names no Front End with an endpoint for the Lync shell")
_WITH_UM = (Version.V2013, Version.V2016, Version.V2010)
"""In the order in which their endpoints know more of it."""

_ORDER = tuple(Version)
"""From the oldest on."""

NO_EXCHANGE = Unread("the estate names no Exchange server with an Exchange endpoint")
NO_OWN_EXCHANGE = Unread("the estate names no Exchange endpoint of this server's version")
NO_WINDOWS = Unread("the estate gives no ordinary Windows endpoint for this server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The Lync topology, as published in the Central Management store."""

    sites: tuple[Site, ...] | Unread
    pools: tuple[Pool, ...] | Unread
    trusted_pools: tuple[TrustedPool, ...] | Unread
    applications: tuple[TrustedApplication, ...] | Unread
    computers: tuple[TrustedComputer, ...] | Unread

    @property
    def unread(self) -> Mapping[str, Unread]:
        return {field.name: value for field in fields(self) if isinstance(value := getattr(self, field.name), Unread)}

    def site(self, key: str) -> Site | None:
        """The site whose identity (``Site:Redmond``) or SiteId is ``key``."""
        known = () if isinstance(self.sites, Unread) else self.sites
        return next((site for site in known if key.lower() in (site.identity.lower(), site.site_id.lower())), None)

    def trusted_pool(self, fqdn: str) -> TrustedPool | None:
        known = () if isinstance(self.trusted_pools, Unread) else self.trusted_pools
        return next((pool for pool in known if pool.fqdn.lower() == fqdn.lower()), None)

    def pool(self, fqdn: str) -> Pool | None:
        known = () if isinstance(self.pools, Unread) else self.pools
        return next((pool for pool in known if pool.fqdn.lower() == fqdn.lower()), None)

    def applications_of(self, fqdn: str) -> tuple[TrustedApplication, ...]:
        known = () if isinstance(self.applications, Unread) else self.applications
        return tuple(item for item in known if item.pool.lower() == fqdn.lower())

    def computers_of(self, fqdn: str) -> tuple[TrustedComputer, ...]:
        known = () if isinstance(self.computers, Unread) else self.computers
        return tuple(item for item in known if item.pool.lower() == fqdn.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One server's part in Unified Messaging: the dial plans of its UM service or of its call router."""

    server: str
    dial_plans: tuple[str, ...] | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOrganisation:
    """Exchange as its directory describes it, and the UM services found on the computers of the estate."""

    servers: tuple[ExchangeServer, ...] | Unread
    dial_plans: tuple[DialPlan, ...] | Unread
    um_services: tuple[Membership, ...] = ()
    call_routers: tuple[Membership, ...] = ()
    windows_services: Mapping[str, tuple[Service, ...] | Unread]

    @property
    def sip_plans(self) -> tuple[str, ...]:
        """Names of the dial plans whose URI type is SipName."""
        return (
            () if isinstance(self.dial_plans, Unread) else tuple(plan.name for plan in self.dial_plans if plan.is_sip)
        )

    def server(self, name: str) -> ExchangeServer | None:
        """By FQDN or short name."""
        known = () if isinstance(self.servers, Unread) else self.servers
        return next((item for item in known if name.lower() in (item.fqdn.lower(), item.name.lower())), None)

    def fqdn(self, name: str) -> str:
        """The lower-case FQDN of a server given by either name."""
        found = self.server(name)
        return (found.fqdn if found else name).lower()

    def hosts_sip_plan(self, server: str) -> bool:
        """L18: the server is in a SipName dial plan, by its UM service or its call router."""
        return server.lower() in self.discovered()

    def discovered(self) -> frozenset[str]:
        """The servers, by lower-case FQDN, that host a SipName dial plan (L20)."""
        sip = {name.lower() for name in self.sip_plans}
        named: set[str] = set()
        for member in (*self.um_services, *self.call_routers):
            if not isinstance(member.dial_plans, Unread) and sip & {plan.lower() for plan in member.dial_plans}:
                named.add(self.fqdn(member.server))
        for plan in () if isinstance(self.dial_plans, Unread) else self.dial_plans:
            if plan.is_sip:
                named.update(self.fqdn(server) for server in plan.um_servers)
        return frozenset(named)

    def is_colocated(self, server: str) -> bool | None:
        """L17: the UM service and the UM Call Router are both installed there; ``None`` where it wasn't read."""
        found = self.windows_services.get(server.lower(), Unread("not asked"))
        if isinstance(found, Unread):
            return None
        names = {service.name.lower() for service in found}
        return {windows.UM_SERVICE.lower(), windows.UM_CALL_ROUTER.lower()} <= names

    @property
    def unread(self) -> Mapping[str, Unread]:
        missing = {name: getattr(self, name) for name in ("servers", "dial_plans")}
        missing |= {f"UM service of {item.server}": item.dial_plans for item in self.um_services}
        missing |= {f"UM call router of {item.server}": item.dial_plans for item in self.call_routers}
        missing |= {f"UM services on {name}": found for name, found in self.windows_services.items()}
        return {name.replace("_", " "): value for name, value in missing.items() if isinstance(value, Unread)}


@dataclass(frozen=True, slots=True)
class Writer:
    """Where topology changes go. ``run_locally``: not by this runbook, since the account can't make the second hop."""

    target: Target
    run_locally: bool


def ask_topology(target: Target | None) -> Ask[Topology]:
    if target is None:
        nothing = Topology(sites=NO_LYNC, pools=NO_LYNC, trusted_pools=NO_LYNC, applications=NO_LYNC, computers=NO_LYNC)
        return Ask((), lambda answers: nothing)
    sites, pools, trusted = lync.sites(target), lync.pools(target), lync.trusted_pools(target)
    applications, computers = lync.trusted_applications(target), lync.trusted_computers(target)
    return Ask(
        (sites, pools, trusted, applications, computers),
        lambda answers: Topology(
            sites=answers[sites],
            pools=answers[pools],
            trusted_pools=answers[trusted],
            applications=answers[applications],
            computers=answers[computers],
        ),
    )


def ask_exchange(target: Target | None, estate: Estate) -> Ask[ExchangeOrganisation]:
    """The first round: servers, dial plans, and the UM services of every Exchange computer of the estate."""
    controller = estate.domain_controller or ""
    on_windows = {
        server.name.lower(): windows.um_services(server.target(Shell.WINDOWS))
        for server in estate.exchange()
        if server.offers(Shell.WINDOWS)
    }
    known = None if target is None else exchange.servers(target, controller)
    reader = um_reader(estate)
    plans = None if reader is None else exchange.dial_plans(reader, controller)

    def collect(answers: Answers) -> ExchangeOrganisation:
        services = {
            server.name.lower(): answers[on_windows[server.name.lower()]]
            if server.name.lower() in on_windows
            else NO_WINDOWS
            for server in estate.exchange()
        }
        if known is None:
            return ExchangeOrganisation(servers=NO_EXCHANGE, dial_plans=NO_EXCHANGE, windows_services=services)
        found = () if plans is None else answers[plans]
        return ExchangeOrganisation(servers=answers[known], dial_plans=found, windows_services=services)

    directory = (*((known,) if known is not None else ()), *((plans,) if plans is not None else ()))
    return Ask((*directory, *on_windows.values()), collect)


def ask_memberships(estate: Estate, found: ExchangeOrganisation) -> Ask[ExchangeOrganisation]:
    """The second round: the dial plans of every UM service and call router of the organisation."""
    target, controller = um_reader(estate), estate.domain_controller or ""
    if target is None or isinstance(found.servers, Unread):
        return Ask((), lambda answers: found)
    have_um = [server for server in found.servers if server.has_um]
    services = {s.fqdn: exchange.um_service(target, s.name, controller) for s in have_um if s.is_mailbox}
    routers = {s.fqdn: exchange.um_call_router(target, s.fqdn, controller) for s in have_um if s.routes_um_calls}

    def collect(answers: Answers) -> ExchangeOrganisation:
        return ExchangeOrganisation(
            servers=found.servers,
            dial_plans=found.dial_plans,
            um_services=tuple(Membership(server=name, dial_plans=answers[ask]) for name, ask in services.items()),
            call_routers=tuple(Membership(server=name, dial_plans=answers[ask]) for name, ask in routers.items()),
            windows_services=found.windows_services,
        )

    return Ask((*services.values(), *routers.values()), collect)


def front_ends(estate: Estate, pool: str) -> tuple[Server, ...]:
    """The Front Ends of the Lync pool; all of them where the estate knows none of that pool."""
    return estate.lync(Role.FRONT_END, pool) or estate.lync(Role.FRONT_END)


def in_scope(estate: Estate, names: tuple[str, ...], role: Role | None = None) -> tuple[Server, ...]:
    """The Exchange servers of a role that the run is about: those named, or all of the estate.

    ``InputError`` where a name isn't in the estate.
    """
    chosen = {estate.server(name).name for name in names}
    return tuple(server for server in estate.exchange(role) if not chosen or server.name in chosen)


def owa_hosts(estate: Estate, names: tuple[str, ...]) -> tuple[Server, ...]:
    """The servers in scope that OWA talks to Lync from, as the estate file has them: mailbox servers, in Exchange 2010
    client access servers. Any of them may have to serve a mailbox after a failover (``real-world`` B1)."""
    return tuple(
        server
        for server in in_scope(estate, names)
        if server.serves(Role.CLIENT_ACCESS if server.version == Version.V2010 else Role.MAILBOX)
    )


def topology_reader(front_ends: tuple[Server, ...]) -> Target | None:
    """Where the topology is read: a shell whose second hop works, else the role-based endpoint (``real-world`` B4)."""
    for server in front_ends:
        if server.offers(Shell.LYNC) and server.delegates:
            return server.target(Shell.LYNC)
    for shell in (Shell.LYNC_REMOTE, Shell.LYNC):
        for server in front_ends:
            if server.offers(shell):
                return server.target(shell)
    return None


def topology_writer(front_ends: tuple[Server, ...]) -> Writer:
    """The Front End that topology changes are for: one whose second hop works, where there is one."""
    able = [server for server in front_ends if server.offers(Shell.LYNC) and server.delegates]
    chosen = (able or list(front_ends))[0]
    return Writer(Target(chosen.name, Shell.LYNC), run_locally=not able)


def reader_of(estate: Estate, server: Server) -> Target | None:
    """The Exchange endpoint through which a server's own objects are managed: its own, else one of its version.

    An object isn't managed through another version's endpoint (``real-world`` B4): ``None`` where there is no such one.
    """
    able = [each for each in estate.exchange() if each.offers(Shell.EXCHANGE)]
    fitting = [each for each in able if each.name == server.name or _release(each) == _release(server)]
    ranked = sorted(fitting, key=lambda each: each.name != server.name)
    return ranked[0].target(Shell.EXCHANGE) if ranked else None


def um_reader(estate: Estate) -> Target | None:
    """An endpoint that knows Unified Messaging, which went with Exchange 2019; ``None`` where there is none."""
    able = [server for server in estate.exchange() if server.offers(Shell.EXCHANGE) and server.version in _WITH_UM]
    ranked = sorted(able, key=lambda server: _WITH_UM.index(server.version))
    return ranked[0].target(Shell.EXCHANGE) if ranked else None


def exchange_reader(estate: Estate, version: Version = Version.V2013) -> Target | None:
    """An Exchange endpoint for what belongs to no server: of this version, else the newest, which knows older ones."""
    able = [server for server in estate.exchange() if server.offers(Shell.EXCHANGE)]
    ranked = sorted(able, key=lambda server: (server.version != version, -_ORDER.index(server.version)))
    return ranked[0].target(Shell.EXCHANGE) if ranked else None


def _release(server: Server) -> Version:
    """SE manages what 2019 does: they are one version by number."""
    return Version.V2019 if server.version is Version.SE else server.version
