"""One server that OWA talks to Lync from: what hinders its change, and what the change is, by its edition's way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from runbook.change import Change, Finding, Repair, Severity
from runbook.command import Shell, Target
from runbook.estate import Estate, Role
from runbook.facts.query import Unread
from runbook.facts.windows import StoredCertificate
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import (
    certificates,
    owa_2010,
    owa_directories,
    owa_maintenance,
    owa_named,
    owa_override,
    owa_override_changes,
    owa_pools,
    owa_web_config,
    owa_worker,
)
from runbook.sections.organisation import reader_of
from runbook.sections.owa_enablement_facts import BackEnd, OwaEnablementFacts
from runbook.sections.owa_override import Reader, Situation, Wanted
from runbook.sections.ways import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One server: what hinders its change, what the change mends, what else there is to say, and the change."""

    back: BackEnd
    obstacles: tuple[Finding, ...] = ()
    faults: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    work: tuple[Change, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.obstacles and not self.work


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What an assessment goes by."""

    given: OwaEnablementParameters
    estate: Estate
    facts: OwaEnablementFacts
    back: BackEnd
    certificate: StoredCertificate

    @property
    def thumbprint(self) -> str:
        return self.certificate.thumbprint

    @property
    def controller(self) -> str:
        return self.estate.domain_controller or ""

    @property
    def exchange(self) -> Target | None:
        return reader_of(self.estate, self.estate.server(self.back.server))

    def recycle(self) -> Change:
        server = self.estate.server(self.back.server)
        return owa_worker.change(server.target(Shell.WINDOWS), self.back, fronts_too=server.serves(Role.CLIENT_ACCESS))


def assess(given: OwaEnablementParameters, estate: Estate, facts: OwaEnablementFacts, back: BackEnd) -> Assessment:
    """What one server, whose facts could be read, lacks: its settings, its pool, and whether it is in service."""
    found = _assess(given, estate, facts, back)
    if stopped := tuple(owa_worker.check_state(back)):
        windows = estate.server(back.server).target(Shell.WINDOWS)
        kept = tuple(change for change in found.work if change.object != owa_worker.OBJECT)
        begin = () if found.obstacles else (*kept, owa_worker.start(windows, back))
        found = replace(found, faults=(*found.faults, *stopped), work=begin)
    target = reader_of(estate, estate.server(back.server))
    found = replace(found, faults=(*found.faults, *owa_directories.check_back_end(back)))
    if target is not None and not found.obstacles:
        aside = tuple(owa_directories.back_end_changes(back, target, estate.domain_controller or ""))
        found = replace(found, work=(*found.work, *aside))
    maintained = tuple(owa_maintenance.check(back, blocks=bool(found.work)))
    if maintained and found.work:
        return replace(found, obstacles=(*found.obstacles, *maintained), work=())
    return replace(found, notes=(*found.notes, *maintained))


def _assess(given: OwaEnablementParameters, estate: Estate, facts: OwaEnablementFacts, back: BackEnd) -> Assessment:
    found = tuple(_certificate_findings(given, facts, back))
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    notes = [finding for finding in found if finding.id == "cert-several"]
    notes += [*owa_pools.check(given, estate, back)]
    certificate = _certificate(given, facts, back)
    if back.way is Way.FILE:
        errors += owa_web_config.obstacles(back)
    if errors or certificate is None:
        notes += _behind(given, estate, facts, back, certificate.thumbprint if certificate else "")
        return Assessment(back=back, obstacles=tuple(errors), notes=tuple(notes))
    case = _Case(given=given, estate=estate, facts=facts, back=back, certificate=certificate)
    match back.way:
        case Way.DIRECTORY:
            return _by_directory(case, tuple(notes))
        case Way.OVERRIDE:
            return _by_override(case, tuple(notes))
        case _:
            return _by_file(case, tuple(notes))


def _behind(
    given: OwaEnablementParameters, estate: Estate, facts: OwaEnablementFacts, back: BackEnd, thumbprint: str
) -> Iterator[Finding]:
    """What is wrong besides, where the certificate has to be mended first; nothing is planned until then.

    ``thumbprint`` is empty where no certificate is the one that is meant: which one is to be named isn't known.
    """
    wanted = thumbprint or owa_named.named_thumbprint(back)
    match back.way:
        case Way.FILE:
            yield from owa_web_config.check_read_only(back, blocks=False)
            yield from owa_web_config.check_behind(given, back, thumbprint)
            return
        case Way.DIRECTORY:
            values = {owa_2010.CERTIFICATE: wanted, owa_2010.POOL: given.im_server_name(back.server)}
            seen = tuple(owa_2010.check(back, values))
        case Way.OVERRIDE:
            seen = tuple(owa_override.check(_situation(given, facts, back, wanted)))
        case _:
            return
    for finding in seen:
        yield replace(finding, repair=Repair.MANUAL, remedy=owa_web_config.CERTIFICATE_FIRST)


def report_ready(assessed: Assessment) -> Iterator[Finding]:
    """A server on which nothing is left to do: what was looked at, for the record."""
    back = assessed.back
    if not assessed.is_right or isinstance(back.workers, Unread):
        return
    newest = max((worker.started for worker in back.workers), default=None)
    worker = (
        f"its worker process started after that, at {newest:%Y-%m-%d %H:%M} UTC"
        if newest
        else "no worker process runs: the first request starts one"
    )
    yield Finding(
        id="back-end-ready",
        requirements=("L52", "L55", "L65"),
        severity=Severity.INFO,
        server=back.server,
        object=_OBJECTS.get(back.way, str(back.path)),
        what=f"{_NAMES[back.way]} OWA's certificate and the Lync pool; {worker}.",
        why="Both were read on the server and compared with the parameters and its certificates.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


_OBJECTS = {Way.OVERRIDE: "SettingOverride", Way.DIRECTORY: "OWA virtual directory"}
_NAMES = {
    Way.FILE: "The file names",
    Way.OVERRIDE: "A setting override names, and the server works with,",
    Way.DIRECTORY: "The virtual directory names",
}


def _by_file(case: _Case, notes: tuple[Finding, ...]) -> Assessment:
    """Exchange 2013: web.config, then the worker."""
    back, server = case.back, case.estate.server(case.back.server)
    values = owa_web_config.wanted(case.given, back, case.thumbprint)
    said = list(owa_web_config.check(case.given, back, case.thumbprint))
    read_only = tuple(owa_web_config.check_read_only(back, blocks=bool(values)))
    stale = () if values else tuple(owa_worker.check(back))
    work: list[Change] = []
    if values:
        work.append(owa_web_config.change(server.target(Shell.WINDOWS), back, values))
    if values or stale:
        work.append(case.recycle())
    return Assessment(
        back=back,
        obstacles=read_only if values else (),
        faults=(*(finding for finding in said if finding.repair is Repair.PLANNED), *stale),
        notes=(
            *notes,
            *(finding for finding in said if finding.repair is not Repair.PLANNED),
            *(() if values else read_only),
        ),
        work=tuple(work),
    )


def _by_directory(case: _Case, notes: tuple[Finding, ...]) -> Assessment:
    """Exchange 2010 from Service Pack 1 on: the virtual directory, then the worker."""
    wanted = {owa_2010.CERTIFICATE: case.thumbprint, owa_2010.POOL: case.given.im_server_name(case.back.server)}
    said, target = tuple(owa_2010.check(case.back, wanted)), case.exchange
    work = [] if target is None else list(owa_2010.changes(case.back, wanted, target, case.controller))
    stale = () if said or not owa_2010.changed_since(case.back) else (owa_worker.stale(case.back, "the directory"),)
    if work or stale:
        work.append(case.recycle())
    return Assessment(
        back=case.back,
        obstacles=tuple(finding for finding in said if finding.repair is not Repair.PLANNED),
        faults=(*(finding for finding in said if finding.repair is Repair.PLANNED), *stale),
        notes=notes,
        work=tuple(work),
    )


def _by_override(case: _Case, notes: tuple[Finding, ...]) -> Assessment:
    """Exchange 2016 and later: the override, the refresh, then the worker."""
    back, target = case.back, case.exchange
    found = _situation(case.given, case.facts, back, case.thumbprint)
    work: list[Change] = []
    if target is not None:
        if not found.is_right:
            work.append(owa_override_changes.change(found, case.given, target, case.controller))
        if work or not found.is_in_effect:
            work.append(owa_override_changes.refresh(found, target))
    stale = (owa_worker.stale(back, "the setting override"),) if not work and found.is_stale else ()
    if work or stale:
        work.append(case.recycle())
    return Assessment(
        back=back,
        obstacles=tuple(owa_override.obstacles(found, for_all=case.given.covers_all_from_2016)),
        faults=(*owa_override.check(found), *stale),
        notes=(*notes, *owa_web_config.check_ignored(back)),
        work=tuple(work),
    )


def _situation(given: OwaEnablementParameters, facts: OwaEnablementFacts, back: BackEnd, thumbprint: str) -> Situation:
    assert not isinstance(facts.overrides, Unread)
    wanted = Wanted(given.im_server_name(back.server), thumbprint)
    others = tuple(_others(given, facts, back))
    return Situation(back=back, wanted=wanted, overrides=facts.overrides, others=others)


def _others(given: OwaEnablementParameters, facts: OwaEnablementFacts, this: BackEnd) -> Iterator[Reader]:
    """The other servers of the organisation that go by overrides, in the estate or not."""
    known = {back.server: back for back in facts.back_ends}
    servers = facts.lync.exchange.servers
    for server in () if isinstance(servers, Unread) else servers:
        name = server.fqdn.lower()
        if server.is_mailbox and server.build >= (15, 1) and name != this.server:
            back = known.get(name)
            entry = None if back is None else _certificate(given, facts, back)
            wanted = None if entry is None else Wanted(given.im_server_name(name), entry.thumbprint)
            yield Reader(name=server.name, build=server.build, wanted=wanted)


def _certificate(given: OwaEnablementParameters, facts: OwaEnablementFacts, back: BackEnd) -> StoredCertificate | None:
    """The one meant; of several on a server that wants IIS's, one that is assigned to it."""
    if isinstance(back.store, Unread) or isinstance(back.clock, Unread):
        return None
    meant = certificates.expected(given, back.server, facts.lync.discovered)
    candidates = certificates.choose(back.store, meant, back.clock)
    ranked = sorted(candidates, key=lambda entry: entry.thumbprint not in _on_iis(back))
    return next(iter(ranked), None)


def _on_iis(back: BackEnd) -> tuple[str, ...]:
    return () if isinstance(back.on_iis, Unread) else back.on_iis


def _certificate_findings(
    given: OwaEnablementParameters, facts: OwaEnablementFacts, back: BackEnd
) -> Iterator[Finding]:
    meant = certificates.expected(given, back.server, facts.lync.discovered)
    chosen = _certificate(given, facts, back)
    if chosen is not None and back.way is Way.OVERRIDE and not given.certificate_thumbprint:
        meant = meant.model_copy(update={"certificate_thumbprint": chosen.thumbprint})
    defaults = tuple(owa_named.check_default(back)) if chosen is None else ()
    yield from defaults
    for finding in certificates.check(back.server, back.store, back.clock, meant):
        yield replace(finding, caused_by=(*finding.caused_by, *(default.id for default in defaults)))
    if chosen is not None and back.way is Way.OVERRIDE and chosen.thumbprint not in _on_iis(back):
        yield Finding(
            id="cert-not-on-iis",
            requirements=("L58",),
            severity=Severity.ERROR,
            server=back.server,
            object=chosen.thumbprint,
            what="The certificate for IM isn't assigned to IIS on this server.",
            why="Exchange 2016 and later want the certificate for IM to be the one that IIS has.",
            remedy="Assign it with Enable-ExchangeCertificate -Services IIS, or issue one that serves both.",
        )
