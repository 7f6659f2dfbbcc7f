"""Setting overrides: where Exchange 2016 and later have OWA's IM settings (``real-world`` B1).

They stand in the directory and reach a server's processes by a refresh; what those work with now is told by
``Get-ExchangeDiagnosticInfo`` as XML, which is untrusted like every answer.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from runbook.command import Pipeline, Target, Value, cmdlet
from runbook.facts.answer import as_text, checked, one, text, texts
from runbook.facts.query import Query
from runbook.result import Result, ServerObject

COMPONENT, SECTION = "OwaServer", "IMSettings"
SERVER_NAME, THUMBPRINT = "IMServerName", "IMCertificateThumbprint"

TOPOLOGY_SERVICE, ASSISTANTS = "Microsoft.Exchange.Directory.TopologyService", "MSExchangeMailboxAssistants"
CU4 = (15, 1, 669)
"""Exchange 2016 up to Cumulative Update 3 is asked another process, and for everything (``real-world`` B1)."""

_LONGEST = 4 * 1024 * 1024
_NUMBERS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")
_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingOverride:
    """One override. ``servers`` are NetBIOS names, wildcards allowed; nothing means all servers.

    ``parameters`` are ``Name=Value``; setting them replaces the whole list.
    """

    name: str
    component: str
    section: str
    parameters: tuple[str, ...]
    servers: tuple[str, ...] = ()
    min_version: str = ""
    max_version: str = ""
    changed: datetime | None = None

    @property
    def is_im(self) -> bool:
        return (self.component.lower(), self.section.lower()) == (COMPONENT.lower(), SECTION.lower())

    def value(self, name: str) -> str | None:
        """The value of a parameter, its name in any case, the last one given; ``None`` where it isn't given."""
        pairs = (parameter.partition("=") for parameter in reversed(self.parameters))
        return next((value.strip() for key, sign, value in pairs if sign and key.strip().lower() == name.lower()), None)

    def covers(self, short_name: str, build: tuple[int, ...]) -> bool:
        """It applies to a server of this NetBIOS name and build."""
        if self.servers and not any(fnmatch.fnmatchcase(short_name.lower(), one.lower()) for one in self.servers):
            return False
        lowest, highest = _version(self.min_version), _version(self.max_version)
        return (not lowest or build >= lowest) and (not highest or build <= highest)


def overrides(target: Target, controller: str = "") -> Query[tuple[SettingOverride, ...]]:
    """Every setting override of the organisation."""
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}
    wanted = cmdlet(
        "Select-Object",
        Property=(
            *("Name", "ComponentName", "SectionName", "Parameters", "Server"),
            *("MinVersion", "MaxVersion", "WhenChangedUTC"),
        ),
    )
    return Query("setting-overrides", target, Pipeline.of(cmdlet("Get-SettingOverride", **pinned), wanted), _parse)


def im_settings(target: Target, server: str, build: tuple[int, ...]) -> Query[Mapping[str, str]]:
    """The IM settings that the processes of a server (NetBIOS name) work with now; empty where nothing overrides."""
    old = bool(build) and build[:2] == (15, 1) and build[:3] < CU4
    ask = cmdlet(
        "Get-ExchangeDiagnosticInfo",
        Server=server,
        Process=TOPOLOGY_SERVICE if old else ASSISTANTS,
        Component="VariantConfiguration",
        Argument="Config" if old else f"Config,Component={COMPONENT}",
    )
    wanted = cmdlet("Select-Object", Property=("Result",))
    return Query(f"im-settings {server}", target, Pipeline.of(ask, wanted), _parse_settings)


def iis_thumbprints(target: Target, server: str) -> Query[tuple[str, ...]]:
    """The certificates of a server that are assigned to IIS, by thumbprint (``real-world`` B1, B4)."""
    wanted = cmdlet("Select-Object", Property=("Thumbprint", "Services"))
    ask = Pipeline.of(cmdlet("Get-ExchangeCertificate", Server=server), wanted)
    return Query(f"iis-certificates {server}", target, ask, _parse_iis)


def _parse(result: Result) -> tuple[SettingOverride, ...]:
    return tuple(map(_override, checked(result).objects))


def _override(item: ServerObject) -> SettingOverride:
    changed = item.get("WhenChangedUTC")
    return SettingOverride(
        name=text(item, "Name"),
        component=text(item, "ComponentName"),
        section=text(item, "SectionName"),
        parameters=texts(item, "Parameters"),
        servers=texts(item, "Server"),
        min_version=as_text(item.get("MinVersion")),
        max_version=as_text(item.get("MaxVersion")),
        changed=changed if isinstance(changed, datetime) else None,
    )


def _parse_settings(result: Result) -> Mapping[str, str]:
    """``Diagnostics/Components/VariantConfiguration/Configuration/OwaServer/IMSettings``; names in any case."""
    document = text(one(checked(result).objects, "diagnostic result"), "Result")
    if len(document) > _LONGEST or _DOCTYPE.search(document):
        raise ValueError("the diagnostic result isn't of the form that Exchange writes")
    try:
        root = etree.fromstring(
            document.encode(), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        )
    except etree.XMLSyntaxError as error:
        raise ValueError(f"the diagnostic result isn't XML: {error}") from None
    path = f"Components/VariantConfiguration/Configuration/{COMPONENT}/{SECTION}"
    found = root.find(path)
    if found is None:
        if root.find("Components/VariantConfiguration") is None:
            raise ValueError("the diagnostic result says nothing of the configuration")
        return {}
    return {str(child.tag): (child.text or "").strip() for child in found if isinstance(child.tag, str) and child.text}


def _parse_iis(result: Result) -> tuple[str, ...]:
    return tuple(
        text(item, "Thumbprint").upper()
        for item in checked(result).objects
        if "IIS" in [service.strip().upper() for service in as_text(item.get("Services")).split(",")]
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if _NUMBERS.fullmatch(text) else ()
