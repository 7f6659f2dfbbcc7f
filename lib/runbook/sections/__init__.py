"""The sections of the runbook, by name, in the order of the procedure (L86)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runbook.errors import InputError
from runbook.sections.disable_im import SECTION as DISABLE_IM
from runbook.sections.mailbox_policies import SECTION as MAILBOX_POLICIES
from runbook.sections.online_hybrid import SECTION as ONLINE_HYBRID
from runbook.sections.owa_enablement import SECTION as OWA_ENABLEMENT
from runbook.sections.prerequisites import SECTION as PREREQUISITES
from runbook.sections.section import Section
from runbook.sections.tracing import SECTION as TRACING
from runbook.sections.trusted_pool import SECTION as TRUSTED_POOL
from runbook.sections.undo import UNDO
from runbook.sections.verification import SECTION as VERIFICATION

SECTIONS: Mapping[str, Section[Any, Any]] = MappingProxyType(
    {
        section.name: section
        for section in (
            PREREQUISITES,
            TRUSTED_POOL,
            OWA_ENABLEMENT,
            MAILBOX_POLICIES,
            ONLINE_HYBRID,
            VERIFICATION,
            DISABLE_IM,
            TRACING,
        )
    }
)

__all__ = ["SECTIONS", "UNDO", "Section", "section_named"]


def section_named(name: str) -> Section[Any, Any]:
    """The section of this name, hyphens or underscores; :class:`InputError` with those that there are.

    *Undo* is known by its name too, though it is no part of the procedure but takes back what the others did.
    """
    found = {**SECTIONS, UNDO.name: UNDO}.get(name.replace("-", "_"))
    if found is None:
        raise InputError(f"There is no section {name!r}. The sections are: {', '.join(SECTIONS)}.")
    return found
