"""A run as somebody steps through it in JupyterLab: the same views, live, and an Apply that asks first.

What is shown is what a headless run shows (``Views``), beside progress, the steps of the run and questions. Reading
happens in the cell; whatever changes servers happens in the Apply panel's thread, after a confirmation.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, TypeVar

from IPython.display import display
from ipywidgets import HTML, Widget

from runbook.display import controls
from runbook.display.apply import ApplyPanel, State
from runbook.display.earlier import Earlier, told, unfinished
from runbook.display.found import findings_table, worst_first
from runbook.display.listing import Listing
from runbook.display.live import Live, framed, html, joined
from runbook.display.steps import Standing, steps
from runbook.display.telling import failed_step, is_short, shortly
from runbook.display.watching import Watching
from runbook.engine.run import Phase, Run
from runbook.errors import Cancelled, RunbookError
from runbook.ledger import origin
from runbook.ledger.events import Mode
from runbook.render import View, message
from runbook.render.failure import failure
from runbook.render.rail import rail
from runbook.render.views import findings_as_given

T = TypeVar("T")

MANY = 8
"""From so many findings on they are worth a filter."""


class Views(Protocol):
    """The steps of a headless run."""

    def binding(self) -> View: ...
    def check(self) -> View: ...
    def plan(self) -> View: ...
    def apply(self) -> View: ...
    def applied(self) -> View: ...
    def verify(self) -> View: ...
    def undo_commands(self) -> View: ...
    def finish(self) -> View: ...


def _told_in_full(step: Callable[[Stepped], T]) -> Callable[[Stepped], T]:
    """A step whose error is shown with what to do about it, where it wasn't yet, and fails the cell in one line."""

    @wraps(step)
    def stepping(self: Stepped) -> T:
        try:
            return step(self)
        except RunbookError as error:
            if not is_short(error):
                display(failure(failed_step(error, self.run)))  # type: ignore[no-untyped-call]
            raise shortly(error) from None

    return stepping


class Stepped:
    """One run. Each step shows what it does while it does it, and leaves one output.

    ``resume`` begins a run that goes on from the one whose record is in the given folder. ``otherwise`` names the
    parameters whose values in the cells aren't any more those that the notebook's run was begun with.
    """

    def __init__(
        self,
        run: Run,
        views: Views,
        resume: Callable[[Path], tuple[Run, Views]],
        otherwise: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self.run = run
        self.panel: ApplyPanel | None = None
        self.goes_on = False
        """The first cell was run again after something had been sent."""
        self._views = views
        self._resume = resume
        self._otherwise = otherwise
        self._running = ""
        self._change: int | None = None
        self._verified = False
        self._binding: Live | None = None
        self._bound = message("Not reached yet.")
        self._rail = HTML(value=framed(self.rail()))

    def __getattr__(self, name: str) -> Any:
        """Whatever else a headless run can do."""
        return getattr(self._views, name)

    @property
    def by(self) -> str:
        """Who sits before it: the operator whom the parameters name, and the account."""
        account = f"{origin.actor()} on {origin.host()}"
        return f"{self.run.parameters.operator} ({account})" if self.run.parameters.operator else account

    @property
    def is_open(self) -> bool:
        """Something was sent, or may be sent just now, and the record isn't closed."""
        begun = bool(self.run.results or self.run.done) and self.run.mode is Mode.APPLY
        busy = self.panel is not None and self.panel.state is State.RUNNING
        return self.run.phase is not Phase.ENDED and (begun or busy)

    def edited(self) -> None:
        """Somebody changed a value in the form."""
        if self.panel is not None:
            self.panel.look()

    def leave(self) -> None:
        """Close the record of a run that sent nothing, as another one begins in its place."""
        if self.run.phase is not Phase.ENDED:
            with contextlib.suppress(RunbookError):
                self._views.finish()

    def binding(self) -> None:
        """Which servers are reached; below it the steps of the run, which go on changing."""

        def bind() -> tuple[View, *tuple[Widget, ...]]:
            self._bound = self._views.binding()
            above: tuple[View, ...] = ()
            if self.goes_on:
                above = (message("This run has changed something and isn't closed: it goes on."),)
            own = self.run.ledger.path.parent
            earlier = () if self.goes_on else unfinished(own.parent, self.run.section.name, own=own)
            offered = [widget for one in earlier for widget in self._offer(one)]
            widgets = (*map(html, above), *((self._instead(),) if self.goes_on else ()), *offered)
            return (
                joined((*above, *map(told, earlier), self._bound, self.rail())),
                *widgets,
                html(self._bound),
                self._rail,
            )

        self._binding = self._reading("bind", "Reaching the servers", bind)

    def check(self) -> View | None:
        """Read the facts and judge them."""
        if self.panel is not None and self.panel.state is State.RUNNING:
            return self._waits()

        def look() -> tuple[View, *tuple[Widget, ...]]:
            view = self._views.check()
            findings = worst_first(self.run.ledger.redacted(self.run.decision).findings)
            if len(findings) < MANY:
                return self._found(view, html(view))
            listing = Listing(
                findings_table(findings),
                lambda places, _: findings_as_given([findings[place] for place in places]),
            )
            return self._found(view, listing.widget)

        self._reading("check", "Reading the facts", look)
        return None

    @_told_in_full
    def plan(self) -> View:
        """What would be changed, and why."""
        return self._views.plan()

    @_told_in_full
    def apply(self) -> Live | None:
        """Ask whether to carry the plan out; in plan mode, or with nothing to send, say so."""
        run = self.run
        panel = self.panel
        if panel is not None and panel.state is not State.DECLINED and panel.digest == run.plan.digest:
            panel.look()
            return panel.live
        sent = run.mode is Mode.APPLY and any(not change.run_locally for change in run.plan.changes)
        if not sent or run.phase is not Phase.CHECKED:
            self._reading("apply", "Applying", lambda: (self._views.apply(),))
            return None
        self.panel = ApplyPanel(
            run,
            by=self.by,
            outcomes=self._views.applied,
            rail=self.rail,
            moved=self._moved,
            otherwise=self._otherwise,
        )
        self._moved(None)
        return self.panel.live

    def verify(self) -> View | None:
        """Read the facts again and make the same decision once more."""
        if waits := self._waits():
            return waits
        self._reading("verify", "Verifying with fresh facts", lambda: self._found(self._views.verify()))
        self._verified = True
        return None

    @_told_in_full
    def undo_commands(self) -> View:
        """The lines that take back what was applied."""
        return self._waits() or self._views.undo_commands()

    def finish(self) -> View | None:
        """Close and sign the record."""
        if waits := self._waits():
            return waits
        self._reading("finish", "Closing the record", lambda: (self._views.finish(),))
        return None

    def _instead(self) -> Widget:
        """A button that closes this run as it stands, for another one to begin."""

        def pressed() -> None:
            if self.panel is None or self.panel.state is not State.RUNNING:
                instead.disabled = True
                instead.description = "Closed. Run this cell again to begin a new run."
                self.leave()
                self._moved(None)

        instead = controls.button("Close it and begin a new run", pressed)
        return instead

    def _offer(self, one: Earlier) -> tuple[Widget, ...]:
        """An earlier run that was cut off, and a button that goes on from it with this notebook's cells."""
        said = controls.status()

        def pressed() -> None:
            if self.is_open:
                controls.say(said, "This run has changed something itself. Close it first.")
                return
            go_on.disabled = True
            left = self._views
            try:
                self.run, self._views = self._resume(one.folder)
            except Exception as error:
                said.value = framed(failure(failed_step(error, self.run)))
                return
            with contextlib.suppress(RunbookError):
                left.finish()
            self.panel, self._verified = None, False
            controls.say(said, f"This notebook goes on from {one.name}. Run the next cells: Check, Plan, Apply.")
            self._moved(None)

        go_on = controls.button("Go on from it", pressed, kind="primary")
        return html(told(one)), controls.row(go_on, said)

    def rail(self) -> View:
        """Every step of the run, as it stands now."""
        run = self.run
        decided = run.phase is not Phase.OPENED
        shown = run.ledger.redacted
        return rail(
            steps(
                Standing(
                    bound=run.bound,
                    decision=shown(run.decision) if decided else None,
                    changes=shown(run.plan.changes) if decided else (),
                    skipped=shown(tuple(map(run.skipped, run.plan.changes))) if decided else (),
                    results=shown(run.results),
                    done=shown(run.done),
                    verified=run.phase is Phase.VERIFIED or (run.phase is Phase.ENDED and self._verified),
                    ended=run.ended,
                    running="apply" if self._change is not None else self._running,
                    change=self._change,
                )
            )
        )

    def _found(self, view: View, *widgets: Widget) -> tuple[View, *tuple[Widget, ...]]:
        """What was found, and below it the tables to look through; a saved notebook keeps their first page."""
        listings = [Listing(self.run.ledger.redacted(table)) for table in self.run.tables]
        return (
            joined((view, *(each.view for each in listings))),
            *(widgets or (html(view),)),
            *(each.widget for each in listings),
        )

    def _waits(self) -> View | None:
        """What a cell says that has nothing to do before the Apply panel is through."""
        why = self.panel.waits if self.panel is not None else ""
        return message(f"▶ {why}", "This cell did nothing. Run it again after that.") if why else None

    def _moved(self, change: int | None) -> None:
        """Something is known anew: the steps show it, and so will the saved notebook once a step has ended."""
        self._change = change
        view = self.rail()
        self._rail.value = framed(view)
        if self._binding is not None and change is None:
            self._binding.keep(joined((self._bound, view)))

    def _reading(self, step: str, title: str, job: Callable[[], tuple[View, *tuple[Widget, ...]]]) -> Live:
        """Do one step in this cell: progress and Cancel while it runs, then what came of it, in the same output."""
        control = self.run.control
        control.renew()
        watching = Watching(title, lambda: control.cancel(self.by))
        live = Live(message(f"▶ {title}."), watching.widget)
        display(live)  # type: ignore[no-untyped-call]
        control.watch = watching.told
        self._running = step
        self._rail.value = framed(self.rail())
        try:
            view, *widgets = job()
        except KeyboardInterrupt:
            raise shortly(self._failed(live, Cancelled(f"{title} was interrupted."))) from None
        except Exception as error:
            raise shortly(self._failed(live, error)) from None
        finally:
            control.watch = lambda _: None
            self._running = ""
            self._moved(None)
        live.show(view, *widgets)
        return live

    def _failed(self, live: Live, error: Exception) -> Exception:
        live.show(failure(failed_step(error, self.run)))
        return error
