"""The Windows services that Exchange 2013 installs, and those that Test-ServiceHealth requires of each role.

The lists of a mailbox server's roles are recorded (CSS-Exchange E16 TestServiceHealth export); display names are from
memory of the product.
"""

from __future__ import annotations

from collections.abc import Iterator

COMMON = (
    ("IISAdmin", "IIS Admin Service"),
    ("MSExchangeADTopology", "Microsoft Exchange Active Directory Topology"),
    ("MSExchangeHM", "Microsoft Exchange Health Manager"),
    ("MSExchangeServiceHost", "Microsoft Exchange Service Host"),
    ("WAS", "Windows Process Activation Service"),
    ("W3SVC", "World Wide Web Publishing Service"),
)
MAILBOX = (
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
    ("MSExchangeUM", "Microsoft Exchange Unified Messaging"),
)
CLIENT_ACCESS = (
    ("MSExchangeFrontEndTransport", "Microsoft Exchange Frontend Transport"),
    ("MSExchangeUMCR", "Microsoft Exchange Unified Messaging Call Router"),
)

_BASE = ("IISAdmin", "MSExchangeADTopology")
_WEB = ("W3Svc", "WinRM")
_CLIENT_ACCESS_ROLE = (
    "Client Access Server Role",
    (*_BASE, "MSExchangeMailboxReplication", "MSExchangeRPC", "MSExchangeServiceHost", *_WEB),
)
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
    ("Unified Messaging Server Role", (*_BASE, "MSExchangeServiceHost", "MSExchangeUM", *_WEB)),
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


def role_services(*, mailbox: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The roles that Test-ServiceHealth tests on a server, each with the services that it requires.

    On a server with the client access role alone the output is *unexpected* (documented, and no more than that): here
    it asks for services of the mailbox role, which aren't there (assumed).
    """
    yield from _ROLES if mailbox else (_CLIENT_ACCESS_ROLE,)
