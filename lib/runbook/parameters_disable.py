"""Parameters of the section *disable IM*: where IM is switched off in OWA, and whether that may end an integration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from runbook.inputs.fields import Flag, Line, fqdn
from runbook.parameters import Fqdns, SectionParameters


class DisableImParameters(SectionParameters):
    """Section *disable IM* (L75-L77)."""

    front_end_servers: Annotated[
        Fqdns,
        Field(
            title="Front ends",
            description="Servers whose OWA virtual directories are switched off; empty for all of the estate (L77).",
        ),
    ] = ()
    owa_pool_fqdn: Annotated[
        Line,
        Field(
            title="OWA pool FQDN",
            description="FQDN of the OWA pool, if there ever was one: a sign of an integration; empty otherwise (L29).",
        ),
    ] = ""
    disable_in_spite_of_integration: Annotated[
        Flag,
        Field(
            title="Disable in spite of an integration",
            description="Consent: IM is switched off though an integration is in place; users lose it (L75, L77).",
        ),
    ] = False

    @field_validator("owa_pool_fqdn")
    @classmethod
    def _name(cls, value: str) -> str:
        return fqdn(value) if value else value
