"""The Windows services that Exchange installs, and those that Test-ServiceHealth requires of each role.

The lists of a mailbox server's roles are recorded (CSS-Exchange E16 and E19 TestServiceHealth exports: 2019 has no
Unified Messaging); display names, and all of Exchange 2010, are from memory of the product.
"""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.exchange_org import ExchangeServer

_COMMON = (
    ("IISAdmin", "IIS Admin Service"),
    ("MSExchangeADTopology", "Microsoft Exchange Active Directory Topology"),
    ("MSExchangeServiceHost", "Microsoft Exchange Service Host"),
    ("WAS", "Windows Process Activation Service"),
    ("W3SVC", "World Wide Web Publishing Service"),
)
_HEALTH = (("MSExchangeHM", "Microsoft Exchange Health Manager"),)
_MAILBOX = (
    ("MSExchangeDelivery", "Microsoft Exchange Mailbox Transport Delivery"),
    ("MSExchangeEdgeSync", "Microsoft Exchange EdgeSync"),
    ("MSExchangeIS", "Microsoft Exchange Information Store"),
    ("MSExchangeMailboxAssistants", "Microsoft Exchange Mailbox Assistants"),
    ("MSExchangeMailboxReplication", "Microsoft Exchange Mailbox Replication"),
    ("MSExchangeRepl", "Microsoft Exchange Replication"),
    ("MSExchangeRPC", "Microsoft Exchange RPC Client Access"),
    ("MSExchangeSubmission", "Microsoft Exchange Mailbox Transport Submission"),
    ("MSExchangeThrottling", "Microsoft Exchange Throttling"),
    ("MSExchangeTransport", "Microsoft Exchange Transport"),
    ("MSExchangeTransportLogSearch", "Microsoft Exchange Transport Log Search"),
)
_CLIENT_ACCESS = (("MSExchangeFrontEndTransport", "Microsoft Exchange Frontend Transport"),)
_UM = (("MSExchangeUM", "Microsoft Exchange Unified Messaging"),)
_CALL_ROUTER = (("MSExchangeUMCR", "Microsoft Exchange Unified Messaging Call Router"),)
_MAILBOX_2010 = (
    ("MSExchangeIS", "Microsoft Exchange Information Store"),
    ("MSExchangeMailboxAssistants", "Microsoft Exchange Mailbox Assistants"),
    ("MSExchangeRepl", "Microsoft Exchange Replication"),
    ("MSExchangeRPC", "Microsoft Exchange RPC Client Access"),
    ("MSExchangeSA", "Microsoft Exchange System Attendant"),
    ("MSExchangeSearch", "Microsoft Exchange Search Indexer"),
    ("MSExchangeThrottling", "Microsoft Exchange Throttling"),
    ("MSExchangeTransportLogSearch", "Microsoft Exchange Transport Log Search"),
)
_CLIENT_ACCESS_2010 = (
    ("MSExchangeAB", "Microsoft Exchange Address Book"),
    ("MSExchangeEdgeSync", "Microsoft Exchange EdgeSync"),
    ("MSExchangeFBA", "Microsoft Exchange Forms-Based Authentication service"),
    ("MSExchangeFDS", "Microsoft Exchange File Distribution"),
    ("MSExchangeMailboxReplication", "Microsoft Exchange Mailbox Replication"),
    ("MSExchangeProtectedServiceHost", "Microsoft Exchange Protected Service Host"),
    ("MSExchangeRPC", "Microsoft Exchange RPC Client Access"),
    ("MSExchangeTransport", "Microsoft Exchange Transport"),
    ("MSExchangeTransportLogSearch", "Microsoft Exchange Transport Log Search"),
)
"""Those of Hub Transport too, which stands on the client access servers here."""

_BASE = ("IISAdmin", "MSExchangeADTopology")
_WEB = ("W3Svc", "WinRM")
_CLIENT_ACCESS_ROLE = (
    "Client Access Server Role",
    (*_BASE, "MSExchangeMailboxReplication", "MSExchangeRPC", "MSExchangeServiceHost", *_WEB),
)
_UM_ROLE = ("Unified Messaging Server Role", (*_BASE, "MSExchangeServiceHost", "MSExchangeUM", *_WEB))
_ROLES = (
    (
        "Mailbox Server Role",
        (
            *_BASE,
            "MSExchangeDelivery",
            "MSExchangeIS",
            "MSExchangeMailboxAssistants",
            "MSExchangeRepl",
            "MSExchangeRPC",
            "MSExchangeServiceHost",
            "MSExchangeSubmission",
            "MSExchangeThrottling",
            "MSExchangeTransportLogSearch",
            *_WEB,
        ),
    ),
    _CLIENT_ACCESS_ROLE,
    _UM_ROLE,
    (
        "Hub Transport Server Role",
        (
            *_BASE,
            "MSExchangeEdgeSync",
            "MSExchangeServiceHost",
            "MSExchangeTransport",
            "MSExchangeTransportLogSearch",
            *_WEB,
        ),
    ),
)


def installed(server: ExchangeServer) -> Iterator[tuple[str, str]]:
    """Name and display name of every service that setup of the server's version and roles installs, IIS included."""
    yield from _COMMON
    if server.is_legacy:
        yield from _MAILBOX_2010 if server.is_mailbox else ()
        yield from _CLIENT_ACCESS_2010 if server.is_client_access else ()
    else:
        yield from _HEALTH
        yield from _MAILBOX if server.is_mailbox else ()
        yield from _CLIENT_ACCESS if server.is_client_access else ()
    if server.has_um:
        yield from _UM
    if server.is_client_access and server.version.has_um and not server.is_legacy:
        yield from _CALL_ROUTER


def role_services(server: ExchangeServer) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The roles that Test-ServiceHealth tests on a server, each with the services that it requires.

    On a server of 2013 with the client access role alone the output is *unexpected* (documented, and no more than
    that): here it asks for services of the mailbox role, which aren't there (assumed).
    """
    if server.is_legacy:
        yield from _roles_2010(server)
    elif not server.is_mailbox:
        yield _CLIENT_ACCESS_ROLE
    else:
        yield from (one for one in _ROLES if one is not _UM_ROLE or server.has_um)


def _roles_2010(server: ExchangeServer) -> Iterator[tuple[str, tuple[str, ...]]]:
    tables = (
        (server.is_mailbox, "Mailbox Server Role", _MAILBOX_2010),
        (server.is_client_access, "Client Access Server Role", _CLIENT_ACCESS_2010),
    )
    for has, role, services in tables:
        if has:
            yield role, (*_BASE, *(name for name, _ in services), "MSExchangeServiceHost", *_WEB)
    if server.has_um:
        yield _UM_ROLE
