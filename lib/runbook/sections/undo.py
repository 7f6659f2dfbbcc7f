"""Section *undo*: what a notebook, a form and a command line know of it before a record is read.

Its facts and its plan depend on the record, so :mod:`runbook.engine.undo` makes the section that is run.
"""

from __future__ import annotations

from runbook.change import Decision
from runbook.errors import Refused
from runbook.estate import Estate
from runbook.facts.query import Observation
from runbook.parameters_undo import UndoParameters
from runbook.sections.section import Section


def _observe(given: UndoParameters, estate: Estate) -> Observation[None]:
    """Nothing: which servers are asked depends on the record."""
    yield ()


def _decide(given: UndoParameters, estate: Estate, facts: None) -> Decision:
    raise Refused("An undo is opened with the record that it takes back.")


UNDO = Section(
    name="undo",
    title="Undo",
    parameters=UndoParameters,
    observe=_observe,
    decide=_decide,
    in_procedure=False,
)
