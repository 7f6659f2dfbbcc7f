"""Runbooks for instant messaging and presence in Outlook Web App, stepped through in notebooks."""

from __future__ import annotations

from typing import Any

__all__ = ["form", "overview", "start"]


def __getattr__(name: str) -> Any:
    """What notebooks call, loaded when it is first asked for, so that importing a part doesn't import all."""
    if name == "start":
        from runbook.notebook import start

        return start
    if name == "form":
        from runbook.display.parameters import form

        return form
    if name == "overview":
        from runbook.display.start_page import overview

        return overview
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
