"""The Apply panel: question, progress, what came of it, and the way on after a failure.

========  ===========================  ================================
state     what is shown                which leads to
========  ===========================  ================================
asking    the question                 running, declined
running   progress, the steps, Cancel  done, deciding
deciding  what failed, the way on      running (fresh facts), done
declined  that nothing was sent        —
done      what became of each change   —
========  ===========================  ================================

Everything that talks to servers runs in a thread of its own with sessions of its own, so that the kernel stays idle and
hears Cancel. A button that is pressed twice, or in two tabs, counts once.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from enum import StrEnum

from ipywidgets import HTML

from runbook.change import Change
from runbook.display.agreed import told
from runbook.display.asking import Asking
from runbook.display.confirmation import Given, question
from runbook.display.guided import Guided, Trouble, trouble
from runbook.display.live import Live, framed, html, joined
from runbook.display.telling import failed_step
from runbook.display.watching import Watching
from runbook.engine.control import Doing
from runbook.engine.run import Run
from runbook.ledger import read_events
from runbook.ledger.events import Answer, CancelAsked, FailureAnswered, Intent, Note
from runbook.render import View, message
from runbook.render import plan as plan_view
from runbook.render.failure import failure

_SENT_BEFORE = message(
    "Changes were sent before this: the record has each.", "Nothing more is sent before it is confirmed here."
)


class State(StrEnum):
    """The table above."""

    ASKING = "asking"
    RUNNING = "running"
    DECIDING = "deciding"
    DECLINED = "declined"
    DONE = "done"


class ApplyPanel:
    """One plan of one run, from the question to what came of it.

    ``outcomes`` shows the results, ``rail`` the steps; ``moved`` is called whenever something is known anew, with the
    place of the change under way. ``by`` is whoever sits before it. ``otherwise`` names the parameters whose values in
    the cells aren't the run's any more: while there are any, nothing is sent.
    """

    def __init__(
        self,
        run: Run,
        *,
        by: str,
        outcomes: Callable[[], View],
        rail: Callable[[], View],
        moved: Callable[[int | None], None],
        otherwise: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._run = run
        self._by = by
        self._outcomes = outcomes
        self._rail = rail
        self._moved = moved
        self._otherwise = otherwise
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self.ticket = run.parameters.change_ticket
        self.digest = run.plan.digest
        self.state = State.ASKING
        self.asking: Asking | None = None
        self.guided: Guided | None = None
        self.watching: Watching | None = None
        self.live = Live(message("Apply"))
        self._ask_or_end()

    @property
    def waits(self) -> str:
        """Why another cell has nothing to do yet; empty where it has.

        It stands there until that cell is run again, and is saved: it tells what the cell waits for, never what was
        sent or not.
        """
        return {
            State.ASKING: "This step comes after Apply, which has to be confirmed in its own cell.",
            State.RUNNING: "This step comes after the changes: the Apply cell tells how far they are.",
            State.DECIDING: "This step comes after a decision in the Apply cell: retry, skip or stop.",
        }.get(self.state, "")

    def look(self) -> None:
        """The values in the cells may have changed: say whether the plan may still be applied."""
        if self.asking is not None and self.state is State.ASKING:
            self.asking.look()

    def join(self) -> None:
        """Wait until nothing is under way, as tests do."""
        while (worker := self._worker) is not None and worker.is_alive():
            worker.join()

    def _ask(self, above: tuple[View, ...]) -> None:
        run = self._run
        self.asking = Asking(
            question(run.ledger.redacted(self._left()), self.ticket),
            place=f"{run.estate.organisation} ({run.estate.environment})",
            apply=self._confirmed,
            decline=self._declined,
            barred=self._barred,
        )
        self.state = State.ASKING
        self.live.show(joined((*above, self.asking.view)), *map(html, above), self.asking.widget)

    def _barred(self) -> str:
        """Why the plan may not be applied whatever is typed; empty where it may."""
        names = self._otherwise()
        return told(names, has_sent=self._has_sent) if names else ""

    @property
    def _has_sent(self) -> bool:
        """A command that changes something has left in this run, or in the one that it goes on from."""
        intents = (isinstance(event, Intent) for event in read_events(self._run.ledger.path).events)
        return bool(self._run.sent_before) or any(intents)

    def _confirmed(self, given: Given) -> None:
        if not self._leaves(State.ASKING, State.RUNNING):
            return
        if self.digest != self._run.plan.digest:
            self.state = State.DECLINED
            self.live.show(
                message("The plan has changed since this was shown.", "Run this cell again to see the question.")
            )
            return
        self.ticket = given.ticket
        by = f"{self._by}, button Apply in JupyterLab"
        self._work(
            "Applying", lambda: self._run.apply(confirmed_by=by, ticket=given.ticket, typed=given.typed), self._applied
        )

    def _declined(self) -> None:
        if self._leaves(State.ASKING, State.DECLINED):
            self._run.ledger.append(Note(text=f"The plan wasn't applied: {self._by} decided against it."))
            sent = (
                "Nothing more was sent: what was sent before stands in the record."
                if self._has_sent
                else "Nothing was sent."
            )
            self.live.show(message("Not applied.", f"{sent} Close the record below, or run the check again."))
            self._moved(None)

    def _applied(self) -> None:
        run = self._run
        found = trouble(run.ledger.redacted(run.results), run.ledger.redacted(run.stopped))
        view = self._outcomes()
        if found is None:
            self.state = State.DONE
            self.live.show(joined((view, message("Now run the next cell: Verify."))))
        else:
            self._decide(found, view)
        self._moved(None)

    def _decide(self, found: Trouble, *above: View) -> None:
        self.guided = Guided(found, lambda answer, reason: self._answered(found, answer, reason))
        self.state = State.DECIDING
        self.live.show(joined((self.guided.view, *above)), self.guided.widget, *map(html, above))

    def _answered(self, found: Trouble, answer: Answer, reason: str) -> None:
        if not self._leaves(State.DECIDING, State.RUNNING):
            return
        run = self._run
        run.ledger.append(
            FailureAnswered(plan=self.digest, change=found.change, answer=answer, by=self._by, reason=reason)
        )
        if answer is Answer.STOP:
            self.state = State.DONE
            self.live.show(
                joined((self._outcomes(), message("Stopped.", "Verify what was done, then close the record.")))
            )
            self._moved(None)
            return
        if answer is Answer.SKIP:
            run.skip(run.results[found.change].change, f"{reason} ({self._by})")
        self._work("Reading the facts again", run.again, self._planned_again)

    def _left(self) -> tuple[Change, ...]:
        """What Apply would carry out: the plan without what was skipped."""
        return tuple(change for change in self._run.plan.changes if not self._run.skipped(change))

    def _ask_or_end(self, *, anew: bool = False) -> None:
        """Ask about what is left of the plan; where a button could send nothing, say what to do instead.

        ``anew``: the plan was made after the one that its own cell shows.
        """
        run = self._run
        self.digest = run.plan.digest
        skipped = tuple(map(run.skipped, run.plan.changes))
        shown = plan_view(run.ledger.redacted(run.plan), applies=True, skipped=run.ledger.redacted(skipped))
        if any(not change.run_locally for change in self._left()):
            self._ask((*((_SENT_BEFORE,) if self._has_sent else ()), *((shown,) if anew else ())))
            return
        if not any(skipped):
            run.apply(confirmed_by=self._by)  # what was settled by fresh facts is counted as done
        self.state = State.DONE
        said = message("Nothing is left to apply.", run.plan.because, "Now run the next cell: Verify.")
        self.live.show(joined((said, shown)) if run.plan.changes else said)

    def _planned_again(self) -> None:
        self._ask_or_end(anew=True)
        self._moved(None)

    def _work(self, title: str, job: Callable[[], object], then: Callable[[], None]) -> None:
        """Run ``job`` in a thread, show how far it is, and go on with ``then``."""
        run = self._run
        run.control.renew()
        watching = self.watching = Watching(title, self._cancel)
        steps = HTML(value=framed(self._rail()))

        def watch(doing: Doing) -> None:
            if not threading.main_thread().is_alive():  # the kernel ends, and waits a little for this thread
                run.control.cancel("the end of the kernel")
            watching.told(doing)
            if doing.change is not None:
                self._moved(doing.change)
                steps.value = framed(self._rail())

        def work() -> None:
            try:
                job()
                run.control.watch = lambda _: None
                then()
            except BaseException as error:  # a thread has nobody else to tell
                self._failed(error)

        run.control.watch = watch
        under_way = message(f"▶ {title}.", "Run this cell again to see how far it is.")
        self.live.show(under_way, watching.widget, steps)
        context = contextvars.copy_context()
        self._worker = threading.Thread(target=lambda: context.run(work), name="runbook-apply")
        self._worker.start()

    def _failed(self, error: BaseException) -> None:
        failed = failed_step(error, self._run)
        shown = self._run.ledger.redacted
        found = trouble(shown(self._run.results), shown(self._run.stopped)) or Trouble(
            what=failed.what, change=0, skippable=False
        )
        self._decide(found, failure(failed))
        self._moved(None)

    def _cancel(self) -> None:
        if self.state is State.RUNNING and not self._run.control.cancelled:
            self._run.control.cancel(self._by)
            self._run.ledger.append(CancelAsked(by=self._by))

    def _leaves(self, state: State, to: State) -> bool:
        """Go from one state to the next, once: whoever comes second is too late."""
        with self._lock:
            if self.state is not state:
                return False
            self.state = to
            return True
