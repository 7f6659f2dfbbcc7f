"""The centralized logging service: scenarios, what runs on which computer, and what was traced meanwhile.

Documented (Start-, Sync-, Search-CsClsLogging.md): a scenario runs until its duration is over, 4 hours unless asked
otherwise; beside AlwaysOn only one runs on a computer; an agent keeps what it traced in its cache, and a search finds
what was synchronised. That AlwaysOn is there from the start, with SIPStack in it, and doesn't run yet is from memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rehearsal.journal import Journal

ALWAYS_ON, SIP_STACK = "AlwaysOn", "SIPStack"
DEFAULT_DURATION = timedelta(hours=4)
LEVELS = ("Fatal", "Error", "Warning", "Info", "Verbose", "Debug")
"""From the gravest on; a provider traces its own level and everything graver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceProvider:
    name: str
    type: str
    level: str
    flags: str
    guid: str | None = None
    role: str | None = None

    def traces(self, level: str) -> bool:
        return LEVELS.index(level) <= LEVELS.index(self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``scope`` is ``global`` or ``site:Name``."""

    scope: str
    name: str
    providers: tuple[TraceProvider, ...] = ()

    @property
    def identity(self) -> str:
        return f"{self.scope}/{self.name}"

    def provider(self, component: str) -> TraceProvider | None:
        return next((one for one in self.providers if one.name.lower() == component.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A scenario that was started on one computer (FQDN)."""

    scenario: Scenario
    computer: str
    started: datetime
    duration: timedelta
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEntry:
    time: datetime
    computer: str
    component: str
    level: str
    text: str


def _predefined() -> dict[str, Scenario]:
    stack = TraceProvider(name=SIP_STACK, type="WPP", level="Info", flags="TF_PROTOCOL, TF_CONNECTION, TF_DIAG")
    always = Scenario(scope="global", name=ALWAYS_ON, providers=(stack,))
    return {always.identity.lower(): always}


@dataclass(slots=True)
class CentralizedLogging:
    """``journal`` hears of everything that somebody changes; what is traced is an effect and isn't journalled."""

    journal: Journal
    scenarios: dict[str, Scenario] = field(default_factory=_predefined)
    """By identity in lower case."""
    started: dict[tuple[str, str], Running] = field(default_factory=dict)
    cached: list[TraceEntry] = field(default_factory=list)
    searchable: list[TraceEntry] = field(default_factory=list)

    def add(self, scenario: Scenario) -> None:
        self.scenarios[scenario.identity.lower()] = scenario
        providers = [one.name for one in scenario.providers]
        self.journal.record(f"logging scenario {scenario.identity}", "Provider", None, providers)

    def remove(self, scenario: Scenario) -> None:
        del self.scenarios[scenario.identity.lower()]
        providers = [one.name for one in scenario.providers]
        self.journal.record(f"logging scenario {scenario.identity}", "Provider", providers, None)

    def named(self, name: str, scopes: Collection[str]) -> Scenario | None:
        """The scenario of this name for a computer in these scopes, the nearest of which comes first."""
        return next((found for scope in scopes if (found := self.scenarios.get(f"{scope}/{name}".lower()))), None)

    def running(self, computer: str, now: datetime) -> Iterator[Running]:
        """What runs on a computer; a scenario whose duration is over has ended."""
        for one in self.started.values():
            if one.computer.lower() == computer.lower() and now < one.started + one.duration:
                yield one

    def start(self, run: Running) -> str | None:
        """Start a scenario, or say why not."""
        others = [one.scenario.name for one in self.running(run.computer, run.started)]
        if run.scenario.name.lower() != ALWAYS_ON.lower():
            blocking = [name for name in others if name.lower() not in (ALWAYS_ON.lower(), run.scenario.name.lower())]
            if blocking:
                return f"the scenario {blocking[0]} is running already"
        self.started[run.computer.lower(), run.scenario.name.lower()] = run
        self.journal.record(f"logging on {run.computer}", run.scenario.name, None, str(run.duration))
        return None

    def stop(self, computer: str, name: str, now: datetime) -> bool:
        """End a scenario; False where it doesn't run. What was traced stays."""
        runs = {one.scenario.name.lower(): one for one in self.running(computer, now)}
        found = runs.get(name.lower())
        if found is None:
            return False
        del self.started[computer.lower(), name.lower()]
        self.journal.record(f"logging on {computer}", found.scenario.name, str(found.duration), None)
        return True

    def trace(self, entry: TraceEntry) -> None:
        """A component says something; it is kept where a scenario that traces it runs on that computer."""
        providers = [one.scenario.provider(entry.component) for one in self.running(entry.computer, entry.time)]
        if any(one is not None and one.traces(entry.level) for one in providers):
            self.cached.append(entry)

    def synchronise(self, computer: str) -> None:
        """Write an agent's cache to its log files."""
        ready = [one for one in self.cached if one.computer.lower() == computer.lower()]
        self.cached = [one for one in self.cached if one not in ready]
        self.searchable += ready
