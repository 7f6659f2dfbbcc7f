"""The questions before a plan is applied: the ticket, the servers by name, and the button that is only then enabled."""

from __future__ import annotations

from collections.abc import Callable

from ipywidgets import VBox

from runbook.display import controls
from runbook.display.confirmation import Given, Question, missing
from runbook.display.live import html
from runbook.render import message
from runbook.render.disturbance import disturbance

_MOST_SAID = 2
"""Of what is missing: the rest is seen in the fields."""


class Asking:
    """``apply`` is called with what was typed, once nothing is missing; ``decline`` by whoever decides against it.

    ``barred`` says why the plan may not be applied just now, whatever is typed; empty where it may.
    """

    def __init__(
        self,
        asked: Question,
        *,
        place: str,
        apply: Callable[[Given], None],
        decline: Callable[[], None],
        barred: Callable[[], str] = lambda: "",
    ) -> None:
        self._asked = asked
        self._apply = apply
        self._barred = barred
        count = f"{asked.changes} change{'' if asked.changes == 1 else 's'}"
        head = f"{count} to {place}: waiting for your confirmation"
        self.view = message(f"▶ {head}", "Nothing is sent before it is confirmed. Run this cell to be asked.")
        self.ticket = controls.field("Change ticket", asked.ticket, told=self.look, placeholder="CHG0012345")
        self.names = {
            server: controls.field(f"To disturb its users, type {server}", told=self.look) for server in asked.servers
        }
        self.still = controls.status()
        self.apply = controls.button(f"Apply {count}", self._pressed, kind="danger")
        self.decline = controls.button("Don't apply", decline)
        self.widget = VBox(
            children=(
                html(message(head)),
                *((html(disturbance(asked.disturbances, asked.announcement)),) if asked.disturbances else ()),
                self.ticket,
                *self.names.values(),
                self.still,
                controls.row(self.apply, self.decline),
            )
        )
        self.look()

    @property
    def given(self) -> Given:
        return Given(ticket=self.ticket.value.strip(), names={server: box.value for server, box in self.names.items()})

    def look(self) -> None:
        """Say what still stands in the way, as things are now."""
        said = (barred,) if (barred := self._barred()) else missing(self._asked, self.given)
        self.apply.disabled = bool(said)
        more = (f"And {len(said) - _MOST_SAID} more.",) if len(said) > _MOST_SAID else ()
        controls.say(self.still, *((*said[:_MOST_SAID], *more) or ("Ready: Apply sends the changes.",)))

    def _pressed(self) -> None:
        self.look()  # something may have changed that nobody told of
        if not self.apply.disabled:
            self._apply(self.given)
