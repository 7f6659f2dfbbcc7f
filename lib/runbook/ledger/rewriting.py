"""Events as they are written: the same as they happened, but for texts that mustn't stand in a record.

A plan is named by its digest, so a plan that is written otherwise gets the digest of what is written, and whatever
names it later is written with that one.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from runbook import secrecy
from runbook.command import Cmdlet, Target
from runbook.ledger.events import Event, PlanMade

T = TypeVar("T")

_KEPT = frozenset({"id", "requirements", "caused_by", "query", "section", "stage", "consent", "consents", "library"})
"""Fields in the runbook's own words."""


class Rewriter:
    """Rewrites every text in a value; ``_text`` says how."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}

    def event(self, event: Event) -> Event:
        """The event as it is written. A plan's digest is that of the plan as it is written."""
        if not isinstance(event, PlanMade):
            return self.rewritten(event)
        plan = self.rewritten(event.plan)
        self._digests[event.digest] = plan.digest
        return PlanMade(phase=event.phase, plan=plan, digest=plan.digest)

    def rewritten(self, value: T) -> T:
        """``value`` with its texts rewritten, in sequences, mappings and dataclasses."""
        return self._rewritten(value)  # type: ignore[no-any-return]

    def _rewritten(self, value: Any) -> Any:
        if isinstance(value, Enum | Target):
            return value
        if isinstance(value, str):
            return self._digests.get(value) or self._text(value)
        if isinstance(value, bytes):
            return self._bytes(value)
        if isinstance(value, Cmdlet):
            named = tuple((name, self._rewritten(each)) for name, each in value.parameters)
            return Cmdlet(value.name, named, self._rewritten(value.arguments))
        if isinstance(value, tuple | list):
            return type(value)(map(self._rewritten, value))
        if isinstance(value, Mapping):
            return {
                self._rewritten(key): each if key in _KEPT else self._rewritten(each) for key, each in value.items()
            }
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value) if field.name not in _KEPT]
            return dataclasses.replace(value, **{name: self._rewritten(getattr(value, name)) for name in names})
        return value

    def _text(self, text: str) -> str:
        raise NotImplementedError

    def _bytes(self, content: bytes) -> bytes:
        return content


class Scrubber(Rewriter):
    """Without secrets, as :mod:`runbook.secrecy` knows them by then. Content that holds one isn't kept at all."""

    def event(self, event: Event) -> Event:
        return super().event(event) if secrecy.knows_any() else event

    def _rewritten(self, value: Any) -> Any:
        if isinstance(value, Mapping) and value.keys() == {"base64"}:  # bytes in a fact, which is JSON already
            content = self._bytes(base64.b64decode(str(value["base64"])))
            return {"base64": base64.b64encode(content).decode("ascii")}
        return super()._rewritten(value)

    def _text(self, text: str) -> str:
        return str(secrecy.scrubbed(text))

    def _bytes(self, content: bytes) -> bytes:
        return secrecy.HIDDEN.encode() if secrecy.is_held_in(content) else content
