"""What is asked of Exchange's own endpoint: servers, UM services, call routers, dial plans.

The endpoint is no-language: cmdlets and ``Select-Object`` only. Where the estate pins a domain controller every
read names it, so that a read-back never sees an older directory. No ``Identity`` is ever ``$null``, which would
answer with every object there is (``real-world`` B4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runbook.command import Cmdlet, Pipeline, Target, Value, cmdlet
from runbook.facts.answer import checked, one, text, texts
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

SIP_NAME = "SipName"

_EDITIONS = {(8,): "2007", (14,): "2010", (15, 0): "2013", (15, 1): "2016", (15, 2): "2019"}
_VERSION = re.compile(r"(\d+)\.(\d+)(?:[ .]*\(?\s*Build\s+(\d+)\.(\d+)\)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeServer:
    """One Exchange server of the organisation, as the directory knows it."""

    name: str
    fqdn: str
    version: str
    roles: tuple[str, ...]

    @property
    def edition(self) -> str:
        """``2010``, ``2013``, ``2016`` or ``2019`` (which SE shares its number with); empty where unknown."""
        return edition(self.version)

    @property
    def build(self) -> tuple[int, ...]:
        """``(15, 1, 2507, 6)``; empty where the version isn't of the usual form."""
        return build(self.version)

    @property
    def has_um(self) -> bool:
        """A server whose edition still has Unified Messaging in the form that 2013 gave it."""
        return self.edition in ("2013", "2016")

    @property
    def is_mailbox(self) -> bool:
        return any(role.lower() == "mailbox" for role in self.roles)

    @property
    def routes_um_calls(self) -> bool:
        """It has a UM Call Router: client access servers of 2013, and every mailbox server of 2016."""
        if self.edition == "2016":
            return self.is_mailbox
        return any(role.lower() == "clientaccess" for role in self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """A UM dial plan. ``um_servers`` are the short names of the servers that it lists itself."""

    name: str
    uri_type: str
    um_servers: tuple[str, ...] = ()

    @property
    def is_sip(self) -> bool:
        return self.uri_type.lower() == SIP_NAME.lower()


def servers(target: Target, controller: str = "") -> Query[tuple[ExchangeServer, ...]]:
    """Every Exchange server of the organisation, whatever its edition."""
    ask = _get("Get-ExchangeServer", controller)
    wanted = _select("Name", "Fqdn", "AdminDisplayVersion", "ServerRole")
    return Query("exchange-servers", target, Pipeline.of(ask, wanted), _parse_servers)


def dial_plans(target: Target, controller: str = "") -> Query[tuple[DialPlan, ...]]:
    """Every UM dial plan, of every URI type."""
    ask = _get("Get-UMDialPlan", controller)
    return Query("dial-plans", target, Pipeline.of(ask, _select("Name", "URIType", "UMServers")), _parse_dial_plans)


def um_service(target: Target, server: str, controller: str = "") -> Query[tuple[str, ...]]:
    """The dial plans that one mailbox server's UM service is in."""
    ask = _get("Get-UMService", controller, Identity=server)
    return Query(f"um-service {server}", target, Pipeline.of(ask, _select("Name", "DialPlans")), _parse_membership)


def um_call_router(target: Target, server: str, controller: str = "") -> Query[tuple[str, ...]]:
    """The dial plans that one client access server's UM Call Router is in."""
    ask = _get("Get-UMCallRouterSettings", controller, Server=server)
    wanted = _select("Identity", "DialPlans")
    return Query(f"um-call-router {server}", target, Pipeline.of(ask, wanted), _parse_membership)


def edition(version: str) -> str:
    """``2007``, ``2010``, ``2013``, ``2016`` or ``2019`` from a version as Exchange shows it; empty where unknown."""
    found = _VERSION.search(version)
    if found is None:
        return ""
    major, minor = int(found[1]), int(found[2])
    return _EDITIONS.get((major, minor)) or _EDITIONS.get((major,), "")


def build(version: str) -> tuple[int, ...]:
    """``Version 15.1 (Build 2507.6)`` → ``(15, 1, 2507, 6)``; empty where it isn't of this form."""
    found = _VERSION.search(version)
    return () if found is None else tuple(int(part) for part in found.groups() if part is not None)


def _get(name: str, controller: str, **parameters: Value) -> Cmdlet:
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}
    return cmdlet(name, **parameters, **pinned)


def _select(*names: str) -> Cmdlet:
    return cmdlet("Select-Object", Property=names)


def _parse_servers(result: Result) -> tuple[ExchangeServer, ...]:
    return tuple(map(_server, checked(result).objects))


def _server(item: ServerObject) -> ExchangeServer:
    roles = tuple(role.strip() for role in text(item, "ServerRole").split(",") if role.strip())
    version = text(item, "AdminDisplayVersion")
    return ExchangeServer(name=text(item, "Name"), fqdn=text(item, "Fqdn"), version=version, roles=roles)


def _parse_dial_plans(result: Result) -> tuple[DialPlan, ...]:
    return tuple(
        DialPlan(name=text(item, "Name"), uri_type=text(item, "URIType"), um_servers=texts(item, "UMServers"))
        for item in checked(result).objects
    )


def _parse_membership(result: Result) -> tuple[str, ...]:
    return texts(one(checked(result).objects, "UM service"), "DialPlans")
