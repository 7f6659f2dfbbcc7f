"""A whole rehearsal: the lab, the sections one after the other, a second pass, and what the lab's world says."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runbook import record
from runbook.change import Json, Outcome
from runbook.cli.headless import execute_notebook, look, new_folder, section_parameters
from runbook.cli.lab import PARAMETERS, Lab, LabFailed, credentials_in_environment, running_lab
from runbook.engine.opening import open_run
from runbook.engine.verdict import worst
from runbook.estate import Estate, load_estate
from runbook.ledger import FILE_NAME, read_events
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters
from runbook.paths import from_root
from runbook.render.templating import visible
from runbook.sections import SECTIONS, section_named
from runbook.sections.across import explained
from runbook.summary import SectionSummary, summarise

SIGNED_IN_FOR = "verification"
"""The section that looks at what a sign-in left behind (L78, L81)."""
Watch = Callable[[str, Path], AbstractContextManager[None]]
"""Shows the progress of a step, by its words and its record folder, while it runs."""


class Stopped(KeyboardInterrupt):
    """Somebody stopped a run: ``section`` is what it had come to."""

    def __init__(self, section: SectionSummary) -> None:
        self.section = section
        super().__init__()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal came to. ``presence`` is the lab's own word, not the runbook's."""

    topology: str
    mode: Mode
    sections: tuple[SectionSummary, ...]
    second_pass: int | None
    presence: Mapping[str, Any] | None

    @property
    def outcome(self) -> Outcome:
        """The worst of the sections; *incomplete* where the second pass still found something to change."""
        outcome = worst(section.outcome for section in self.sections)
        return worst((outcome, Outcome.INCOMPLETE)) if self.second_pass else outcome

    def document(self) -> Json:
        """The ``--json`` document."""
        presence = None if self.presence is None else {key: self.presence[key] for key in _PRESENCE}
        return {
            "topology": self.topology,
            "mode": self.mode.value,
            "outcome": self.outcome.value,
            "sections": [section.document() for section in self.sections],
            "second_pass": None if self.second_pass is None else {"changes": self.second_pass},
            "presence": presence,
        }


_PRESENCE = ("working", "expected", "users")


def rehearse(
    topology: str,
    *,
    sections: Sequence[str],
    mode: Mode,
    records: Path | None,
    states: Sequence[str],
    watch: Watch,
    scenario: Path | None = None,
) -> Rehearsal:
    """Start the lab with ``topology`` in the given start states and run ``sections`` against it, else the procedure.

    A ``scenario`` file names its own topology and what is broken in it; its users have been at work already, so that
    what is broken shows.
    """
    wanted = {section_named(name).name for name in sections}
    chosen = [name for name, section in SECTIONS.items() if name in wanted or (not wanted and section.in_procedure)]
    with running_lab(topology, states=states, scenario=scenario) as lab, credentials_in_environment(lab):
        parameters = {name: section_parameters(name, parameter_file(lab.topology, name)) for name in chosen}
        estate = load_estate(lab.estate)
        done = []
        for name in chosen:
            if name == SIGNED_IN_FOR and mode is Mode.APPLY:
                lab.sign_in_test_users()
            given = parameters[name]
            done.append(run_one(name, given, estate, mode=mode, records=records, watch=watch, lasts=False))
        left = None
        if mode is Mode.APPLY:
            left = sum(_second_pass(name, parameters[name], estate, records, watch) for name in chosen)
        return Rehearsal(
            topology=lab.topology,
            mode=mode,
            sections=_with_causes(done),
            second_pass=left,
            presence=_presence(lab),
        )


def _with_causes(done: Sequence[SectionSummary]) -> tuple[SectionSummary, ...]:
    """The sections' findings, in which symptoms name what another section found as their cause."""
    found = iter(explained(finding for section in done for finding in section.findings))
    return tuple(replace(section, findings=tuple(itertools.islice(found, len(section.findings)))) for section in done)


def _presence(lab: Lab) -> Mapping[str, Any] | None:
    """What the lab's world says; nothing where the lab is gone, which the sections' outcomes tell already."""
    try:
        return lab.ask("presence")
    except LabFailed:
        return None


def run_one(
    section: str,
    parameters: SectionParameters,
    estate: Estate,
    *,
    mode: Mode,
    records: Path | None,
    watch: Watch,
    anchors: Sequence[str] = (),
    lasts: bool = True,
) -> SectionSummary:
    """One section: in check mode without a kernel, else its notebook through papermill. Its record is signed.

    ``lasts``: the servers will be there later too, so a run that is cut off can be gone on from. Raises
    :class:`Stopped` where somebody pressed Ctrl-C after the run had begun.
    """
    folder = new_folder(estate, section, records)
    run = look if mode is Mode.CHECK else execute_notebook
    try:
        with watch(section_named(section).title, folder), closed(folder, anchors):
            run(section, parameters, estate, mode=mode, folder=folder)
    except KeyboardInterrupt:
        if not (folder / FILE_NAME).exists() or not read_events(folder).entries:
            raise
        raise Stopped(_summary(folder, lasts=lasts)) from None
    return _summary(folder, lasts=lasts)


def _summary(folder: Path, *, lasts: bool) -> SectionSummary:
    found = summarise(folder)
    return found if lasts else replace(found, resumable=False)


@contextmanager
def closed(folder: Path, anchors: Sequence[str] = ()) -> Iterator[None]:
    """Close the record in ``folder`` afterwards, however the run ended, unless it was cut off: then it stays open."""
    try:
        yield
    finally:
        if (folder / FILE_NAME).exists():
            done = record.close(folder, anchors=anchors)
            for problem in done.problems if done else ():
                sys.stderr.write(f"{visible(problem)}\n")


def parameter_file(topology: str, section: str) -> Path:
    """The rehearsal's parameters: those of the topology where it has its own, else the common ones."""
    name = f"{section.replace('_', '-')}.yaml"
    own = from_root(PARAMETERS) / topology / name
    return own if own.is_file() else from_root(PARAMETERS) / name


def _second_pass(
    section: str, parameters: SectionParameters, estate: Estate, records: Path | None, watch: Watch
) -> int:
    """How many changes the section would still make: none, once all of it is done."""
    folder = new_folder(estate, section, records)
    with watch(f"{section_named(section).title}, second pass", folder), closed(folder):
        look(section, parameters, estate, mode=Mode.PLAN, folder=folder)
    return len(summarise(folder).changes)


def bring_up_to(section: str, lab: Lab, estate: Estate, records: Path) -> None:
    """Apply all sections before ``section`` without notebooks, so that it finds what it builds on."""
    for name in SECTIONS if section_named(section).in_procedure else ():
        if name == section:
            break
        parameters = section_parameters(name, parameter_file(lab.topology, name))
        folder = new_folder(estate, name, records)
        with closed(folder):
            run = open_run(name, parameters, estate, mode=Mode.APPLY, folder=folder)
            run.check()
            run.apply(confirmed_by="the rehearsal")
            run.verify()
            run.finish()
    if section == SIGNED_IN_FOR:
        lab.sign_in_test_users()
