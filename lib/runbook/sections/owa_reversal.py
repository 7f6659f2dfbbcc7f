"""How changes of OWA are taken back: what their objects hold now, the commands, and a file from its saved copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from runbook.change import Change, Json
from runbook.estate import Estate
from runbook.facts.overrides import SettingOverride
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Unread
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections import owa_2010, owa_web_config, owa_worker
from runbook.sections.owa_enablement_facts import BackEnd, OwaEnablementFacts, WebConfig
from runbook.sections.reversal import RESTORED, Reversal, like

_OVERRIDE, _SETTINGS = "SettingOverride:", "IMSettings:"

_COMMANDS = """
windows  Copy-Item                  LiteralPath Destination Force
exchange Set-OwaVirtualDirectory    Identity InstantMessagingEnabled InstantMessagingType \
                                    InstantMessagingCertificateThumbprint InstantMessagingServerName \
                                    DomainController Confirm
exchange Set-SettingOverride        Identity Parameters Server DomainController Confirm
exchange Remove-SettingOverride     Identity DomainController Confirm
exchange Get-ExchangeDiagnosticInfo Server Process Component Argument
"""


def present(
    given: OwaEnablementParameters, estate: Estate, facts: OwaEnablementFacts, change: Change, made: Sequence[Change]
) -> Json | Unread:
    back = next((each for each in facts.back_ends if each.server == change.target.server), None)
    if change.property in (owa_web_config.PROPERTY, RESTORED):
        return None if back is None else _file(back, change)
    if change.object == owa_worker.OBJECT:
        return None if back is None else _worker(back, change.property)
    if change.object.startswith(_OVERRIDE):
        return _override(facts.overrides, change)
    if change.object.startswith(_SETTINGS):
        return _settings(facts, change.object.removeprefix(_SETTINGS))
    return _directory(facts, change)


def _file(back: BackEnd, change: Change) -> Json | Unread:
    if isinstance(back.path, Unread) or isinstance(back.file, Unread):
        return back.path if isinstance(back.path, Unread) else back.file  # type: ignore[return-value]
    if not isinstance(back.file, WebConfig) or back.path.lower() != change.object.lower():
        return None
    keys = [key for key in change.after if key != "sha256"] if isinstance(change.after, dict) else []
    return owa_web_config.as_json(back.file.content, keys)


def _worker(back: BackEnd, property: str) -> Json | Unread:
    """The state of the pool, or the processes that serve it."""
    if property == "state":
        return back.pool_state
    if isinstance(back.workers, Unread):
        return back.workers
    return [f"{each.process_id} since {each.started.isoformat()}" for each in back.workers]


def _override(overrides: tuple[SettingOverride, ...] | Unread, change: Change) -> Json | Unread:
    if isinstance(overrides, Unread):
        return overrides
    name = change.object.removeprefix(_OVERRIDE).lower()
    found = next((each for each in overrides if each.name.lower() == name), None)
    if found is None:
        return None
    values: dict[str, Json] = {
        "Component": found.component,
        "Section": found.section,
        "Parameters": list[Json](found.parameters),
        "Server": list[Json](found.servers),
        "MinVersion": found.min_version,
    }
    return values["Parameters"] if change.property == "Parameters" else like(change.after, values)


def _settings(facts: OwaEnablementFacts, short_name: str) -> Json | Unread:
    for back in facts.back_ends:
        if back.short_name.lower() == short_name.lower():
            return dict(back.settings) if isinstance(back.settings, Mapping) else back.settings
    return None


def _directory(facts: OwaEnablementFacts, change: Change) -> Json | Unread:
    for directories in _directories(facts):
        if isinstance(directories, Unread):
            continue
        for each in directories:
            if each.identity.lower() == change.object.lower():
                return owa_2010.value(each, change.property)
    return next((each for each in _directories(facts) if isinstance(each, Unread)), None)


def _directories(facts: OwaEnablementFacts) -> Iterator[tuple[VirtualDirectory, ...] | Unread]:
    yield from (back.directories for back in facts.back_ends)
    yield from (front.directories for front in facts.front_ends)


def _as_if(facts: OwaEnablementFacts, change: Change, content: bytes) -> OwaEnablementFacts:
    """With web.config of the change's server restored; where no file is there, nothing can be said of it."""
    backs = (
        replace(back, file=replace(back.file, content=content))
        if back.server == change.target.server and isinstance(back.file, WebConfig)
        else back
        for back in facts.back_ends
    )
    return replace(facts, back_ends=tuple(backs))


def _anytime(given: OwaEnablementParameters) -> OwaEnablementParameters:
    return given.model_copy(update={"maintenance_start": "", "maintenance_end": ""})


REVERSAL = Reversal(
    present=present,
    commands=_COMMANDS,
    programs=owa_worker.PROGRAMS,
    take_back=owa_web_config.take_back,
    as_if=_as_if,
    own_files=owa_web_config.own_files,
    anytime=_anytime,
)
