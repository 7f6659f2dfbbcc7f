"""Identifiers that are the same on every run: GUIDs derived from the world's seed and a name."""

from __future__ import annotations

import hashlib
from uuid import UUID


def derived_guid(seed: int, *names: str) -> UUID:
    """The GUID of the object ``names`` in the world ``seed``; letter case of the names is of no account."""
    text = "|".join(("rehearsal guid", str(seed), *names)).lower()
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)
