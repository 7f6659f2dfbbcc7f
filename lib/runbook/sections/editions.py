"""Which editions meet here, and whether this runbook's route is built for them (L11-L16, ``real-world`` B1)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Finding, Severity
from runbook.estate import Product, Server, Version
from runbook.facts.lync import edition
from runbook.facts.query import Unread
from runbook.sections.organisation import ExchangeOrganisation
from runbook.sections.unread import unread

_NEWER = (Version.V2016, Version.V2019, Version.SE)


def check_exchange(server: Server, organisation: ExchangeOrganisation, with_lync_2013: bool) -> Iterator[Finding]:
    """One Exchange server of the estate: what it says it is, and whether that can be integrated by this route."""
    found = organisation.server(server.name)
    if found is None and not isinstance(organisation.servers, Unread):
        yield Finding(
            id="exchange-server-unknown",
            requirements=("L05",),
            severity=Severity.ERROR,
            server=server.name,
            object=server.name,
            what="The Exchange organisation has no server of this name.",
            why="The estate file and the directory have to agree on the servers, or the wrong ones are configured.",
            remedy="Correct the name in the estate file.",
        )
    said = found.edition if found else ""
    same_number = {said, server.version} == {"2019", "se"}
    if said and said != server.version and not same_number:
        yield _differs(server, found.version if found else "", said)
    version = said or server.version
    if with_lync_2013 and version in _NEWER:
        yield Finding(
            id="edition-unsupported",
            requirements=("L02", "L16"),
            severity=Severity.ERROR,
            server=server.name,
            object=f"Exchange {version}",
            what=f"Exchange {version} with Lync Server 2013 isn't a supported combination.",
            why="Microsoft supports Lync Server 2013 with Exchange 2010 and 2013 only.",
            remedy="Use Exchange 2013 servers with this Lync pool, or move to Skype for Business Server first.",
        )
    elif version != Version.V2013:
        yield _no_route(server, version)


def check_lync(server: Server, version: str | Unread) -> Iterator[Finding]:
    """One Front End: its edition, as it says itself."""
    if isinstance(version, Unread):
        yield unread("Lync version", version, server=server.name, requirements=("L02",))
        return
    said = edition(version)
    if said and said != server.version and not (said == "2019" and server.version == "se"):
        yield _differs(server, version, said)
    if (said or server.version) != Version.V2013 or server.product is Product.SKYPE_FOR_BUSINESS:
        yield Finding(
            id="edition-lync-route",
            requirements=("L02",),
            severity=Severity.WARNING,
            server=server.name,
            object=version,
            what=f"The Front End runs {version}; this route is built for Lync Server 2013.",
            why="Skype for Business Server has the same commands, but nobody has rehearsed this runbook with it.",
            remedy="Go through the plan with care before applying it.",
        )


def _no_route(server: Server, version: str) -> Finding:
    old = version == Version.V2010
    return Finding(
        id="edition-no-route",
        requirements=("L11", "L13", "L14", "L15") if old else ("L02",),
        severity=Severity.ERROR,
        server=server.name,
        object=f"Exchange {version}",
        what=f"This runbook has no route for Exchange {version} yet; only that of Exchange 2013 is built.",
        why=(
            "Exchange 2010 can be integrated, without the unified contact store, archiving and high-resolution"
            " photographs, but it is configured elsewhere (parameters of the OWA virtual directory)."
            if old
            else "From Exchange 2016 on OWA reads its IM settings from setting overrides, not from web.config."
        ),
        remedy="Name only Exchange 2013 servers in exchange_servers.",
    )


def _differs(server: Server, version: str, said: str) -> Finding:
    return Finding(
        id="edition-differs",
        requirements=("L02",),
        severity=Severity.WARNING,
        server=server.name,
        object=version,
        what=f"The estate file says {server.version}; the server says {version}, which is {said}.",
        why="What has to be done depends on the edition; the server's own word is taken.",
        remedy="Correct the version in the estate file.",
    )
