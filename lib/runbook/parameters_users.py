"""Parameters of the sections that are about people: *mailbox policies* and *verification*."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from runbook.inputs.fields import Flag, Line
from runbook.inputs.personal import PERSONAL
from runbook.inputs.validation import wrong
from runbook.parameters import IntegrationParameters, Names, SectionParameters

_LEFT_OFF = "OWA mailbox policies that stay without IM on purpose: never changed, and not reported as a fault (L71)."


class MailboxPoliciesParameters(SectionParameters):
    """Section *mailbox policies* (L68-L74)."""

    policies: Annotated[
        Names,
        Field(
            title="Policies", description="OWA mailbox policies to switch IM on in; others stay untouched (L68, L69)."
        ),
    ] = ("Default",)
    all_policies: Annotated[
        Flag,
        Field(
            title="All policies",
            description="Every OWA mailbox policy instead of those named, save those that are left off (L70).",
            validate_default=True,
        ),
    ] = False
    left_off: Annotated[Names, Field(title="Left off on purpose", description=_LEFT_OFF)] = ()

    @field_validator("all_policies")
    @classmethod
    def _some_policy(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and info.data.get("policies") == ():
            raise wrong("No policy is named, and not all of them are meant.", "Name one in policies, or write true.")
        return value

    @field_validator("left_off")
    @classmethod
    def _not_both(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        named = {name.lower() for name in info.data.get("policies", ())}
        if not info.data.get("all_policies") and (both := [name for name in value if name.lower() in named]):
            raise wrong(f"`{both[0]}` stands in policies too.", "Keep it in one of the two (L68).")
        return value


class VerificationParameters(IntegrationParameters):
    """Section *verification* (L71-L85)."""

    left_off: Annotated[Names, Field(title="Left off on purpose", description=_LEFT_OFF)] = ()
    shown: Annotated[
        tuple[Line, ...],
        Field(
            title="What was shown",
            description="Error texts, codes and log lines that somebody saw, word for word; each is explained (L76).",
        ),
    ] = ()
    presence_attested_by: Annotated[
        Line,
        PERSONAL,
        Field(
            title="Presence attested by",
            description="Who saw the presence icon beside the name in OWA; kept in the record (L78, L79, L80).",
        ),
    ] = ""
    presence_attested_user: Annotated[
        Line,
        PERSONAL,
        Field(
            title="Presence attested for",
            description="The user who was signed in to OWA at the time (L78).",
            validate_default=True,
        ),
    ] = ""

    @field_validator("presence_attested_user")
    @classmethod
    def _whole(cls, value: str, info: ValidationInfo) -> str:
        by = info.data.get("presence_attested_by")
        if by is not None and bool(by) != bool(value):
            problem = "An attestation names who saw the icon and who was signed in; only one of them is given."
            raise wrong(problem, "Write both, or leave both empty (L78, L80).")
        return value
