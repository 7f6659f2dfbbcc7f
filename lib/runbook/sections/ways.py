"""Where the OWA of each edition of Exchange takes the Lync pool and the certificate from (``real-world`` B1).

The way follows each server's own version, as it says itself, never one setting for the estate.
"""

from __future__ import annotations

from enum import StrEnum

from runbook.estate import Product, Role, Server, Version
from runbook.facts.exchange import build
from runbook.sections.organisation import ExchangeOrganisation


class Way(StrEnum):
    """``NONE``: Exchange 2010 before Service Pack 1, which isn't changed from here."""

    NONE = "none"
    DIRECTORY = "the virtual directory"
    FILE = "web.config"
    OVERRIDE = "a setting override"


def build_of(server: Server, organisation: ExchangeOrganisation) -> tuple[int, ...]:
    """The server's build by its own word; empty where nobody could ask."""
    found = organisation.server(server.name)
    return build(found.version) if found else ()


def way_of(server: Server, organisation: ExchangeOrganisation) -> Way:
    """By the server's own version; by the estate file's where the directory couldn't be asked."""
    said = build_of(server, organisation) or _DECLARED[server.version]
    match said[:2]:
        case (14, 0):
            return Way.NONE
        case (14, _):
            return Way.DIRECTORY
        case (15, 0):
            return Way.FILE
        case (15, _):
            return Way.OVERRIDE
        case _:
            return Way.NONE


def hosts_owa(server: Server, organisation: ExchangeOrganisation) -> bool:
    """OWA talks to Lync from here: from client access servers in Exchange 2010, from mailbox servers since."""
    if server.product is not Product.EXCHANGE:
        return False
    old = way_of(server, organisation) in (Way.NONE, Way.DIRECTORY)
    return server.serves(Role.CLIENT_ACCESS if old else Role.MAILBOX)


def is_front_end(server: Server, organisation: ExchangeOrganisation) -> bool:
    """Users come in here, and its virtual directory is set for itself (in 2010 it is set with the rest)."""
    new = way_of(server, organisation) in (Way.FILE, Way.OVERRIDE)
    return server.product is Product.EXCHANGE and server.serves(Role.CLIENT_ACCESS) and new


_DECLARED: dict[str, tuple[int, ...]] = {
    Version.V2010: (14, 3),
    Version.V2013: (15, 0),
    Version.V2016: (15, 1),
    Version.V2019: (15, 2),
    Version.SE: (15, 2),
}
