"""The versions of Exchange Server that the lab has, told apart by build, and what comes with each.

Builds: Microsoft's list "Exchange Server build numbers and release dates". That Exchange 2019 and Subscription Edition
share 15.2 is so; the Subscription Edition begins with build 2562.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from rehearsal.host import WindowsHost

Build = tuple[int, int, int, int]

_FIRST_SE_BUILD = 2562


class ExchangeVersion(StrEnum):
    """Spelled as an estate file has it."""

    V2010 = "2010"
    V2013 = "2013"
    V2016 = "2016"
    V2019 = "2019"
    SE = "se"

    @property
    def full_name(self) -> str:
        """``Exchange 2016``; ``Exchange Server SE``."""
        return "Exchange Server SE" if self is ExchangeVersion.SE else f"Exchange {self.value}"

    @property
    def stores_overrides(self) -> bool:
        """Outlook Web App takes its instant messaging settings from setting overrides (real-world.md B1)."""
        return self in (ExchangeVersion.V2016, ExchangeVersion.V2019, ExchangeVersion.SE)

    @property
    def one_role(self) -> bool:
        """Client access belongs to the Mailbox role."""
        return self.stores_overrides

    @property
    def has_um(self) -> bool:
        """Unified Messaging went with Exchange 2019."""
        return self in (ExchangeVersion.V2010, ExchangeVersion.V2013, ExchangeVersion.V2016)


V2010_RTM: Build = (14, 0, 639, 21)
LATEST: dict[ExchangeVersion, Build] = {
    ExchangeVersion.V2010: (14, 3, 123, 4),
    ExchangeVersion.V2013: (15, 0, 1497, 2),
    ExchangeVersion.V2016: (15, 1, 2507, 6),
    ExchangeVersion.V2019: (15, 2, 1544, 4),
    ExchangeVersion.SE: (15, 2, 2562, 17),
}
"""A build of each: 2010 SP3, 2013 CU23, 2016 CU23, 2019 CU14, SE RTM."""


def version_of(build: Build) -> ExchangeVersion:
    """The version that a build belongs to."""
    match build[:2]:
        case (14, _):
            return ExchangeVersion.V2010
        case (15, 0):
            return ExchangeVersion.V2013
        case (15, 1):
            return ExchangeVersion.V2016
        case _:
            return ExchangeVersion.SE if build[2] >= _FIRST_SE_BUILD else ExchangeVersion.V2019


def parse_build(text: str) -> Build:
    """``15.01.0225.42`` → (15, 1, 225, 42); parts that aren't there count as 0."""
    parts = [int(part) for part in text.split(".")]
    major, minor, number, revision = (*parts, 0, 0, 0, 0)[:4]
    return major, minor, number, revision


def offered_by(*versions: ExchangeVersion, since: Build = (0, 0, 0, 0)) -> Callable[[WindowsHost], bool]:
    """For a cmdlet's ``installed``: hosts with Exchange of these versions, from the build ``since`` on."""

    def offered(host: WindowsHost) -> bool:
        build = parse_build(host.software.get("exchange", "0"))
        return version_of(build) in versions and build >= since

    return offered


FROM_2013 = tuple(ExchangeVersion)[1:]
