"""A run's plan as a file, for somebody else to approve."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from runbook.approval import planfile
from runbook.approval.statement import moment
from runbook.engine import provenance
from runbook.engine.run import Run
from runbook.errors import OutcomeUnknown
from runbook.ledger import origin
from runbook.sections.unread import any_unread


def plan_file(run: Run, environment: Mapping[str, str] = os.environ) -> bytes:
    """The plan file of a run that has checked.

    :class:`OutcomeUnknown` where facts couldn't be read, since nobody can say then what is to be changed.
    """
    decision = run.decision
    if unread := any_unread(decision.findings):
        raise OutcomeUnknown(run.estate.name, run.section.name, f"No plan is written: {', '.join(unread)}.")
    return planfile.written(
        run.section.name,
        run.estate,
        run.parameters,
        run.plan,
        findings=decision.findings,
        code=provenance.code_digests(run.section.name, environment),
        made={
            "account": origin.actor(),
            "host": origin.host(),
            "operator": run.parameters.operator,
            "change_ticket": run.parameters.change_ticket,
            "time": moment(datetime.now(UTC)),
            "run": run.ledger.run,
        },
    )
