"""What may be chosen for a parameter: names that the estate file states, and names that its servers tell.

Pure, as a section is: ``observe`` yields what to ask, and the answers become choices. Whoever fills a form in is spared
typing; what is typed all the same is judged by the section's own checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbook.change import Severity
from runbook.command import Shell, Target
from runbook.estate import Estate, Role, Server
from runbook.estate.groups import describe
from runbook.facts import exchange, external_access, hybrid, lync, recipients, windows
from runbook.facts.query import Answers, Observation, Query, Unread
from runbook.facts.windows import StoredCertificate
from runbook.parameters import IntegrationParameters, SectionParameters
from runbook.parameters_hybrid import OnlineHybridParameters
from runbook.sections import certificates
from runbook.sections.organisation import (
    NO_EXCHANGE,
    NO_LYNC,
    exchange_reader,
    owa_hosts,
    topology_reader,
    um_reader,
)

CERTIFICATE, POOL = "certificate_thumbprint", "owa_pool_fqdn"
_MAY_NAME_NOTHING = frozenset({"cert-subject-mismatch"})
"""What can't be said of a certificate while nobody has said which name it has to bear."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value, what it stands for, and why it can't be used, if it can't."""

    value: str
    label: str
    unusable: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The certificates of one server, and its clock, by which they are judged."""

    server: str
    store: tuple[StoredCertificate, ...]
    clock: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What the servers told: choices by parameter, certificates as they are, and what couldn't be read, in words."""

    choices: Mapping[str, tuple[Choice, ...]]
    held: tuple[Held, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Where the choices of a parameter come from: who is asked what, and what the answer makes."""

    parameter: str
    target: Target | None
    nobody: Unread
    query: Callable[[Target], Query[Any]]
    choices: Callable[[Any], Iterable[Choice]]


def stated(model: type[SectionParameters], estate: Estate) -> Mapping[str, tuple[Choice, ...]]:
    """The choices that the estate file states, by parameter of the model."""
    pools = dict.fromkeys(server.pool for server in estate.lync(Role.FRONT_END) if server.pool)
    found = {
        "exchange_servers": _servers(estate.exchange()),
        "back_end_servers": _servers(owa_hosts(estate, ())),
        "computer_fqdns": _servers(owa_hosts(estate, ())),
        "front_end_servers": _servers(estate.exchange(Role.CLIENT_ACCESS)),
        "registrar_pool_fqdn": tuple(Choice(pool, f"{pool}: a pool of the estate file") for pool in pools),
    }
    return {name: choices for name, choices in found.items() if name in model.model_fields}


def observe(model: type[SectionParameters], estate: Estate) -> Observation[Told]:
    """Ask the servers for whatever a parameter of the model may be chosen from. One round; nothing is changed."""
    wanted = [one for one in _wanted(model, estate) if one.parameter in model.model_fields]
    asked = {one.parameter: one.query(one.target) for one in wanted if one.target is not None}
    hosts = _certificate_holders(model, estate)
    stores = {server: windows.certificates(server.target(Shell.WINDOWS), "My") for server in hosts}
    clocks = {server: windows.clock(server.target(Shell.WINDOWS)) for server in hosts}
    answers = yield tuple(dict.fromkeys((*asked.values(), *stores.values(), *clocks.values())))
    choices: dict[str, tuple[Choice, ...]] = {}
    unread: list[str] = []
    for one in wanted:
        answer = answers[asked[one.parameter]] if one.parameter in asked else one.nobody
        if isinstance(answer, Unread):
            unread.append(answer.why)
        else:
            choices[one.parameter] = tuple(one.choices(answer))
    held = tuple(_held(hosts, stores, clocks, answers, unread))
    if POOL in model.model_fields:
        choices[POOL] = (*choices.get(POOL, ()), *_subjects(held))
    return Told(choices, held, tuple(dict.fromkeys(unread)))


def certificate_choices(held: Sequence[Held], pool: str) -> tuple[Choice, ...]:
    """Each certificate once, wherever it lies, judged as the OWA pool's (empty: whatever it is to be called)."""
    by_thumbprint: dict[str, list[tuple[Held, StoredCertificate]]] = {}
    for each in held:
        for entry in each.store:
            by_thumbprint.setdefault(entry.thumbprint, []).append((each, entry))
    choices = [_certificate(thumbprint, found, held, pool) for thumbprint, found in by_thumbprint.items()]
    return tuple(sorted(choices, key=lambda choice: (bool(choice.unusable), choice.label)))


def _certificate(
    thumbprint: str, found: Sequence[tuple[Held, StoredCertificate]], held: Sequence[Held], pool: str
) -> Choice:
    entry = found[0][1]
    label = thumbprint
    if entry.certificate is not None:
        names = ", ".join(entry.certificate.dns_names) or "none"
        until = f"{entry.certificate.not_after:%Y-%m-%d}"
        label = f"{entry.certificate.subject_cn or '(no CN)'} · until {until} · alternative names: {names}"
    on = {each.server for each, _ in found}
    said = [what for each, one in found for what in _faults(each, one, pool)]
    said += [f"It isn't on {each.server}." for each in held if each.server not in on]
    return Choice(thumbprint, label, " ".join(dict.fromkeys(said)))


def _faults(held: Held, entry: StoredCertificate, pool: str) -> Iterator[str]:
    """What the sections would say of it as an error."""
    given = IntegrationParameters.model_construct(owa_pool_fqdn=pool, certificate_thumbprint=entry.thumbprint)
    for finding in certificates.check(held.server, held.store, held.clock, given):
        if finding.severity is Severity.ERROR and (pool or finding.id not in _MAY_NAME_NOTHING):
            yield finding.what


def _wanted(model: type[SectionParameters], estate: Estate) -> Iterator[_Wanted]:
    front_end, reader, um = topology_reader(estate.lync(Role.FRONT_END)), exchange_reader(estate), um_reader(estate)
    controller = estate.domain_controller or ""
    yield _Wanted("site_id", front_end, NO_LYNC, lync.sites, _sites)
    yield _Wanted("registrar_pool_fqdn", front_end, NO_LYNC, lync.pools, _registrars)
    yield _Wanted(POOL, front_end, NO_LYNC, lync.trusted_pools, _trusted_pools)
    yield _Wanted("dial_plans", um, NO_EXCHANGE, lambda target: exchange.dial_plans(target, controller), _dial_plans)
    if issubclass(model, OnlineHybridParameters):
        for name in ("left_off", "widen_access_policies", "grant_access_policy"):
            yield _Wanted(name, front_end, NO_LYNC, external_access.access_policies, _access_policies)
        yield _Wanted("provider_identity", front_end, NO_LYNC, hybrid.hosting_providers, _providers)
        return
    for name in ("policies", "left_off"):
        yield _Wanted(
            name, reader, NO_EXCHANGE, lambda target: recipients.owa_policies(target, controller), _owa_policies
        )


def _certificate_holders(model: type[SectionParameters], estate: Estate) -> tuple[Server, ...]:
    if CERTIFICATE not in model.model_fields:
        return ()
    return tuple(server for server in owa_hosts(estate, ()) if server.offers(Shell.WINDOWS))


def _held(
    hosts: Sequence[Server],
    stores: Mapping[Server, Query[tuple[StoredCertificate, ...]]],
    clocks: Mapping[Server, Query[datetime]],
    answers: Answers,
    unread: list[str],
) -> Iterator[Held]:
    for server in hosts:
        store, clock = answers[stores[server]], answers[clocks[server]]
        unread += [each.why for each in (store, clock) if isinstance(each, Unread)]
        if not isinstance(store, Unread) and not isinstance(clock, Unread):
            yield Held(server.name, store, clock)


def _subjects(held: Sequence[Held]) -> Iterator[Choice]:
    """What the certificates on the back ends are for, save those that Exchange made itself (L29, L30)."""
    issued = [entry.certificate for each in held for entry in each.store if entry.certificate]
    names = {found.subject_cn.lower() for found in issued if not certificates.is_default(found) and found.subject_cn}
    for name in sorted(name for name in names if "." in name):
        yield Choice(name, f"{name}: Subject of a certificate on the back ends")


def _servers(servers: Iterable[Server]) -> tuple[Choice, ...]:
    return tuple(Choice(server.name, f"{server.name}: {describe(server)}") for server in servers)


def _sites(found: tuple[lync.Site, ...]) -> Iterator[Choice]:
    for site in found:
        yield Choice(site.site_id, f"{site.site_id}: display name {site.display_name}")


def _registrars(found: tuple[lync.Pool, ...]) -> Iterator[Choice]:
    for pool in found:
        if pool.is_registrar:
            yield Choice(pool.fqdn.lower(), f"{pool.fqdn}: {len(pool.computers)} Front Ends")


def _trusted_pools(found: tuple[lync.TrustedPool, ...]) -> Iterator[Choice]:
    for pool in found:
        yield Choice(pool.fqdn.lower(), f"{pool.fqdn}: trusted application pool of {pool.registrar}")


def _dial_plans(found: tuple[exchange.DialPlan, ...]) -> Iterator[Choice]:
    for plan in found:
        unusable = "" if plan.is_sip else f"It isn't a SipName dial plan but one of {plan.uri_type}."
        yield Choice(plan.name, f"{plan.name}: {plan.uri_type}", unusable)


def _owa_policies(found: tuple[recipients.OwaPolicy, ...]) -> Iterator[Choice]:
    for policy in found:
        yield Choice(policy.name, f"{policy.name}: instant messaging is {'on' if policy.has_im else 'off'}")


def _access_policies(found: tuple[external_access.AccessPolicy, ...]) -> Iterator[Choice]:
    for policy in found:
        if not policy.is_global:
            admits = "admits from outside" if policy.admits_outside else "admits nobody from outside"
            yield Choice(policy.identity, f"{policy.identity}: {admits}")


def _providers(found: tuple[hybrid.HostingProvider, ...]) -> Iterator[Choice]:
    for provider in found:
        yield Choice(provider.identity, f"{provider.identity}: {provider.proxy_fqdn}")
