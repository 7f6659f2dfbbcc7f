"""Setting overrides as Exchange keeps them: small, pure, and for tests only.

It knows commands, not decisions. New- puts an override at the end, Set- replaces what it is given, Remove- takes one
away; servers work with what stood in the directory at their last refresh, and OWA with what its worker found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from runbook.change import Change, Plan
from runbook.command import Cmdlet, Pipeline
from runbook.facts.overrides import SERVER_NAME, THUMBPRINT, SettingOverride
from runbook.facts.workers import OWA_POOL, Worker
from runbook.sections.owa_enablement_facts import BackEnd, OwaEnablementFacts

_START = datetime(2014, 7, 21, tzinfo=UTC)


@dataclass
class Organisation:
    """``read`` are the overrides that each server has read, by its FQDN."""

    found: OwaEnablementFacts
    overrides: list[SettingOverride] = field(default_factory=list)
    read: dict[str, tuple[SettingOverride, ...]] = field(default_factory=dict)
    recycled: dict[str, datetime] = field(default_factory=dict)
    clock: datetime = _START

    def apply(self, plan: Plan) -> None:
        for change in plan.changes:
            self.run(change, change.command)

    def undo(self, plan: Plan) -> None:
        """Each change backwards, then once more what has to be repeated after that."""
        for change in reversed(plan.changes):
            for pipeline in change.reverse:
                self.run(change, pipeline)
        for change in plan.changes:
            if change.repeats:
                self.run(change, change.command)

    def run(self, change: Change, pipeline: Pipeline) -> None:
        self.clock += timedelta(seconds=1)
        (command,) = pipeline.cmdlets
        match command.name.rpartition("\\")[2]:
            case "New-SettingOverride":
                assert not self._named(command.value("Name"))
                self.overrides.append(self._changed(_new(command), command))
            case "Set-SettingOverride":
                (one,) = self._named(command.value("Identity"))
                self.overrides[self.overrides.index(one)] = self._changed(one, command)
            case "Remove-SettingOverride":
                (one,) = self._named(command.value("Identity"))
                self.overrides.remove(one)
            case "Get-ExchangeDiagnosticInfo":
                assert command.value("Argument") == "Refresh"
                self.read[change.stage] = tuple(self.overrides)
            case name:
                assert name == "Appcmd.exe"
                self.recycled[change.stage] = self.clock

    def facts(self) -> OwaEnablementFacts:
        return replace(
            self.found, back_ends=tuple(map(self._back_end, self.found.back_ends)), overrides=tuple(self.overrides)
        )

    def settings(self, back: BackEnd) -> dict[str, str]:
        """What the server's processes work with: the last override that says it, for each setting."""
        read = self.read.get(back.server, ())
        there = [one for one in read if one.is_im and one.covers(back.short_name, back.build)]
        pairs = ((name, one.value(name)) for one in there for name in (SERVER_NAME, THUMBPRINT))
        return {name: value for name, value in pairs if value is not None}

    def without_times(self) -> list[SettingOverride]:
        return [replace(one, changed=None) for one in self.overrides]

    def _back_end(self, back: BackEnd) -> BackEnd:
        started = self.recycled.get(back.server, _START)
        worker = Worker(process_id=1, started=started, pool=OWA_POOL)
        return replace(back, settings=self.settings(back), workers=(worker,))

    def _named(self, name: object) -> list[SettingOverride]:
        return [one for one in self.overrides if one.name.lower() == str(name).lower()]

    def _changed(self, override: SettingOverride, command: Cmdlet) -> SettingOverride:
        given = dict(command.parameters)
        return replace(
            override,
            parameters=_texts(given.get("Parameters", override.parameters)),
            servers=_texts(given.get("Server", override.servers)),
            min_version=str(given.get("MinVersion", override.min_version)),
            changed=self.clock,
        )


def _new(command: Cmdlet) -> SettingOverride:
    assert command.value("Reason")
    return SettingOverride(
        name=str(command.value("Name")),
        component=str(command.value("Component")),
        section=str(command.value("Section")),
        parameters=(),
    )


def _texts(value: object) -> tuple[str, ...]:
    assert isinstance(value, Iterable)
    return tuple(map(str, value))
