"""OWA of Exchange 2016 and later: pool and certificate in a setting override (``real-world`` B1).

An override stands in the directory and counts on the servers in its scope. A server works with it after a refresh, OWA
after a new worker. Each server gets an override of its own name, so that a mixed estate, and servers with certificates
of their own, are right; one that is there already is kept and corrected, with every other parameter that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from runbook.change import Change, Finding, Json, Repair, Severity
from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.facts.overrides import COMPONENT, SECTION, SERVER_NAME, THUMBPRINT, TOPOLOGY_SERVICE, SettingOverride
from runbook.facts.query import Unread
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections.owa_enablement_facts import BackEnd, WebConfig
from runbook.webconfig import read

REASON = "Instant messaging in Outlook on the web"
_REQUIREMENTS = ("L56", "L57", "L60")
_REMEDY = "Give the override both values, refresh the server and recycle OWA's pool."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What OWA of one server should go by."""

    server_name: str
    thumbprint: str

    def agrees(self, override: SettingOverride) -> bool:
        return self.fits({SERVER_NAME: override.value(SERVER_NAME), THUMBPRINT: override.value(THUMBPRINT)})

    def fits(self, said: Mapping[str, str | None]) -> bool:
        """Both values are said, in any case."""
        found = {name.lower(): (value or "").lower() for name, value in said.items()}
        names = (found.get(SERVER_NAME.lower()), found.get(THUMBPRINT.lower()))
        return names == (self.server_name.lower(), self.thumbprint.lower())

    @property
    def parameters(self) -> tuple[str, ...]:
        return (f"{SERVER_NAME}={self.server_name}", f"{THUMBPRINT}={self.thumbprint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One server and the overrides about IM: those that apply to it, and those that apply to no server there is."""

    back: BackEnd
    wanted: Wanted
    applying: tuple[SettingOverride, ...]
    dead: tuple[SettingOverride, ...]

    @property
    def counts(self) -> SettingOverride | None:
        """The one that OWA goes by: of several the last (*assumed*, as nothing documents it)."""
        return self.applying[-1] if self.applying else None


def situation(
    back: BackEnd, wanted: Wanted, overrides: tuple[SettingOverride, ...], servers: Mapping[str, tuple[int, ...]]
) -> Situation:
    """``servers`` are all of the organisation that go by overrides: NetBIOS name (lower case) → build."""
    about = [override for override in overrides if override.is_im]
    return Situation(
        back=back,
        wanted=wanted,
        applying=tuple(one for one in about if one.covers(back.short_name, back.build)),
        dead=tuple(one for one in about if not any(one.covers(name, build) for name, build in servers.items())),
    )


def obstacles(found: Situation, others: Mapping[str, Wanted]) -> Iterator[Finding]:
    """Why the override can't be corrected. ``others``: what other servers want, by NetBIOS name in lower case."""
    counts = found.counts
    if counts is None or found.wanted.agrees(counts):
        return
    differ = sorted(
        name for name, wanted in others.items() if wanted != found.wanted and counts.covers(name, found.back.build)
    )
    if differ:
        yield _finding(
            found,
            "override-shared",
            ("L55", "L58"),
            f"The override {counts.name} applies to {', '.join(differ)} as well, where another certificate is right.",
            "One override holds one certificate; whichever is written, one of the servers has the wrong one.",
            "Narrow its Server to the servers that share a certificate, or remove it, and run this section again.",
            Repair.MANUAL,
        )


def check(found: Situation) -> Iterator[Finding]:
    """What the directory lacks, then what the server doesn't work with yet."""
    counts = found.counts
    if counts is None:
        yield _missing(found)
        return
    yield from _values(found, counts)
    if not found.wanted.agrees(counts):
        return
    if isinstance(found.back.settings, Mapping) and not found.wanted.fits(found.back.settings):
        yield _finding(
            found,
            "override-not-refreshed",
            ("L65",),
            f"The override {counts.name} is right, but the processes on this server don't work with it yet.",
            "They read overrides at their own pace; until then OWA starts with the old values.",
            "Refresh the server, then recycle OWA's pool.",
        )


def check_leftover(back: BackEnd) -> Iterator[Finding]:
    """Keys of Exchange 2013 in web.config do nothing here."""
    if not isinstance(back.file, WebConfig):
        return
    settings = read(back.file.content)
    if there := [key for key in (THUMBPRINT, SERVER_NAME) if settings.value(key) is not None]:
        yield Finding(
            id="webconfig-ignored",
            requirements=("L52", "L53"),
            severity=Severity.INFO,
            server=back.server,
            object=str(back.path),
            what=f"web.config holds {' and '.join(there)}, which Exchange 2016 and later ignore.",
            why="OWA takes both values from a setting override here, so what stands in the file misleads its reader.",
            remedy="The lines may be taken out; nothing depends on them.",
            repair=Repair.NONE,
        )


def needs_change(found: Situation) -> bool:
    return found.counts is None or not found.wanted.agrees(found.counts)


def needs_refresh(found: Situation) -> bool:
    settings = found.back.settings
    return needs_change(found) or not isinstance(settings, Mapping) or not found.wanted.fits(settings)


def is_stale(found: Situation) -> bool:
    """The newest worker started before the override was last changed."""
    workers, counts = found.back.workers, found.counts
    if isinstance(workers, Unread) or not workers or counts is None or counts.changed is None:
        return False
    return max(worker.started for worker in workers) < counts.changed


def change(found: Situation, given: OwaEnablementParameters, target: Target, controller: str) -> Change:
    """The override of this server: corrected where there is one, else made for this server alone."""
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}
    counts = found.counts
    if counts is not None:
        return _corrected(found, counts, target, pinned)
    name = f"{given.override_name} {found.back.short_name.upper()}"
    existing = next((one for one in found.dead if one.name.lower() == name.lower()), None)
    if existing is not None and replace(existing, servers=()).covers(found.back.short_name, found.back.build):
        return _scoped(found, existing, target, pinned)
    if existing is not None:
        name = f"{name} {len(found.dead) + 1}"  # its versions leave the server out, and a version can't be taken away
    after: Json = {
        "Component": COMPONENT,
        "Section": SECTION,
        "Parameters": list(found.wanted.parameters),
        "Server": [found.back.short_name.upper()],
    }
    command = cmdlet(
        "New-SettingOverride",
        Name=name,
        Component=COMPONENT,
        Section=SECTION,
        Parameters=found.wanted.parameters,
        Reason=REASON,
        Server=(found.back.short_name.upper(),),
        **pinned,
        Confirm=Switch.OFF,
    )
    undo = cmdlet("Remove-SettingOverride", Identity=name, **pinned, Confirm=Switch.OFF)
    return _change(found, target, name, "", (None, after), command=Pipeline.of(command), undo=Pipeline.of(undo))


def refresh(found: Situation, target: Target) -> Change:
    """Have the server read the overrides now (``real-world`` B1: it has to be done on every OWA server)."""
    command = cmdlet(
        "Get-ExchangeDiagnosticInfo",
        Server=found.back.short_name,
        Process=TOPOLOGY_SERVICE,
        Component="VariantConfiguration",
        Argument="Refresh",
    )
    settings = found.back.settings if isinstance(found.back.settings, Mapping) else {}
    return Change(
        target=target,
        object=f"IMSettings:{found.back.short_name.upper()}",
        property="in effect",
        before=dict(settings),
        after={SERVER_NAME: found.wanted.server_name, THUMBPRINT: found.wanted.thumbprint},
        command=Pipeline.of(command),
        irreversible="What a server has read stays until it reads again: taking back the override needs a refresh too.",
        requirements=("L65",),
        stage=found.back.server,
        repeats=True,
    )


def _values(found: Situation, counts: SettingOverride) -> Iterator[Finding]:
    missing = [key for key in (SERVER_NAME, THUMBPRINT) if counts.value(key) is None]
    if missing:
        yield _finding(
            found,
            "override-partial",
            ("L56", "L57"),
            f"The override {counts.name} has no {' and no '.join(missing)}.",
            "OWA needs both. Setting Parameters replaces the whole list, which is how one gets lost.",
        )
    said = counts.value(THUMBPRINT)
    if said is not None and said.replace(" ", "").upper() != found.wanted.thumbprint:
        yield _finding(
            found,
            "override-stale-thumbprint",
            ("L56", "L58"),
            f"The override {counts.name} names the certificate {said}; OWA's here is {found.wanted.thumbprint}.",
            "A renewed certificate has a new thumbprint; OWA goes on with the old one, or finds none (event 103).",
        )
    pool = counts.value(SERVER_NAME)
    if pool is not None and pool.lower() != found.wanted.server_name:
        yield _finding(
            found,
            "override-wrong-pool",
            ("L57", "L60"),
            f"The override {counts.name} names the Lync pool {pool}, not {found.wanted.server_name}.",
            "OWA sends its users to that pool, which doesn't expect them.",
        )


def _missing(found: Situation) -> Finding:
    if found.dead:
        names = ", ".join(override.name for override in found.dead)
        return _finding(
            found,
            "override-wrong-scope",
            ("L55",),
            f"The override {names} applies to no server: its Server or its versions leave every one out.",
            "Server takes NetBIOS names, and an FQDN fits none. OWA works as if there were no override.",
            "Make one whose scope is this server, refresh the server and recycle OWA's pool.",
        )
    return _finding(
        found,
        "override-missing",
        _REQUIREMENTS,
        f"No setting override of {COMPONENT}, {SECTION} applies to this server.",
        "From Exchange 2016 on OWA takes the Lync pool and the certificate from there and ignores web.config.",
    )


def _corrected(found: Situation, counts: SettingOverride, target: Target, pinned: dict[str, Value]) -> Change:
    kept = tuple(one for one in counts.parameters if not _is_ours(one))
    after = (*kept, *found.wanted.parameters)

    def command(parameters: tuple[str, ...]) -> Pipeline:
        given: dict[str, Value] = {"Parameters": parameters, **pinned, "Confirm": Switch.OFF}
        return Pipeline.of(cmdlet("Set-SettingOverride", Identity=counts.name, **given))

    values: tuple[Json, Json] = (list(counts.parameters), list(after))
    return _change(
        found, target, counts.name, "Parameters", values, command=command(after), undo=command(counts.parameters)
    )


def _scoped(found: Situation, existing: SettingOverride, target: Target, pinned: dict[str, Value]) -> Change:
    """The override has this server's name already, and a scope that fits none: both are set at once."""
    short = (found.back.short_name.upper(),)
    parameters = (*(one for one in existing.parameters if not _is_ours(one)), *found.wanted.parameters)

    def command(servers: tuple[str, ...], values: tuple[str, ...]) -> Pipeline:
        given: dict[str, Value] = {"Parameters": values, "Server": servers, **pinned, "Confirm": Switch.OFF}
        return Pipeline.of(cmdlet("Set-SettingOverride", Identity=existing.name, **given))

    before: Json = {"Parameters": list(existing.parameters), "Server": list(existing.servers)}
    after: Json = {"Parameters": list(parameters), "Server": list(short)}
    undo = command(existing.servers, existing.parameters)
    return _change(
        found, target, existing.name, "scope", (before, after), command=command(short, parameters), undo=undo
    )


def _change(
    found: Situation,
    target: Target,
    name: str,
    property: str,
    values: tuple[Json, Json],
    *,
    command: Pipeline,
    undo: Pipeline,
) -> Change:
    return Change(
        target=target,
        object=f"SettingOverride:{name}",
        property=property,
        before=values[0],
        after=values[1],
        command=command,
        reverse=(undo,),
        requirements=_REQUIREMENTS,
        stage=found.back.server,
    )


def _is_ours(parameter: str) -> bool:
    name = parameter.partition("=")[0].strip().lower()
    return name in (SERVER_NAME.lower(), THUMBPRINT.lower())


def _finding(
    found: Situation,
    id: str,
    requirements: tuple[str, ...],
    what: str,
    why: str,
    remedy: str = _REMEDY,
    repair: Repair = Repair.PLANNED,
) -> Finding:
    return Finding(
        id=id,
        requirements=requirements,
        severity=Severity.ERROR,
        server=found.back.server,
        object=f"SettingOverride:{found.counts.name}" if found.counts else "SettingOverride",
        what=what,
        why=why,
        remedy=remedy,
        repair=repair,
    )
