"""Parameters of an undo: which record it takes back, and what it takes back although somebody changed it since."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from runbook.inputs.fields import Flag, Line, distinct
from runbook.parameters import SectionParameters


class UndoParameters(SectionParameters):
    """Takes back what one run changed, from what its record says was there before (issue 7)."""

    record: Annotated[
        Line,
        Field(
            title="Record",
            description="Folder of the record whose changes are taken back, from the project's root; empty for the "
            "last run that changed this estate.",
        ),
    ] = ""
    take_back_anyway: Annotated[
        tuple[Line, ...],
        AfterValidator(distinct),
        Field(
            title="Take back anyway",
            description="Consent: objects, as the findings name them, that are taken back though somebody has changed "
            "them since.",
        ),
    ] = ()
    allow_pending_topology_changes: Annotated[
        Flag,
        Field(
            title="Allow pending topology changes",
            description="Consent: Enable-CsTopology also enables what others have published and not yet enabled (L41).",
        ),
    ] = False
