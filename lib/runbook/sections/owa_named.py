"""Which certificate OWA's settings name now, whichever way they come to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runbook.change import Finding
from runbook.facts.overrides import THUMBPRINT
from runbook.facts.query import Unread
from runbook.sections import certificates, owa_2010
from runbook.sections.owa_enablement_facts import BackEnd, WebConfig
from runbook.sections.ways import Way
from runbook.webconfig import read


def check_default(back: BackEnd) -> Iterator[Finding]:
    """Exchange's own self-signed certificate does not do, though it is there: no other server trusts it (L61)."""
    if not isinstance(back.store, Unread):
        yield from certificates.check_default(back.server, back.store, named_thumbprint(back))


def named_thumbprint(back: BackEnd) -> str:
    """In capitals, without the blanks that OWA leaves out; empty where none is named or the settings weren't read."""
    match back.way:
        case Way.FILE:
            said = read(back.file.content).value(THUMBPRINT) if isinstance(back.file, WebConfig) else None
        case Way.OVERRIDE:
            said = back.settings.get(THUMBPRINT) if isinstance(back.settings, Mapping) else None
        case Way.DIRECTORY:
            said = next((one.certificate for one in owa_2010.directories(back)), None)
        case _:
            said = None
    return (said or "").replace(" ", "").upper()
