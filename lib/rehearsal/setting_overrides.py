"""Setting overrides: Exchange's customisations in Active Directory, and what each server has read of them.

A server's Active Directory Topology service reads the overrides for all processes there; a process that keeps what it
read at its start, as Outlook Web App's worker does, sees a change only after it was replaced. Documented: the refresh
on every server and the recycling that have to follow a change. Recorded exports show overrides read again within
minutes while the process has been up for days; that it is every 15 minutes is *assumed*, and so is that of several
overrides that apply to one setting the one that was made last counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rehearsal.exchange_versions import Build, parse_build
from rehearsal.objects import matches

EVERY = timedelta(minutes=15)
"""How often a server reads the overrides by itself."""

OWA_COMPONENT, IM_SECTION = "OwaServer", "IMSettings"
IM_SERVER_NAME, IM_THUMBPRINT = "IMServerName", "IMCertificateThumbprint"

KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    OWA_COMPONENT: {IM_SECTION: (IM_SERVER_NAME, IM_THUMBPRINT)},
    "Cafe": {"HttpRequestFiltering": ("Enabled",)},
    "Data": {"EnableSerializationDataSigning": ("Enabled",)},
    "TimeBasedAssistants": {"OABGeneratorAssistant": ("WorkCycle",)},
}
"""Components, their sections and the settings of each, as far as documents and recorded exports name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingOverride:
    """``servers`` are NetBIOS names, wildcards allowed, or nothing for all; versions are texts such as 15.1.2507.6."""

    name: str
    component: str
    section: str
    parameters: tuple[str, ...]
    reason: str
    modified_by: str
    servers: tuple[str, ...] = ()
    min_version: str | None = None
    max_version: str | None = None
    created: datetime
    changed: datetime

    def applies_to(self, server: str, build: Build) -> bool:
        """Whether a server (NetBIOS name) of this build is in its scope. An FQDN in the scope fits no server."""
        if self.servers and not any(matches(pattern, server) for pattern in self.servers):
            return False
        if self.min_version and build < parse_build(self.min_version):
            return False
        return not (self.max_version and build > parse_build(self.max_version))

    def values(self) -> Iterator[tuple[str, str]]:
        """Its settings by name, as they are written."""
        for parameter in self.parameters:
            name, _, value = parameter.partition("=")
            yield name.strip(), value.strip()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a server last read of the directory, and when."""

    updated: datetime
    overrides: tuple[SettingOverride, ...] = ()


@dataclass(slots=True)
class OverrideBook:
    """All overrides by lower-case name, in the order they were made, and the reading of each server by NetBIOS name."""

    overrides: dict[str, SettingOverride] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)

    def refresh(self, server: str, now: datetime) -> None:
        """The server reads all overrides now."""
        self.readings[server.lower()] = Reading(now, tuple(self.overrides.values()))

    def settle(self, now: datetime) -> None:
        """Let every server that has been due read the overrides; to be called before they change."""
        for server, reading in self.readings.items():
            missed = (now - reading.updated) // EVERY
            if missed:
                self.readings[server] = Reading(reading.updated + missed * EVERY, tuple(self.overrides.values()))

    def reading(self, server: str, now: datetime) -> Reading:
        """What the processes of a server can see now."""
        self.settle(now)
        return self.readings.get(server.lower()) or Reading(now)

    def effective(self, server: str, build: Build, component: str, section: str, now: datetime) -> dict[str, str]:
        """The settings of a section that overrides make on a server, by the spelling of :data:`KNOWN`."""
        known = {name.lower(): name for name in KNOWN.get(component, {}).get(section, ())}
        found: dict[str, str] = {}
        for one in self.reading(server, now).overrides:
            same = (one.component.lower(), one.section.lower()) == (component.lower(), section.lower())
            if same and one.applies_to(server, build):
                found |= {known.get(name.lower(), name): value for name, value in one.values()}
        return found
