"""Parameters of the section *tracing*: SIPStack tracing on Lync, when events and logs don't tell enough."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from runbook.inputs.fields import Flag, Fqdn, Name, WholeNumber
from runbook.inputs.validation import wrong
from runbook.parameters import SectionParameters

_LONGEST = 24 * 60


class TracingParameters(SectionParameters):
    """Section *tracing* (L85)."""

    registrar_pool_fqdn: Annotated[
        Fqdn, Field(title="Lync pool FQDN", description="FQDN of the Lync pool whose Front Ends are traced (L31, L85).")
    ]
    tracing: Annotated[
        Literal["start", "stop"],
        Field(title="Tracing", description="start: trace from now on. stop: keep what was traced and end it (L85)."),
    ] = "start"
    scenario: Annotated[
        Name,
        Field(
            title="Scenario",
            description="Logging scenario with SIPStack in it: AlwaysOn, or one of your own with all levels (L85).",
        ),
    ] = "AlwaysOn"
    minutes: Annotated[
        WholeNumber, Field(title="Minutes", description="After how many minutes tracing ends by itself (L85).")
    ] = 30
    allow_tracing: Annotated[
        Flag,
        Field(
            title="Allow tracing",
            description="Consent: tracing starts or stops on the Front Ends; others may be using it (L85).",
        ),
    ] = False

    @field_validator("minutes")
    @classmethod
    def _some(cls, value: int) -> int:
        if not 1 <= value <= _LONGEST:
            raise wrong("Tracing fills the disks of the Front Ends.", f"Write 1 to {_LONGEST} minutes (L85).")
        return value
