"""Ask an estate's servers what may be chosen for a section's parameters. Reads only, and belongs to no run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runbook.credentials import Broker, default_broker
from runbook.engine.observe import observe
from runbook.estate import Estate
from runbook.facts.query import Answers, Query
from runbook.fleet import Fleet
from runbook.sections import choices, section_named

Progress = Callable[[int, int, Query[Any]], None]
"""How many of how many questions are asked already, and the one that is asked now."""


def read_choices(
    section: str,
    estate: Estate,
    *,
    progress: Progress = lambda _done, _of, _query: None,
    cancelled: Callable[[], bool] = lambda: False,
    broker: Broker | None = None,
    environment: Mapping[str, str] = os.environ,
) -> choices.Told:
    """What the servers tell; what one of them doesn't is said in ``unread``.

    ``progress`` is called from the threads that ask. Raises :class:`Cancelled` once ``cancelled`` turned true, and
    :class:`InputError` where an account isn't known.
    """
    with Fleet(estate, broker or default_broker(environment), writes=False) as fleet:

        def ask(queries: Sequence[Query[Any]]) -> Answers:
            asked: list[Query[Any]] = []

            def told(query: Query[Any]) -> None:
                asked.append(query)
                progress(len(asked) - 1, len(queries), query)

            return fleet.ask(queries, told=told, cancelled=cancelled)

        return observe(choices.observe(section_named(section).parameters, estate), ask)
