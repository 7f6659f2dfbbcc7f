"""One back end as a whole: certificate, web.config, worker; what hinders its change, and what the change is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runbook.change import Change, Finding, Repair, Severity
from runbook.command import Shell
from runbook.estate import Role, Server
from runbook.facts.query import Unread
from runbook.facts.windows import StoredCertificate
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import certificates, owa_directories, owa_web_config, owa_worker
from runbook.sections.owa_enablement_facts import BackEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One back end: what hinders its change, what the change mends, and what else there is to say.

    ``values`` are to be written to its web.config; ``recycles`` says that its worker has to be a new one.
    """

    back: BackEnd
    obstacles: tuple[Finding, ...]
    faults: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    values: Mapping[str, str]
    recycles: bool

    @property
    def is_right(self) -> bool:
        return not self.obstacles and not self.recycles


def assess(given: OwaEnablementParameters, back: BackEnd) -> Assessment:
    """What one back end, whose facts could be read, lacks."""
    certificate = _certificate(given, back)
    found = [finding for finding in _certificate_findings(given, back) if finding.id == "certificate-several"]
    obstacles = [finding for finding in _certificate_findings(given, back) if finding.severity is Severity.ERROR]
    obstacles += owa_web_config.obstacles(back)
    notes = [*found, *owa_directories.check_back_end(back)]
    if obstacles or certificate is None:
        notes += owa_web_config.check_read_only(back, blocks=False)
        return Assessment(
            back=back, obstacles=tuple(obstacles), faults=(), notes=tuple(notes), values={}, recycles=False
        )
    values = owa_web_config.wanted(given, back, certificate.thumbprint)
    said = list(owa_web_config.check(given, back, certificate.thumbprint))
    read_only = list(owa_web_config.check_read_only(back, blocks=bool(values)))
    stale = () if values else tuple(owa_worker.check(back))
    return Assessment(
        back=back,
        obstacles=tuple(read_only) if values else (),
        faults=(*(finding for finding in said if finding.repair is Repair.PLANNED), *stale),
        notes=(
            *notes,
            *(finding for finding in said if finding.repair is not Repair.PLANNED),
            *(() if values else read_only),
        ),
        values=values,
        recycles=bool(values) or bool(stale),
    )


def changes(server: Server, assessed: Assessment) -> Iterator[Change]:
    """The file, then the worker; none where the server is right."""
    back = assessed.back
    if assessed.values:
        yield owa_web_config.change(server.target(Shell.WINDOWS), back, assessed.values)
    if assessed.recycles:
        fronts_too = server.serves(Role.CLIENT_ACCESS)
        yield owa_worker.change(server.target(Shell.WINDOWS), back, fronts_too=fronts_too)


def report_ready(assessed: Assessment) -> Iterator[Finding]:
    """A back end on which nothing is left to do: what was looked at, for the record."""
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
        object=str(back.path),
        what=f"The file names OWA's certificate and the Lync pool; {worker}.",
        why="Both were read on the server and compared with the parameters and its certificates.",
        remedy="Nothing need be done.",
        repair=Repair.NONE,
    )


def _certificate(given: OwaEnablementParameters, back: BackEnd) -> StoredCertificate | None:
    if isinstance(back.store, Unread) or isinstance(back.clock, Unread):
        return None
    return next(iter(certificates.choose(back.store, given, back.clock)), None)


def _certificate_findings(given: OwaEnablementParameters, back: BackEnd) -> Iterator[Finding]:
    yield from certificates.check(back.server, back.store, back.clock, given)
