"""OWA of Exchange 2016 and later: pool and certificate in a setting override (``real-world`` B1).

An override stands in the directory and counts on the servers in its scope. A server works with it after a refresh, OWA
after a new worker. What several of them say of one setting is settled by the last that says it (*assumed*, as nothing
documents it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.change import Finding, Repair, Severity
from runbook.facts.overrides import COMPONENT, SECTION, SERVER_NAME, THUMBPRINT, SettingOverride
from runbook.facts.query import Unread
from runbook.sections.owa_enablement_facts import BackEnd

FIRST_VERSION = "15.1.225.42"
"""Exchange 2016 as released: an override from here on leaves out the servers of 2013 (``real-world`` B1)."""

REQUIREMENTS = ("L56", "L57", "L60")
_REMEDY = "Give the override both values, refresh the server and recycle OWA's pool."
_SETTINGS = (SERVER_NAME, THUMBPRINT)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What OWA of one server should go by."""

    server_name: str
    thumbprint: str

    def fits(self, said: Mapping[str, str | None]) -> bool:
        """Both values are said, in any case."""
        found = {name.lower(): (value or "").lower() for name, value in said.items()}
        names = (found.get(SERVER_NAME.lower()), found.get(THUMBPRINT.lower()))
        return names == (self.server_name.lower(), self.thumbprint.lower())

    @property
    def parameters(self) -> tuple[str, ...]:
        return (f"{SERVER_NAME}={self.server_name}", f"{THUMBPRINT}={self.thumbprint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A server of the organisation that goes by overrides: NetBIOS name, build, and what its OWA should go by.

    ``wanted`` is ``None`` where that isn't known: the estate doesn't name the server, or it has no certificate.
    """

    name: str
    build: tuple[int, ...]
    wanted: Wanted | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One server of Exchange 2016 or later, every setting override there is, and the other servers that read them."""

    back: BackEnd
    wanted: Wanted
    overrides: tuple[SettingOverride, ...]
    others: tuple[Reader, ...]

    @property
    def applying(self) -> tuple[SettingOverride, ...]:
        """Those about IM that this server is in the scope of."""
        return self._for(self.back.short_name, self.back.build)

    @property
    def strays(self) -> tuple[SettingOverride, ...]:
        """Those about IM that leave this server out and that no other server needs either."""
        applying = self.applying
        return tuple(one for one in self._about_im if one not in applying and self._is_spare(one))

    @property
    def is_first(self) -> bool:
        """No other server has an override about IM: one for all of them would come on top of nothing."""
        return not any(one.covers(other.name, other.build) for one in self._about_im for other in self.others)

    @property
    def counts(self) -> SettingOverride | None:
        """The last that says anything of OWA's pool or certificate, else the last that applies."""
        return _counting(self.applying)

    @property
    def correctable(self) -> SettingOverride | None:
        """The one that counts, unless it also reaches a server that is right as it is, or that goes by another."""
        counts = self.counts
        reached = [other for other in self.others if counts is not None and counts.covers(other.name, other.build)]
        return counts if all(self._needs(other, counts) for other in reached) else None

    @property
    def said(self) -> Mapping[str, str]:
        """What the overrides that apply come to."""
        return _said(self.applying)

    @property
    def is_right(self) -> bool:
        return self.wanted.fits(self.said)

    @property
    def is_in_effect(self) -> bool:
        """The server's processes work with the right values already."""
        settings = self.back.settings
        return isinstance(settings, Mapping) and self.wanted.fits(settings)

    @property
    def is_stale(self) -> bool:
        """The newest worker started before an override that settles anything was last changed."""
        changes = [one.changed for one in _sources(self.applying).values() if one.changed is not None]
        workers = self.back.workers
        if isinstance(workers, Unread) or not workers or not changes:
            return False
        return max(worker.started for worker in workers) < max(changes)

    @property
    def _about_im(self) -> tuple[SettingOverride, ...]:
        return tuple(one for one in self.overrides if one.is_im)

    def _for(self, name: str, build: tuple[int, ...]) -> tuple[SettingOverride, ...]:
        return tuple(one for one in self._about_im if one.covers(name, build))

    def _needs(self, other: Reader, override: SettingOverride | None) -> bool:
        """The other server, too, isn't right before this override is."""
        applying = self._for(other.name, other.build)
        wrong = other.wanted is not None and not other.wanted.fits(_said(applying))
        return wrong and _counting(applying) is override

    def _is_spare(self, override: SettingOverride) -> bool:
        """It settles nothing for any other server, nor would it be the one to correct there."""
        reached = [self._for(other.name, other.build) for other in self.others]
        settling = [one for applying in reached for one in (*_sources(applying).values(), _counting(applying))]
        return not any(one is override for one in settling)


def obstacles(found: Situation, *, for_all: bool) -> Iterator[Finding]:
    """Why one override can't be right here. ``for_all``: a new one is to be for every server from 2016 on."""
    if found.is_right:
        return
    counts = found.correctable
    if counts is not None:
        reached = [other for other in found.others if counts.covers(other.name, other.build)]
        which = f"The override {counts.name} applies"
    else:
        reached = list(found.others) if for_all and found.is_first else []
        which = "One override for all servers from Exchange 2016 on would apply"
    differing = sorted(other.name.upper() for other in reached if other.wanted not in (None, found.wanted))
    strange = sorted(other.name.upper() for other in reached if other.wanted is None)
    if differing or strange:
        also = f" to {', '.join(differing)} as well, where another certificate or pool is right" if differing else ""
        unknown = f" to {', '.join(strange)} as well, of which nobody knows what is right there" if strange else ""
        yield _finding(
            found,
            id="override-shared",
            requirements=("L55", "L58"),
            what=f"{which}{also}{' and' if also and unknown else ''}{unknown}.",
            why="An override holds one certificate and one pool; whichever is written, a server may get the wrong one.",
            remedy=(
                "Narrow its Server to servers that share a certificate and a pool, or remove it, and run this section"
                " again."
                if counts is not None
                else "Set override_scope to server, or name every such server in the estate file."
            ),
            repair=Repair.MANUAL,
        )


def check(found: Situation) -> Iterator[Finding]:
    """What the directory lacks, then what the server doesn't work with yet."""
    if found.counts is None:
        yield _missing(found)
        return
    yield from _values(found, found.counts)
    if found.is_right and isinstance(found.back.settings, Mapping) and not found.is_in_effect:
        yield _finding(
            found,
            id="override-not-refreshed",
            requirements=("L65",),
            what=f"The override {found.counts.name} is right, but the processes on this server don't work with it yet.",
            why="They read overrides at their own pace; until then OWA starts with the old values.",
            remedy="Refresh the server, then recycle OWA's pool.",
        )


def _sources(overrides: Iterable[SettingOverride]) -> Mapping[str, SettingOverride]:
    """Of overrides that apply to one server: which settles each of the two settings."""
    return {name: one for one in overrides for name in _SETTINGS if one.value(name) is not None}


def _counting(overrides: Sequence[SettingOverride]) -> SettingOverride | None:
    settling = list(_sources(overrides).values())
    return next((one for one in reversed(overrides) if one in settling or not settling), None)


def _said(overrides: Iterable[SettingOverride]) -> Mapping[str, str]:
    return {name: one.value(name) or "" for name, one in _sources(overrides).items()}


def _values(found: Situation, counts: SettingOverride) -> Iterator[Finding]:
    missing = [name for name in _SETTINGS if name not in found.said]
    if missing:
        yield _finding(
            found,
            id="override-partial",
            requirements=("L56", "L57"),
            what=f"The override {counts.name} has no {' and no '.join(missing)}.",
            why="OWA needs both. Setting Parameters replaces the whole list, which is how one gets lost.",
        )
    said = found.said.get(THUMBPRINT)
    if said is not None and said.upper() != found.wanted.thumbprint:
        yield _finding(
            found,
            id="override-stale-thumbprint",
            requirements=("L56", "L58"),
            what=f"The override {counts.name} names the certificate {said}; OWA's here is {found.wanted.thumbprint}.",
            why="A renewed certificate has a new thumbprint; OWA goes on with the old one, or finds none (event 103).",
        )
    pool = found.said.get(SERVER_NAME)
    if pool is not None and pool.lower() != found.wanted.server_name:
        yield _finding(
            found,
            id="override-wrong-pool",
            requirements=("L57", "L60"),
            what=f"The override {counts.name} names the Lync pool {pool}, not {found.wanted.server_name}.",
            why="OWA sends its users to that pool, which doesn't expect them.",
        )


def _missing(found: Situation) -> Finding:
    if found.strays:
        names = ", ".join(override.name for override in found.strays)
        return _finding(
            found,
            id="override-wrong-scope",
            requirements=("L55",),
            what=f"The override {names} leaves this server out by its Server or its versions, and no server needs it.",
            why="Server takes NetBIOS names, and an FQDN fits none. OWA works as if there were no override.",
            remedy="Make one whose scope is this server, refresh the server and recycle OWA's pool.",
        )
    return _finding(
        found,
        id="override-missing",
        requirements=REQUIREMENTS,
        what=f"No setting override of {COMPONENT}, {SECTION} applies to this server.",
        why="From Exchange 2016 on OWA takes the Lync pool and the certificate from there and ignores web.config.",
    )


def _finding(
    found: Situation,
    *,
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
