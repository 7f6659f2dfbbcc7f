"""The servers of an estate by the job that they do in this integration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.estate.server import Product, Role, Server

_ROLE_NAMES = {
    Role.CLIENT_ACCESS: "Client Access",
    Role.MAILBOX: "Mailbox",
    Role.FRONT_END: "Front End",
    Role.EDGE: "Edge",
}
_PRODUCT_NAMES = {
    Product.EXCHANGE: "Exchange",
    Product.LYNC: "Lync",
    Product.SKYPE_FOR_BUSINESS: "Skype for Business",
}


@dataclass(frozen=True, slots=True)
class ServerGroup:
    title: str
    servers: tuple[Server, ...]


def server_groups(servers: tuple[Server, ...]) -> tuple[ServerGroup, ...]:
    """Front ends and back ends of Exchange (one group where each server is both), Lync pools, Edge; none empty."""
    return tuple(ServerGroup(title, found) for title, found in _groups(servers) if found)


def describe(server: Server) -> str:
    """``Exchange 2013, Mailbox``."""
    version = "SE" if server.version == "se" else str(server.version)
    roles = ", ".join(_ROLE_NAMES[role] for role in server.roles)
    return f"{_PRODUCT_NAMES[server.product]} {version}, {roles}"


def _groups(servers: tuple[Server, ...]) -> Iterator[tuple[str, tuple[Server, ...]]]:
    exchange = tuple(one for one in servers if one.product is Product.EXCHANGE)
    if all(one.serves(Role.CLIENT_ACCESS) and one.serves(Role.MAILBOX) for one in exchange):
        yield "Exchange", exchange
    else:
        yield "Exchange front end", tuple(one for one in exchange if not one.serves(Role.MAILBOX))
        yield "Exchange back end", tuple(one for one in exchange if one.serves(Role.MAILBOX))
    fronts = tuple(one for one in servers if Role.FRONT_END in one.roles)
    for pool in dict.fromkeys(one.pool for one in fronts):
        product = next(one.product for one in fronts if one.pool == pool)
        short = (pool or "").partition(".")[0]
        yield f"{_PRODUCT_NAMES[product]} pool {short}", tuple(one for one in fronts if one.pool == pool)
    yield "Edge", tuple(one for one in servers if Role.EDGE in one.roles)
