"""The hosting provider for Exchange Online: each of its values, and who else holds its name (Y15-Y28). Pure.

``ProxyFqdn`` can't be changed. A provider that leads to another of the three clouds is removed and made again, with
consent; one that hosts somebody, that other things depend on, or that isn't Exchange Online's at all is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from runbook.change import Change, Finding, Repair, Severity
from runbook.facts.external_access import AccessUser
from runbook.facts.hybrid import AccessEdge, HostingProvider, PublicProvider, VoiceMailPolicy
from runbook.parameters_hybrid import Cloud, OnlineHybridParameters
from runbook.sections import online_hybrid_changes as changes
from runbook.sections.online_hybrid_changes import SOURCE_VERIFICATION, provider_object
from runbook.sections.organisation import Writer

PROXY_FQDN: Mapping[Cloud, str] = MappingProxyType(
    {
        Cloud.WORLDWIDE: "exap.um.outlook.com",
        Cloud.CHINA: "exap.um.partner.outlook.cn",
        Cloud.GCC_HIGH: "exap.um.office365.us",
    }
)
"""Y16, Y17, Y18. DNS ignores case, and one edition of the procedure prints other letters: compared without it (A3)."""

_CONSENT = "recreate_provider"
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """What bears on the provider, all of it read."""

    hosting: tuple[HostingProvider, ...]
    public: tuple[PublicProvider, ...]
    access_edge: AccessEdge
    voice_mail: tuple[VoiceMailPolicy, ...]
    users: tuple[AccessUser, ...]

    def named(self, identity: str) -> HostingProvider | None:
        return next((each for each in self.hosting if _same(each.identity, identity)), None)

    def holders(self, identity: str, proxy_fqdn: str) -> tuple[str, ...]:
        """Whoever else has the name, public providers too: a name belongs to one of them."""
        everybody: tuple[HostingProvider | PublicProvider, ...] = (*self.hosting, *self.public)
        return tuple(
            f"{'the hosting' if isinstance(each, HostingProvider) else 'the public'} provider {each.identity}"
            for each in everybody
            if _same(each.proxy_fqdn, proxy_fqdn)
            and not (isinstance(each, HostingProvider) and _same(each.identity, identity))
        )

    def taken_by_public(self, identity: str) -> bool:
        return any(_same(each.identity, identity) for each in self.public)


def judge(given: OnlineHybridParameters, found: Providers, writer: Writer) -> tuple[list[Finding], list[Change]]:
    """What is wrong with the provider, or that nothing is, and the changes that make it right."""
    proxy, named = PROXY_FQDN[given.cloud], found.named(given.provider_identity)
    first = [*_held_by_others(given, found, proxy), *_default_routing(found)]
    held = tuple(dict.fromkeys(finding.id for finding in first))
    if named is None:
        if found.holders(given.provider_identity, proxy):
            return first, []
        missing = _missing(given, proxy, held)
        plan = [] if held else [changes.create_provider(writer, changes.wanted(given.provider_identity, proxy))]
        return [*first, missing], plan
    if _same(named.proxy_fqdn, proxy):
        wrong = [*_wrong_values(named, Repair.PLANNED, "Set-CsHostingProvider sets it."), *_hosts(named)]
        return [*first, *(wrong or [_right(given, named)])], list(_set_values(named, writer))

    obstacles = _obstacles(named, found, held)
    repair = Repair.MANUAL if obstacles else Repair.PLANNED if given.recreate_provider else Repair.CONSENT
    values = _wrong_values(named, repair, "It comes right when the provider is made again with the right ProxyFqdn.")
    findings = [*first, _wrong_proxy(named, proxy, repair, obstacles), *values, *_hosts(named)]
    if repair is not Repair.PLANNED:
        return findings, []
    new = changes.wanted(named.identity, proxy)
    return findings, [changes.remove_provider(writer, named, _CONSENT), changes.create_provider(writer, new)]


def _held_by_others(given: OnlineHybridParameters, found: Providers, proxy: str) -> Iterator[Finding]:
    if holders := found.holders(given.provider_identity, proxy):
        yield Finding(
            id="provider-duplicate-proxy",
            requirements=("Y19", "Y24"),
            severity=Severity.ERROR,
            object=proxy,
            what=f"{proxy} is the ProxyFqdn of {', '.join(holders)}.",
            why=f"A name belongs to one provider, so none called {given.provider_identity} can be made with it.",
            remedy="If that is the provider meant, name it in provider_identity; else find out what it is for, and"
            " remove it.",
        )
    if found.taken_by_public(given.provider_identity) and found.named(given.provider_identity) is None:
        yield Finding(
            id="provider-identity-taken",
            requirements=("Y19",),
            severity=Severity.ERROR,
            object=f"PublicProvider:{given.provider_identity}",
            what=f"A public provider is called {given.provider_identity}.",
            why="Identity must be unique among the providers, so the hosting provider can't have this one.",
            remedy="Give the hosting provider another name in provider_identity.",
        )


def _default_routing(found: Providers) -> Iterator[Finding]:
    if not found.access_edge.has_default_routing:
        return
    to = f" to {found.access_edge.default_route}" if found.access_edge.default_route else ""
    yield Finding(
        id="edge-default-routing",
        requirements=("Y10", "Y15"),
        severity=Severity.ERROR,
        object=changes.ACCESS_EDGE,
        what=f"The Access Edge sends everything by one default route{to}.",
        why="No hosting provider can be made in this mode, and what is for Exchange Online goes elsewhere.",
        remedy="Set-CsAccessEdgeConfiguration -UseDnsSrvRouting, once those who own the route agree: it changes the way"
        " of all federated traffic.",
    )


def _missing(given: OnlineHybridParameters, proxy: str, held: tuple[str, ...]) -> Finding:
    return Finding(
        id="provider-missing",
        requirements=("Y15", "Y16", "Y17", "Y18", "Y19"),
        severity=Severity.ERROR,
        object=provider_object(given.provider_identity),
        what=f"There is no hosting provider {given.provider_identity}, and none with {proxy}.",
        why="Without it the Edge doesn't take what Exchange Online sends.",
        remedy=f"New-CsHostingProvider with every value of the procedure makes it, for the cloud {given.cloud}.",
        caused_by=held,
        repair=Repair.MANUAL if held else Repair.PLANNED,
    )


def _wrong_proxy(named: HostingProvider, proxy: str, repair: Repair, obstacles: tuple[str, ...]) -> Finding:
    remedy = "It has to be removed and made again; until that has reached the Edge, there is no presence."
    if obstacles:
        remedy = f"This runbook doesn't remove it: {'; '.join(obstacles)}."
    elif repair is Repair.CONSENT:
        remedy += f" The parameter {_CONSENT} agrees to it."
    return Finding(
        id="provider-wrong-proxy",
        requirements=("Y16", "Y17", "Y18", "Y24"),
        severity=Severity.ERROR,
        object=provider_object(named.identity),
        what=f"ProxyFqdn of {named.identity} is {named.proxy_fqdn}, not {proxy}.",
        why="Messages go to another service, and ProxyFqdn can't be changed.",
        remedy=remedy,
        repair=repair,
    )


def _obstacles(named: HostingProvider, found: Providers, held: tuple[str, ...]) -> tuple[str, ...]:
    """Why the provider may not be removed, or couldn't be made again."""
    hosted = [user.name for user in found.users if user.provider.lower() in _keys(named)]
    policies = [each.identity for each in found.voice_mail if _same(each.destination, named.proxy_fqdn)]
    is_known = any(_same(named.proxy_fqdn, known) for known in PROXY_FQDN.values())
    said = [
        "" if is_known else f"{named.proxy_fqdn} is none of Exchange Online's names, so it may serve something else",
        "HostsOCSUsers says that it hosts users" if named.hosts_users else "",
        f"it hosts {_some(hosted)}" if hosted else "",
        f"the hosted voice mail policies {_some(policies)} use it (Y35)" if policies else "",
        f"it couldn't be made again ({', '.join(held)})" if held else "",
    ]
    return tuple(filter(None, said))


def _hosts(named: HostingProvider) -> Iterator[Finding]:
    if named.hosts_users:
        yield Finding(
            id="provider-hosts-ocs",
            requirements=("Y23",),
            severity=Severity.ERROR,
            object=provider_object(named.identity),
            what=f"HostsOCSUsers of {named.identity} is True.",
            why="Exchange Online hosts no Lync users. If this provider does, they would lose their service.",
            remedy="Find out whom it hosts (HostingProvider of Get-CsUser). If nobody: Set-CsHostingProvider"
            " -HostsOCSUsers $False.",
        )


def _wrong_values(named: HostingProvider, repair: Repair, remedy: str) -> Iterator[Finding]:
    """One finding for each value that a command can set."""
    common: dict[str, Any] = {
        "severity": Severity.ERROR,
        "object": provider_object(named.identity),
        "repair": repair,
        "remedy": remedy,
    }
    if not named.enabled:
        yield Finding(
            id="provider-disabled",
            requirements=("Y21",),
            what=f"Enabled of {named.identity} is False.",
            why="The network connection to the provider is off, so nothing passes.",
            **common,
        )
    if not named.shares_address_space:
        yield Finding(
            id="provider-not-shared",
            requirements=("Y22",),
            what=f"EnabledSharedAddressSpace of {named.identity} is False.",
            why="People of one SIP domain are on both sides; without it the provider isn't used for that.",
            **common,
        )
    if named.is_local:
        yield Finding(
            id="provider-is-local",
            requirements=("Y25",),
            what=f"IsLocal of {named.identity} is True.",
            why="The proxy is then looked for inside this organisation's topology.",
            **common,
        )
    if not _same(named.verification_level, SOURCE_VERIFICATION):
        yield Finding(
            id="provider-verification-level",
            requirements=("Y26", "Y27", "Y28"),
            what=f"VerificationLevel of {named.identity} is {named.verification_level or 'empty'}.",
            why="Only with UseSourceVerification the level counts that Exchange Online's messages name themselves.",
            **common,
        )


def _set_values(named: HostingProvider, writer: Writer) -> Iterator[Change]:
    """What :func:`_wrong_values` found, set one by one; the provider is switched on last."""
    identity = named.identity
    if named.is_local:
        yield changes.set_provider(writer, identity, "IsLocal", True, False, ("Y25",))
    if not _same(named.verification_level, SOURCE_VERIFICATION):
        before = named.verification_level
        required = ("Y26", "Y27", "Y28")
        yield changes.set_provider(writer, identity, "VerificationLevel", before, SOURCE_VERIFICATION, required)
    if not named.shares_address_space:
        yield changes.set_provider(writer, identity, "EnabledSharedAddressSpace", False, True, ("Y22",))
    if not named.enabled:
        yield changes.set_provider(writer, identity, "Enabled", False, True, ("Y21",))


def _right(given: OnlineHybridParameters, named: HostingProvider) -> Finding:
    return Finding(
        id="provider-right",
        requirements=("Y15", "Y16", "Y17", "Y18", "Y21", "Y22", "Y23", "Y24", "Y25", "Y27"),
        severity=Severity.INFO,
        object=provider_object(named.identity),
        what=(
            f"{named.identity} leads to {named.proxy_fqdn} (cloud {given.cloud}), is enabled, shares the address space,"
            f" hosts nobody, isn't local, and takes {SOURCE_VERIFICATION}."
        ),
        why="Each value was read from the Central Management store and compared with the procedure's.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _keys(named: HostingProvider) -> tuple[str, str]:
    return named.identity.lower(), named.proxy_fqdn.lower()


def _some(names: list[str]) -> str:
    rest = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
