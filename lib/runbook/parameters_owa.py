"""Parameters of the section *OWA enablement*: which servers, in which order, and when (L45-L67)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from runbook.inputs.fields import (
    Flag,
    Name,
    OptionalFolder,
    OptionalInstant,
    ServerAndPool,
    WholeNumber,
    distinct,
)
from runbook.inputs.validation import wrong
from runbook.parameters import Fqdns, IntegrationParameters


class OwaEnablementParameters(IntegrationParameters):
    """Section *OWA enablement* (L44-L67)."""

    back_end_servers: Annotated[
        Fqdns,
        Field(
            title="Back ends, in order",
            description="Servers from which OWA talks to Lync, one after the other; empty for all (L52, L55).",
        ),
    ] = ()
    front_end_servers: Annotated[
        Fqdns,
        Field(
            title="Front ends, in order",
            description="Client access servers whose OWA virtual directories are switched on; empty for all (L45).",
        ),
    ] = ()
    im_server_names: Annotated[
        tuple[ServerAndPool, ...],
        AfterValidator(distinct),
        Field(
            title="Lync pools by server",
            description="SERVER=POOL where OWA's pool isn't the Lync pool above: the one nearest to the site (L60).",
        ),
    ] = ()
    override_name: Annotated[
        Name,
        Field(
            title="Name of the setting override",
            description="From Exchange 2016 on: what a new override is called, before the server's name (L56, L57).",
        ),
    ] = "IM Override"
    override_scope: Annotated[
        Literal["server", "version"],
        Field(
            title="Scope of a new override",
            description="server: one each, by name; version: one for all from 2016 on, wanting the same (L55).",
        ),
    ] = "server"
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

    @field_validator("im_server_names")
    @classmethod
    def _one_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        distinct(tuple(pair.partition("=")[0] for pair in value))
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

    def im_server_name(self, server: str) -> str:
        """The Lync pool that OWA on a server (lower-case FQDN) is given: L60's, unless another one is named for it."""
        named = dict(pair.split("=", 1) for pair in self.im_server_names)
        return named.get(server, self.registrar_pool_fqdn)

    @property
    def covers_all_from_2016(self) -> bool:
        """A new override is for every server of Exchange 2016 and later, not for one server."""
        return self.override_scope == "version"

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """From when until when a server may be begun with; ``None`` for any time."""
        if not self.maintenance_start:
            return None
        return datetime.fromisoformat(self.maintenance_start), datetime.fromisoformat(self.maintenance_end)
