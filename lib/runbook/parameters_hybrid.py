"""Parameters of the section *online hybrid*: which cloud, who is concerned, and what it may change (Y01-Y35)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from runbook.inputs.fields import Flag, Line, Name, WholeNumber, distinct
from runbook.inputs.local_store import PastedText, local_store
from runbook.inputs.personal import PERSONAL
from runbook.inputs.validation import wrong
from runbook.parameters import Names, SectionParameters


class Cloud(StrEnum):
    """Where the organisation's Exchange Online is; ``NONE`` for an organisation without it."""

    NONE = "none"
    WORLDWIDE = "worldwide"
    CHINA = "21vianet"
    GCC_HIGH = "gcc-high"


def _policy(value: str) -> str:
    bare = value.lower().removeprefix("tag:")
    if bare == "global":
        problem = "The global policy is everybody's who has no other: it is never widened here."
        raise wrong(problem, "Name the policy of a site (Site:Redmond) or of users (Tag:Remote).")
    return value


OwnPolicy = Annotated[Name, AfterValidator(_policy)]


class OnlineHybridParameters(SectionParameters):
    """Section *online hybrid* (Y01-Y35)."""

    cloud: Annotated[
        Cloud,
        Field(
            title="Cloud",
            description="worldwide, 21vianet or gcc-high: where Exchange Online is (Y16, Y17, Y18); none: no hybrid.",
        ),
    ]
    provider_identity: Annotated[
        Name,
        Field(title="Hosting provider", description="Identity of the provider for Exchange Online (Y16, Y19, Y20)."),
    ] = "Exchange Online"
    users: Annotated[
        Names,
        PERSONAL,
        Field(
            title="Users concerned",
            description="User names or SIP addresses of those in Exchange Online; empty: all Lync users here (Y04).",
        ),
    ] = ()
    left_off: Annotated[
        Names,
        Field(
            title="Left off on purpose",
            description="External access policies that admit nobody from outside on purpose; never changed (Y05).",
        ),
    ] = ()
    replication_deadline_seconds: Annotated[
        WholeNumber,
        Field(
            title="Replication deadline",
            description="How many seconds to wait for every replica to be up to date, after changes (Y29, Y32).",
        ),
    ] = 300
    edge_evidence: Annotated[
        tuple[PastedText, ...],
        Field(
            title="Pasted from an Edge",
            description="Of each Edge without WinRM: hostname and both -LocalStore cmdlets, as printed (Y33).",
        ),
    ] = ()
    allow_federation: Annotated[
        Flag,
        Field(
            title="Allow federation",
            description="Consent: AllowFederatedUsers is switched on, for federated partners too (Y11, Y12, Y13).",
        ),
    ] = False
    allow_outside_users: Annotated[
        Flag,
        Field(
            title="Allow outside users",
            description="Consent: AllowOutsideUsers is switched on, for everybody from outside (Y04, Y06).",
        ),
    ] = False
    recreate_provider: Annotated[
        Flag,
        Field(
            title="Recreate the provider",
            description="Consent: a provider of another cloud is removed and made anew; IM is out meanwhile (Y24).",
        ),
    ] = False
    widen_access_policies: Annotated[
        tuple[OwnPolicy, ...],
        AfterValidator(distinct),
        Field(
            title="Policies to widen",
            description="Consent: these external access policies (Site:… or Tag:…) admit from outside (Y05, Y06).",
        ),
    ] = ()
    grant_access_policy: Annotated[
        Line,
        Field(
            title="Policy to grant",
            description="Consent: users under the global policy that denies get this one, which admits (Y05).",
        ),
    ] = ""
    start_replication: Annotated[
        Flag,
        Field(
            title="Start replication",
            description="Consent: Invoke-CsManagementStoreReplication for replicas that lag behind (Y29, Y32).",
        ),
    ] = False

    @field_validator("grant_access_policy")
    @classmethod
    def _grantable(cls, value: str) -> str:
        if value.lower().startswith("site:"):
            raise wrong("A site's policy can't be granted to users.", "Write the name of a policy of users (Tag:…).")
        return _policy(value)

    @field_validator("edge_evidence")
    @classmethod
    def _one_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [local_store(text).computer for text in value]
        distinct(tuple(names))
        return value
