"""Marks a field whose value names a person: ``user: Annotated[str, PERSONAL]``.

It stands beside the field's type, in facts and in parameters, so that what is personal is said where the field is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Personal:
    """Where an estate says ``redact_users``, records hold a pseudonym in place of such a value."""


PERSONAL = Personal()
