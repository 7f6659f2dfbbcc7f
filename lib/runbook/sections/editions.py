"""Which editions meet here, and whether this runbook's route is built for them (L11-L16, ``real-world`` B1)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Finding, Severity
from runbook.estate import Server, Version
from runbook.facts.lync import edition
from runbook.facts.query import Unread
from runbook.sections.organisation import ExchangeOrganisation
from runbook.sections.unread import unread

_NEWER = (Version.V2016, Version.V2019, Version.SE)
RTM_KEYS = ("IMPoolName", "IMCertificateIssuer", "IMCertificateSerialNumber")
"""What OWA of Exchange 2010 before Service Pack 1 wants in web.config (``real-world`` B1)."""

_RTM = (14, 0)


def check_exchange(server: Server, organisation: ExchangeOrganisation, with_lync_2013: bool) -> Iterator[Finding]:
    """One Exchange server of the estate: what it says it is, and whether that can be integrated."""
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
    if found is not None and found.build[:2] == _RTM:
        yield _rtm(server)
    version = said or server.version
    if with_lync_2013 and version in _NEWER:
        yield Finding(
            id="lync2013-with-exchange2016",
            requirements=("L02", "L16"),
            severity=Severity.ERROR,
            server=server.name,
            object=f"Exchange {version}",
            what=f"Exchange {version} with Lync Server 2013 isn't a supported combination.",
            why="Microsoft supports Lync Server 2013 with Exchange 2010 and 2013 only.",
            remedy="Use Exchange 2013 servers with this Lync pool, or move to Skype for Business Server first.",
        )


def check_lync(server: Server, version: str | Unread) -> Iterator[Finding]:
    """One Front End: its edition, as it says itself."""
    if isinstance(version, Unread):
        yield unread("Lync version", version, server=server.name, requirements=("L02",))
        return
    said = edition(version)
    if said and said != server.version and not (said == "2019" and server.version == "se"):
        yield _differs(server, version, said)


def _rtm(server: Server) -> Finding:
    """Exchange 2010 before Service Pack 1, which is named and left alone."""
    return Finding(
        id="exchange-2010-rtm",
        requirements=("L11",),
        severity=Severity.ERROR,
        server=server.name,
        object="Exchange 2010",
        what="This server runs Exchange 2010 without a service pack, which this runbook doesn't change.",
        why=(
            f"Its OWA would want {', '.join(RTM_KEYS)} in web.config and packages of UCMA 2.0 that Microsoft has"
            " withdrawn; from Service Pack 1 on the virtual directory holds both values."
        ),
        remedy="Install Service Pack 3, then run this section again; or leave the server out of the run.",
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
