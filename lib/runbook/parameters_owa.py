"""Parameters of the section *OWA enablement*: which servers, in which order, and when (L45-L67)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from runbook.inputs.fields import Flag, Name, OptionalFolder, OptionalInstant, WholeNumber
from runbook.inputs.validation import wrong
from runbook.parameters import Fqdns, IntegrationParameters


class OwaEnablementParameters(IntegrationParameters):
    """Section *OWA enablement* (L44-L67)."""

    back_end_servers: Annotated[
        Fqdns,
        Field(
            title="Back ends, in order",
            description="Mailbox servers whose web.config is edited, one after the other; empty for all (L52, L55).",
        ),
    ] = ()
    front_end_servers: Annotated[
        Fqdns,
        Field(
            title="Front ends, in order",
            description="Client access servers whose OWA virtual directories are switched on; empty for all (L45).",
        ),
    ] = ()
    override_name: Annotated[
        Name,
        Field(
            title="Name of the setting override",
            description="From Exchange 2016 on: a server's new override is this and the server's name (L56, L57).",
        ),
    ] = "IM Override"
    procedure_order: Annotated[
        Flag,
        Field(
            title="The procedure's own order",
            description="Virtual directories first, as written; otherwise what users see is switched on last (L86).",
        ),
    ] = False
    maintenance_start: Annotated[
        OptionalInstant,
        Field(
            title="Maintenance from",
            description="No server is begun with before this, by its own clock; ISO 8601 with offset, or empty (L65).",
        ),
    ] = ""
    maintenance_end: Annotated[
        OptionalInstant,
        Field(
            title="Maintenance until",
            description="No server is begun with after this, by its own clock; ISO 8601 with offset, or empty (L65).",
            validate_default=True,
        ),
    ] = ""
    settle_seconds: Annotated[
        WholeNumber,
        Field(
            title="Seconds to settle",
            description="How long a server may take to be as well as before it was changed (L65).",
        ),
    ] = 180
    install_path: Annotated[
        OptionalFolder,
        Field(
            title="Exchange's folder",
            description="Folder of Exchange on every server; empty for the one that its set-up recorded there (L53).",
        ),
    ] = ""

    @field_validator("back_end_servers", "front_end_servers")
    @classmethod
    def _no_lync_pool(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("registrar_pool_fqdn") in value:
            raise wrong("The Lync pool stands among the Exchange servers.", "Take it out of this list (L60).")
        return value

    @field_validator("maintenance_end")
    @classmethod
    def _a_span(cls, value: str, info: ValidationInfo) -> str:
        start = info.data.get("maintenance_start")
        if start is None:
            return value
        if bool(start) != bool(value):
            raise wrong("A maintenance window has a start and an end.", "Write both, or leave both empty.")
        if value and datetime.fromisoformat(value) <= datetime.fromisoformat(start):
            raise wrong("The maintenance window ends before it begins.", "Write a later end.")
        return value

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """From when until when a server may be begun with; ``None`` for any time."""
        if not self.maintenance_start:
            return None
        return datetime.fromisoformat(self.maintenance_start), datetime.fromisoformat(self.maintenance_end)
