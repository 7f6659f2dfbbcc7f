"""What a notebook calls: one method a step, each returning something to show.

Views only; every decision and every command is the engine's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from runbook import record, render, secrecy
from runbook.again import open_any, open_resumed
from runbook.change import ChangeOutcome, Decision, Outcome
from runbook.display.interactive import is_interactive
from runbook.display.telling import record_failure
from runbook.engine.run import Run
from runbook.errors import Blocked
from runbook.estate import find_estate, load_estate
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters, load_parameters
from runbook.powershell import render as powershell
from runbook.render import View
from runbook.report import audit
from runbook.sections import section_named
from runbook.sections.unread import any_unread

if TYPE_CHECKING:
    from runbook.display.stepped import Stepped

_SCALARS = (str, int, float, bool, list, tuple, dict, type(None))
_KERNEL = frozenset({"In", "Out"})
_FINE = (Outcome.VERIFIED, Outcome.NOT_NEEDED, Outcome.PLANNED)


def start(section: str, namespace: Mapping[str, object], *, interactive: bool | None = None) -> NotebookRun | Stepped:
    """Begin a run from a notebook: ``runbook.start("trusted_pool", vars())``.

    Every value in ``namespace`` is taken for a parameter, so that a misspelt key of a parameter file is refused
    instead of ignored. Before somebody (:func:`is_interactive`) the run is stepped through live, and where one of this
    kernel has changed something and isn't closed yet, that one goes on. Raises :class:`InputError` with every fault,
    before any server is contacted.
    """
    if not is_interactive(interactive):
        run, key, _ = _start(section, namespace, interactive=False)
        return NotebookRun(run, key)
    from runbook.display.agreed import otherwise
    from runbook.display.current import current  # widgets, which a headless run never loads
    from runbook.display.entries import typed_into
    from runbook.display.stepped import Stepped

    def begin() -> Stepped:
        run, key, begun = _start(section, namespace, interactive=True)

        def resume(folder: Path) -> tuple[Run, NotebookRun]:
            resumed = open_resumed(folder, run.estate, mode=run.mode, interactive=True)
            return resumed, NotebookRun(resumed, key)

        return Stepped(run, NotebookRun(run, key), resume, lambda: otherwise(begun, namespace, typed_into(section)))

    return current(section, begin)


def _start(
    section: str, namespace: Mapping[str, object], *, interactive: bool
) -> tuple[Run, record.OwnKey, SectionParameters]:
    given = {
        name: value
        for name, value in namespace.items()
        if isinstance(value, _SCALARS) and not name.startswith("_") and name not in _KERNEL
    }
    parameters = load_parameters(section_named(section).parameters, given)
    estate = load_estate(find_estate(parameters.estate))
    logging.getLogger("traitlets").setLevel(logging.WARNING)
    secrecy.guard_kernel()
    key = record.own_key()  # before anything is contacted: a run that can't be signed isn't begun
    run = open_any(section, parameters, estate, mode=Mode(parameters.mode), interactive=interactive)
    return run, key, parameters


def _recorded(step: Callable[[NotebookRun], View]) -> Callable[[NotebookRun], View]:
    """A step whose errors stand in the record too."""

    @wraps(step)
    def told(self: NotebookRun) -> View:
        try:
            return step(self)
        except BaseException as error:
            record_failure(error, self._run)
            raise

    return told


class NotebookRun:
    """One run, as a notebook steps through it."""

    def __init__(self, run: Run, key: record.OwnKey) -> None:
        self._run = run
        self._key = key
        self._shown = run.ledger.redacted

    @_recorded
    def binding(self) -> View:
        """Which servers are reached, and whether each is the one that the estate names."""
        rows = [
            render.BoundServer(
                server=bound.target.server,
                shell=bound.target.shell,
                description=bound.description,
                reached=bound.ok,
                said=bound.said,
            )
            for bound in self._run.bind()
        ]
        title = f"{self._run.section.title} · {self._run.estate.organisation} · mode: {self._run.mode}"
        return render.binding(title, self._run.estate.environment, rows)

    @_recorded
    def check(self) -> View:
        """Read the facts and judge them."""
        return render.findings(self._shown(self._run.check()))

    @_recorded
    def plan(self) -> View:
        """What would be changed, and why."""
        plan = self._run.plan
        skipped = tuple(map(self._run.skipped, plan.changes))
        return render.plan(self._shown(plan), applies=self._run.mode is Mode.APPLY, skipped=self._shown(skipped))

    @_recorded
    def apply(self) -> View:
        """Carry the plan out, in apply mode."""
        plan = self._shown(self._run.plan)
        results = self._shown(self._run.apply(confirmed_by="parameter mode=apply"))
        if not plan.changes:
            return render.message("Nothing to apply.", plan.because)
        if self._run.mode is not Mode.APPLY:
            note = "Nothing was sent: this run only plans. Set the parameter mode to apply to carry the plan out."
            return render.outcomes(results, note=note)
        return self.applied()

    def applied(self) -> View:
        """What became of the plan that was applied last."""
        results = self._shown(self._run.results)
        return render.outcomes(results, note=_count(results))

    @_recorded
    def verify(self) -> View:
        """Read the facts again and make the same decision once more; then what Exchange's audit log has of the run."""
        decision = self._shown(self._run.verify())
        results = self._shown(self._run.results)
        if not results or self._run.mode is not Mode.APPLY:
            return render.findings(decision)
        entries = self._run.audit()
        said = (_count(results), _left(decision), *((audit.sentence(entries),) if entries else ()))
        return render.outcomes(results, note=" ".join(said))

    def undo_commands(self) -> View:
        """The lines that take back what was applied, the last change first."""
        results = self._shown((*self._run.done, *self._run.results))
        done = [r for r in results if r.outcome in (Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN)]
        if not done:
            return render.message("This run changed nothing, so there is nothing to take back.")
        lines: list[str] = []
        for result in reversed(done):
            where = f"# on {result.change.target}: {result.change.object}"
            reverse = [powershell(pipeline) for pipeline in result.change.reverse]
            lines += [where, *(reverse or [f"# no way back: {result.change.irreversible}"])]
        return render.message("To take back what this run applied, in this order:", *lines)

    @_recorded
    def finish(self) -> View:
        """Close and sign the record. Raises :class:`Blocked` where something still stands in the way."""
        outcome = self._run.finish()
        folder = self._run.ledger.path.parent
        closed = None if record.is_left_open() else record.close(folder)
        said = closed.problems if closed else ()
        if self._key.made:
            said = (f"A key to sign your records with was made; its fingerprint is {self._key.fingerprint}.", *said)
        if outcome in _FINE:
            return render.message(f"Outcome: {outcome}", f"Record: {self._run.estate.name}/{folder.name}", *said)
        raise Blocked("\n".join((self._shown(self._why(outcome)), *said)))

    def _why(self, outcome: Outcome) -> str:
        blocking = self._run.decision.blocking
        lines = [f"Outcome: {outcome}."]
        lines += [f"- {finding.id}: {finding.what} {finding.remedy}" for finding in blocking]
        lines += [
            f"- {result.change.object} on {result.change.target.server}: {result.outcome}. {' '.join(result.said)}"
            for result in self._run.results
            if result.outcome not in _FINE
        ]
        return "\n".join(lines)


def _left(decision: Decision) -> str:
    """What is still to be done, where anybody can tell: an empty plan may only be one that is held back."""
    if decision.plan.changes:
        return f"{len(decision.plan.changes)} left to do."
    if any_unread(decision.findings):
        return "What is left to do can't be said: not everything could be read."
    return decision.plan.because if decision.blocking else "Nothing is left to do."


def _count(results: tuple[ChangeOutcome, ...]) -> str:
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    said = [f"{number} {outcome}" for outcome, number in counts.items() if number]
    return f"{len(results)} change{'s' if len(results) > 1 else ''}: {', '.join(said)}."
