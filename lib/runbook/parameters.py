"""Parameters of the sections: frozen models, and how a file or a notebook's cell becomes one.

The same fields serve the YAML files, the cell tagged ``parameters``, ``--help`` and forms: their titles and
descriptions stand here, with the ids of the requirements that they answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from runbook.errors import Fault, InputError
from runbook.inputs.fields import (
    ApplicationId,
    Flag,
    Fqdn,
    Line,
    Name,
    OptionalThumbprint,
    Port,
    SiteId,
    Text,
    WholeNumber,
    distinct,
)
from runbook.inputs.validation import validate, wrong
from runbook.inputs.yamlfile import read_yaml

Fqdns = Annotated[tuple[Fqdn, ...], AfterValidator(distinct)]
Names = Annotated[tuple[Name, ...], AfterValidator(distinct)]
Section = TypeVar("Section", bound="SectionParameters")


class SectionParameters(BaseModel):
    """What every section is told: which estate, whether to write, and what the record shall say."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    estate: Annotated[
        Line,
        Field(
            title="Estate file",
            description="Estate file, from the project's root; empty for $RUNBOOK_ESTATE, else the rehearsal lab's.",
        ),
    ] = ""
    mode: Annotated[
        Literal["plan", "apply"],
        Field(title="Mode", description="plan: read and plan, write nothing. apply: make the changes and verify them."),
    ] = "plan"
    change_ticket: Annotated[
        Line, Field(title="Change ticket", description="Number of the change request; kept in the record.")
    ] = ""
    approval: Annotated[
        Line,
        Field(
            title="Approval",
            description="File of the signed approval, from the project's root, its plan beside it; for mode apply.",
        ),
    ] = ""
    operator: Annotated[
        Line, Field(title="Operator", description="Who makes this run, beside the account; kept in the record.")
    ] = ""
    operator_note: Annotated[
        Text, Field(title="Operation note", description="The operator's own words; kept in the record.")
    ] = ""


class IntegrationParameters(SectionParameters):
    """The names that both sides of the integration have to agree on."""

    owa_pool_fqdn: Annotated[
        Fqdn,
        Field(
            title="OWA pool FQDN",
            description="FQDN of the OWA pool: Subject CN and a SAN of the back ends' certificate (L29, L30).",
        ),
    ]
    registrar_pool_fqdn: Annotated[
        Fqdn,
        Field(
            title="Lync pool FQDN",
            description="FQDN of the Lync pool that hosts the trusted application pool, and IMServerName (L31, L60).",
        ),
    ]
    site_id: Annotated[
        SiteId,
        Field(
            title="SiteID",
            description="SiteID of the Lync site, without `site:`; it may differ from DisplayName (L32, L33, L34).",
        ),
    ]
    application_id: Annotated[
        ApplicationId,
        Field(
            title="Application id",
            description="Name of the trusted application, letters and digits only (L37, L38, L39).",
        ),
    ] = "OutlookWebApp"
    application_port: Annotated[
        Port,
        Field(title="Application port", description="An available port for the trusted application, 1-65535 (L40)."),
    ] = 5199
    certificate_thumbprint: Annotated[
        OptionalThumbprint,
        Field(
            title="Certificate thumbprint",
            description="40 hex digits; empty for the certificate whose Subject CN is the pool FQDN (L30, L56, L58).",
        ),
    ] = ""
    exchange_servers: Annotated[
        Fqdns,
        Field(
            title="Exchange servers",
            description="FQDNs of the Exchange servers to look at; empty for all of the estate (L05, L42).",
        ),
    ] = ()

    @field_validator("registrar_pool_fqdn")
    @classmethod
    def _two_pools(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("owa_pool_fqdn"):
            problem = "This is the OWA pool's name too: the Lync pool and the OWA pool are two different things."
            raise wrong(problem, "Write the FQDN of the Lync pool that hosts the new pool (L29, L31).")
        return value

    @field_validator("exchange_servers")
    @classmethod
    def _exchange_only(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("registrar_pool_fqdn") in value:
            raise wrong("The Lync pool stands among the Exchange servers.", "Take it out of this list (L31).")
        return value


class PrerequisitesParameters(IntegrationParameters):
    """Section *prerequisites* (L05-L10, L30-L34, L38-L40, L61, L62)."""

    expiry_warning_days: Annotated[
        WholeNumber,
        Field(
            title="Warn before expiry",
            description="Days before a certificate's end from which on it is worth a warning (L58; event 106).",
        ),
    ] = 30


class TrustedPoolParameters(IntegrationParameters):
    """Section *trusted pool* (L17-L43)."""

    computer_fqdns: Annotated[
        Fqdns,
        Field(
            title="Computers of the pool",
            description="FQDNs of the pool's computers; empty for one computer of the pool's own name (L28, L29).",
        ),
    ] = ()
    requires_replication: Annotated[
        Flag, Field(title="Requires replication", description="-RequiresReplication of the new pool (L35).")
    ] = False
    treat_as_authenticated: Annotated[
        Flag,
        Field(
            title="Treat as authenticated",
            description="-TreatAsAuthenticated of the new pool, as JJ204857 has it; L28 leaves it out.",
        ),
    ] = True
    dial_plans: Annotated[
        Names,
        Field(
            title="Dial plans",
            description="Dial plans that the Exchange servers are added to; empty for every SipName dial plan (L42).",
        ),
    ] = ()
    allow_dial_plan_changes: Annotated[
        Flag,
        Field(
            title="Allow dial plan changes",
            description="Consent: servers are added to dial plans, which alters the routing of UM calls (L42, L43).",
        ),
    ] = False
    allow_pending_topology_changes: Annotated[
        Flag,
        Field(
            title="Allow pending topology changes",
            description="Consent: Enable-CsTopology also enables what others have published and not yet enabled (L41).",
        ),
    ] = False
    allow_removing_other_applications: Annotated[
        Flag,
        Field(
            title="Allow removing other applications",
            description="Consent: repairing a duplicate removes a pool with applications other than OWA's (L22, L24).",
        ),
    ] = False

    @field_validator("computer_fqdns")
    @classmethod
    def _computers(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("registrar_pool_fqdn") in value:
            raise wrong("The Lync pool stands among the OWA pool's computers.", "Take it out of this list (L31).")
        if len(value) > 1 and info.data.get("owa_pool_fqdn") in value:
            problem = "One of several computers bears the pool's own name: such a pool can't be told from its computer."
            raise wrong(problem, "Give the pool a name of its own, or write [] for a single computer (L29).")
        return value


def load_parameters(
    model: type[Section], source: Path | Mapping[str, object], *, file: str = "parameters cell"
) -> Section:
    """The parameters of a section, from a YAML file or from the Python values of a notebook's cell.

    ``file`` is what messages call a mapping; a path is called what it is. Raises :class:`InputError` with
    every fault at once. No message repeats the value of a key that looks like a secret's.
    """
    if isinstance(source, Path):
        document = read_yaml(source)
        return validate(model, document.root, file=document.file, line=document.line, faults=document.faults)
    return validate(model, _without_none(source, file), file=file)


def _without_none(source: Mapping[str, object], file: str) -> dict[str, object]:
    """``None`` is what an empty YAML value becomes in a notebook: the same as empty text in a file."""
    if stray := [key for key in source if not isinstance(key, str)]:
        remedy = "Put it in quotes."
        raise InputError(
            tuple(
                Fault(file=file, key=str(key), value="", problem="The key isn't text.", remedy=remedy) for key in stray
            )
        )
    return {key: "" if value is None else value for key, value in source.items()}
